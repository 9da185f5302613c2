"""The store a logger writes to: one writer, every commit on disk before it returns."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

from hullwatch.errors import InputError
from hullwatch.store import calibrations, marks, progress, prune, repack
from hullwatch.store.batch import Batch
from hullwatch.store.failures import told
from hullwatch.store.opening import (
    connect_writer,
    create,
    is_new,
    refuse_foreign,
    remove,
    transaction,
)
from hullwatch.store.reader import Reader
from hullwatch.store.rows import BootKey
from hullwatch.store.writelock import WriteLock

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from types import TracebackType

    from hullwatch.store.calibrations import CalibrationRow
    from hullwatch.store.marks import MarkRow
    from hullwatch.store.prune import Prunable


class Store:
    """An open database that this process, and no other, writes. Use from one thread.

    ``path`` is absolute; ``store_id`` (1 … 2^63 − 1) is what ACK and HELLO call this store.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: WriteLock) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock
        self._committed = progress.unpacked(connection)
        self._running: dict[str, BootKey] = {}
        self._in_batch = False
        (self.store_id,) = connection.execute("SELECT store_id FROM identity").fetchone()

    @classmethod
    def open(cls, path: Path | str, now_utc_us: int, owner: str = "hullwatch") -> Self:
        """Open the database at `path`, made if it does not exist.

        ``owner`` is the command that logs, for the message a second one gets. Raises StoreError
        (unusable path), ForeignDatabase, NewerSchema, StoreLocked, DiskFull, CorruptDatabase;
        whatever was there is then as it was.
        """
        path = Path(path).absolute()
        if not is_new(path):
            path = path.resolve()  # beside a linked database its lock and log belong to the target
            refuse_foreign(path)
        lock = WriteLock(path, owner)
        try:
            made = is_new(path)
            if made:
                create(path, now_utc_us)
            try:
                return cls._opened(path, lock)
            except BaseException:
                if made:
                    remove(path)
                raise
        except BaseException:
            lock.release()
            raise

    @classmethod
    def _opened(cls, path: Path, lock: WriteLock) -> Self:
        connection = connect_writer(path)
        try:
            with told(path):
                return cls(path, connection, lock)
        except BaseException:
            connection.close()
            raise

    @contextmanager
    def atomic(self) -> Iterator[Batch]:
        """One transaction: on disk, synced, when the block ends; as if never begun when it raises.

        Not to be nested.
        """
        if self._in_batch:
            raise RuntimeError("atomic() inside atomic()")
        self._in_batch = True
        batch = Batch(self._connection, self._committed)
        try:
            with told(self.path), transaction(self._connection):
                yield batch
                reached = batch.finish()
        finally:
            batch.close()
            self._in_batch = False
        self._committed.spools.update(reached.spools)
        self._committed.boots.update(reached.boots)
        self._running.update(batch.running)

    def add_calibration(self, row: CalibrationRow) -> None:
        """Store one; on disk when this returns. InputError for a node the store does not know."""
        with told(self.path), transaction(self._connection):
            calibrations.insert(self._connection, row)

    def add_mark(self, row: MarkRow) -> int:
        """Store one; on disk when this returns. Its number; InputError as `marks.insert`."""
        with told(self.path), transaction(self._connection):
            return marks.insert(self._connection, row)

    def repack(self) -> bool:
        """Make one span of raw blocks that wait for it; whether there was one to make.

        Takes about 0.1 s then, and next to nothing otherwise. Call it between two batches, after
        the acknowledgement: readers see the same samples before and after.
        """
        due = repack.due(self._committed, self._running)
        if due is None:
            return False
        boot, ended = due
        state = self._committed.boots[boot]
        with told(self.path):
            made, state.raw_packed = repack.pack_next(
                self._connection, boot, state.raw_packed, ended
            )
        return made

    def prune_raw(
        self, before_utc_us: int, now_utc_us: int, node: str | None = None, dry: bool = False
    ) -> Iterator[Prunable]:
        """Remove raw samples that are surely older, of one node or of all, boot after boot.

        Each boot is one transaction; it is given when that is on disk. ``dry``: nothing is
        removed. InputError for a time that is not past.
        """
        if before_utc_us > now_utc_us:
            raise InputError("--raw-before is in the future", "name a time that is past")
        with self.reader() as reader:
            boots = [(boot.key, reader.clock_fits(boot.key)) for boot in reader.boots(node)]
        for key, fits in boots:
            with told(self.path):
                found = prune.plan(self._connection, key, fits, before_utc_us)
                if found.rows and not dry:
                    with transaction(self._connection):
                        prune.carry_out(self._connection, found, now_utc_us)
                    self._committed.boots[key] = progress.load_boot(self._connection, key)
            yield found

    def shrink(self) -> None:
        """Give free pages back to the disk; needs as much free space as the database takes."""
        with told(self.path):
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def durable_next(self, node: str, epoch: int) -> int:
        """ACK.record_next: the lowest record number that is neither committed nor a stated hole.

        0 for an unknown spool. A store that first meets the node when its oldest record is 500
        begins there, because HELLO made 0 … 499 a stated hole.
        """
        known = self._committed.spools.get((node, epoch))
        if known is not None:
            return known.record_next
        return self._column("record_next FROM spools WHERE node = ? AND epoch = ?", (node, epoch))

    def raw_next(self, boot: BootKey) -> int:
        """ACK.raw_next: the lowest sample number that is neither committed nor a stated hole."""
        known = self._committed.boots.get(boot)
        if known is not None:
            return known.raw_next
        return self._column(
            "raw_next FROM boots WHERE node = ? AND epoch = ? AND boot = ?", tuple(boot)
        )

    def newest_boot(self, node: str, epoch: int, below: int) -> int:
        """The highest boot number of a spool epoch smaller than `below`; −1 when there is none."""
        return self._column(
            "COALESCE(MAX(boot), -1) FROM boots WHERE node = ? AND epoch = ? AND boot < ?",
            (node, epoch, below),
        )

    def _column(self, what: str, key: tuple[str | int, ...]) -> int:
        with told(self.path):
            row = self._connection.execute(f"SELECT {what}", key).fetchone()
        return int(row[0]) if row else 0

    def reader(self) -> Reader:
        """A reader of this database, usable beside the writer, from any one thread."""
        return Reader.open(self.path)

    def close(self) -> None:
        """Fold the write-ahead log into the database and let others write."""
        try:
            with told(self.path):
                self._connection.close()
        finally:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
