"""How fast a node empties what it has kept, and how long its loop is held up meanwhile.

On the `mpy` bench: MicroPython behind a pseudo-terminal, the real host loop, a real disk. One large
frame at a time is under way, so the round trip decides, not the line.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.ingest.logger import Logger
from hullwatch.link.events import Event, Hello, Raw, Record, Status
from hullwatch.store import Store

ALONE_S = 20.0
_PERIOD_US = 10_000


@dataclass
class LinkSpeed:
    """Records and raw blocks of the first seconds after HELLO, until the node had caught up."""

    frames: int = 0
    took_s: float = 0.0
    loop_us: int = 0


class _Watch:
    """Counts what comes until the newest raw block is younger than a second."""

    def __init__(self) -> None:
        self.found = LinkSpeed()
        self.since_s = 0.0
        self.caught_up = False

    def take(self, event: Event) -> None:
        now_s = time.monotonic()
        if isinstance(event, Hello):
            self.since_s = now_s
        elif isinstance(event, Record | Raw) and not self.caught_up:
            self.found.frames += 1
            self.found.took_s = now_s - self.since_s
        elif isinstance(event, Status):
            self.found.loop_us = max(self.found.loop_us, event.fields["loop_us"])
            self.caught_up = event.fields["oldest_raw"] + 200 > event.fields["next_sample"]


def measure(folder: Path, alone_s: float = ALONE_S) -> LinkSpeed:
    """Leave a node alone at 100 Hz, then log it until it has caught up."""
    bench = VmBench(BenchSpec(period_us=_PERIOD_US))
    watch = _Watch()
    try:
        time.sleep(alone_s)
        with Store.open(folder / "link.db", 0) as store:
            logger = Logger(bench.open_port(), store, bench, 1, watch.take)
            deadline_s = time.monotonic() + 60
            while not watch.caught_up and time.monotonic() < deadline_s:
                logger.step()
            logger.finish()
    finally:
        bench.close()
    return watch.found


def report() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as where:
        found = measure(Path(where))
    print(
        f"link on mpy: {found.frames / found.took_s:.0f} frames/s while catching up; "
        f"longest loop of the node {found.loop_us / 1000:.1f} ms"
    )
