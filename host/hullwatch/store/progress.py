"""How far each spool and boot has come: the columns of `spools` and `boots` that grow."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

from hullwatch.store import chain
from hullwatch.store.ranges import NO_BOOT, RAW, RECORD
from hullwatch.store.rows import BootKey

if TYPE_CHECKING:
    import sqlite3

SpoolKey = tuple[str, int]


@dataclass(slots=True)
class SpoolState:
    """Columns of `spools` that grow; the last two are the head of the chain of records."""

    record_next: int
    records: int
    record_links: int
    record_chain: bytes


@dataclass(slots=True)
class BootState:
    """Columns of `boots` that grow.

    ``raw_past`` is the end of the highest block stored, ``raw_links`` and ``raw_chain`` the head
    of the chain of raw blocks. Samples below ``raw_packed`` are in spans or stay as received.
    """

    raw_next: int
    raw_past: int
    samples: int
    raw_links: int
    raw_chain: bytes
    raw_packed: int


@dataclass(slots=True)
class Progress:
    """States by spool and boot."""

    spools: dict[SpoolKey, SpoolState]
    boots: dict[BootKey, BootState]


_SPOOL = tuple(column.name for column in fields(SpoolState))
_BOOT = tuple(column.name for column in fields(BootState))
_THIS_SPOOL = "node = ? AND epoch = ?"
_THIS_BOOT = f"{_THIS_SPOOL} AND boot = ?"


def load_spool(connection: sqlite3.Connection, key: SpoolKey) -> SpoolState:
    """The state of a spool that is in the database."""
    row = connection.execute(
        f"SELECT {', '.join(_SPOOL)} FROM spools WHERE {_THIS_SPOOL}", key
    ).fetchone()
    state = SpoolState(*row)
    state.record_chain = state.record_chain or chain.genesis(RECORD, *key, NO_BOOT)
    return state


def load_boot(connection: sqlite3.Connection, key: BootKey) -> BootState:
    """The state of a boot that is in the database."""
    row = connection.execute(
        f"SELECT {', '.join(_BOOT)} FROM boots WHERE {_THIS_BOOT}", tuple(key)
    ).fetchone()
    state = BootState(*row)
    state.raw_chain = state.raw_chain or chain.genesis(RAW, *key)
    return state


def unpacked(connection: sqlite3.Connection) -> Progress:
    """The state of every boot that has samples outside spans; no spools."""
    rows = connection.execute(
        "SELECT node, epoch, boot FROM boots WHERE raw_packed < raw_past"
    ).fetchall()
    return Progress({}, {BootKey(*row): load_boot(connection, BootKey(*row)) for row in rows})


def save_spool(connection: sqlite3.Connection, key: SpoolKey, state: SpoolState) -> None:
    """Write the state of a spool."""
    columns = ", ".join(f"{name} = ?" for name in _SPOOL)
    connection.execute(f"UPDATE spools SET {columns} WHERE {_THIS_SPOOL}", (*astuple(state), *key))


def save_boot(connection: sqlite3.Connection, key: BootKey, state: BootState) -> None:
    """Write the state of a boot."""
    columns = ", ".join(f"{name} = ?" for name in _BOOT)
    connection.execute(f"UPDATE boots SET {columns} WHERE {_THIS_BOOT}", (*astuple(state), *key))
