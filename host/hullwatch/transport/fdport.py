"""A port that is a file descriptor: tty, pty or socket.

Reads with one system call per chunk; pyserial's own `read` takes a size instead and would need
two more to learn how much is there.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable

from hullwatch.errors import PortLost, WriteStalled
from hullwatch.transport.port import READ_LIMIT, WRITE_TIMEOUT_S


class FdPort:
    """Reads and writes a non-blocking descriptor; see `port.Port` for what they promise.

    ``close_fd(stalled)`` closes the descriptor; `stalled` says that the last write was not taken
    whole. ``ended`` says in a few words what an end of the stream means on this kind of port.
    """

    def __init__(
        self,
        name: str,
        fd: int,
        close_fd: Callable[[bool], None],
        ended: str,
        write_timeout_s: float = WRITE_TIMEOUT_S,
    ) -> None:
        self.name = name
        self._fd = fd
        self._close_fd = close_fd
        self._ended = ended
        self._write_timeout_s = write_timeout_s
        self._stalled = False

    def read(self, timeout_s: float) -> bytes:
        """All bytes that are there; waits up to `timeout_s` for the first. Raises PortLost."""
        fd = self._open_fd()
        try:
            if not select.select([fd], [], [], max(0.0, timeout_s))[0]:
                return b""
            data = os.read(fd, READ_LIMIT)
            if not data:
                raise PortLost(f"{self.name}: {self._ended}")
            return self._with_the_rest(fd, data)
        except BlockingIOError:
            return b""  # the kernel promised bytes and then had none, as it may on a socket
        except OSError as error:
            raise self._lost(error) from error

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises PortLost, WriteStalled."""
        fd = self._open_fd()
        deadline_s = time.monotonic() + self._write_timeout_s
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[_written(fd, rest) :]
                left_s = deadline_s - time.monotonic()
                if rest and not select.select([], [fd], [], max(0.0, left_s))[1]:
                    self._stalled = True
                    raise WriteStalled(
                        f"{self.name}: {len(rest)} of {len(data)} bytes were not taken within "
                        f"{self._write_timeout_s:g} s",
                        "the node does not read; reset it or plug it in again",
                    )
            except OSError as error:
                raise self._lost(error) from error
        self._stalled = False

    def close(self) -> None:
        """Give the port back; does nothing the second time."""
        if self._fd >= 0:
            self._fd = -1
            self._close_fd(self._stalled)

    def _open_fd(self) -> int:
        if self._fd < 0:
            raise PortLost(f"{self.name}: the port was closed")
        return self._fd

    def _with_the_rest(self, fd: int, data: bytes) -> bytes:
        """`data` and what else is there: a tty hands out at most 4 KiB a call."""
        chunks = [data]
        room = READ_LIMIT - len(data)
        while room > 0 and select.select([fd], [], [], 0)[0]:
            try:
                chunk = os.read(fd, room)
            except OSError:
                chunk = b""
            if not chunk:
                break  # lost: what came before is delivered, the next read reports it
            chunks.append(chunk)
            room -= len(chunk)
        return b"".join(chunks) if len(chunks) > 1 else data

    def _lost(self, error: OSError) -> PortLost:
        return PortLost(f"{self.name}: {self._ended} ({error.strerror})")


def _written(fd: int, data: memoryview) -> int:
    try:
        return os.write(fd, data)
    except BlockingIOError:
        return 0
