"""Raw blocks of the database as arrays, in chunks of bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hullwatch.store import rawcodec
from hullwatch.store.rows import RawSamples

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from hullwatch.link.rawblock import RawBlock
    from hullwatch.store.rows import BootKey

CHUNK_BLOCKS = 4096
"""Blocks decoded at a time: at most about a million samples, 30 MB of arrays."""

_KEY = "node = ? AND epoch = ? AND boot = ?"


def raw_chunks(
    connection: sqlite3.Connection, boot: BootKey, first: int, past: int
) -> Iterator[RawSamples]:
    """Samples first … past − 1 of a boot in order, a chunk for each query."""
    period_of = _periods(connection, boot)
    (at,) = connection.execute(
        f"SELECT MAX(first) FROM raw_blocks WHERE {_KEY} AND first <= ?", (*boot, first)
    ).fetchone()
    at = first if at is None else at
    while at < past:
        rows = connection.execute(
            f"SELECT past, codec, data FROM raw_blocks WHERE {_KEY} AND first >= ? AND first < ?"
            " ORDER BY first LIMIT ?",
            (*boot, at, past, CHUNK_BLOCKS),
        ).fetchall()
        if not rows:
            return
        at = rows[-1][0]
        blocks = rawcodec.decode([row[1:] for row in rows])
        chunk = _within(_samples(blocks, period_of), first, past)
        if len(chunk.sample):
            yield chunk


def joined(chunks: list[RawSamples]) -> RawSamples:
    """Chunks in order as one."""
    if not chunks:
        none = np.empty(0, np.int64)
        return RawSamples(none, none, none, none.astype(np.int32), none.astype(np.int32))
    return RawSamples(
        sample=np.concatenate([chunk.sample for chunk in chunks]),
        due_us=np.concatenate([chunk.due_us for chunk in chunks]),
        late_us=np.concatenate([chunk.late_us for chunk in chunks]),
        p_q8=np.concatenate([chunk.p_q8 for chunk in chunks]),
        t_q16=np.concatenate([chunk.t_q16 for chunk in chunks]),
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


def _samples(blocks: list[RawBlock], period_of: _Periods) -> RawSamples:
    counts = np.array([block.count for block in blocks])
    starts = np.cumsum(counts) - counts
    inside = np.arange(counts.sum()) - np.repeat(starts, counts)
    period_us = np.repeat([period_of[block.config] for block in blocks], counts)
    due_us = np.repeat([block.device_ms * 1000 for block in blocks], counts) + inside * period_us
    return RawSamples(
        sample=np.repeat(np.array([block.first for block in blocks], np.int64), counts) + inside,
        due_us=np.where(period_us > 0, due_us, -1),
        late_us=np.repeat(np.array([block.late_us for block in blocks], np.int64), counts),
        p_q8=np.concatenate([block.p_q8 for block in blocks]),
        t_q16=np.concatenate([block.t_q16 for block in blocks]),
    )


def _within(samples: RawSamples, first: int, past: int) -> RawSamples:
    low, high = np.searchsorted(samples.sample, (first, past))
    return RawSamples(
        samples.sample[low:high],
        samples.due_us[low:high],
        samples.late_us[low:high],
        samples.p_q8[low:high],
        samples.t_q16[low:high],
    )
