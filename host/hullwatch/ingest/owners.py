"""One or several ports logged into one database: one loop, one writer, one control socket."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hullwatch.control.registry import port_key
from hullwatch.control.server import ControlServer
from hullwatch.control.wire import Message
from hullwatch.errors import Impostor, InputError, PortMissing
from hullwatch.ingest.answering import about_store
from hullwatch.ingest.dialogue import READ_S, Clock
from hullwatch.ingest.owner import Listeners, PortOwner
from hullwatch.link.events import Hello
from hullwatch.store import Store


class PortOwners:
    """Logs every port of `specs` from `run` to its end; None is the only board there is.

    `open_store` is called when a node has answered on every port, not before: a wrong or taken
    port leaves no database behind.
    """

    def __init__(
        self, specs: Sequence[str | None], open_store: Callable[[], Store], clock: Clock,
        listeners: Listeners, take_over: bool = False,
    ) -> None:  # fmt: skip
        self._open_store = open_store
        self.owners = [
            PortOwner(spec, clock, listeners, take_over, self._only_one) for spec in specs
        ]
        devices = [port_key(owner.device) for owner in self.owners]
        if len(set(devices)) < len(devices):
            raise InputError("a port is named twice", "name each once")

    def run(self, until: Callable[[], bool]) -> None:
        """Log until `until()` turns True; the first opening must succeed, later ones may wait."""
        with contextlib.ExitStack() as stack:
            for owner in self.owners:
                stack.callback(owner.close)
                owner.open()
            store = stack.enter_context(contextlib.closing(self._open_store()))
            server = stack.enter_context(ControlServer(Path(store.path)))
            for owner in self.owners:
                owner.offer(str(server.path), str(store.path))
            try:
                while not until():
                    server.poll(lambda request: self._answer(request, store))
                    self._step(store)
            finally:
                for owner in self.owners:
                    owner.finish()

    def _step(self, store: Store) -> None:
        for owner in self.owners:
            owner.step(store, READ_S / len(self.owners))
        if all(owner.away for owner in self.owners):
            time.sleep(READ_S)

    def _only_one(self, owner: PortOwner, hello: Hello) -> None:
        """Two nodes of one id at a time: the second is refused."""
        for other in self.owners:
            same = other.hello is not None and other.hello.uid == hello.uid
            if other is not owner and same and other.connected:
                raise Impostor(
                    f"the node on {owner.device} says it is {hello.uid}, and so does the one on "
                    f"{other.device}",
                    "log them into two databases, one at a time",
                )

    def _answer(self, request: Message, store: Store) -> Message:
        stored = about_store(request, store)
        if stored is not None:
            return stored
        if len(self.owners) == 1:
            return self.owners[0].answer(request)
        port = request.get("port")
        for owner in self.owners:
            if isinstance(port, str) and port_key(owner.device) == port_key(port):
                return owner.answer(request)
        listed = ", ".join(owner.device for owner in self.owners)
        raise PortMissing(f"{port!r} is not logged here", f"ports: {listed}")
