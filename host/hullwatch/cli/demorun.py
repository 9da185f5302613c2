"""One demo: the logger on a bench until the asked device time is measured, stored and acked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from hullwatch.bench.base import Bench
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import ProtocolError
from hullwatch.ingest.dialogue import new_session
from hullwatch.ingest.logger import COMMIT_S, Logger
from hullwatch.link import recordview
from hullwatch.link.events import Console, Event, Record, Status
from hullwatch.link.recordkinds import WINDOW
from hullwatch.store import Store, Summary, WindowRow

DEFAULT_FOR_S = 90.0
DRAIN_S = 30.0
"""Device time at most for the last records and raw blocks to be stored after the end."""

_VIRTUAL_COMMIT_S = 20.0  # virtual time costs a disk sync each: 20 s of it pass in 5 ms


@dataclass(frozen=True)
class Finished:
    """What a demo leaves behind."""

    bench: str
    db: str
    store: Summary
    samples: int
    late_samples: int
    windows: list[tuple[WindowRow, float | None]]


class DemoRun:
    """Drives bench and logger; `status`, `latest` and `text` are what a view shows."""

    def __init__(self, bench: Bench, spec: BenchSpec, store: Store, for_s: float | None) -> None:
        self.bench = bench
        self.spec = spec
        period_us = spec.node_settings()["period_us"]
        assert isinstance(period_us, int)
        self.period_us = period_us
        if for_s is None and spec.replay is not None:
            self.target = spec.replay.last_slot + 1
        else:
            self.target = max(1, round((for_s or DEFAULT_FOR_S) * 1e6 / period_us))
        self.status: dict[str, int] = {}
        self.latest: dict[int, recordview.Record] = {}
        self.text: list[str] = []
        commit_s = _VIRTUAL_COMMIT_S if bench.name != "mpy" else COMMIT_S
        self._store = store
        self._port = bench.open_port()
        self.logger = Logger(self._port, store, bench, new_session(), self._on_event, commit_s)

    @property
    def done(self) -> int:
        """Sample numbers that are over, at most `target`."""
        return min(self.status.get("next_sample", 0), self.target)

    def start(self, *between: Callable[[], None]) -> None:
        """Log until something of the node is stored."""
        while self.logger.collector.boot is None and self.done < self.target:
            self._step(between)

    def drive(self, *between: Callable[[], None]) -> None:
        """Log until the target is measured and all of it is stored; `between` after each step."""
        while self.done < self.target:
            self._step(between)
        end_s = self.bench.now_s() + DRAIN_S
        while self.bench.now_s() < end_s and not self._drained():
            self._step(between)
            self.logger.finish()  # commits: what is there need not wait for the usual time
        self.logger.finish()
        self._port.close()

    def _step(self, between: tuple[Callable[[], None], ...]) -> None:
        self.logger.step(1.0 if self.bench.name != "mpy" else 0.05)
        for do in between:
            do()

    def _drained(self) -> bool:
        boot = self.logger.collector.boot
        if boot is None:
            return False
        records = self._store.durable_next(boot.node, boot.epoch)
        if records < self.status["next_record"]:
            return False
        return self._store.raw_next(boot) >= self.target

    def summary(self, db: str) -> Finished:
        """What was stored, and the truth beside every window that ended within the target.

        Of this run alone: its database may hold earlier ones of the same node.
        """
        collector = self.logger.collector
        node, boot, totals = collector.node, collector.boot, collector.totals
        with self._store.reader() as reader:
            windows = [
                (row, self._truth(row))
                for row in reader.windows(node)
                if boot == (node, row.epoch, row.boot) and (row.last_sample or 0) < self.target
            ]
            chunks = reader.raw_chunks(boot, 0, self.target) if boot else ()
            samples = sum(len(chunk.sample) for chunk in chunks)
            late = self.status.get("late", 0)
            known = reader.summary(node)
            gaps = tuple(gap for gap in known.gaps if boot and gap.epoch == boot.epoch)
            store = replace(known, gaps=gaps, records=totals.records, duplicates=totals.duplicates)
            return Finished(self.bench.name, db, store, samples, late, windows)

    def _truth(self, row: WindowRow) -> float | None:
        if row.first_sample is None or row.last_sample is None:
            return None
        samples = row.last_sample - row.first_sample + 1
        span_ms = samples * self.period_us // 1000
        return self.bench.truth_pa_m3_s(row.first_device_ms, row.first_device_ms + span_ms)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Status):
            self.status = event.fields
        elif isinstance(event, Record):
            try:
                record = recordview.parse(event.data)
            except ProtocolError:
                return  # counted where it is to be stored
            if record.kind == WINDOW.id:
                self.latest[record.integer("window_ms")] = record
        elif isinstance(event, Console):
            self.text = (self.text + event.text.splitlines())[-3:]
