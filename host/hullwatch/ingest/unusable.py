"""What a node cannot truthfully say, and records that cannot be stored whatever one does.

A frame whose CRC is right can still hold a record that was damaged on the node's flash, or one
with numbers that cannot be. It is not stored. A record's place in the spool would then stay open
for ever and the node could never let go of what is behind it. So the node is asked again, and when
the same bytes have come three times the place becomes a stated hole, and the bytes are kept aside.
"""

from __future__ import annotations

from collections.abc import Callable

from hullwatch.ingest.identity import UNCOUNTED
from hullwatch.link.events import Hello
from hullwatch.link.rawblock import RawBlock
from hullwatch.link.recordview import Record

TRIES = 3
MOST_KEPT = 64
"""Different unusable records remembered at a time."""

RECORDS_AHEAD = 1 << 16
"""Records that a node may have made since it last said how many there are."""

SAMPLES_AHEAD = 1 << 20
"""The same of samples: three hours at 100 Hz."""


class Told:
    """How far a node can have come, by what it last said; `hello` opens the session."""

    def __init__(self, hello: Hello) -> None:
        self._epoch = hello.number("epoch")
        self._boot = hello.number("boot")
        self.record_next = hello.number("next_record")
        device_ms = (hello.number("wraps") << 30) + hello.number("ms")
        self.sample_next = device_ms * 1000 // max(1, hello.number("period_us"))

    def status(self, record_next: int, sample_next: int) -> None:
        """Take what a STATUS says."""
        self.record_next = max(self.record_next, record_next)
        self.sample_next = max(self.sample_next, sample_next)

    def record_fault(self, record: Record) -> str:
        """Why this record cannot be the node's; empty when it can."""
        if record.epoch != self._epoch:
            return f"record {record.number} is of epoch {record.epoch:x}, not {self._epoch:x}"
        if record.number >= self.record_next + RECORDS_AHEAD:
            return (
                f"record {record.number} is from the future: the node has made {self.record_next}"
            )
        return self._boot_fault(f"record {record.number}", record.boot)

    def raw_fault(self, block: RawBlock) -> str:
        """Why this raw block cannot be the node's; empty when it can."""
        if block.boot == self._boot and block.past > self.sample_next + SAMPLES_AHEAD:
            return f"sample {block.first} is from the future: the node is at {self.sample_next}"
        return self._boot_fault(f"sample {block.first}", block.boot)

    def _boot_fault(self, what: str, boot: int) -> str:
        if max(boot, self._boot) < UNCOUNTED and boot > self._boot:
            return f"{what} is of boot {boot}, the node is in boot {self._boot}"
        return ""


class Unusable:
    """Counts how often the same unusable record has come, at most once per commit."""

    def __init__(self, note: Callable[[str], None]) -> None:
        self._note = note
        self._seen: dict[bytes, tuple[int, str]] = {}
        self._now: dict[bytes, str] = {}

    def add(self, data: bytes, reason: str) -> None:
        """One that came, and why it is not stored."""
        self._now[data] = reason

    def count(self) -> None:
        """A commit has ended: what came for it has come once more."""
        for data, reason in self._now.items():
            times, _ = self._seen.get(data, (0, ""))
            if not times:
                self._note(f"refused: {reason}")
            if times or len(self._seen) < MOST_KEPT:
                self._seen[data] = (times + 1, reason)
        self._now.clear()

    def due(self) -> list[tuple[bytes, str]]:
        """Those that have come often enough, in the order in which they first came."""
        found = [(data, reason) for data, (times, reason) in self._seen.items() if times >= TRIES]
        for data, _ in found:
            del self._seen[data]
        return found
