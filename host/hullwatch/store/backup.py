"""A copy of the database as it is in one moment, made while a logger writes."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from hullwatch.errors import CorruptDatabase, DiskFull, StoreError, Unwritable
from hullwatch.store.failures import told
from hullwatch.store.opening import connect_reader, is_new, refuse_foreign, remove, sync_directory

if TYPE_CHECKING:
    from collections.abc import Callable

_PAGES = 2048
"""Pages copied between two calls of `progress`: 8 MiB."""


def backup(path: Path | str, out: Path | str, progress: Callable[[int, int], None]) -> int:
    """Copy the database at `path` to the new file `out`; returns its size in bytes.

    The copy has the store's id: the node takes it for the same store. It is checked and synced
    before it gets its name. ``progress(done, total)`` counts pages. Raises Unwritable when `out`
    exists or cannot be made, DiskFull, and what reading raises.
    """
    path, out = Path(path).absolute(), Path(out).absolute()
    if is_new(path):
        raise StoreError(f"{path}: no database there", "check the name after --db")
    refuse_foreign(path)
    _refuse_existing(out)
    is_new(out)  # or it says why it cannot become a file
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.new")
    try:
        with closing(connect_reader(path)) as source, closing(_target(unfinished)) as target:
            _copy(source, target, path, out, progress)
        _refuse_existing(out)
        unfinished.replace(out)
        sync_directory(out.parent)
    finally:
        remove(unfinished)
    return out.stat().st_size


def _copy(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    path: Path,
    out: Path,
    progress: Callable[[int, int], None],
) -> None:
    def told_progress(_status: int, left: int, total: int) -> None:
        progress(total - left, total)

    with told(path):
        source.execute("BEGIN")  # one moment, however long it takes: or each commit starts it anew
        source.execute("SELECT store_id FROM identity").fetchone()
    try:
        source.backup(target, pages=_PAGES, progress=told_progress)
        (verdict,) = target.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
            raise DiskFull(
                f"{out}: no space left; no backup was made", "free some space or name another disk"
            ) from error
        with told(path):
            raise
    if verdict != "ok":
        raise CorruptDatabase(
            f"{path}: the file is damaged, so the copy would be too ({verdict.splitlines()[-1]})",
            "keep a copy, then try: sqlite3 FILE .recover | sqlite3 NEW; or go back to a backup",
        )


def _target(unfinished: Path) -> sqlite3.Connection:
    try:
        return sqlite3.connect(unfinished, isolation_level=None)
    except sqlite3.Error as error:
        raise Unwritable(
            f"{unfinished.parent}: cannot be written ({error})",
            "choose a directory you may write to",
        ) from error


def _refuse_existing(out: Path) -> None:
    if os.path.lexists(out):
        raise Unwritable(f"{out}: exists already", "name a new file; nothing was overwritten")
