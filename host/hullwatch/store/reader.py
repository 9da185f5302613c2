"""Reading a database, beside its writer or without one. Never writes, never blocks the writer."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from hullwatch.errors import StoreError
from hullwatch.store import (
    boottimes,
    calibrations,
    chaincheck,
    envelope,
    marks,
    missing,
    rawcodec,
    totals,
    windowspan,
)
from hullwatch.store.canvas import Envelope
from hullwatch.store.clocktime import DeviceClock
from hullwatch.store.failures import told
from hullwatch.store.opening import connect_reader, is_new, refuse_foreign
from hullwatch.store.pictureclocks import picture_clocks
from hullwatch.store.ranges import RAW, Stream
from hullwatch.store.rawread import joined, raw_chunks
from hullwatch.store.rows import (
    BootKey,
    BootRow,
    ClockFit,
    ConfigRow,
    EventRow,
    Gap,
    NodeRow,
    RawSamples,
    StoredRecord,
    Summary,
    VerdictRow,
    WindowRow,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from hullwatch.store.calibrations import CalibrationRow
    from hullwatch.store.chaincheck import Break, Head
    from hullwatch.store.marks import MarkRow

_Row = TypeVar("_Row", WindowRow, EventRow, ConfigRow, VerdictRow)
_Parameters = tuple[str | int | float, ...]
_LAST_SAMPLE = (1 << 63) - 1


def _nothing(_links: int) -> None:
    pass


class Reader:
    """A read-only view that sees every commit made before each call. Use from one thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        ((self.store_id,),) = self._all("SELECT store_id FROM identity")

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """Open an existing database; StoreError and its subclasses when that is not possible."""
        path = Path(path).absolute()
        if is_new(path):
            raise StoreError(f"{path}: no database there", "make one: hullwatch log --db FILE")
        refuse_foreign(path)
        connection = connect_reader(path)
        try:
            return cls(path, connection)
        except BaseException:
            connection.close()
            raise

    def nodes(self) -> list[NodeRow]:
        """Every node, in order of first contact."""
        rows = self._all(
            "SELECT node, board, first_seen_utc_us, last_seen_utc_us FROM nodes"
            " ORDER BY first_seen_utc_us, rowid"
        )
        return [NodeRow(*row) for row in rows]

    def heard_utc_us(self, node: str) -> int:
        """When something of a node was stored last, or it said HELLO; 0 for one not known."""
        with told(self.path):
            return totals.heard_utc_us(self._connection, node)

    def boots(self, node: str | None = None) -> list[BootRow]:
        """Boots in order, of one node or of all."""
        rows = self._all(
            "SELECT b.node, b.epoch, b.boot, firmware, core_hash, reset_cause, period_us, samples,"
            " raw_past"
            " FROM boots b JOIN spools s ON s.node = b.node AND s.epoch = b.epoch"
            " WHERE ? IN ('', b.node) ORDER BY s.rowid, b.boot",
            (node or "",),
        )
        return [BootRow(BootKey(*row[:3]), *row[3:]) for row in rows]

    def windows(
        self, node: str | None = None, window_s: float | None = None, last: int | None = None
    ) -> list[WindowRow]:
        """Windows in order of their number: of one node, of one length, only the newest `last`."""
        if window_s is None:
            return self._rows(WindowRow, "windows", node, "", (), last)
        return self._rows(WindowRow, "windows", node, "AND window_s = ?", (window_s,), last)

    def events(self, node: str | None = None, last: int | None = None) -> list[EventRow]:
        """Events in order of their number."""
        return self._rows(EventRow, "events", node, "", (), last)

    def configs(self, node: str | None = None, last: int | None = None) -> list[ConfigRow]:
        """Configuration snapshots in order of their number."""
        return self._rows(ConfigRow, "configs", node, "", (), last)

    def calibrations(
        self, node: str | None = None, kind: str | None = None
    ) -> list[CalibrationRow]:
        """Calibrations in order of their dates, of one node or kind or of all."""
        with told(self.path):
            return calibrations.select(self._connection, node, kind)

    def marks(self, node: str | None = None, every: bool = False) -> list[MarkRow]:
        """Marks in order of their time: those that are about a node, or all.

        ``every``: also those that were revoked, and what revoked them.
        """
        with told(self.path):
            found = marks.select(self._connection)
        if node is not None:
            mine = self._all("SELECT DISTINCT name FROM configs WHERE node = ?", (node,))
            about = {name for (name,) in mine}
            found = [
                m for m in found if m.node in ("", node) and (not m.chamber or m.chamber in about)
            ]
        return [m for m in found if every or (m.revoked_by is None and m.kind != marks.REVOKE)]

    def tests(
        self, node: str | None = None, part: str | None = None, last: int | None = None
    ) -> list[VerdictRow]:
        """Verdicts in order of their number: of one node or part, only the newest `last`."""
        where, values = ("AND part = ?", (part,)) if part is not None else ("", ())
        return self._rows(VerdictRow, "tests", node, where, values, last)

    def records(
        self,
        node: str,
        epoch: int,
        after: int = -1,
        limit: int = 1000,
        kind: int | None = None,
        boot: int | None = None,
        window_s: float | None = None,
    ) -> list[StoredRecord]:
        """Records of a spool with numbers above `after`, at most `limit`, in order of number.

        ``window_s``: only windows of this length.
        """
        chosen = ""
        values: list[str | int | float] = []
        for column, value in (("kind", kind), ("boot", boot)):
            if value is not None:
                chosen += f" AND {column} = ?"
                values.append(value)
        if window_s is not None:
            chosen += (
                " AND number IN (SELECT number FROM windows WHERE node = ? AND epoch = ?"
                " AND window_s = ? AND number > ? ORDER BY number LIMIT ?)"
            )
            values += [node, epoch, window_s, after, limit]
        rows = self._all(
            "SELECT number, boot, kind, version, device_ms, flags, received_utc_us, data"
            f" FROM records WHERE node = ? AND epoch = ? AND number > ?{chosen}"
            " ORDER BY number LIMIT ?",
            (node, epoch, after, *values, limit),
        )
        return [StoredRecord(*row) for row in rows]

    def raw(self, boot: BootKey, first: int = 0, past: int = _LAST_SAMPLE) -> RawSamples:
        """Stored samples first … past − 1 of a boot; holes are left out (see `sample`)."""
        return joined(list(self.raw_chunks(boot, first, past)))

    def raw_chunks(
        self, boot: BootKey, first: int = 0, past: int = _LAST_SAMPLE
    ) -> Iterator[RawSamples]:
        """The same in pieces of bounded size; no read transaction is held between them."""
        with told(self.path):
            yield from raw_chunks(self._connection, boot, first, past)

    def span_sizes(self, boot: BootKey) -> tuple[int, int]:
        """(samples, bytes) of the packed spans of a boot with their levels, without page ends."""
        where = "WHERE node = ? AND epoch = ? AND boot = ?"
        ((samples, data, levels),) = self._all(
            f"SELECT TOTAL(past - first), TOTAL(LENGTH(data)), (SELECT TOTAL(LENGTH(buckets))"
            f" FROM raw_levels {where}) FROM raw_blocks {where} AND codec = ?",
            (*boot, *boot, rawcodec.SPAN),
        )
        return int(samples), int(data + levels)

    def clock_fits(self, boot: BootKey) -> list[ClockFit]:
        """Clock fits of a boot in order of device time."""
        rows = self._all(
            "SELECT ref_ms, utc_us, ppm, bound_us, ppm_bound FROM clock_fits"
            " WHERE node = ? AND epoch = ? AND boot = ? ORDER BY ref_ms",
            tuple(boot),
        )
        return [ClockFit(*row) for row in rows]

    def clocks(self, node: str | None = None) -> dict[BootKey, DeviceClock]:
        """Device time to UTC of every boot, of one node or of all; see `DeviceClock`."""
        keys: dict[str, list[BootKey]] = {}
        for row in self.boots(node):
            keys.setdefault(row.key.node, []).append(row.key)
        found: dict[BootKey, DeviceClock] = {}
        for own in keys.values():
            facts = [self._boot_facts(key) for key in own]
            found.update(zip(own, boottimes.clocks(facts), strict=True))
        return found

    def _boot_facts(self, boot: BootKey) -> boottimes.BootFacts:
        fits = self.clock_fits(boot)
        ((last_ms, received_us),) = self._all(
            "SELECT MAX(device_ms), MIN(received_utc_us - 1000 * device_ms) FROM records"
            " WHERE node = ? AND epoch = ? AND boot = ?",
            tuple(boot),
        )
        last = max([last_ms or 0, *(fit.ref_ms for fit in fits)])
        return boottimes.BootFacts(fits, last, received_us)

    def gaps(self, node: str) -> list[Gap]:
        """What is missing between the first number and the last one stored, stream by stream."""
        found = []
        with told(self.path):
            for stream, settled in missing.streams(self._connection, node):
                found += missing.gaps_of(self._connection, stream, settled)
        return sorted(found, key=lambda gap: (gap.stream, gap.epoch, gap.boot, gap.first))

    def raw_gaps(self, boot: BootKey) -> list[Gap]:
        """What is missing of a boot's samples, from the blocks themselves.

        `gaps` believes what was settled once; this also finds what was removed since.
        """
        with told(self.path):
            found = missing.gaps_of(self._connection, Stream(RAW, *boot), 0)
            return sorted(found, key=lambda gap: gap.first)

    def summary(self, node: str) -> Summary:
        """What is stored of a node, all numbers of one moment."""
        with self._moment(), told(self.path):
            return totals.summary(self._connection, node, tuple(self.gaps(node)))

    def envelope(
        self, boot: BootKey, first: int, past: int, pixels: int, channel: str = "p_q8"
    ) -> Envelope:
        """Lowest, highest, first and last value of samples first … past − 1 for each pixel."""
        with self._moment():
            return envelope.of_samples(self._connection, boot, channel, first, past, pixels)

    def envelope_utc(
        self,
        node: str,
        start_utc_us: int,
        past_utc_us: int,
        pixels: int,
        channel: str = "p_q8",
    ) -> Envelope:
        """The same of a node between two times; boots whose UTC nobody knows are left out."""
        with self._moment():
            known = self.picture_clocks(self._keys(node), start_utc_us, past_utc_us)
            return envelope.of_time(
                self._connection, known, channel, start_utc_us, past_utc_us, pixels
            )

    def windows_utc(
        self, node: str, window_s: float, start_utc_us: int, past_utc_us: int, most: int
    ) -> list[tuple[WindowRow, int]]:
        """The newest `most` windows of a length that end between two times, with that UTC."""
        with self._moment():
            known = self.picture_clocks(self._keys(node), start_utc_us, past_utc_us)
            return windowspan.between(
                self._connection, known, window_s, start_utc_us, past_utc_us, most
            )

    def picture_clocks(
        self, boots: Iterable[BootKey], start_utc_us: int, past_utc_us: int
    ) -> list[tuple[BootKey, DeviceClock]]:
        """Those boots that can lie between two times, with clocks good enough for a picture."""
        with told(self.path):
            return picture_clocks(self._connection, boots, start_utc_us, past_utc_us)

    def _keys(self, node: str) -> list[BootKey]:
        return [boot.key for boot in self.boots(node)]

    def changes(self) -> int:
        """A number that is another one after each commit of anybody else."""
        ((number,),) = self._all("PRAGMA data_version")
        return int(number)

    def chain_heads(self, node: str | None = None) -> list[Head]:
        """Length and value of every hash chain, to be printed and compared later."""
        with told(self.path):
            return chaincheck.heads(self._connection, node)

    def check_chains(
        self, node: str | None = None, advance: Callable[[int], None] = _nothing
    ) -> Iterator[Break]:
        """What was changed or lost since its commit, each with its position; nothing if intact.

        ``advance`` is called with the number of links looked at, of the sum in `chain_heads`.
        """
        for head in self.chain_heads(node):
            with self._moment():
                (now,) = [h for h in chaincheck.heads(self._connection, head.node) if h.at(head)]
                yield from chaincheck.check(self._connection, now, advance)

    @contextmanager
    def _moment(self) -> Iterator[None]:
        """Everything read in the block is of one moment."""
        with told(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def _rows(
        self,
        row: type[_Row],
        table: str,
        node: str | None,
        condition: str,
        values: _Parameters,
        last: int | None,
    ) -> list[_Row]:
        """Rows of a table keyed (node, epoch, number), from the newest spool back."""
        columns = ", ".join(column.name for column in fields(row))
        spools = self._all(
            "SELECT node, epoch FROM spools WHERE ? IN ('', node) ORDER BY rowid DESC",
            (node or "",),
        )
        found: list[_Row] = []
        spool: tuple[str, int]
        for spool in spools:
            wanted = -1 if last is None else last - len(found)
            if not wanted:
                break
            found += [
                row(*cells)
                for cells in self._all(
                    f"SELECT {columns} FROM {table} WHERE node = ? AND epoch = ? {condition}"
                    " ORDER BY number DESC LIMIT ?",
                    (*spool, *values, wanted),
                )
            ]
        return found[::-1]

    def _all(self, query: str, values: _Parameters = ()) -> list[tuple[Any, ...]]:
        with told(self.path):
            return self._connection.execute(query, values).fetchall()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
