"""What is not in the store, stream by stream: holes that were stated, and the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullwatch.store.ranges import NO_BOOT, RAW, RECORD, Stream, subtracted
from hullwatch.store.rows import Gap

if TYPE_CHECKING:
    import sqlite3


def gaps_of(connection: sqlite3.Connection, stream: Stream, settled: int) -> list[Gap]:
    """Stated holes of a stream, where not stored, and what else is missing above `settled`."""
    key = (stream.kind, stream.epoch, stream.boot)
    holes = stream.stated(connection)
    found = [
        Gap(*key, a, b, reason)
        for first, past, reason in holes
        for a, b in stream.missing(connection, first, past)
    ]
    missing = stream.missing(connection, settled, stream.past_last(connection))
    unexplained = subtracted(missing, [(a, b) for a, b, _ in holes])
    return found + [Gap(*key, a, b, "") for a, b in unexplained]


def streams(connection: sqlite3.Connection, node: str) -> list[tuple[Stream, int]]:
    """Every stream of a node with the number up to which it is settled."""
    spools = connection.execute("SELECT epoch, record_next FROM spools WHERE node = ?", (node,))
    found = [(Stream(RECORD, node, epoch, NO_BOOT), settled) for epoch, settled in spools]
    boots = connection.execute("SELECT epoch, boot, raw_next FROM boots WHERE node = ?", (node,))
    return found + [(Stream(RAW, node, epoch, boot), settled) for epoch, boot, settled in boots]
