"""SQLite's errors as `StoreError`s: which file, what happened, what to do."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hullwatch.errors import CorruptDatabase, DiskFull, ForeignDatabase, StoreError, StoreLocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NEARLY_FULL_BYTES = 1 << 20
"""Below this an I/O error is called a full disk: SQLite reports some as plain I/O errors."""


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite raises in the block into a StoreError about the database at `path`."""
    try:
        yield
    except sqlite3.Error as error:
        raise translated(error, path) from error


def translated(error: sqlite3.Error, path: Path) -> StoreError:
    """The StoreError for an error of SQLite; misuse of the module is raised as it is."""
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        raise error
    primary = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    name = getattr(error, "sqlite_errorname", "") or str(error)
    if primary == sqlite3.SQLITE_IOERR and _nearly_full(path):
        primary = sqlite3.SQLITE_FULL
    kind, message, hint = _TELLING.get(primary, (StoreError, "the database failed", ""))
    return kind(f"{path}: {message} ({name})", hint)


_TELLING: dict[int, tuple[type[StoreError], str, str]] = {
    sqlite3.SQLITE_FULL: (
        DiskFull,
        "no space left; nothing of this batch was stored",
        "free some space; the node keeps what was not acknowledged and sends it again",
    ),
    sqlite3.SQLITE_BUSY: (
        StoreLocked,
        "another program holds the database's write lock",
        "close the program that is changing it; reading it is no trouble",
    ),
    sqlite3.SQLITE_CORRUPT: (
        CorruptDatabase,
        "the file is damaged or cut short",
        "keep a copy, then try: sqlite3 FILE .recover | sqlite3 NEW; or go back to a backup",
    ),
    sqlite3.SQLITE_NOTADB: (
        ForeignDatabase,
        "not a Hullwatch database",
        "give another file name; this file was not touched",
    ),
    sqlite3.SQLITE_READONLY: (
        StoreError,
        "the database is read-only",
        "check the permissions of the file and its directory",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        StoreError,
        "the database cannot be opened",
        "check that the file and its directory can be read and written",
    ),
    sqlite3.SQLITE_IOERR: (
        StoreError,
        "reading or writing the file failed",
        "look at the kernel's log for the disk; nothing of this batch was stored",
    ),
}


def _nearly_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _NEARLY_FULL_BYTES
    except OSError:
        return False
