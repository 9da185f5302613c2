"""Raw blocks of the database as arrays, in chunks of bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hullcore.estimator import NO_AUX
from hullwatch.link.rawblock import MAX_FIRST
from hullwatch.store import rawcodec
from hullwatch.store.rows import RawSamples

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from hullwatch.store.blocktable import BlockTable
    from hullwatch.store.rows import BootKey

CHUNK_SAMPLES = 1 << 18
"""A chunk ends with the row in which this many samples are reached: a few ten MB of arrays."""

_CODEC_ROWS = 4096
_KEY = "node = ? AND epoch = ? AND boot = ?"


def raw_chunks(
    connection: sqlite3.Connection, boot: BootKey, first: int, past: int
) -> Iterator[RawSamples]:
    """Samples first … past − 1 of a boot in order, a chunk for each query."""
    period_of = _periods(connection, boot)
    at = first
    while at < past:
        rows, at = _rows(connection, boot, at, past)
        if not rows:
            return
        chunk = _within(_samples(rawcodec.decode(rows), period_of), first, past)
        first = at  # what the last row held has been given, however rows are cut by now
        if len(chunk.sample):
            yield chunk


def codec_chunks(
    connection: sqlite3.Connection, boot: BootKey, codec: int, low: int = 0, high: int = MAX_FIRST
) -> Iterator[RawSamples]:
    """Samples of a boot whose rows are in one codec and begin at low … high − 1, in order."""
    period_of = _periods(connection, boot)
    cursor = connection.execute(
        f"SELECT boot, first, codec, data FROM raw_blocks WHERE {_KEY}"
        " AND first >= ? AND first < ? AND codec = ? ORDER BY first",
        (*boot, low, high, codec),
    )
    while rows := cursor.fetchmany(_CODEC_ROWS):
        yield _samples(rawcodec.decode(rows), period_of)


def _rows(
    connection: sqlite3.Connection, boot: BootKey, at: int, past: int
) -> tuple[list[rawcodec.CodedRow], int]:
    """(coded rows of one chunk from the one that holds sample `at` on, end of the last one)."""
    (covering,) = connection.execute(
        f"SELECT MAX(first) FROM raw_blocks WHERE {_KEY} AND first <= ?", (*boot, at)
    ).fetchone()
    rows: list[rawcodec.CodedRow] = []
    samples = 0
    cursor = connection.execute(
        f"SELECT boot, first, codec, data, past FROM raw_blocks WHERE {_KEY}"
        " AND first >= ? AND first < ? AND past > ? ORDER BY first",
        (*boot, at if covering is None else covering, past, at),
    )
    for *row, end in cursor:
        rows.append((row[0], row[1], row[2], row[3]))
        samples += end - row[1]
        at = end
        if samples >= CHUNK_SAMPLES:
            break
    cursor.close()  # ends its read transaction
    return rows, at


def joined(chunks: list[RawSamples]) -> RawSamples:
    """Chunks in order as one."""
    if not chunks:
        none = np.empty(0, np.int64)
        empty = none.astype(np.int32)
        return RawSamples(none, none, none, empty, empty, empty)
    return RawSamples(
        sample=np.concatenate([chunk.sample for chunk in chunks]),
        due_us=np.concatenate([chunk.due_us for chunk in chunks]),
        late_us=np.concatenate([chunk.late_us for chunk in chunks]),
        p_q8=np.concatenate([chunk.p_q8 for chunk in chunks]),
        t_q16=np.concatenate([chunk.t_q16 for chunk in chunks]),
        aux=np.concatenate([chunk.aux for chunk in chunks]),
    )


class _Periods(dict[int, int]):
    """Sample period by number of the configuration record; that of HELLO, or −1, for others."""

    def __init__(self, hello_us: int | None, known: list[tuple[int, int]]) -> None:
        super().__init__(known)
        self._hello_us = hello_us or -1

    def __missing__(self, config: int) -> int:
        return self._hello_us


def _periods(connection: sqlite3.Connection, boot: BootKey) -> _Periods:
    hello = connection.execute(f"SELECT period_us FROM boots WHERE {_KEY}", tuple(boot)).fetchone()
    known = connection.execute(
        "SELECT number, period_us FROM configs WHERE node = ? AND epoch = ?",
        (boot.node, boot.epoch),
    ).fetchall()
    return _Periods(hello[0] if hello else None, known)


def _samples(table: BlockTable, period_of: _Periods) -> RawSamples:
    counts = table.heads["count"]
    inside = np.arange(counts.sum()) - np.repeat(table.starts, counts)
    period_us = np.repeat([period_of[config] for config in table.heads["config"].tolist()], counts)
    due_us = table.spread("device_ms") * 1000 + inside * period_us
    return RawSamples(
        sample=table.spread("first") + inside,
        due_us=np.where(period_us > 0, due_us, -1),
        late_us=table.spread("late_us"),
        p_q8=table.values["p_q8"],
        t_q16=table.values["t_q16"],
        aux=table.values.get("aux", np.full(counts.sum(), NO_AUX, np.int32)),
    )


def _within(samples: RawSamples, first: int, past: int) -> RawSamples:
    low, high = np.searchsorted(samples.sample, (first, past))
    return RawSamples(
        samples.sample[low:high],
        samples.due_us[low:high],
        samples.late_us[low:high],
        samples.p_q8[low:high],
        samples.t_q16[low:high],
        samples.aux[low:high],
    )
