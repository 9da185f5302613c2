"""A tty: USB CDC, UART or pty, opened by pyserial and held exclusively."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import stat
import termios
from pathlib import Path

import serial

from hullwatch.control.registry import holder_of
from hullwatch.errors import (
    InputError,
    PortBusy,
    PortDenied,
    PortMissing,
    TransportError,
)
from hullwatch.transport.access import access_hint
from hullwatch.transport.fdport import FdPort
from hullwatch.transport.openers import openers_of
from hullwatch.transport.port import WRITE_TIMEOUT_S

BAUD = 115200
"""Means nothing on USB and on a pty; what a node on a UART would run at."""

_ENDED = "the port went away (unplugged, or another program reads it too)"
_GONE = (errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO)
_TAKEN = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
_FORBIDDEN = (errno.EACCES, errno.EPERM)
_NO_TTY = (errno.ENOTTY, errno.EINVAL)


class SerialPort(FdPort):
    """A tty in raw mode with DTR set (the node takes DTR for "somebody listens")."""

    @classmethod
    def open(
        cls, path: str, baud: int = BAUD, write_timeout_s: float = WRITE_TIMEOUT_S
    ) -> SerialPort:
        """Open the tty at `path` exclusively.

        Two locks: flock is what programs with pyserial respect (mpremote, Thonny), TIOCEXCL what
        everybody else but root must. Raises PortMissing, PortBusy, PortDenied, InputError for
        what is no tty.
        """
        _check_character_device(path)
        try:
            tty = serial.Serial(path, baud, timeout=0, exclusive=True)
        except (OSError, termios.error) as error:  # SerialException is an OSError
            raise refusal(path, _errno_of(error)) from error
        fd = tty.fileno()
        if not is_pty(path):
            shut_out_others(fd)

        def close_fd(stalled: bool) -> None:
            with contextlib.suppress(OSError, termios.error):  # gone already is closed, too
                if stalled:  # or the kernel waits up to 30 s for a node that does not read
                    termios.tcflush(fd, termios.TCOFLUSH)
                tty.close()

        return cls(path, fd, close_fd, _ENDED, write_timeout_s)


def is_pty(path: str) -> bool:
    """Whether a path leads to the slave of a pseudo terminal (Linux or macOS)."""
    return str(Path(path).resolve()).startswith(("/dev/pts/", "/dev/ttys"))


def shut_out_others(fd: int) -> None:
    """Make further opens of the tty fail with EBUSY until its last close.

    Not for a pty: its last close is the end of its master, so a logger that was killed would
    leave it locked for every later one.
    """
    with contextlib.suppress(OSError):  # a driver without it still has the flock
        fcntl.ioctl(fd, termios.TIOCEXCL)


def refusal(path: str, code: int) -> TransportError | InputError:
    """What an errno from opening the tty at `path` means to the user."""
    if code in _GONE:
        return PortMissing(
            f"{path}: no such port, or nothing is behind it",
            "is the board plugged in? hullwatch doctor lists the ports",
        )
    if code in _TAKEN:
        return PortBusy(f"{path} is in use by {_holder(path)}", "stop that program first")
    if code in _FORBIDDEN:
        return PortDenied(f"{path}: you may not open this port", access_hint(path))
    if code in _NO_TTY:
        return InputError(f"{path} is not a serial port", "hullwatch doctor lists the ports")
    reason = errno.errorcode.get(code, "unknown reason")
    return TransportError(f"{path}: the port cannot be opened ({reason})")


def _holder(path: str) -> str:
    """Who holds a tty: by the registry, else by the system's list of open files."""
    holder = holder_of(path)
    if holder is not None:
        return holder.describe()
    return ", ".join(openers_of(path)) or "another program, perhaps another user's"


def _check_character_device(path: str) -> None:
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise refusal(path, error.errno or errno.EIO) from error
    if not stat.S_ISCHR(mode):  # opening a FIFO or a file for writing could do harm
        raise refusal(path, errno.ENOTTY)


def _errno_of(error: BaseException) -> int:
    """The errno of an error of pyserial; some carry it only in the error they wrap."""
    for cause in (error, error.__cause__, error.__context__):
        if isinstance(cause, OSError) and cause.errno:
            return cause.errno
        if isinstance(cause, termios.error) and cause.args:
            return int(cause.args[0])
    return 0
