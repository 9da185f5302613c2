"""Gathers what a session delivers and commits it in one transaction; acks come after.

Nothing is acked that is not on disk: `commit` returns what may be acked, and returns it only when
the transaction has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from hullwatch.clocksync import ClockSync
from hullwatch.errors import ProtocolError
from hullwatch.ingest.unusable import Told, Unusable
from hullwatch.link import rawblock, recordview
from hullwatch.link.devicetime import device_ms
from hullwatch.link.events import Hello
from hullwatch.link.messages import PONG
from hullwatch.link.session import Durable, HostSession
from hullwatch.store.batch import NO_SAMPLE, Batch
from hullwatch.store.rows import BootKey, ClockFit, LinkCounters, Stored
from hullwatch.store.writer import Store

FIT_EVERY = 30
"""Round trips between two stored clock fits, once the first few have been stored."""

_FIRST_FITS = 8
_ONE_BOOT = ("uid", "epoch", "boot")


@dataclass(frozen=True)
class Totals:
    """What this run has committed and refused."""

    samples: int = 0
    records: int = 0
    duplicates: int = 0
    conflicts: int = 0
    malformed: int = 0


@dataclass(frozen=True)
class Committed:
    """A record that is new in the store and on disk, with UTC of its device time where known.

    ``utc_us`` and its bound ``utc_bound_us`` are None before the first round trip of its boot.
    """

    node: str
    record: recordview.Record
    utc_us: int | None
    utc_bound_us: int | None


class Collector:
    """Pending frames of one node, and the session's clock. `note` is told what was refused.

    Use: `hello` once per session, `record` and `raw` per frame, `commit` now and then.
    """

    def __init__(
        self,
        store: Store,
        on_stored: Callable[[Committed], None] | None = None,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._on_stored = on_stored
        self._note = note
        self._unusable = Unusable(note)
        self._told: Told | None = None
        self._records: list[bytes] = []
        self._raw: list[bytes] = []
        self._hello: Hello | None = None
        self._session: HostSession | None = None
        self._new_hello = False
        self._started_us = 0
        self._boot: BootKey | None = None
        self.totals = Totals()
        self.clock = ClockSync()
        self._fitted = 0
        self._held: tuple[int, int, int] | None = None
        self._before = Totals()

    @property
    def node(self) -> str:
        """Id of the node, empty before HELLO."""
        return self._hello.uid if self._hello else ""

    @property
    def boot(self) -> BootKey | None:
        """The boot the present session talks to."""
        return self._boot

    @property
    def pending(self) -> int:
        """Frames that wait for a commit."""
        return len(self._records) + len(self._raw) + (self._held is not None)

    def hello(self, hello: Hello, session: HostSession, now_utc_us: int) -> None:
        """A session opened: a new boot starts a new clock. Commit what came before first."""
        before = self._hello
        if before is None or any(before.fields[key] != hello.fields[key] for key in _ONE_BOOT):
            self.clock = ClockSync()
            self._fitted = 0
        self._hello = hello
        self._told = Told(hello)
        self._new_hello = True
        self._held = None
        if session is not self._session:  # the node may answer one session's WHO twice
            self._session = session
            self._started_us = now_utc_us
            self._before = self.totals

    def status(self, fields: Mapping[str, int]) -> None:
        """The node says what it still holds: what is missing below that will never come."""
        boot = self._boot
        if boot is None or self._new_hello or self._told is None:
            return
        self._told.status(fields["next_record"], fields["next_sample"])
        oldest_record, oldest_raw = fields["oldest_record"], fields["oldest_raw"]
        raw_boot = fields["raw_boot"]
        raw_next = self._store.raw_next(boot._replace(boot=raw_boot))
        if oldest_raw > raw_next or oldest_record > self._store.durable_next(boot.node, boot.epoch):
            self._held = (oldest_record, raw_boot, oldest_raw)

    def record(self, data: bytes) -> None:
        """One record as received."""
        self._records.append(data)

    def raw(self, payload: bytes) -> None:
        """One raw block as received."""
        self._raw.append(payload)

    def commit(self, now_utc_us: int) -> Durable | None:
        """Write all that is pending; None before any HELLO. StoreError leaves it pending."""
        session = self._session
        if self._hello is None or session is None:
            return None
        uid = self._hello.uid
        fresh: list[recordview.Record] = []
        with self._store.atomic() as batch:
            if self._new_hello:
                self._boot = batch.node(self._hello.fields, now_utc_us)
            boot = self._boot
            assert boot is not None
            totals = self._take_records(batch, uid, now_utc_us, fresh)
            totals, older = self._take_blocks(batch, boot, totals)
            if self._held is not None:
                batch.held(boot, *self._held)
            self._write_session(batch, uid, boot, session, now_utc_us, totals)
        self._records.clear()
        self._raw.clear()
        self._held = None
        self._new_hello = False
        self.totals = totals
        self._unusable.count()
        self._give_up(boot)
        self._tell(fresh)
        return Durable(
            boot.epoch, self._store.durable_next(uid, boot.epoch), boot.boot,
            self._store.raw_next(boot), self._store.store_id,
            tuple((n, self._store.raw_next(boot._replace(boot=n))) for n in sorted(older)),
        )  # fmt: skip

    def _take_records(
        self, batch: Batch, uid: str, now_utc_us: int, fresh: list[recordview.Record]
    ) -> Totals:
        totals = self.totals
        assert self._told is not None
        for data in self._records:
            try:
                record = recordview.parse(data)
                fault = self._told.record_fault(record)
            except ProtocolError as error:
                fault = error.message
            if fault:
                self._unusable.add(data, fault)
                totals = replace(totals, malformed=totals.malformed + 1)
                continue
            outcome = batch.record(uid, record, now_utc_us)
            totals = _counted(totals, outcome, records=1)
            if outcome is Stored.NEW:
                fresh.append(record)
        return totals

    def _take_blocks(self, batch: Batch, boot: BootKey, totals: Totals) -> tuple[Totals, set[int]]:
        """Store the raw blocks: what became of them, and which earlier boots they are of."""
        assert self._told is not None
        older: set[int] = set()
        for block in self._blocks():
            fault = block.message if isinstance(block, ProtocolError) else ""
            if not isinstance(block, ProtocolError):
                fault = self._told.raw_fault(block)
                if not fault:
                    totals = self._take_block(batch, boot, block, totals)
                    older.add(block.boot)  # left on the flash by a run before, or this one
            if fault:
                totals = replace(totals, malformed=totals.malformed + 1)
        return totals, older - {boot.boot}

    @staticmethod
    def _take_block(
        batch: Batch, boot: BootKey, block: rawblock.RawBlock, totals: Totals
    ) -> Totals:
        outcome = batch.raw(boot.node, boot.epoch, block)
        if block.gap:
            key = boot._replace(boot=block.boot)
            batch.raw_hole(key, block.first - block.gap, block.first, NO_SAMPLE)
        return _counted(totals, outcome, samples=block.count)

    def _give_up(self, boot: BootKey) -> None:
        """State the places of records that have come unusable often enough."""
        due = self._unusable.due()
        assert self._told is not None
        for data, reason in due:
            number = self._store.durable_next(boot.node, boot.epoch)
            if number >= self._told.record_next:
                return  # no such record: the place is not one that anything waits for
            with self._store.atomic() as batch:
                batch.refused(boot.node, boot.epoch, number, data, f"damaged: {reason}")
            self._note(f"record {number} is given up: {reason}; its bytes are kept aside")

    def _tell(self, fresh: list[recordview.Record]) -> None:
        """What is new on disk, with the time it has by the present fit."""
        if self._on_stored is None or not fresh:
            return
        fit = self.clock.fit()
        for record in fresh:
            utc_us = bound_us = None
            if fit is not None and self._boot is not None and record.boot == self._boot.boot:
                utc_us = round(fit.utc_at(record.device_ms) * 1e6)
                bound_us = round(fit.bound_at(record.device_ms) * 1e6) + 1
            self._on_stored(Committed(self.node, record, utc_us, bound_us))

    def _blocks(self) -> list[rawblock.RawBlock | ProtocolError]:
        try:
            return list(rawblock.decode_many(self._raw))
        except ProtocolError:
            return [_one(payload) for payload in self._raw]

    def _write_session(
        self, batch: Batch, uid: str, boot: BootKey, session: HostSession, now_utc_us: int,
        totals: Totals,
    ) -> None:  # fmt: skip
        counters = session.splitter.counters
        before = self._before
        batch.counters(
            uid, self._started_us, now_utc_us,
            LinkCounters(
                session.frames, counters.bad_crc,
                counters.total - counters.bad_crc + totals.malformed - before.malformed,
                totals.duplicates - before.duplicates, session.lost_frames,
            ),
        )  # fmt: skip
        fit = self._due_fit()
        if fit is not None:
            batch.clock(boot, fit)

    def _due_fit(self) -> ClockFit | None:
        """A clock fit worth storing: the first few, then one a minute."""
        taken = self.clock.taken
        if taken == self._fitted or (taken > _FIRST_FITS and taken < self._fitted + FIT_EVERY):
            return None
        fit = self.clock.fit()
        self._fitted = taken
        if fit is None:
            return None
        ref_ms = round(fit.ref_ms)
        return ClockFit(
            ref_ms, round(fit.utc_at(ref_ms) * 1e6), fit.ppm, round(fit.bound_s * 1e6) + 1,
            fit.ppm_bound,
        )  # fmt: skip

    def pong(self, data: bytes, sent_utc_s: float, rtt_s: float) -> None:
        """One unrepeated answer to PING."""
        wraps, ms, us = PONG.struct.unpack(data)
        steps = len(self.clock.steps_s)
        self.clock.add(device_ms(wraps, ms) + us / 1000, sent_utc_s, rtt_s)
        for step_s in self.clock.steps_s[steps:]:
            self._note(
                f"this computer's clock was set by {step_s:+.1f} s: times before keep theirs"
            )


def _one(payload: bytes) -> rawblock.RawBlock | ProtocolError:
    try:
        return rawblock.decode(payload)
    except ProtocolError as error:
        return error


def _counted(totals: Totals, outcome: Stored, samples: int = 0, records: int = 0) -> Totals:
    if outcome is Stored.NEW:
        return replace(totals, samples=totals.samples + samples, records=totals.records + records)
    if outcome is Stored.DUPLICATE:
        return replace(totals, duplicates=totals.duplicates + 1)
    return replace(totals, conflicts=totals.conflicts + 1)
