"""How fast the `sim` bench runs: virtual seconds a second at 10 Hz, everything included.

Included are the node, the register models, the chamber, the link, and the store with its syncs:
what a user gets from `hullwatch demo --bench sim`.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.ingest.logger import Logger
from hullwatch.store import Store

_COMMIT_S = 20.0
_SESSION = 1


@dataclass(frozen=True)
class SimSpeed:
    """Virtual over real time, and what was stored."""

    virtual_s: float
    real_s: float
    samples: int

    @property
    def factor(self) -> float:
        """Virtual seconds a second."""
        return self.virtual_s / self.real_s


def measure(folder: Path, virtual_s: float) -> SimSpeed:
    """Run one default bench for `virtual_s` into a fresh database."""
    bench = SimBench(BenchSpec())
    try:
        with Store.open(folder / "speed.db", 0) as store:
            logger = Logger(bench.open_port(), store, bench, _SESSION, lambda _: None, _COMMIT_S)
            start = time.perf_counter()
            while bench.now_s() < virtual_s:
                logger.step(1.0)
            logger.finish()
            real_s = time.perf_counter() - start
            return SimSpeed(virtual_s, real_s, logger.collector.totals.samples)
    finally:
        bench.close()


def report(virtual_s: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as where:
        speed = measure(Path(where), virtual_s)
    print(f"sim bench at 10 Hz: {speed.factor:,.0f} x real time ({speed.samples} samples stored)")
