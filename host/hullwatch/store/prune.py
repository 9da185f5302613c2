"""Raw samples removed on purpose: a stated hole and an anchor of the chain stay in their place.

Records, windows and events stay, and so do the levels that plots are drawn from. Removed are whole
rows from the start of a boot: rows all of whose samples are surely older than the limit, and before
which nothing can arrive any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from hullwatch.store import progress, rawcodec
from hullwatch.store.clocktime import UNKNOWN, DeviceClock
from hullwatch.store.ranges import RAW, Stream
from hullwatch.store.rawread import codec_chunks

if TYPE_CHECKING:
    import sqlite3

    from numpy.typing import NDArray

    from hullwatch.store.rows import BootKey, ClockFit

    Int64Array = NDArray[np.int64]

TIME_UNKNOWN = "nobody knows when they were taken"
MAY_BE_FILLED = "samples before them may still arrive"

_BOOT = "node = ? AND epoch = ? AND boot = ?"


@dataclass(frozen=True, slots=True)
class Prunable:
    """What of one boot is older than a limit: ``rows`` rows, samples first … past − 1.

    ``samples`` of those numbers are stored. ``kept`` says why not all that may be older can go;
    empty when nothing stands in the way.
    """

    boot: BootKey
    first: int
    past: int
    rows: int
    samples: int
    kept: str


def plan(
    connection: sqlite3.Connection, boot: BootKey, fits: list[ClockFit], before_utc_us: int
) -> Prunable:
    """What would go; changes nothing. A time counts with the whole of its bound."""
    rows = np.array(
        connection.execute(
            f"SELECT first, past, codec FROM raw_blocks WHERE {_BOOT} ORDER BY first", boot
        ).fetchall(),
        np.int64,
    ).reshape(-1, 3)
    first = int(rows[0, 0]) if len(rows) else 0
    if not len(rows) or not fits:
        return Prunable(boot, first, first, 0, 0, TIME_UNKNOWN if len(rows) else "")
    utc_us, bound_us = DeviceClock(fits).utc_us(_ends_us(connection, boot, rows))
    old = (utc_us != UNKNOWN) & (utc_us + bound_us < before_utc_us)
    settled = rows[:, 1] <= progress.load_boot(connection, boot).raw_next
    count = int(np.append(np.flatnonzero(~(old & settled)), len(rows))[0])
    kept = ""
    if count < len(rows) and not settled[count] and old[count]:
        kept = MAY_BE_FILLED
    elif count < len(rows) and utc_us[count] == UNKNOWN:
        kept = TIME_UNKNOWN
    going = rows[:count]
    past = int(going[-1, 1]) if count else first
    return Prunable(boot, first, past, count, int((going[:, 1] - going[:, 0]).sum()), kept)


def carry_out(connection: sqlite3.Connection, what: Prunable, now_utc_us: int) -> None:
    """Remove what `plan` found; inside the caller's transaction."""
    if not what.rows:
        return
    within = f"raw_blocks WHERE {_BOOT} AND first < ?"
    key = (*what.boot, what.past)
    links = connection.execute(
        f"SELECT link, link + blocks, chain FROM {within} AND link IS NOT NULL ORDER BY link", key
    ).fetchall()
    connection.executemany(
        "INSERT INTO chain_anchors VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(*what.boot, *anchor, now_utc_us) for anchor in _merged(links)],
    )
    connection.execute(f"DELETE FROM {within}", key)
    day = datetime.fromtimestamp(now_utc_us / 1e6, UTC).date().isoformat()
    Stream(RAW, *what.boot).state(connection, what.first, what.past, f"pruned on {day}")
    state = progress.load_boot(connection, what.boot)
    state.samples -= what.samples
    state.raw_packed = max(state.raw_packed, what.past)
    progress.save_boot(connection, what.boot, state)


def _ends_us(connection: sqlite3.Connection, boot: BootKey, rows: Int64Array) -> Int64Array:
    """Device time in µs at which each row's last sample was due or later; −1 if unknown."""
    ends = np.full(len(rows), -1)
    past_ms = dict(
        connection.execute(
            f"SELECT first, MAX(past_ms) FROM raw_levels WHERE {_BOOT} GROUP BY first", boot
        )
    )
    for at, (first, _, codec) in enumerate(rows.tolist()):
        if codec == rawcodec.SPAN and first in past_ms:
            ends[at] = past_ms[first] * 1000
    received = np.flatnonzero(rows[:, 2] == rawcodec.AS_RECEIVED)
    last = rows[received, 1] - 1
    for chunk in codec_chunks(connection, boot, rawcodec.AS_RECEIVED):
        at = np.searchsorted(chunk.sample, last).clip(0, len(chunk.sample) - 1)
        here = chunk.sample[at] == last
        taken_us = chunk.due_us[at] + chunk.late_us[at]
        ends[received[here]] = np.where(chunk.due_us[at] >= 0, taken_us, -1)[here]
    return ends


def _merged(links: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Stretches of links that follow each other as one, with the value after the last."""
    merged: list[tuple[int, int, bytes]] = []
    for link, past, value in links:
        if merged and merged[-1][1] == link:
            merged[-1] = (merged[-1][0], past, value)
        else:
            merged.append((link, past, value))
    return merged
