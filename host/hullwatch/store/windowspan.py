"""Windows of one length between two times, found by halving: no column says when they were."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from hullwatch.store.rows import WindowRow

if TYPE_CHECKING:
    import sqlite3

    from hullwatch.store.clocktime import DeviceClock
    from hullwatch.store.rows import BootKey

_COLUMNS = ", ".join(field.name for field in fields(WindowRow))
_OF_LENGTH = (
    "FROM windows INDEXED BY windows_by_length WHERE node = ? AND epoch = ? AND window_s = ?"
)
"""Left to itself SQLite takes the primary key, and reads all that is between two long windows."""


def between(
    connection: sqlite3.Connection,
    clocks: list[tuple[BootKey, DeviceClock]],
    window_s: float,
    start_utc_us: int,
    past_utc_us: int,
    most: int,
) -> list[tuple[WindowRow, int]]:
    """Windows that end from `start_utc_us` to before `past_utc_us`, each with the UTC of its end.

    At most `most`, the newest of them, in order of boot and number. Takes time for what it
    returns, not for what is stored.
    """
    found: list[tuple[WindowRow, int]] = []
    for boot, clock in reversed(clocks):
        first, past = _numbers(connection, boot)
        low = _halved(connection, boot, clock, window_s, first, past, start_utc_us)
        high = _halved(connection, boot, clock, window_s, low, past, past_utc_us)
        rows = [
            WindowRow(*cells)
            for cells in connection.execute(
                f"SELECT {_COLUMNS} {_OF_LENGTH} AND number >= ? AND number < ?"
                " AND boot = ? ORDER BY number DESC LIMIT ?",
                (boot.node, boot.epoch, window_s, low, high, boot.boot, most - len(found)),
            )
        ]
        found += zip(rows, _utc_us(clock, [row.device_ms for row in rows]), strict=True)
        if len(found) >= most:
            break
    return found[::-1]


def _numbers(connection: sqlite3.Connection, boot: BootKey) -> tuple[int, int]:
    """Numbers among which the windows of a boot are: numbers and boots both only rise."""
    (last,) = connection.execute(
        "SELECT COALESCE(MAX(number), -1) FROM windows WHERE node = ? AND epoch = ?", boot[:2]
    ).fetchone()

    def first_of(least: int) -> int:
        low, high = 0, last + 1
        while low < high:
            middle = (low + high) // 2
            row = connection.execute(
                "SELECT boot FROM windows WHERE node = ? AND epoch = ? AND number >= ?"
                " ORDER BY number LIMIT 1",
                (*boot[:2], middle),
            ).fetchone()
            if row[0] >= least:
                high = middle
            else:
                low = middle + 1
        return low

    return first_of(boot.boot), first_of(boot.boot + 1)


def _halved(
    connection: sqlite3.Connection,
    boot: BootKey,
    clock: DeviceClock,
    window_s: float,
    low: int,
    high: int,
    utc_us: int,
) -> int:
    """The lowest number in low … high at which windows end at or after a time."""
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            f"SELECT number, device_ms {_OF_LENGTH} AND number >= ? AND number < ?"
            " ORDER BY number LIMIT 1",
            (boot.node, boot.epoch, window_s, middle, high),
        ).fetchone()
        if row is None or _utc_us(clock, [row[1]])[0] >= utc_us:
            high = middle
        else:
            low = row[0] + 1
    return low


def _utc_us(clock: DeviceClock, device_ms: list[int]) -> list[int]:
    found: list[int] = clock.utc_us(np.array(device_ms, np.int64) * 1000)[0].tolist()
    return found
