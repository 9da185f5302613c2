"""Clocks for a picture: as many fits as one needs, not the half million of a year.

Between two of the fits taken a time is right to what both bound, which is far less than a pixel;
where a range is short enough that its fits are few, all of them are taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hullwatch.store.clocktime import UNKNOWN, DeviceClock
from hullwatch.store.rows import ClockFit

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from hullwatch.store.rows import BootKey

MOST_FITS = 512
_KEY = "node = ? AND epoch = ? AND boot = ?"
_COLUMNS = "ref_ms, utc_us, ppm, bound_us, ppm_bound"
_GRID = 1024
_BESIDE = 4


def picture_clocks(
    connection: sqlite3.Connection, boots: Iterable[BootKey], start_utc_us: int, past_utc_us: int
) -> list[tuple[BootKey, DeviceClock]]:
    """Boots that can lie in the range, each with its clock; those without a fit are left out."""
    found = []
    for boot in boots:
        first, last = (_end(connection, boot, order) for order in ("ASC", "DESC"))
        if first is None or last is None:
            continue
        clock = DeviceClock(_fits(connection, boot, first, last))
        low, high = _device_ms(clock, first, last, start_utc_us, past_utc_us)
        if (low, high) != (first, last):
            around = _around(connection, boot, low, high)
            clock = DeviceClock(_fits(connection, boot, *around))
        if int(clock.utc_us(np.zeros(1, np.int64))[0][0]) < past_utc_us:
            found.append((boot, clock))
    return found


def _end(connection: sqlite3.Connection, boot: BootKey, order: str) -> int | None:
    """Device time of the first or last fit; one of both a query, so that none reads all."""
    row = connection.execute(
        f"SELECT ref_ms FROM clock_fits WHERE {_KEY} ORDER BY ref_ms {order} LIMIT 1", tuple(boot)
    ).fetchone()
    return None if row is None else int(row[0])


def _around(connection: sqlite3.Connection, boot: BootKey, low: int, high: int) -> tuple[int, int]:
    """The range with some fits on either side of it: between two fits there may be none."""
    query = f"SELECT ref_ms FROM clock_fits WHERE {_KEY} AND ref_ms"
    before, after = (
        connection.execute(f"{query} {condition} LIMIT {_BESIDE}", (*boot, at)).fetchall()
        for condition, at in (("<= ? ORDER BY ref_ms DESC", low), (">= ? ORDER BY ref_ms", high))
    )
    return int(before[-1][0]) if before else low, int(after[-1][0]) if after else high


def _fits(connection: sqlite3.Connection, boot: BootKey, low: int, high: int) -> list[ClockFit]:
    """Fits at low … high ms: all when they are few, else some at equal distances."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM clock_fits WHERE {_KEY} AND ref_ms >= ? AND ref_ms <= ?"
        " ORDER BY ref_ms LIMIT ?",
        (*boot, low, high, MOST_FITS + 1),
    ).fetchall()
    if len(rows) > MOST_FITS:
        query = f"SELECT {_COLUMNS} FROM clock_fits WHERE {_KEY} AND ref_ms >= ?"
        places = np.linspace(low, high, MOST_FITS).astype(np.int64).tolist()
        rows = sorted(
            {
                connection.execute(f"{query} ORDER BY ref_ms LIMIT 1", (*boot, place)).fetchone()
                for place in places
            }
        )
    return [ClockFit(*row) for row in rows]


def _device_ms(
    clock: DeviceClock, first: int, last: int, start_utc_us: int, past_utc_us: int
) -> tuple[int, int]:
    """The part of first … last in which fits matter for a range of UTC: it and one grid around."""
    grid = np.unique(np.linspace(first, last, _GRID).astype(np.int64))
    utc = clock.utc_us(grid * 1000)[0]
    utc = np.maximum.accumulate(np.where(utc == UNKNOWN, np.iinfo(np.int64).min, utc))
    low = max(0, int(np.searchsorted(utc, start_utc_us)) - 2)
    high = min(len(grid) - 1, int(np.searchsorted(utc, past_utc_us)) + 1)
    return int(grid[min(low, len(grid) - 1)]), int(grid[high])
