"""The clients of a control socket, served by one thread.

It reads requests and sends answers; what a request means is done in the owner's own thread, so
that nothing else touches the port or the store. Each client has one request and bounded time,
bytes and company.
"""

from __future__ import annotations

import contextlib
import select
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread

from hullwatch.control.wire import LINE_LIMIT, Message, decoded, encoded, refusal
from hullwatch.errors import ControlError, HullwatchError, InputError

_CHUNK = 1 << 16
_GRACE_S = 1.0
"""For the last answers when the owner ends."""


@dataclass(frozen=True)
class Limits:
    """What clients may use: how many at once, bytes of a request, seconds to send or receive."""

    clients: int = 16
    line_bytes: int = LINE_LIMIT
    io_s: float = 10.0


class Ask:
    """A request that waits for the owner. Answer it once."""

    def __init__(self, clients: Clients, client: _Client, request: Message) -> None:
        self.request = request
        self._clients = clients
        self._client = client

    def gone(self) -> bool:
        """Whether the client has hung up: it would not learn what was done."""
        return self._client.hung_up()

    def answer(self, message: Message) -> None:
        """Send an answer; dropped when the client is gone."""
        self._clients.send(self._client, encoded(message))

    def refuse(self, error: HullwatchError) -> None:
        """Send an error as the answer."""
        self.answer(refusal(error))


class _Client:
    """One connection: receives until `deadline_s`, waits without one, sends until a new one."""

    def __init__(self, link: socket.socket, deadline_s: float) -> None:
        self.link = link
        self.deadline_s: float | None = deadline_s
        self.received = bytearray()
        self.to_send = b""

    def hung_up(self) -> bool:
        """Closed at the other end; one that has only ended its sending still waits for us."""
        if self.link.fileno() < 0:
            return True
        poller = select.poll()
        poller.register(self.link, 0)
        return any(event & (select.POLLHUP | select.POLLERR) for _, event in poller.poll(0))


class Clients:
    """Accepts on a listening socket until `close`; complete requests appear in `asks`."""

    def __init__(
        self,
        listener: socket.socket,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.asks: SimpleQueue[Ask] = SimpleQueue()
        self._listener = listener
        self._limits = limits
        self._clock = clock
        self._clients: set[_Client] = set()
        self._answers: SimpleQueue[tuple[_Client, bytes]] = SimpleQueue()
        self._closing_s: float | None = None
        self._bell, self._rope = socket.socketpair()  # pulling the rope wakes the thread
        self._bell.setblocking(False)
        self._rope.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self._thread = Thread(target=self._run, name="control clients", daemon=True)
        self._thread.start()

    def send(self, client: _Client, line: bytes) -> None:
        """Hand an answer to the thread; from any thread."""
        self._answers.put((client, line))
        self._ring()

    def close(self) -> None:
        """Send the answers that are given, hang up on everybody else, end the thread."""
        self._closing_s = self._clock() + _GRACE_S
        self._ring()
        self._thread.join()
        self._rope.close()

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._finished():
                for key, _ in self._selector.select(self._wait_s()):
                    if key.fileobj is self._listener:
                        self._accept()
                    elif key.fileobj is self._bell:
                        self._take_answers()
                    else:
                        self._serve(key.data)
                self._expire()
        finally:
            for client in tuple(self._clients):
                self._drop(client)
            self._selector.close()
            self._listener.close()
            self._bell.close()

    def _finished(self) -> bool:
        if self._closing_s is None:
            return False
        self._take_answers()
        return self._clock() >= self._closing_s or not any(c.to_send for c in self._clients)

    def _wait_s(self) -> float | None:
        deadlines = [c.deadline_s for c in self._clients if c.deadline_s is not None]
        if self._closing_s is not None:
            deadlines.append(self._closing_s)
        return max(0.0, min(deadlines) - self._clock()) if deadlines else None

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it may have hung up already
            link, _ = self._listener.accept()
            link.setblocking(False)
            client = _Client(link, self._clock() + self._limits.io_s)
            if len(self._clients) >= self._limits.clients:
                self._sweep()
            full = len(self._clients) >= self._limits.clients
            self._clients.add(client)
            self._selector.register(link, selectors.EVENT_READ, client)
            if full:
                self._reject(client, ControlError("too many programs ask at once", "try again"))

    def _serve(self, client: _Client) -> None:
        try:
            if client.to_send:
                self._push(client)
            else:
                self._pull(client)
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client)

    def _pull(self, client: _Client) -> None:
        chunk = client.link.recv(_CHUNK)
        client.received += chunk
        line, newline, _ = client.received.partition(b"\n")
        if len(line) >= self._limits.line_bytes:
            self._reject(client, InputError("the request is too long"))
        elif newline:
            self._understood(client, bytes(line))
        elif not chunk:
            self._drop(client)

    def _understood(self, client: _Client, line: bytes) -> None:
        try:
            request = decoded(line)
        except InputError as error:
            self._reject(client, error)
            return
        client.deadline_s = None  # from here the client decides how long it waits
        self._selector.unregister(client.link)
        self.asks.put(Ask(self, client, request))

    def _push(self, client: _Client) -> None:
        sent = client.link.send(client.to_send)
        client.to_send = client.to_send[sent:]
        if not client.to_send:
            self._drop(client)

    def _take_answers(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._bell.recv(_CHUNK):
                pass
        for client, line in _drained(self._answers):
            if client in self._clients:
                self._selector.register(client.link, selectors.EVENT_WRITE, client)
                self._begin(client, line)

    def _reject(self, client: _Client, error: HullwatchError) -> None:
        self._selector.modify(client.link, selectors.EVENT_WRITE, client)
        self._begin(client, encoded(refusal(error)))

    def _begin(self, client: _Client, line: bytes) -> None:
        client.to_send = line
        client.deadline_s = self._clock() + self._limits.io_s
        self._serve(client)

    def _expire(self) -> None:
        now_s = self._clock()
        for client in tuple(self._clients):
            if client.deadline_s is not None and client.deadline_s <= now_s:
                self._drop(client)

    def _sweep(self) -> None:
        """Forget clients that gave up waiting for an owner that is busy elsewhere."""
        for client in tuple(self._clients):
            if client.hung_up():
                self._drop(client)

    def _drop(self, client: _Client) -> None:
        self._clients.discard(client)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(client.link)
        client.link.close()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # a full bell rings already, a closed one need not
            self._rope.send(b"\0")


def _drained(queue: SimpleQueue[tuple[_Client, bytes]]) -> Iterable[tuple[_Client, bytes]]:
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return
