"""Pixels that gather extremes: what a plot of any number of samples needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hullwatch.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    Int64Array = NDArray[np.int64]

MAX_PIXELS = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """One value a pixel each; pixel k holds what lies from ``edges[k]`` to before ``edges[k+1]``.

    ``edges`` are sample numbers, or UTC in µs. ``low`` … ``end`` (lowest, highest, first and last
    value) are in Pa or K and NaN where ``count``, the number of samples, is 0: a gap.
    """

    edges: Int64Array
    count: Int64Array
    low: FloatArray
    high: FloatArray
    begin: FloatArray
    end: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Samples, or groups of them, one value each: place on the axis, lowest … last value, count."""

    x: Int64Array
    low: Int64Array
    high: Int64Array
    begin: Int64Array
    end: Int64Array
    count: Int64Array


class Canvas:
    """`pixels` equal parts of start … past − 1; InputError when that makes no picture."""

    def __init__(self, start: int, past: int, pixels: int) -> None:
        if not 1 <= pixels <= MAX_PIXELS:
            raise InputError(f"{pixels} pixels", f"1 to {MAX_PIXELS} can be drawn")
        if past <= start:
            raise InputError(f"the range from {start} to {past} is empty", "end it after its start")
        size = past - start
        self.edges = np.array([start + size * k // pixels for k in range(pixels + 1)], np.int64)
        self.count = np.zeros(pixels, np.int64)
        self.low, self.high, self.begin, self.end = (np.full(pixels, np.nan) for _ in range(4))
        self._first_x = np.full(pixels, np.iinfo(np.int64).max)
        self._last_x = np.full(pixels, np.iinfo(np.int64).min)

    def add(self, pieces: Pieces) -> None:
        """Draw pieces; those outside the picture are left out."""
        pixel = np.searchsorted(self.edges, pieces.x, "right") - 1
        order = np.lexsort((pieces.x, pixel)) if (np.diff(pieces.x) < 0).any() else slice(None)
        inside = np.arange(len(pixel))[order]
        inside = inside[(pixel[inside] >= 0) & (pixel[inside] < len(self.count))]
        if not len(inside):
            return
        starts = np.flatnonzero(np.diff(pixel[inside], prepend=-1))
        at = pixel[inside][starts]
        self.count[at] += np.add.reduceat(pieces.count[inside], starts)
        low = np.minimum.reduceat(pieces.low[inside], starts)
        high = np.maximum.reduceat(pieces.high[inside], starts)
        self.low[at] = np.fmin(self.low[at], low)
        self.high[at] = np.fmax(self.high[at], high)
        ends = np.append(starts[1:], len(inside)) - 1
        self._keep_ends(pieces, at, inside[starts], inside[ends])

    def _keep_ends(
        self,
        pieces: Pieces,
        at: NDArray[np.intp],
        firsts: NDArray[np.intp],
        lasts: NDArray[np.intp],
    ) -> None:
        """The earliest and the latest value of the pixels `at`, also of what was drawn before."""
        earlier = pieces.x[firsts] < self._first_x[at]
        self._first_x[at[earlier]] = pieces.x[firsts[earlier]]
        self.begin[at[earlier]] = pieces.begin[firsts[earlier]]
        later = pieces.x[lasts] >= self._last_x[at]
        self._last_x[at[later]] = pieces.x[lasts[later]]
        self.end[at[later]] = pieces.end[lasts[later]]

    def envelope(self, unit: int) -> Envelope:
        """What was drawn, in SI units; the values drawn were in 1/`unit` of one."""
        scaled = (column / unit for column in (self.low, self.high, self.begin, self.end))
        return Envelope(self.edges, self.count, *scaled)
