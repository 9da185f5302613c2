"""The server: an address of its own, patience with slow clients, a start and an end."""

from __future__ import annotations

import errno
import ipaddress
import socket
from asyncio import BaseTransport, TimerHandle, Transport
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from hullwatch.errors import AddressTaken, InputError
from hullwatch.web.app import build
from hullwatch.web.routes import STREAM
from hullwatch.web.site import Site

DEFAULT_PORT = 8321
_CONNECTIONS = 200
_REQUEST_S = 10.0
"""From connecting to the end of the first request's head; then keep-alive has its own limit."""

UNREAD_S = 10.0
"""Whoever has not read what waits for it for so long is dropped."""

_START_S = 10.0


class HurriedProtocol(H11Protocol):
    """HTTP/1.1 that hangs up on who connects and does not ask, or asks and does not read."""

    _unread: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        """Begin to wait for the first request."""
        assert isinstance(transport, Transport)
        super().connection_made(transport)
        self.loop.call_later(_REQUEST_S, self._end_patience)

    def _end_patience(self) -> None:
        asked: object = self.cycle
        if asked is None and not self.transport.is_closing():
            self.transport.abort()

    def pause_writing(self) -> None:
        """The other end does not keep up: it has a while."""
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD_S, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def shutdown(self) -> None:
        """Streams would never end by themselves."""
        super().shutdown()
        asked: object = self.scope  # None before the first request, whatever its type says
        if isinstance(asked, dict) and asked["path"] == STREAM:
            self.transport.close()


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens; AddressTaken, InputError for a host that is none of ours."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise InputError(f"--host {host}: {error.strerror}", "such as 127.0.0.1") from error
    opened = socket.socket(family, kind, proto)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind(address)
        opened.listen(128)
    except OSError as error:
        opened.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressTaken(
                f"port {port} of {host} is taken by another program",
                f"choose another: --http-port {port + 1}",
            ) from error
        raise InputError(
            f"--host {host}, port {port}: {error.strerror}", "choose others"
        ) from error
    return opened


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def server_of(site: Site) -> uvicorn.Server:
    """A server that is not running; it logs nothing but what should not happen."""
    config = uvicorn.Config(
        build(site), http=HurriedProtocol, ws="none", log_config=None, access_log=False,
        lifespan="on", proxy_headers=False, server_header=False, limit_concurrency=_CONNECTIONS,
        h11_max_incomplete_event_size=16_384, timeout_graceful_shutdown=2,
    )  # fmt: skip
    return uvicorn.Server(config)


@contextmanager
def in_thread(site: Site, listener: socket.socket) -> Iterator[None]:
    """Serve beside whatever the block does."""
    server = server_of(site)
    thread = Thread(target=server.run, args=([listener],), name="dashboard", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_START_S)
        listener.close()
