"""Opening a database: whose file it is, creating it whole or not at all, connections.

Foreign files are recognised from a connection that takes no locks and creates nothing beside
them, so that they are left untouched to the byte.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from hullwatch.errors import ForeignDatabase, NewerSchema, StoreError, Unwritable
from hullwatch.store.failures import told
from hullwatch.store.schema import APPLICATION_ID, SCHEMA_VERSION, migrate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STORE_ID_BITS = 63
"""Store ids fit SQLite's signed integers and are never 0, which means "no store" on the wire."""

_BUSY_S = 10.0
_MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
"""https://www.sqlite.org/fileformat.html section 1.3: user version at byte 60, application id at
68."""
_BESIDE = ("-wal", "-shm", "-journal")


def is_new(path: Path) -> bool:
    """Whether there is no database yet; StoreError for a path that cannot become one."""
    try:
        if not path.exists():
            if not path.parent.is_dir():
                raise Unwritable(
                    f"{path}: its directory does not exist", f"make it: mkdir -p {path.parent}"
                )
            return True
        if path.is_dir():
            raise Unwritable(f"{path}: is a directory", "name a file in it, for example hull.db")
        if not path.is_file():
            raise Unwritable(f"{path}: is no ordinary file", "name a file, for example hull.db")
        return path.stat().st_size == 0
    except OSError as error:
        raise Unwritable(
            f"{path}: {error.strerror}", "check the path and its permissions"
        ) from error


def refuse_foreign(path: Path) -> None:
    """ForeignDatabase or NewerSchema unless the existing file is ours and of a known version.

    Reads the file's header and nothing else: between two commits the pages behind it may be half
    of a checkpoint, whole only together with the write-ahead log.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_BYTES)
    except OSError as error:
        raise StoreError(
            f"{path}: {error.strerror}", "check the path and its permissions"
        ) from error
    if len(head) < _HEADER_BYTES or not head.startswith(_MAGIC):
        raise ForeignDatabase(
            f"{path}: not a Hullwatch database", "give another file name; this file was not touched"
        )
    version, application = (int.from_bytes(head[at : at + 4], "big") for at in (60, 68))
    if application != APPLICATION_ID:
        raise ForeignDatabase(
            f"{path}: a database of another program",
            "give another file name; this file was not touched",
        )
    _refuse_newer(path, version)


def _refuse_newer(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise NewerSchema(
            f"{path}: written by a newer Hullwatch (schema {version}, this one knows up to "
            f"{SCHEMA_VERSION})",
            "update: pip install --upgrade hullwatch; the file was not touched",
        )


def create(path: Path, now_utc_us: int) -> None:
    """A new, empty database with its own store id; appears under its name only when complete."""
    _refuse_left_over(path)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with told(path), closing(_connected(unfinished, "mode=rwc")) as connection:
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("PRAGMA synchronous = FULL")
            with transaction(connection):
                migrate(connection)
                store_id = 1 + secrets.randbelow((1 << STORE_ID_BITS) - 1)
                connection.execute("INSERT INTO identity VALUES (1, ?, ?)", (store_id, now_utc_us))
            _log_ahead(connection, path)
        unfinished.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise Unwritable(
            f"{path}: cannot be created ({error.strerror})", "choose a directory you may write to"
        ) from error
    finally:
        remove(unfinished)


def _refuse_left_over(path: Path) -> None:
    """A log beside a database that is gone would be replayed into the new one.

    What holds nothing is removed: a reader without a writer leaves an empty log and its index.
    """
    for suffix in _BESIDE:
        left_over = path.with_name(path.name + suffix)
        if left_over.exists() and left_over.stat().st_size and suffix != "-shm":
            raise StoreError(
                f"{left_over}: left over from a database that is gone",
                "move it away or name another database",
            )
        left_over.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a database that this process has just made, and SQLite's files beside it."""
    for suffix in ("", *_BESIDE):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def connect_writer(path: Path) -> sqlite3.Connection:
    """The writing connection: WAL, every commit synced to disk, foreign keys, migrated."""
    with told(path):
        connection = _connected(path, "mode=rw")
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            _refuse_newer(path, version)
            _log_ahead(connection, path)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            if version < SCHEMA_VERSION:
                with transaction(connection):
                    migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; works beside the writer and without one.

    Without one, SQLite leaves an empty log and its index beside the database.
    """
    with told(path):
        connection = _connected(path, "mode=ro")
        try:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            _refuse_newer(path, version)
            if version < SCHEMA_VERSION:
                raise StoreError(
                    f"{path}: written by an older Hullwatch (schema {version})",
                    "log to it once to bring it up to date",
                )
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing: commits at the end of the block, rolls back when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends it itself on some errors
            connection.execute("ROLLBACK")
        raise


def _log_ahead(connection: sqlite3.Connection, path: Path) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreError(
            f"{path}: its file system does not support write-ahead logging",
            "put the database on a local disk",
        )


def _connected(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}", uri=True, isolation_level=None, timeout=_BUSY_S
    )


def sync_directory(directory: Path) -> None:
    """The names in a directory are on disk when this returns."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sqlite_version() -> str:
    """Version of the SQLite library in use."""
    return sqlite3.sqlite_version
