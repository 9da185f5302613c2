"""Watches the database and the owners, and tells every listener what has changed.

One look serves all listeners. What a listener has not taken waits in a queue of bounded length;
who does not take it is dropped, and comes back with the number of what it last had.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from hullwatch.errors import HullwatchError
from hullwatch.leaktest import follow
from hullwatch.store import Reader
from hullwatch.web.failures import TooMany, told
from hullwatch.web.overview import overview
from hullwatch.web.owners import NodeAsker
from hullwatch.web.readers import Readers
from hullwatch.web.site import Site

LOOK_S = 0.5
ANYWAY_S = 5.0
"""A look without a change in the database: time makes nodes silent and alarms old."""

_QUEUE = 64
_KEPT = 256
_LOOKED = "looked"
_ALL, _TROUBLE, _TROUBLE_OWNERS = "all", "trouble", "trouble with owners"


class Listener:
    """One stream: what waits for it, and whether it was dropped."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE)

    def give(self, data: bytes) -> bool:
        """False when it has not taken enough to have room."""
        try:
            self.queue.put_nowait(data)
        except asyncio.QueueFull:
            return False
        return True

    def drop(self) -> None:
        """End the stream as soon as its sender looks: what waited is thrown away."""
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class Feed:
    """Runs from `start` to `stop` in the server's loop."""

    def __init__(self, site: Site, readers: Readers) -> None:
        self._site = site
        self._readers = readers
        self._listeners: set[Listener] = set()
        self._run_id = secrets.token_hex(4)
        self._number = 0
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=_KEPT)
        self._state = {_TROUBLE: "null", _TROUBLE_OWNERS: "null"}
        self._tasks: list[asyncio.Task[None]] = []
        self._changes: int | None = None
        self._looked_s = -ANYWAY_S

    @property
    def free(self) -> int:
        """How many more may listen."""
        return self._site.streams - len(self._listeners)

    def start(self) -> None:
        """Begin to look."""
        self._tasks = [
            asyncio.create_task(self._repeat(self._look, _TROUBLE)),
            asyncio.create_task(self._repeat(self._look_at_owners, _TROUBLE_OWNERS)),
        ]

    async def stop(self) -> None:
        """End every stream and the looking."""
        for listener in tuple(self._listeners):
            self._drop(listener)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def listen(self, last_id: str) -> Listener:
        """A new listener, with what it has missed or with all there is; TooMany."""
        if self.free <= 0:
            raise TooMany(
                f"{len(self._listeners)} pages are open on this server, and it serves no more",
                "close one; this page tries again by itself",
            )
        if not self._listeners:
            self._forget()
        listener = Listener()
        for data in self._missed(last_id):
            listener.give(data)
        self._listeners.add(listener)
        return listener

    def _forget(self) -> None:
        """Nobody has looked for a while: what was known then is not told as if it were now."""
        self._state = {_TROUBLE: "null", _TROUBLE_OWNERS: "null"}
        self._changes = None

    def leave(self, listener: Listener) -> None:
        """It has gone."""
        self._listeners.discard(listener)

    def _drop(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        listener.drop()

    def _missed(self, last_id: str) -> list[bytes]:
        run, _, number = last_id.partition("-")
        if run == self._run_id and number.isascii() and number.isdigit():
            after = [data for at, data in self._kept if at > int(number)]
            if len(after) == self._number - int(number) and len(after) < _QUEUE:
                return after
        everything = {kind: json.loads(text) for kind, text in self._state.items()}
        return [self._frame(self._number, _ALL, json.dumps(everything, separators=(",", ":")))]

    def _frame(self, number: int | None, kind: str, text: str) -> bytes:
        now = self._site.now_utc_us()
        body = f'{{"now_utc_us":{now},"kind":{json.dumps(kind)},"data":{text}}}'
        head = "" if number is None else f"id: {self._run_id}-{number}\n"
        return f"{head}data: {body}\n\n".encode()

    def beat(self) -> bytes:
        """A sign of life, with no number of its own."""
        return self._frame(None, "beat", "null")

    def publish(self, kind: str, data: object) -> None:
        """Tell everybody, unless it is what they were told last."""
        text = json.dumps(data, separators=(",", ":"), allow_nan=False)
        if self._state.get(kind) == text:
            return
        self._state[kind] = text
        self._number += 1
        frame = self._frame(self._number, kind, text)
        self._kept.append((self._number, frame))
        for listener in tuple(self._listeners):
            if not listener.give(frame):
                self._drop(listener)

    # --- looking -------------------------------------------------------------------------------

    async def _repeat(self, look: Callable[[], Awaitable[None]], name: str) -> None:
        while True:
            try:
                await look()
                self.publish(name, None)
            except HullwatchError as error:
                self.publish(name, told(error))
            await asyncio.sleep(LOOK_S)

    async def _look(self) -> None:
        """The database, when it has changed or time has passed."""
        if self._changes is not None and not self._listeners:
            return
        alarms = await asyncio.to_thread(self._site.alarms.alarms)
        self.publish("alarms", [asdict(alarm) for alarm in alarms])
        now_s = asyncio.get_running_loop().time()
        anyway = now_s - self._looked_s >= ANYWAY_S

        def question(reader: Reader) -> tuple[int, list[dict[str, Any]] | None]:
            changes = reader.changes()
            if changes == self._changes and not anyway:
                return changes, None
            return changes, overview(reader, self._site.now_utc_us())

        changes, found = await self._readers.run(question)
        if found is None:
            return
        self._changes, self._looked_s = changes, now_s
        known = {f"node {one['node']}" for one in found}
        for kind in [kind for kind in self._state if kind.startswith("node ")]:
            if kind not in known:
                del self._state[kind]
        for one in found:
            self.publish(f"node {one['node']}", one)
        self.publish(_LOOKED, True)

    async def _look_at_owners(self) -> None:
        """Who logs, and how far a running test is."""
        if self._listeners or "owners" not in self._state:
            self.publish("owners", await asyncio.to_thread(self._owners))

    def _owners(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for node, held in self._site.owners.nodes().items():
            state = held.state
            found[node] = {
                "program": held.holder.program,
                "port": held.holder.port,
                "connected": bool(state.get("connected")),
                "lent": bool(state.get("lent")),
                "reconnects": state.get("reconnects", 0),
                "test": None,
            }
            if found[node]["connected"] and not found[node]["lent"]:
                found[node]["test"] = self._test(NodeAsker(self._site.owners, held, 2.0))
        return found

    def _test(self, asker: NodeAsker) -> dict[str, Any] | None:
        try:
            now = follow.progress(asker)
        except HullwatchError:  # a node without outputs, or one that is busy
            return None
        told = {**asdict(now), "running": now.running}
        if not now.running:  # what goes on changing without a test would be told for ever
            told |= {"elapsed_s": 0.0, "planned_s": 0.0, "pressure_pa": 0.0}
        return told
