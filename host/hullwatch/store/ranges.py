"""Numbered streams, what is missing from them, and how far they are complete.

A stream is the records of a spool or the raw samples of a boot: ranges first … past − 1 that
never overlap. A number is settled when it is stored or stated as a hole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

Range = tuple[int, int]

RECORD = "record"
RAW = "raw"
NO_BOOT = -1
"""Boot column of a record hole: record numbers run on across boots."""

_SOURCE = {
    RECORD: ("number", "number + 1", "records WHERE node = ? AND epoch = ?"),
    RAW: ("first", "past", "raw_blocks WHERE node = ? AND epoch = ? AND boot = ?"),
}


@dataclass(frozen=True, slots=True)
class Stream:
    """The records of (node, epoch), boot NO_BOOT, or the raw samples of (node, epoch, boot)."""

    kind: str
    node: str
    epoch: int
    boot: int

    @property
    def _key(self) -> tuple[str | int, ...]:
        if self.kind == RECORD:
            return (self.node, self.epoch)
        return (self.node, self.epoch, self.boot)

    def missing(self, connection: sqlite3.Connection, first: int, past: int) -> list[Range]:
        """Ranges within first … past − 1 that are not stored."""
        start_column, past_column, source = _SOURCE[self.kind]
        start = max(first, self._covered_to(connection, first))
        rows = connection.execute(
            f"SELECT before, start FROM (SELECT {start_column} AS start, LAG({past_column}, 1, ?)"
            f" OVER (ORDER BY {start_column}) AS before FROM {source}"
            f" AND {start_column} > ? AND {start_column} < ?) WHERE start > before",
            (start, *self._key, first, past),
        ).fetchall()
        found: list[Range] = list(rows)
        end = max(start, self._covered_to(connection, past - 1))
        if end < past:
            found.append((end, past))
        return found

    def stated(self, connection: sqlite3.Connection, after: int = 0) -> list[tuple[int, int, str]]:
        """(first, past, reason) of the stated holes in order, from the one around `after` on."""
        key = (self.node, self.epoch, self.boot, self.kind)
        chosen = "stated_holes WHERE node = ? AND epoch = ? AND boot = ? AND stream = ?"
        return connection.execute(
            f"SELECT first, past, reason FROM {chosen} AND first >= COALESCE("
            f"(SELECT MAX(first) FROM {chosen} AND first <= ?), 0) ORDER BY first",
            (*key, *key, after),
        ).fetchall()

    def state(self, connection: sqlite3.Connection, first: int, past: int, reason: str) -> None:
        """State what is missing within first … past − 1 as a hole, where nobody has before."""
        earlier = [(a, b) for a, b, _ in self.stated(connection, first)]
        holes = subtracted(self.missing(connection, first, past), earlier)
        connection.executemany(
            "INSERT INTO stated_holes VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(self.node, self.epoch, self.boot, self.kind, a, b, reason) for a, b in holes],
        )

    def settled_to(self, connection: sqlite3.Connection, start: int) -> int:
        """The lowest number from `start` on that is not settled."""
        start_column, past_column, source = _SOURCE[self.kind]
        holes = iter(self.stated(connection, start))
        reached = max(start, self._covered_to(connection, start))
        hole = next(holes, None)
        while True:
            for first, past in connection.execute(
                f"SELECT {start_column}, {past_column} FROM {source}"
                f" AND {start_column} >= ? ORDER BY {start_column}",
                (*self._key, reached),
            ):
                if first != reached:
                    break
                reached = past
            while hole and hole[1] <= reached:
                hole = next(holes, None)
            if not hole or hole[0] > reached:
                return reached
            reached = max(hole[1], self._covered_to(connection, hole[1]))

    def _covered_to(self, connection: sqlite3.Connection, number: int) -> int:
        """End of the range that begins at or before `number`; 0 when there is none."""
        start_column, past_column, source = _SOURCE[self.kind]
        row = connection.execute(
            f"SELECT {past_column} FROM {source} AND {start_column} <= ?"
            f" ORDER BY {start_column} DESC LIMIT 1",
            (*self._key, number),
        ).fetchone()
        return int(row[0]) if row else 0

    def past_last(self, connection: sqlite3.Connection) -> int:
        """The number after the highest one stored; 0 when nothing is."""
        start_column, past_column, source = _SOURCE[self.kind]
        row = connection.execute(
            f"SELECT {past_column} FROM {source} ORDER BY {start_column} DESC LIMIT 1", self._key
        ).fetchone()
        return int(row[0]) if row else 0


def subtracted(ranges: list[Range], taken: list[Range]) -> list[Range]:
    """What is left of `ranges` outside `taken`; both in order and without overlaps inside."""
    left = []
    k = 0
    for first, past in ranges:
        at = first
        while k < len(taken) and taken[k][0] < past:
            if taken[k][0] > at:
                left.append((at, taken[k][0]))
            at = max(at, taken[k][1])
            if at > past:
                break  # this one may cover the next range too
            k += 1
        if at < past:
            left.append((at, past))
    return left
