"""Who holds which port: one small file per held port in the user's runtime directory.

The file is locked (flock) for as long as its owner lives, so a file left over by a killed
process is recognised: nobody locks it. Its text tells the others where to ask.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from types import TracebackType

from hullwatch.control.rundir import own_runtime_dir, runtime_dirs
from hullwatch.errors import ControlError, PortBusy

_TRIES = 10
_PAUSE_S = 0.01
"""A look at a file locks it for microseconds: a claim that fails on that tries again."""


@dataclass(frozen=True)
class Holder:
    """Who holds a port: ``control`` is the path of its socket and ``database`` that of its store.

    ``port`` is the tty's real path or the URL; ``usb_serial`` is empty where there is none.
    """

    pid: int
    program: str
    port: str
    usb_serial: str = ""
    control: str = ""
    database: str = ""

    def describe(self) -> str:
        """`hullwatch log (process 4711)`."""
        return f"{self.program} (process {self.pid})" if self.pid else self.program


class Claim:
    """A port held in the registry, from `claim` to `release`; also a context manager."""

    def __init__(self, holder: Holder, path: Path, handle: int) -> None:
        self.holder = holder
        self._path = path
        self._handle = handle
        self._tell()

    @property
    def held(self) -> bool:
        """Whether it was not released."""
        return self._handle >= 0

    def update(self, control: str = "", database: str = "") -> None:
        """Tell the others where the control socket and the store are; "" leaves what was said."""
        self.holder = replace(
            self.holder,
            control=control or self.holder.control,
            database=database or self.holder.database,
        )
        self._tell()

    def keep(self) -> None:
        """Call now and then, once a minute is plenty: puts the file back if it was removed.

        The end of a login session does that to /run/user, cleaners of /tmp to what is old.
        Raises PortBusy when another program has claimed the port meanwhile.
        """
        if self._handle < 0:
            return
        if _is_at(self._handle, self._path):
            os.utime(self._handle)
            return
        path, handle = _locked(self.holder.port)
        os.close(self._handle)
        self._path, self._handle = path, handle
        self._tell()

    def move(self, port: str) -> None:
        """Hold another port instead: where a board came back. Raises PortBusy, keeps the old."""
        new = replace(self.holder, port=port_key(port))
        if new.port == self.holder.port:
            return
        path, handle = _locked(new.port)
        self.release()
        self.holder, self._path, self._handle = new, path, handle
        self._tell()

    def release(self) -> None:
        """Give the port up; does nothing the second time."""
        if self._handle >= 0:
            if _is_at(self._handle, self._path):
                self._path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Claim:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _tell(self) -> None:
        text = json.dumps(asdict(self.holder)).encode()
        os.pwrite(self._handle, text + b"\n", 0)  # first the text, then its end: never empty
        os.ftruncate(self._handle, len(text) + 1)


def claim(
    port: str, program: str, usb_serial: str = "", control: str = "", database: str = ""
) -> Claim:
    """Become the owner of a port; do so before opening it.

    ``program`` is what others read about the holder: "hullwatch log". Raises PortBusy naming the
    holder, ControlError when the runtime directory is unusable.
    """
    key = port_key(port)
    path, handle = _locked(key)
    return Claim(Holder(os.getpid(), program, key, usb_serial, control, database), path, handle)


def holder_of(port: str) -> Holder | None:
    """Who holds a port, given by path, URL or USB serial number; None when nobody does."""
    key = port_key(port)
    for directory in runtime_dirs():
        holder = _held(directory / _file_name(key), key)
        if holder is not None:
            return holder
    serial_number = port.partition(":")[0].lower()
    for holder in holders():
        if serial_number and holder.usb_serial.lower() == serial_number:
            return holder
    return None


def holders() -> list[Holder]:
    """All ports that this user's programs hold now, by port."""
    found = [
        _held(path, "a port")
        for directory in runtime_dirs()
        for path in sorted(directory.glob("*.port"))
    ]
    return sorted((holder for holder in found if holder), key=lambda holder: holder.port)


def port_key(port: str) -> str:
    """The one name of a port: the real path of a tty (by-id links lead there), or the URL."""
    return port if "://" in port else str(Path(port).resolve())


def _file_name(key: str) -> str:
    return hashlib.sha256(os.fsencode(key)).hexdigest()[:32] + ".port"


def _locked(key: str) -> tuple[Path, int]:
    """The locked file of a port. Raises PortBusy."""
    for directory in runtime_dirs():  # also where a program with another environment would be
        holder = _held(directory / _file_name(key), key)
        if holder is not None:
            raise _busy(holder)
    path = own_runtime_dir() / _file_name(key)
    for _ in range(_TRIES):
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise ControlError(f"{path}: cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            time.sleep(_PAUSE_S)
            continue
        if _is_at(handle, path):
            return path, handle
        os.close(handle)  # the last holder removed the file between our open and our lock
    raise _busy(_held(path, key) or _unknown(key))


def _busy(holder: Holder) -> PortBusy:
    return PortBusy(
        f"{holder.port} is held by {holder.describe()}",
        "stop that one first; nodes, rates and config work beside it",
    )


def _is_at(handle: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(handle)
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def _held(path: Path, key: str) -> Holder | None:
    """The holder that a registry file names; None when the file is missing or nobody locks it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        for _ in range(_TRIES):
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = _parsed(os.pread(handle, 1 << 16, 0))
                if holder is not None:
                    return holder
                time.sleep(_PAUSE_S)  # it has the lock and is about to write
            else:
                return None
        return _unknown(key)
    finally:
        os.close(handle)


def _unknown(key: str) -> Holder:
    return Holder(0, "another program", key)


def _parsed(text: bytes) -> Holder | None:
    try:
        values = json.loads(text)
        return Holder(**{field.name: values[field.name] for field in fields(Holder)})
    except (ValueError, KeyError, TypeError):
        return None
