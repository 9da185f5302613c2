"""Starting a test on a node and following it to its verdict.

The node runs it alone: ending this program, or the machine it runs on, changes nothing there.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from hullwatch.link import messages as m
from hullwatch.link.testnames import PHASES, VERDICTS, reason_names

NO_VERDICT = 255
EXIT_CODES = {"PASS": 0, "FAIL": 80, "RETEST": 81, "GROSS": 82, "INVALID": 83}
"""What `hullwatch test run` returns."""


class Asker(Protocol):
    """A way to a node's commands: an open dialogue, or the owner of the port."""

    def ask(self, message: m.Message, payload: bytes) -> bytes:
        """Data of the answer; Refused, Unanswered."""
        ...


@dataclass(frozen=True)
class Progress:
    """What a node says of its test; `verdict` is empty while there is none."""

    recipe: int
    number: int
    phase: str
    verdict: str
    reasons: tuple[str, ...]
    elapsed_s: float
    planned_s: float
    pressure_pa: float
    rate_pa_m3_s: float
    guard_pa_m3_s: float | None
    record: int
    opened: int
    fault: int

    @property
    def running(self) -> bool:
        """Whether valves may still move."""
        return self.phase not in ("idle", "fault")


def load(node: Asker, body: bytes) -> int:
    """Give the node a recipe body; its CRC there. Refused."""
    return int(struct.unpack("<I", node.ask(m.TEST_LOAD, body))[0])


def start(node: Asker, recipe_crc: int, part: str, attempt: int = 1) -> int:
    """Start the loaded recipe on a part; the test's number. Refused."""
    payload = m.TEST_START.struct.pack(recipe_crc, attempt) + part.encode()
    return int(struct.unpack("<I", node.ask(m.TEST_START, payload))[0])


def abort(node: Asker) -> None:
    """End a running test by venting; acknowledge a fault."""
    node.ask(m.TEST_ABORT, b"")


def progress(node: Asker) -> Progress:
    """How far the test is."""
    (
        recipe, number, phase, verdict, reasons, elapsed, planned, p_q8, rate, guard, record,
        opened, fault,
    ) = m.TEST_PROGRESS.struct.unpack_from(node.ask(m.TEST_STATE, b""))  # fmt: skip
    return Progress(
        recipe, number, _named(PHASES, phase), "" if verdict == NO_VERDICT else
        _named(VERDICTS, verdict), reason_names(reasons), elapsed / 1000, planned / 1000,
        p_q8 / 256, rate / 1e15, guard / 1e15 if guard >= 0 else None, record, opened, fault,
    )  # fmt: skip


def until_done(node: Asker, wait: Callable[[], None], seen: Callable[[Progress], None]) -> Progress:
    """Follow a started test until its valves are at rest; `seen` gets every look at it."""
    while True:
        now = progress(node)
        seen(now)
        if now.verdict and not now.running:
            return now
        wait()


def _named(names: tuple[str, ...], index: int) -> str:
    return names[index] if index < len(names) else f"unknown ({index})"
