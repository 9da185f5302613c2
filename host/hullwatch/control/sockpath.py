"""Where a control socket lives, and taking that place from a dead one."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import socket
import stat
from pathlib import Path

from hullwatch.control.rundir import own_runtime_dir
from hullwatch.errors import ControlError

PATH_LIMIT = 103
"""Bytes that a socket's path may have on every system (Linux takes 107, macOS 103)."""

_BACKLOG = 32
_NO_SOCKETS_HERE = (errno.EPERM, errno.EOPNOTSUPP, errno.EROFS, errno.EINVAL)
"""What file systems without sockets say: FAT, some network and shared folders."""


def listening_socket(database: Path) -> tuple[socket.socket, Path]:
    """A listening socket `<database>.sock`, for this user only, and its path.

    In the runtime directory when that path is too long or its file system has no sockets. A
    leftover is replaced when nobody listens on it. Raises ControlError.
    """
    beside = Path(f"{database.absolute()}.sock")
    if len(os.fsencode(beside)) <= PATH_LIMIT:
        try:
            return _bound(beside), beside
        except OSError as error:
            if error.errno not in _NO_SOCKETS_HERE:
                raise _failed(beside, error) from error
    elsewhere = own_runtime_dir() / f"{hashlib.sha256(os.fsencode(beside)).hexdigest()[:32]}.sock"
    try:
        return _bound(elsewhere), elsewhere
    except OSError as error:
        raise _failed(elsewhere, error) from error


def _failed(path: Path, error: OSError) -> ControlError:
    return ControlError(f"{path}: no control socket ({error.strerror or error})")


def _bound(path: Path) -> socket.socket:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _bind(server, path)
        path.chmod(0o600)  # before listen: until then nobody can connect
        server.listen(_BACKLOG)
        server.setblocking(False)
    except BaseException:
        server.close()
        raise
    return server


def _bind(server: socket.socket, path: Path) -> None:
    try:
        server.bind(str(path))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        _remove_dead(path)
        server.bind(str(path))


def _remove_dead(path: Path) -> None:
    """Remove a socket on which nobody listens; anything else is left and told."""
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise ControlError(f"{path} is there and no socket of ours", "move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
        except BlockingIOError:
            pass  # its queue is full: somebody lives there
    raise ControlError(f"{path}: another program serves this database", "stop that one first")
