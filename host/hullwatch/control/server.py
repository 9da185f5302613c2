"""The control socket of the program that holds a port."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from types import TracebackType

from hullwatch.control.clients import Ask, Clients, Limits
from hullwatch.control.sockpath import listening_socket
from hullwatch.control.wire import Message
from hullwatch.errors import HullwatchError

Handler = Callable[[Message], Message]


class ControlServer:
    """Listens beside a database from construction to `close`; also a context manager.

    Requests gather until the owner's loop calls `poll`. ``path`` is where it listens: tell it in
    the registry. Raises ControlError when another program serves the database.
    """

    def __init__(
        self,
        database: Path,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        listener, self.path = listening_socket(database)
        facts = self.path.stat()
        self._identity = (facts.st_dev, facts.st_ino)
        self._clients: Clients | None = Clients(listener, limits or Limits(), clock)

    def poll(self, handler: Handler) -> int:
        """Answer the requests that have come, with `handler` in this thread; how many it were.

        A HullwatchError of the handler becomes the answer. Any other exception is answered as
        an internal error and raised. A client that hung up meanwhile gets nothing done.
        """
        done = 0
        for _ in range(self._waiting()):
            ask = self._next()
            if ask is None:
                break
            if not ask.gone():
                _answer(ask, handler)
                done += 1
        return done

    def close(self) -> None:
        """Send the given answers, end the thread, remove the socket; nothing the second time."""
        if self._clients is None:
            return
        clients, self._clients = self._clients, None
        with contextlib.suppress(FileNotFoundError):
            facts = self.path.stat()
            if (facts.st_dev, facts.st_ino) == self._identity:  # not a successor's
                self.path.unlink()
        clients.close()

    def __enter__(self) -> ControlServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _waiting(self) -> int:
        return self._clients.asks.qsize() if self._clients else 0

    def _next(self) -> Ask | None:
        try:
            return self._clients.asks.get_nowait() if self._clients else None
        except Empty:
            return None


def _answer(ask: Ask, handler: Handler) -> None:
    try:
        ask.answer(handler(ask.request))
    except HullwatchError as error:
        ask.refuse(error)
    except Exception as error:
        ask.refuse(HullwatchError(f"the owner failed: {type(error).__name__}: {error}"))
        raise
