"""Raw blocks as received made into spans, later and in transactions of their own.

Whatever happens in between, the database holds the samples in one form or the other. A span ends
where a number or a link of the chain is missing, or when it is long enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullwatch.errors import CorruptDatabase, ProtocolError
from hullwatch.store import levels, rawcodec
from hullwatch.store.opening import transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from hullwatch.store.progress import Progress
    from hullwatch.store.rows import BootKey

SPAN_SAMPLES = 1 << 17
"""A span is closed when it holds as many: 3.6 h at 10 Hz. Longer ones save little."""

_BOOT = "node = ? AND epoch = ? AND boot = ?"


@dataclass(slots=True)
class _Run:
    """Blocks as received that belong into one span."""

    first: int
    past: int
    blocks: int
    link: int | None

    def goes_on(self, first: int, link: int | None) -> bool:
        expected = None if self.link is None else self.link + self.blocks
        return first == self.past and link == expected and not self.full

    @property
    def full(self) -> bool:
        return self.past - self.first >= SPAN_SAMPLES


def due(progress: Progress, running: Mapping[str, BootKey]) -> tuple[BootKey, bool] | None:
    """(boot, whether it has ended) where samples wait for a span; None where none has to be made.

    ``running``: the boot each node is in. Ended boots wait until together they have a span's worth.
    """
    waiting = {key: state.raw_past - state.raw_packed for key, state in progress.boots.items()}
    ended = {key: n for key, n in waiting.items() if running.get(key.node, key) != key}
    for key, samples in waiting.items():
        if samples >= SPAN_SAMPLES:
            return key, key in ended
    if sum(ended.values()) >= SPAN_SAMPLES:
        return max(ended, key=lambda key: ended[key]), True
    return None


def pack_next(
    connection: sqlite3.Connection, boot: BootKey, packed: int, ended: bool
) -> tuple[bool, int]:
    """Make the next span of a boot: (whether there was one to make, new `raw_packed`).

    ``packed``: samples below it were dealt with. ``ended``: nothing more is expected, so the last
    blocks are packed too. A block that is alone, and one that cannot be decoded, stay as received.
    """
    for run, closed in _runs(connection, boot, packed):
        if not (closed or run.full or ended):
            return False, run.first
        packed = run.past
        if run.blocks > 1 and _packed(connection, boot, run):
            return True, packed
    _save(connection, boot, packed)
    return False, packed


def _runs(
    connection: sqlite3.Connection, boot: BootKey, packed: int
) -> Iterator[tuple[_Run, bool]]:
    """Runs of blocks as received from `packed` on, each with whether it can grow no more."""
    rows = connection.execute(
        f"SELECT first, past, codec, link FROM raw_blocks WHERE {_BOOT} AND first >= ?"
        " ORDER BY first",
        (*boot, packed),
    ).fetchall()
    run: _Run | None = None
    for first, past, codec, link in rows:
        if run is not None and codec == rawcodec.AS_RECEIVED and run.goes_on(first, link):
            run.past, run.blocks = past, run.blocks + 1
            continue
        if run is not None:
            yield run, True
        run = _Run(first, past, 1, link) if codec == rawcodec.AS_RECEIVED else None
    if run is not None:
        yield run, False


def _packed(connection: sqlite3.Connection, boot: BootKey, run: _Run) -> bool:
    """Replace the rows of a run by one; False when they cannot be decoded to what they are."""
    within = f"{_BOOT} AND first >= ? AND first < ?"
    key = (*boot, run.first, run.past)
    rows = connection.execute(
        f"SELECT data, chain FROM raw_blocks WHERE {within} ORDER BY first", key
    ).fetchall()
    received = [data for data, _ in rows]
    try:
        table = rawcodec.decode([(boot.boot, run.first, rawcodec.AS_RECEIVED, d) for d in received])
        data = rawcodec.encode_span(table)
        if rawcodec.payloads_of((boot.boot, run.first, rawcodec.SPAN, data)) != received:
            return False
    except (CorruptDatabase, ProtocolError):
        return False
    with transaction(connection):
        connection.execute(f"DELETE FROM raw_blocks WHERE {within}", key)
        connection.execute(
            "INSERT INTO raw_blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*boot, run.first, run.past, rawcodec.SPAN, run.blocks, run.link, rows[-1][1], data),
        )
        levels.insert(connection, boot, table)
        _save(connection, boot, run.past)
    return True


def _save(connection: sqlite3.Connection, boot: BootKey, packed: int) -> None:
    connection.execute(f"UPDATE boots SET raw_packed = ? WHERE {_BOOT}", (packed, *boot))
