"""`socket://HOST:PORT`: a serial server that passes bytes through (ser2net "raw", an emulator).

Not through pyserial: its socket port hides the reason of a refused connection in a text, leaks
the descriptor when the other end resets and lets small writes wait for each other.
"""

from __future__ import annotations

import socket

from hullwatch.errors import PortMissing
from hullwatch.transport.fdport import FdPort
from hullwatch.transport.port import WRITE_TIMEOUT_S

CONNECT_TIMEOUT_S = 5.0
_KEEPALIVE = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
"""A server that vanished without a word is noticed after 25 s, not after two hours."""


class TcpPort(FdPort):
    """A TCP connection as a port."""

    @classmethod
    def open(
        cls, url: str, host: str, port: int, write_timeout_s: float = WRITE_TIMEOUT_S
    ) -> TcpPort:
        """Connect; `url` is the name to show. Raises PortMissing."""
        try:
            link = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
        except OSError as error:  # no such host, refused, unreachable, timed out
            raise PortMissing(
                f"{url}: no connection ({error.strerror or error})",
                "is the serial server running, and is that its address?",
            ) from error
        link.setblocking(False)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # an ack must not wait
        link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            if hasattr(socket, option):
                link.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)

        def close_fd(_stalled: bool) -> None:
            link.close()

        return cls(
            url, link.fileno(), close_fd, "the other end closed the connection", write_timeout_s
        )
