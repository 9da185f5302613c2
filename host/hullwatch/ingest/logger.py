"""The logging loop: port, session, collector, in that order, for one node.

Whoever runs it calls `step` for ever; time comes from the clock it was given, so the same loop
serves a real port and a virtual one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from hullwatch.errors import Refused, Unanswered, WrongDevice
from hullwatch.ingest.collect import Collector
from hullwatch.link import messages as m
from hullwatch.link.events import Console, Event, Hello, Prompt, Raw, Record, Reply, Timeout
from hullwatch.link.session import HostSession
from hullwatch.store.writer import Store

if TYPE_CHECKING:
    from hullwatch.transport.port import Port

READ_S = 0.05
HELLO_WITHIN_S = 8.0
PING_EVERY_S = 2.0
PROMPT_WAIT_S = 3.0
RESTARTS = 2
_SOFT_RESET = b"\x04"


class Clock(Protocol):
    """Monotonic seconds and UTC of the same moment."""

    def now_s(self) -> float:
        """Monotonic seconds."""
        ...

    def utc_s(self) -> float:
        """UTC, seconds since 1970."""
        ...


class Logger:
    """Logs one node on one open port into one store.

    `on_event` sees every event after it was dealt with. A node found at its REPL prompt is
    started again after PROMPT_WAIT_S; `restarts` counts those. `commit_s` is the longest time a
    frame waits for its commit.
    """

    def __init__(
        self, port: Port, store: Store, clock: Clock, session: int,
        on_event: Callable[[Event], None], commit_s: float = 0.25, take_over: bool = False,
    ) -> None:  # fmt: skip
        self._port = port
        self._clock = clock
        self._store = store
        self._on_event = on_event
        self._commit_s = commit_s
        self._take_over = take_over
        self.collector = Collector(store)
        self.session = HostSession(session)
        self.restarts = 0
        self._fruitless = 0
        self._opened_s = clock.now_s()
        self._last_commit_s = clock.now_s()
        self._ping_s = float("-inf")
        self._prompt_s: float | None = None
        self._replies: dict[int, Callable[[Reply | None], None]] = {}

    def step(self, read_s: float = READ_S) -> None:
        """Read for at most `read_s`, deal with what came, commit and ack what is due.

        Raises TransportError when the port is lost, WrongDevice when no node answers,
        VersionMismatch, StoreError. What was received and not acked will be sent again.
        """
        data = self._port.read(read_s)
        now_s = self._clock.now_s()
        if data:
            for event in self.session.feed(data, now_s):
                self._deal(event, now_s)
        if self.session.hello is None:
            self._check_silence(now_s)
        elif self._commit_due(now_s):
            self._commit(now_s)
        self._ping(now_s)
        for event in self.session.poll(now_s):
            self._deal(event, now_s)
        self._revive(now_s)
        out = self.session.take_output()
        if out and self._prompt_s is None:  # the REPL would take frames for typing and echo them
            self._port.write(out)

    def finish(self) -> None:
        """Commit and ack what was received; the node stops sending by itself."""
        if self.session.hello is not None:
            self._commit(self._clock.now_s())
            out = self.session.take_output()
            if out:
                self._port.write(out)

    def ask(
        self, message: m.Message, payload: bytes, then: Callable[[Reply | None], None]
    ) -> None:
        """Queue a command; `then` gets its Reply, or None when it stays unanswered."""
        self._replies[self.session.command(message, payload)] = then

    def ask_now(self, message: m.Message, payload: bytes = b"") -> bytes:
        """Send a command and run the loop until it is answered; Refused, Unanswered."""
        box: list[Reply | None] = []
        self.ask(message, payload, box.append)
        while not box:
            self.step()
        reply = box[0]
        if reply is None:
            raise Unanswered(f"the node did not answer {message.name}", "is the cable still in?")
        if reply.status:
            reason = reply.data.decode("utf-8", "replace") or m.REFUSALS[reply.status]
            raise Refused(f"the node refuses: {reason}")
        return reply.data

    # --- one step's parts ----------------------------------------------------------------------

    def _deal(self, event: Event, now_s: float) -> None:
        if isinstance(event, Record):
            self.collector.record(event.data)
        elif isinstance(event, Raw):
            self.collector.raw(event.payload)
        elif isinstance(event, Hello):
            self._on_hello(event)
        elif isinstance(event, Reply):
            self._replies.pop(event.token, _ignore)(event)
        elif isinstance(event, Timeout):
            self._replies.pop(event.token, _ignore)(None)
        elif isinstance(event, Prompt):
            self._prompt_s = now_s
        elif isinstance(event, Console):
            self._prompt_s = None
        self._on_event(event)

    def _on_hello(self, hello: Hello) -> None:
        self._fruitless = 0
        self.collector.hello(hello, self._utc_us())
        owner = hello.number("store")
        if owner not in (0, self._store.store_id):
            if not self._take_over:
                raise Refused(
                    f"another database (store {owner:x}) holds the records of this node",
                    "log into that database, or add --take-over to make this one its keeper",
                )
            payload = m.TAKE_OVER.struct.pack(self._store.store_id)
            self.ask(m.TAKE_OVER, payload, _ignore)

    def _check_silence(self, now_s: float) -> None:
        if self._prompt_s is None and now_s - self._opened_s > HELLO_WITHIN_S:
            raise WrongDevice(
                f"no Hullwatch node answers on {self._port.name}",
                "is it flashed? run: hullwatch doctor",
            )

    def _revive(self, now_s: float) -> None:
        """The REPL prompt means the node has left: start it again after a while."""
        if self._prompt_s is None or now_s - self._prompt_s < PROMPT_WAIT_S:
            return
        if self._fruitless == RESTARTS:
            raise WrongDevice(
                f"the MicroPython board on {self._port.name} does not start Hullwatch",
                "run: hullwatch flash",
            )
        self._prompt_s = None
        self._opened_s = now_s
        self.restarts += 1
        self._fruitless += 1
        self.session = HostSession(self.session.session % 0xFFFF + 1)
        self._port.write(_SOFT_RESET)

    def _commit_due(self, now_s: float) -> bool:
        return self.collector.pending > 0 and now_s - self._last_commit_s >= self._commit_s

    def _commit(self, now_s: float) -> None:
        durable = self.collector.commit(self.session, self._utc_us())
        self._last_commit_s = now_s
        if durable is not None:
            self.session.acknowledge(durable, now_s)

    def _ping(self, now_s: float) -> None:
        if self.session.hello is None or now_s - self._ping_s < PING_EVERY_S:
            return
        self._ping_s = now_s

        def pong(reply: Reply | None) -> None:
            if reply is not None and not reply.repeated:
                self.collector.pong(reply.data, self._clock.utc_s() - reply.rtt_s, reply.rtt_s)

        self.ask(m.PING, b"", pong)

    def _utc_us(self) -> int:
        return round(self._clock.utc_s() * 1e6)


def _ignore(reply: Reply | None) -> None:
    """For a command whose answer nobody waits for."""
