"""The rows of a hash chain in the order of their links, each compared with what follows from it.

For a record: its columns and its plain row of windows, events or configurations. For raw blocks:
their numbers, and the levels of a span.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from hullwatch.errors import CorruptDatabase, ProtocolError
from hullwatch.link import recordview
from hullwatch.store import blocktable, chain, levels, rawcodec
from hullwatch.store.derived import row_of
from hullwatch.store.ranges import RAW, RECORD
from hullwatch.store.rows import ConfigRow, EventRow, VerdictRow, WindowRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    Key = tuple[str | int, ...]

_SOURCES = {
    RECORD: ("records WHERE node = ? AND epoch = ?", "number"),
    RAW: ("raw_blocks WHERE node = ? AND epoch = ? AND boot = ?", "first"),
}
_LINKED = "(typeof(link) = 'integer')"
_NO_BYTES = "its bytes are no bytes"
_TABLES = {
    WindowRow: "windows", EventRow: "events", ConfigRow: "configs", VerdictRow: "tests"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A row of a chain: its links from `link` on, the value after them, what they cover."""

    first: int
    past: int
    link: int
    links: int
    chain: bytes
    contents: list[bytes]
    fault: str


def in_order(connection: sqlite3.Connection, stream: str, key: Key) -> Iterator[ChainRow]:
    """The rows of a stream that have a link."""
    return _records(connection, key) if stream == RECORD else _raw(connection, key)


def unchained(
    connection: sqlite3.Connection, stream: str, key: Key
) -> Iterator[tuple[int, int, str]]:
    """(first, past, reason) of the rows that have none, if there are any."""
    source, column = _SOURCES[stream]
    low, high, rows = connection.execute(
        f"SELECT MIN({column}), MAX({column}), COUNT(*) FROM {source} AND NOT {_LINKED}", key
    ).fetchone()
    if rows:
        yield low, high + 1, f"{rows} rows are in no chain: older than it, or added beside it"


def _stretches(connection: sqlite3.Connection, stream: str, key: Key) -> list[tuple[int, int]]:
    """Ranges (from, to) of numbers that, one after the other, give the rows in order of links."""
    source, column = _SOURCES[stream]
    rows = connection.execute(
        f"SELECT {column}, link FROM {source} AND {_LINKED} ORDER BY {column}", key
    ).fetchall()
    if not rows:
        return []
    numbers, links = np.array(rows, np.int64).T
    order = np.argsort(links, kind="stable")
    cuts = np.flatnonzero(np.diff(order) != 1) + 1
    return [
        (int(numbers[part[0]]), int(numbers[part[-1]])) for part in np.split(order, cuts.tolist())
    ]


def _records(connection: sqlite3.Connection, key: Key) -> Iterator[ChainRow]:
    source, _ = _SOURCES[RECORD]
    for low, high in _stretches(connection, RECORD, key):
        for number, link, value, received, data, *columns in connection.execute(
            "SELECT number, link, chain, received_utc_us, data, boot, kind, version, device_ms,"
            f" flags FROM {source} AND number BETWEEN ? AND ? AND {_LINKED} ORDER BY number",
            (*key, low, high),
        ):
            contents, fault = [], _NO_BYTES
            if isinstance(data, bytes):
                contents = [chain.record_content(received, data)]
                fault = _record_fault(connection, (*key, number), received, data, columns)
            yield ChainRow(number, number + 1, link, 1, value, contents, fault)


def _record_fault(
    connection: sqlite3.Connection, key: Key, received: int, data: bytes, columns: list[int]
) -> str:
    """How the columns and the plain row of a record differ from its bytes; empty if not."""
    try:
        record = recordview.parse(data)
    except ProtocolError as error:
        return error.message
    if columns != [record.boot, record.kind, record.version, record.device_ms, record.flags]:
        return "its columns differ from its bytes"
    if key[1:] != (record.epoch, record.number):
        return "its number differs from its bytes"
    row = row_of(str(key[0]), record, received)
    if row is None:
        return ""
    table = _TABLES[type(row)]
    names = ", ".join(column.name for column in fields(row))
    stored = connection.execute(
        f"SELECT {names} FROM {table} WHERE node = ? AND epoch = ? AND number = ?", key
    ).fetchone()
    if stored is None:
        return f"its row of {table} is missing"
    for column, there, made in zip(fields(row), stored, astuple(row), strict=True):
        if there != made:
            return f"its row of {table} says {column.name} {there}, its bytes {made}"
    return ""


def _raw(connection: sqlite3.Connection, key: Key) -> Iterator[ChainRow]:
    source, _ = _SOURCES[RAW]
    for low, high in _stretches(connection, RAW, key):
        for first, past, link, blocks, value, codec, data in connection.execute(
            f"SELECT first, past, link, blocks, chain, codec, data FROM {source}"
            f" AND first BETWEEN ? AND ? AND {_LINKED} ORDER BY first",
            (*key, low, high),
        ):
            contents: list[bytes] = []
            fault = _NO_BYTES
            try:
                if isinstance(data, bytes):
                    contents, fault = _raw_contents(connection, key, first, past, codec, data)
                if not fault and len(contents) != blocks:
                    fault = f"it holds {len(contents)} blocks, not {blocks}"
            except (CorruptDatabase, ProtocolError) as error:
                fault = error.message
            yield ChainRow(first, past, link, blocks, value, contents, fault)


def _raw_contents(
    connection: sqlite3.Connection, key: Key, first: int, past: int, codec: int, data: bytes
) -> tuple[list[bytes], str]:
    """(payloads, how the row's columns and levels differ from them, empty if not)."""
    table = rawcodec.decode([(int(key[2]), first, codec, data)])
    numbers = (int(table.heads["first"][0]), int(table.heads["count"].sum()))
    if numbers != (first, past - first) or table.heads["boot"][0] != key[2]:
        return [], "its numbers differ from its content"
    if codec == rawcodec.AS_RECEIVED:
        return [data], ""
    names = ", ".join(f'"{column.name}"' for column in fields(levels.LevelRow))
    for row in levels.of_span(table):
        stored = connection.execute(
            f"SELECT {names} FROM raw_levels WHERE node = ? AND epoch = ? AND boot = ?"
            " AND channel = ? AND first = ?",
            (*key, row.channel, first),
        ).fetchone()
        if stored != astuple(row):
            return blocktable.payloads(
                table
            ), f"its levels of {row.channel} differ from its samples"
    return blocktable.payloads(table), ""
