"""What the store holds of a node in one line: counts, link counters, last sign of life."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullwatch.store.rows import Gap, Summary

if TYPE_CHECKING:
    import sqlite3


def summary(connection: sqlite3.Connection, node: str, gaps: tuple[Gap, ...]) -> Summary:
    """Totals of a node; `gaps` are those of the same moment."""

    def one(query: str) -> tuple[float, ...]:
        row: tuple[float, ...] = connection.execute(query, (node,)).fetchone()
        return row

    boots, samples = one("SELECT COUNT(*), TOTAL(samples) FROM boots WHERE node = ?")
    (records,) = one("SELECT TOTAL(records) FROM spools WHERE node = ?")
    (conflicts,) = one("SELECT COUNT(*) FROM conflicts WHERE node = ?")
    link = one(
        "SELECT TOTAL(frames), TOTAL(crc_errors), TOTAL(malformed), TOTAL(duplicates),"
        " TOTAL(telemetry_lost) FROM sessions WHERE node = ?"
    )
    frames, crc_errors, malformed, duplicates, telemetry_lost = (int(total) for total in link)
    return Summary(
        node=node,
        boots=int(boots),
        samples=int(samples),
        records=int(records),
        gaps=gaps,
        duplicates=duplicates,
        conflicts=int(conflicts),
        frames=frames,
        crc_errors=crc_errors,
        malformed=malformed,
        telemetry_lost=telemetry_lost,
    )


def heard_utc_us(connection: sqlite3.Connection, node: str) -> int:
    """When something of a node was stored last, or it said HELLO; 0 for one not known."""
    (heard,) = connection.execute(
        "SELECT COALESCE(MAX(utc_us), 0) FROM ("
        "SELECT last_seen_utc_us AS utc_us FROM nodes WHERE node = ?1 UNION ALL"
        " SELECT updated_utc_us FROM sessions WHERE node = ?1)",
        (node,),
    ).fetchone()
    return int(heard)
