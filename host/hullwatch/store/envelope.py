"""Extremes of any range for a plot, in time that depends on the pixels and not on the samples.

Spans no wider than a pixel are taken whole, wider ones by their buckets where those are no wider
than a pixel, else by their samples. What was taken whole belongs to the pixel of its middle, so a
value may be half a pixel off its place; at the edges of the picture that is in or out of it. Of a
pruned span the buckets are left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hullwatch.errors import InputError
from hullwatch.link.rawblock import MAX_FIRST
from hullwatch.store import levels, rawcodec
from hullwatch.store.canvas import Canvas, Envelope, Pieces
from hullwatch.store.clocktime import DeviceClock
from hullwatch.store.rawread import codec_chunks, raw_chunks

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray

    from hullwatch.store.rows import BootKey, RawSamples

    Int64Array = NDArray[np.int64]

UNITS = {"p_q8": 256, "t_q16": 65536}
"""Parts of a Pa or K in which a channel's values are stored."""

_KEY = "node = ? AND epoch = ? AND boot = ? AND channel = ?"


@dataclass(frozen=True, slots=True)
class _Spans:
    """Rows of `raw_levels` without their buckets, a value each; times in µs since boot."""

    first: Int64Array
    past: Int64Array
    first_us: Int64Array
    past_us: Int64Array
    low: Int64Array
    high: Int64Array
    begin: Int64Array
    end: Int64Array


class _Axis:
    """Where on the picture a sample lies: at its number, or with a clock at its UTC."""

    def __init__(self, clock: DeviceClock | None) -> None:
        self._clock = clock

    def place(self, sample: Int64Array, device_us: Int64Array) -> Int64Array:
        """Places in the unit of the picture's edges; far outside it where UTC is unknown."""
        return sample if self._clock is None else self._clock.utc_us(device_us)[0]


def of_samples(
    connection: sqlite3.Connection, boot: BootKey, channel: str, first: int, past: int, pixels: int
) -> Envelope:
    """Samples first … past − 1 of a boot; InputError for a channel or range that is none."""
    canvas = Canvas(first, past, pixels)
    _draw(connection, boot, _known(channel), canvas, _Axis(None))
    return canvas.envelope(UNITS[channel])


def of_time(
    connection: sqlite3.Connection,
    boots: list[tuple[BootKey, DeviceClock]],
    channel: str,
    start_utc_us: int,
    past_utc_us: int,
    pixels: int,
) -> Envelope:
    """What was due from `start_utc_us` to before `past_utc_us` in the boots with their clocks."""
    canvas = Canvas(start_utc_us, past_utc_us, pixels)
    for boot, clock in boots:
        _draw(connection, boot, _known(channel), canvas, _Axis(clock))
    return canvas.envelope(UNITS[channel])


def _known(channel: str) -> str:
    if channel not in UNITS:
        raise InputError(f"no channel {channel!r}", f"there are {', '.join(UNITS)}")
    return channel


def _draw(
    connection: sqlite3.Connection, boot: BootKey, channel: str, canvas: Canvas, axis: _Axis
) -> None:
    start, past = int(canvas.edges[0]), int(canvas.edges[-1])
    pixel = (past - start) / len(canvas.count)
    spans = _spans(connection, boot, channel)
    low_x, high_x = axis.place(spans.first, spans.first_us), axis.place(spans.past, spans.past_us)
    near = (high_x > start) & (low_x < past)
    whole = near & (high_x - low_x <= pixel)
    counts = spans.past - spans.first
    middles = low_x + (high_x - low_x) // 2
    canvas.add(
        Pieces(
            middles[whole], spans.low[whole], spans.high[whole], spans.begin[whole],
            spans.end[whole], counts[whole],
        )
    )  # fmt: skip
    coarse = (high_x - low_x) * levels.BUCKET_SAMPLES <= pixel * counts
    low, high = _between(spans, low_x >= past, high_x <= start)
    kept = _kept(connection, boot, low, high)
    for at in np.flatnonzero(near & ~whole).tolist():
        if coarse[at] or int(spans.first[at]) not in kept:
            canvas.add(_buckets(connection, boot, channel, spans, at, axis))
        else:
            for chunk in raw_chunks(connection, boot, int(spans.first[at]), int(spans.past[at])):
                canvas.add(_samples(chunk, channel, axis))
    for chunk in codec_chunks(connection, boot, rawcodec.AS_RECEIVED, low, high):
        canvas.add(_samples(chunk, channel, axis))


def _spans(connection: sqlite3.Connection, boot: BootKey, channel: str) -> _Spans:
    rows = connection.execute(
        'SELECT first, past, first_ms * 1000, past_ms * 1000, low, high, begin, "end"'
        f" FROM raw_levels WHERE {_KEY} ORDER BY first",
        (*boot, channel),
    ).fetchall()
    return _Spans(*np.array(rows, np.int64).reshape(-1, 8).T)


def _between(spans: _Spans, after: NDArray[np.bool_], before: NDArray[np.bool_]) -> tuple[int, int]:
    """Numbers low … high − 1 with which everything in the picture begins.

    Between the last span before it and the first one after it: places follow the numbers.
    """
    low = int(spans.past[before].max(initial=0))
    return low, int(spans.first[after].min(initial=MAX_FIRST))


def _kept(connection: sqlite3.Connection, boot: BootKey, low: int, high: int) -> set[int]:
    """First numbers, from low to before high, of the spans whose samples are stored."""
    rows = connection.execute(
        "SELECT first FROM raw_blocks WHERE node = ? AND epoch = ? AND boot = ?"
        " AND first >= ? AND first < ? AND codec = ?",
        (*boot, low, high, rawcodec.SPAN),
    )
    return {first for (first,) in rows}


def _buckets(
    connection: sqlite3.Connection,
    boot: BootKey,
    channel: str,
    spans: _Spans,
    at: int,
    axis: _Axis,
) -> Pieces:
    first, past = int(spans.first[at]), int(spans.past[at])
    (data,) = connection.execute(
        f"SELECT buckets FROM raw_levels WHERE {_KEY} AND first = ?", (*boot, channel, first)
    ).fetchone()
    found = levels.buckets(data)
    starts = np.arange(first, past, levels.BUCKET_SAMPLES)
    ends = np.append(starts[1:], past)
    start_us = found.ms * 1000
    end_us = np.append(start_us[1:], spans.past_us[at])
    middles = axis.place((starts + ends) // 2, (start_us + end_us) // 2)
    return Pieces(middles, found.low, found.high, found.begin, found.end, ends - starts)


def _samples(chunk: RawSamples, channel: str, axis: _Axis) -> Pieces:
    values = getattr(chunk, channel).astype(np.int64)
    x = axis.place(chunk.sample, chunk.due_us)
    return Pieces(x, values, values, values, values, np.ones_like(values))
