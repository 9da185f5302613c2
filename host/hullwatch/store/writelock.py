"""One writer: an flock on `<database>.lock`, released by the kernel however its holder ends.

Not on the database itself: closing any descriptor of that file would drop the POSIX locks that
SQLite holds on it in this process. The file's text names the holder for the error message.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from hullwatch.errors import StoreLocked, Unwritable


class WriteLock:
    """Held from construction to `release`; StoreLocked names the holder when it is taken.

    ``owner`` is the name of the command that takes it, for the other's message.
    """

    def __init__(self, database: Path, owner: str) -> None:
        self.path = Path(f"{database}.lock")
        self._file = self._taken(database)
        with suppress(OSError):  # a full disk takes the note away, not the lock
            os.ftruncate(self._file, 0)
            os.write(self._file, f"{owner} (process {os.getpid()})".encode())

    def _taken(self, database: Path) -> int:
        while True:
            try:
                handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except OSError as error:
                raise Unwritable(
                    f"{self.path}: cannot be written ({error.strerror})",
                    "choose a directory you may write to",
                ) from error
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(handle, 200).decode(errors="replace") or "another program"
                os.close(handle)
                raise StoreLocked(
                    f"{database}: {holder} is logging to it",
                    "stop that one, or name another file; reading works beside it",
                ) from None
            if self._is_ours(handle):
                return handle
            os.close(handle)  # the last holder removed the file between our open and our lock

    def _is_ours(self, handle: int) -> bool:
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        here = os.fstat(handle)
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def release(self) -> None:
        """Give the lock up and remove its file."""
        if self._file >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = -1
