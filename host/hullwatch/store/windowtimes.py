"""When windows were, in UTC with the doubt of the node's clock, and which marks touch them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from hullwatch.store.clocktime import UNKNOWN
from hullwatch.store.rows import BootKey, WindowRow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hullwatch.store.marks import MarkRow
    from hullwatch.store.reader import Reader

Limits = tuple[int | None, int | None]
"""Earliest UTC of a window's first sample and latest of its end, µs; None where nothing tells."""


def window_limits(reader: Reader, rows: Sequence[WindowRow]) -> list[Limits]:
    """The limits of each window, in the order given."""
    clocks = reader.clocks()
    of_boot: dict[BootKey, list[int]] = {}
    for at, row in enumerate(rows):
        of_boot.setdefault(BootKey(row.node, row.epoch, row.boot), []).append(at)
    found: list[Limits] = [(None, None)] * len(rows)
    for boot, places in of_boot.items():
        start_us = np.array([rows[at].first_device_ms * 1000 for at in places], np.int64)
        length_us = np.array([round(rows[at].window_s * 1e6) for at in places], np.int64)
        earliest: NDArray[np.int64] = clocks[boot].limits_us(start_us)[0]
        latest: NDArray[np.int64] = clocks[boot].limits_us(start_us + length_us)[1]
        for at, low, high in zip(places, earliest.tolist(), latest.tolist(), strict=True):
            found[at] = (None if low == UNKNOWN else low, None if high == UNKNOWN else high)
    return found


def marked(reader: Reader, rows: Sequence[WindowRow]) -> Iterator[tuple[MarkRow, ...]]:
    """The marks that touch each window; a window whose time is not known on both sides has none."""
    about = {node: reader.marks(node) for node in {row.node for row in rows}}
    if not any(about.values()):
        yield from (() for _ in rows)
        return
    for row, (earliest, latest) in zip(rows, window_limits(reader, rows), strict=True):
        if earliest is None or latest is None:
            yield ()
        else:
            yield tuple(mark for mark in about[row.node] if mark.touches(earliest, latest))
