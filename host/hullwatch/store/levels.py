"""Extremes and ends of spans and of their buckets, so that a year can be drawn at once.

A pure function of a span: it can be thrown away and made again. It stays when the span's samples
are pruned.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from hullwatch.store import intcolumn
from hullwatch.store.blocktable import CHANNELS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from hullwatch.store.blocktable import BlockTable
    from hullwatch.store.rows import BootKey

    Int64Array = NDArray[np.int64]

BUCKET_SAMPLES = 512
"""Samples of a bucket, counted from the first one of the span; the last bucket may have fewer."""


@dataclass(frozen=True, slots=True)
class Buckets:
    """One value a bucket each: lowest, highest, first and last value, device time of its start."""

    low: Int64Array
    high: Int64Array
    begin: Int64Array
    end: Int64Array
    ms: Int64Array


@dataclass(frozen=True, slots=True)
class LevelRow:
    """A row of `raw_levels` after its key's (node, epoch, boot), in the order of its columns.

    ``first_ms`` and ``past_ms`` are the device times at which samples `first` and `past` are due.
    """

    channel: str
    first: int
    past: int
    first_ms: int
    past_ms: int
    low: int
    high: int
    begin: int
    end: int
    buckets: bytes


_MARKS = ", ".join("?" * (3 + len(fields(LevelRow))))


def of_span(table: BlockTable) -> Iterator[LevelRow]:
    """The rows of one span, a row for each channel that every block has.

    The span's sample numbers run on without a break.
    """
    first = int(table.heads["first"][0])
    count = int(table.heads["count"].sum())
    starts = np.arange(0, count, BUCKET_SAMPLES)
    ms = _due_ms(table, np.append(starts, count))
    for channel in CHANNELS:
        wide = table.values[channel].astype(np.int64)
        low = np.minimum.reduceat(wide, starts)
        high = np.maximum.reduceat(wide, starts)
        begin = wide[starts]
        end = wide[np.append(starts[1:], count) - 1]
        columns = {"low": low, "high": high, "begin": begin, "end": end, "ms": ms[:-1]}
        yield LevelRow(
            channel, first, first + count, int(ms[0]), int(ms[-1]), int(low.min()),
            int(high.max()), int(begin[0]), int(end[-1]), intcolumn.pack_many(columns),
        )  # fmt: skip


def insert(connection: sqlite3.Connection, boot: BootKey, table: BlockTable) -> None:
    """Store the levels of a span, in place of those of the same numbers."""
    connection.executemany(
        f"INSERT OR REPLACE INTO raw_levels VALUES ({_MARKS})",
        [(*boot, *astuple(row)) for row in of_span(table)],
    )


def buckets(data: bytes) -> Buckets:
    """The column `buckets` of a row; errors as in `intcolumn.decode`."""
    return Buckets(**intcolumn.unpack_many(data))


def _due_ms(table: BlockTable, inside: Int64Array) -> Int64Array:
    """Device time at which the samples with these places in the span are due, to a millisecond.

    Between two blocks' starts in proportion; beyond the last one's at the span's mean period.
    """
    starts, due = table.starts, table.heads["device_ms"]
    found = np.rint(np.interp(inside, starts, due)).astype(np.int64)
    beyond = inside > starts[-1]
    if starts[-1] > 0:
        period_ms = (due[-1] - due[0]) / starts[-1]
        found[beyond] += np.rint((inside[beyond] - starts[-1]) * period_ms).astype(np.int64)
    return found
