"""What one transaction adds: node, boots, records, raw blocks, clock fits, counters.

Nothing is ever overwritten by different bytes: a repeat is a DUPLICATE, the same key with other
bytes (or samples that overlap stored ones) is a CONFLICT, kept aside in `conflicts`.
"""

from __future__ import annotations

from dataclasses import astuple, fields, replace
from typing import TYPE_CHECKING

from hullwatch.errors import StoreError
from hullwatch.store import chain, progress, rawcodec
from hullwatch.store.derived import row_of, stated_hole
from hullwatch.store.hello import boot_columns
from hullwatch.store.progress import BootState, Progress, SpoolKey, SpoolState
from hullwatch.store.ranges import NO_BOOT, RAW, RECORD, Stream
from hullwatch.store.rows import (
    BootKey,
    ClockFit,
    ConfigRow,
    EventRow,
    LinkCounters,
    Stored,
    VerdictRow,
    WindowRow,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from hullwatch.link.rawblock import RawBlock
    from hullwatch.link.recordview import Record

NOT_HELD = "no longer held by the node when this store asked"
NO_SAMPLE = "no sample was taken"
"""Reason of a stated hole that takes nothing away: the samples around it are all there were."""


def _insertion(table: str, row: type[WindowRow | EventRow | ConfigRow | VerdictRow]) -> str:
    columns = [column.name for column in fields(row)]
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


_INSERT_ROW = {
    WindowRow: _insertion("windows", WindowRow),
    EventRow: _insertion("events", EventRow),
    ConfigRow: _insertion("configs", ConfigRow),
    VerdictRow: _insertion("tests", VerdictRow),
}


class Batch:
    """Writes of one `Store.atomic()` block; unusable after it. Node ids are hexadecimal text.

    Every method raises StoreError for a node whose HELLO was never stored, and what SQLite
    raises; the whole batch is then rolled back.
    """

    def __init__(self, connection: sqlite3.Connection, committed: Progress) -> None:
        self._sql = connection
        self._committed = committed
        self._touched = Progress({}, {})
        self._open = True
        self.running: dict[str, BootKey] = {}
        """The boot of each node that said HELLO in this batch."""

    # --- what a node says of itself ------------------------------------------------------------

    def node(self, hello: Mapping[str, object], now_utc_us: int) -> BootKey:
        """Take the fields of a HELLO (`HELLO.unpack`); returns the boot that is running.

        Records and samples below what it holds become stated holes where they are not stored.
        """
        self._writable()
        key, board, columns = boot_columns(hello)
        self._sql.execute(
            "INSERT INTO nodes VALUES (?, ?, ?, ?) ON CONFLICT (node) DO UPDATE"
            " SET board = excluded.board, last_seen_utc_us = excluded.last_seen_utc_us",
            (key.node, board, now_utc_us, now_utc_us),
        )
        self._boot(key)
        columns["first_seen_utc_us"] = now_utc_us
        settings = ", ".join(f"{name} = COALESCE({name}, ?)" for name in columns)
        self._sql.execute(
            f"UPDATE boots SET {settings} WHERE node = ? AND epoch = ? AND boot = ?",
            (*columns.values(), *key),
        )
        held = [hello[name] for name in ("oldest_record", "raw_boot", "oldest_raw")]
        self.held(key, *[number for number in held if isinstance(number, int)])
        self.running[key.node] = key
        return key

    def held(self, boot: BootKey, oldest_record: int, raw_boot: int, oldest_raw: int) -> None:
        """The node holds nothing older than these: what is missing below will never come.

        `raw_boot` and `oldest_raw` are boot and sample of its oldest raw block.
        """
        self._writable()
        spool = self._spool((boot.node, boot.epoch))
        if oldest_record > spool.record_next:
            records = Stream(RECORD, boot.node, boot.epoch, NO_BOOT)
            records.state(self._sql, spool.record_next, oldest_record, NOT_HELD)
        if oldest_raw:
            self.raw_hole(boot._replace(boot=raw_boot), 0, oldest_raw, NOT_HELD)

    def raw_hole(self, boot: BootKey, first: int, past: int, reason: str) -> None:
        """Samples first … past − 1, where not stored, will never come: `reason` says why."""
        self._writable()
        self._boot(boot)
        Stream(RAW, *boot).state(self._sql, first, past, reason)

    # --- data ------------------------------------------------------------------------------------

    def record(self, node: str, record: Record, received_utc_us: int) -> Stored:
        """Store one record and its plain row."""
        self._writable()
        spool = self._spool((node, record.epoch))
        self._boot(BootKey(node, record.epoch, record.boot))
        key = (node, record.epoch, record.number)
        link = chain.after(spool.record_chain, chain.record_content(received_utc_us, record.data))
        done = self._sql.execute(
            "INSERT OR IGNORE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, record.boot, record.kind, record.version, record.device_ms, record.flags,
             received_utc_us, record.data, spool.record_links, link),
        )  # fmt: skip
        if not done.rowcount:
            (stored,) = self._sql.execute(
                "SELECT data FROM records WHERE node = ? AND epoch = ? AND number = ?", key
            ).fetchone()
            if stored == record.data:
                return Stored.DUPLICATE
            return self._conflict(node, record.epoch, NO_BOOT, RECORD, record.number, record.data)
        spool.records += 1
        spool.record_links += 1
        spool.record_chain = link
        if record.number == spool.record_next:
            spool.record_next += 1
        row = row_of(node, record, received_utc_us)
        if row is not None:
            self._sql.execute(_INSERT_ROW[type(row)], astuple(row))
        self._take_stated_hole(node, record)
        return Stored.NEW

    def refused(self, node: str, epoch: int, number: int, data: bytes, reason: str) -> None:
        """A record that came damaged and will never come otherwise: its place is a stated hole.

        Its bytes are kept aside. Whether the place is open is up to the caller.
        """
        self._writable()
        self._spool((node, epoch))
        self._conflict(node, epoch, NO_BOOT, RECORD, number, data)
        Stream(RECORD, node, epoch, NO_BOOT).state(self._sql, number, number + 1, reason)

    def raw(self, node: str, epoch: int, block: RawBlock) -> Stored:
        """Store one raw block of the spool epoch that the node's HELLO named."""
        self._writable()
        key = BootKey(node, epoch, block.boot)
        state = self._boot(key)
        if block.first < state.raw_past:
            known = self._clash(key, block)
            if known is not None:
                return known
        codec, data = rawcodec.encode(block)
        state.raw_chain = chain.after(state.raw_chain, block.payload)
        self._sql.execute(
            "INSERT INTO raw_blocks VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?)",
            (*key, block.first, block.past, codec, state.raw_links, state.raw_chain, data),
        )
        state.raw_links += 1
        state.raw_packed = min(state.raw_packed, block.first)
        state.samples += block.count
        state.raw_past = max(state.raw_past, block.past)
        if block.first == state.raw_next:
            state.raw_next = block.past
        return Stored.NEW

    def clock(self, boot: BootKey, fit: ClockFit) -> None:
        """Store one fit of device time to UTC; another with the same `ref_ms` replaces it."""
        self._writable()
        self._boot(boot)
        self._sql.execute(
            "INSERT OR REPLACE INTO clock_fits VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*boot, *astuple(fit)),
        )

    def counters(
        self, node: str, started_utc_us: int, now_utc_us: int, totals: LinkCounters
    ) -> None:
        """Store the totals so far of the session that began at `started_utc_us`."""
        self._writable()
        self._sql.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (node, started_utc_us, now_utc_us, *astuple(totals)),
        )

    # --- bookkeeping -----------------------------------------------------------------------------

    def finish(self) -> Progress:
        """Write how far streams have come; returns it, to be published once committed."""
        for (node, epoch), spool in self._touched.spools.items():
            stream = Stream(RECORD, node, epoch, NO_BOOT)
            spool.record_next = stream.settled_to(self._sql, spool.record_next)
            progress.save_spool(self._sql, (node, epoch), spool)
        for key, boot in self._touched.boots.items():
            boot.raw_next = Stream(RAW, *key).settled_to(self._sql, boot.raw_next)
            progress.save_boot(self._sql, key, boot)
        return self._touched

    def close(self) -> None:
        """No write outside the transaction: every further call raises."""
        self._open = False

    def _writable(self) -> None:
        if not self._open:
            raise RuntimeError("the transaction of this batch has ended")

    def _spool(self, key: SpoolKey) -> SpoolState:
        state = self._touched.spools.get(key)
        if state is None:
            state = self._known_spool(key)
            self._touched.spools[key] = state
        return state

    def _known_spool(self, key: SpoolKey) -> SpoolState:
        if known := self._committed.spools.get(key):
            return replace(known)
        if not self._sql.execute("SELECT 1 FROM nodes WHERE node = ?", key[:1]).fetchone():
            raise StoreError(f"node {key[0]} has not said HELLO to this database", "")
        self._sql.execute("INSERT OR IGNORE INTO spools (node, epoch) VALUES (?, ?)", key)
        return progress.load_spool(self._sql, key)

    def _boot(self, key: BootKey) -> BootState:
        state = self._touched.boots.get(key)
        if state is None:
            self._spool((key.node, key.epoch))
            state = self._known_boot(key)
            self._touched.boots[key] = state
        return state

    def _known_boot(self, key: BootKey) -> BootState:
        if known := self._committed.boots.get(key):
            return replace(known)
        self._sql.execute("INSERT OR IGNORE INTO boots (node, epoch, boot) VALUES (?, ?, ?)", key)
        return progress.load_boot(self._sql, key)

    def _clash(self, key: BootKey, block: RawBlock) -> Stored | None:
        """What a block is when stored ones share samples with it; None when none does."""
        overlapping = self._sql.execute(
            "SELECT first, past, codec, data FROM raw_blocks"
            " WHERE node = ? AND epoch = ? AND boot = ? AND first < ? ORDER BY first DESC LIMIT 1",
            (*key, block.past),
        ).fetchone()
        if overlapping is None or overlapping[1] <= block.first:
            return None
        first, _past, codec, data = overlapping
        if rawcodec.holds((key.boot, first, codec, data), block):
            return Stored.DUPLICATE
        return self._conflict(*key, RAW, block.first, block.payload)

    def _conflict(
        self, node: str, epoch: int, boot: int, stream: str, first: int, data: bytes
    ) -> Stored:
        self._sql.execute(
            "INSERT OR IGNORE INTO conflicts VALUES (?, ?, ?, ?, ?, ?)",
            (node, epoch, boot, stream, first, data),
        )
        return Stored.CONFLICT

    def _take_stated_hole(self, node: str, record: Record) -> None:
        hole = stated_hole(record)
        if hole is not None:
            kind, first, past, reason = hole
            boot = NO_BOOT if kind == RECORD else record.integer("c")
            Stream(kind, node, record.epoch, boot).state(self._sql, first, past, reason)
