"""A node that is being logged, whatever bench it is on: what a test talks to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from hullwatch.bench.base import Bench
from hullwatch.errors import HullwatchError
from hullwatch.hil.benchfile import BenchFile
from hullwatch.hil.chamber import Chamber
from hullwatch.ingest.logger import Logger
from hullwatch.link import messages as m
from hullwatch.link.events import Event, Hello, Status
from hullwatch.store import BootKey, EventRow, RawSamples, Reader, Store, WindowRow
from hullwatch.verify import database
from hullwatch.verify.outcome import Outcome

_Kind = TypeVar("_Kind", bound=Event)
_STORED_UTC_US = 1_767_225_600_000_000  # when the database says it was made
COMMIT_S = 1.0
_TICK_S = 1e-3  # less is no time at all on a virtual clock


class NotInTime(HullwatchError):
    """What a test waits for did not come about in the time it gives."""


class Node(ABC):
    """One node with its logger and the database they fill; see `Chamber` for its surroundings.

    ``declared`` is the bench's file, ``bench`` tells its time, ``events`` is what the wire brought.
    Times are the node's own seconds: on a scaled bench they pass faster than the wall's.
    """

    chamber: Chamber
    bench: Bench

    def __init__(self, declared: BenchFile, path: Path) -> None:
        self.declared = declared
        self.path = path
        self.store = Store.open(path, _STORED_UTC_US, "hullwatch.hil")
        self.events: list[Event] = []
        self.first_boot = 0
        """Boot counter at the start of the test: what is older is not of this test."""

    @property
    @abstractmethod
    def logger(self) -> Logger:
        """The present logger."""

    @abstractmethod
    def log(self) -> Logger:
        """A new logger on the same port, whatever became of the one before."""

    @abstractmethod
    def step(self, seconds: float | None = None) -> None:
        """Log for at most so long, `step_s` of the bench's file without it."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Bytes to the port, past the logger."""

    @abstractmethod
    def away(self, seconds: float) -> None:
        """The port is closed for that long, then a new logger begins."""

    # --- time passes -----------------------------------------------------------------------------

    def until(self, condition: Callable[[], object], device_s: float) -> None:
        """Log until it holds; NotInTime after so much of the node's time."""
        end_s = self.bench.now_s() + device_s
        while not condition():
            if self.bench.now_s() >= end_s:
                raise NotInTime(f"what was waited for did not come about in {device_s:g} s")
            self.step()

    def run(self, seconds: float) -> None:
        """Log for so long, and commit what came."""
        end_s = self.bench.now_s() + seconds
        while (left_s := end_s - self.bench.now_s()) > 0.0:
            self.step(min(self.declared.step_s, max(left_s, _TICK_S)))
        self.logger.finish()

    def measured(self, samples: int, device_s: float = 600) -> None:
        """Log until the present boot has so many samples and all of it is stored."""

        def stored() -> bool:
            boot = self.logger.collector.boot
            status = self.status()
            return (
                boot is not None
                and status["next_sample"] >= samples
                and self.store.raw_next(boot) >= samples
                and self.store.durable_next(boot.node, boot.epoch) >= status["next_record"]
            )

        self.until(stored, device_s)
        self.logger.finish()

    def measure(self, window_s: float, within_s: float | None = None) -> WindowRow:
        """The next window of this length that begins from now on and has an interval.

        Windows are aligned to sample numbers, so it may take twice its length to come, and longer
        where samples are missing; NotInTime after `within_s`, by default four times its length.
        """
        self.until(lambda: self.heard(Status), 60)
        begun = self.status()["next_sample"]
        found: list[WindowRow] = []
        looked_s = self.bench.now_s()

        def closed() -> bool:
            nonlocal looked_s
            if self.bench.now_s() - looked_s >= COMMIT_S:
                looked_s = self.bench.now_s()
                boot = self.boot().boot
                found[:] = [
                    row
                    for row in self.windows(window_s)
                    if row.boot == boot
                    and (row.first_sample or 0) >= begun
                    and row.u95_pa_m3_s is not None
                ]
            return bool(found)

        self.until(closed, within_s or 4.0 * window_s + 60.0)
        return found[0]

    # --- what came -------------------------------------------------------------------------------

    def heard(self, kind: type[_Kind]) -> list[_Kind]:
        """What of one kind the wire brought, oldest first."""
        return [event for event in self.events if isinstance(event, kind)]

    def status(self) -> dict[str, int]:
        """The newest telemetry."""
        found = self.heard(Status)
        return found[-1].fields if found else {"next_sample": 0, "next_record": 0, "state": -1}

    def hello(self) -> Hello:
        """The newest HELLO; waits for one."""
        self.until(lambda: self.heard(Hello), 60)
        return self.heard(Hello)[-1]

    def boot(self) -> BootKey:
        """The present boot."""
        self.until(lambda: self.logger.collector.boot, 60)
        boot = self.logger.collector.boot
        assert boot is not None
        return boot

    def reader(self) -> Reader:
        """The database, for reading: a context."""
        return self.store.reader()

    def windows(self, window_s: float | None = None) -> list[WindowRow]:
        """Stored windows of this test, in order, of one length or all."""
        with self.reader() as reader:
            rows = reader.windows(self.boot().node, window_s)
        return [row for row in rows if row.boot >= self.first_boot]

    def stored_events(self) -> list[EventRow]:
        """Stored events of this test, in order."""
        with self.reader() as reader:
            rows = reader.events(self.boot().node)
        return [row for row in rows if row.boot >= self.first_boot]

    def raw(self) -> RawSamples:
        """Stored samples of the present boot."""
        with self.reader() as reader:
            return reader.raw(self.boot())

    def verified(self) -> Outcome:
        """Everything in the database recomputed, as `hullwatch verify` does."""
        self.logger.finish()
        with self.reader() as reader:
            return database.verify(reader, None, _unseen)

    def ask(self, message: m.Message, payload: bytes = b"") -> bytes:
        """Data of the node's answer to a command; Refused, Unanswered."""
        return self.logger.ask_now(message, payload)

    def reboot(self) -> None:
        """Ask the node to restart, and wait until it has."""
        boot = self.boot().boot
        self.ask(m.REBOOT)
        self.until(lambda: self.boot().boot > boot, 60)
        self.events[:] = [event for event in self.events if not isinstance(event, Status)]

    @abstractmethod
    def close(self) -> None:
        """Leave everything as it was found."""


def _unseen(_done: int) -> None:
    """Nobody watches the progress."""
