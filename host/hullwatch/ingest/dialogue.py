"""A conversation with one node on one open port: session, commands, restart from the REPL.

Time comes from the clock it was given, so the same loop serves a real port and a virtual one.
Records and raw blocks are credited and passed on, never acknowledged: that is the logger's.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from hullwatch.errors import FLASH_HINT, Refused, Unanswered, WrongDevice
from hullwatch.link import messages as m
from hullwatch.link.events import Console, Event, Hello, Prompt, Reply, Timeout
from hullwatch.link.session import HostSession
from hullwatch.transport.port import Port

READ_S = 0.05
HELLO_WITHIN_S = 8.0
SILENT_S = 4.0
"""A node sends telemetry every second: silent for so long, it has restarted or left."""

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


class Dialogue:
    """Drives one session; whoever runs it calls `step`.

    `on_event` sees every event after it was dealt with. A node found at its REPL prompt is
    started again after PROMPT_WAIT_S; `restarts` counts those. With `revive` False it is left
    alone and WrongDevice raised: who only asks does not end what somebody does at the prompt.
    """

    def __init__(
        self, port: Port, clock: Clock, session: int, on_event: Callable[[Event], None],
        revive: bool = True,
    ) -> None:  # fmt: skip
        self._port = port
        self._clock = clock
        self._on_event = on_event
        self._may_revive = revive
        self.session = HostSession(session)
        self.restarts = 0
        self._fruitless = 0
        self._opened_s = clock.now_s()
        self._heard_s = clock.now_s()
        self._heard_frames = 0
        self._greeted = False
        self._prompt_s: float | None = None
        self._replies: dict[int, Callable[[Reply | None], None]] = {}

    def step(self, read_s: float = READ_S) -> None:
        """Read for at most `read_s`, deal with what came, send what is due.

        Raises TransportError when the port is lost, WrongDevice when no node answers,
        VersionMismatch when it speaks another version.
        """
        data = self._port.read(read_s)
        now_s = self._clock.now_s()
        if data:
            for event in self.session.feed(data, now_s):
                self._take(event, now_s)
        if self.session.hello is None:
            self._check_silence(now_s)
        else:
            self.work(now_s)
            self._check_alive(now_s)
        for event in self.session.poll(now_s):
            self._take(event, now_s)
        self._revive(now_s)
        out = self.session.take_output()
        if out and self._prompt_s is None:  # the REPL would take frames for typing and echo them
            self._port.write(out)

    def deal(self, event: Event) -> None:
        """What a subclass does with an event."""

    def work(self, now_s: float) -> None:
        """What a subclass does once per step of an open session."""

    def greet(self) -> Hello:
        """Run until the node has answered; its HELLO."""
        while self.session.hello is None:
            self.step()
        return self.session.hello

    def ask(self, message: m.Message, payload: bytes, then: Callable[[Reply | None], None]) -> None:
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
            known = m.REFUSALS.get(reply.status, f"refusal {reply.status}")
            reason = reply.data.decode("utf-8", "replace") or known
            raise Refused(f"the node refuses: {reason}", "hullwatch config show lists the settings")
        return reply.data

    def _take(self, event: Event, now_s: float) -> None:
        if isinstance(event, Hello):
            self._fruitless = 0
            self._greeted = True
            self._heard_s = now_s
        elif isinstance(event, Reply):
            self._replies.pop(event.token, ignore)(event)
        elif isinstance(event, Timeout):
            self._replies.pop(event.token, ignore)(None)
        elif isinstance(event, Prompt):
            self._prompt_s = now_s
        elif isinstance(event, Console):
            self._prompt_s = None
        self.deal(event)
        self._on_event(event)

    def _check_silence(self, now_s: float) -> None:
        waited_s = now_s - self._opened_s
        if not self._greeted and self._prompt_s is None and waited_s > HELLO_WITHIN_S:
            raise WrongDevice(
                f"no Hullwatch node answers on {self._port.name}",
                "is it flashed? run: hullwatch doctor",
            )

    def _check_alive(self, now_s: float) -> None:
        """A node that fell silent has forgotten the session: open another."""
        if self.session.frames != self._heard_frames:
            self._heard_frames = self.session.frames
            self._heard_s = now_s
        elif now_s - self._heard_s > SILENT_S:
            self._renew()

    def _renew(self) -> None:
        self.session = HostSession(self.session.session % 0xFFFF + 1)
        self._heard_frames = 0
        for then in self._replies.values():
            then(None)
        self._replies.clear()

    def _revive(self, now_s: float) -> None:
        """The REPL prompt means the node has left: start it again after a while."""
        if self._prompt_s is None or now_s - self._prompt_s < PROMPT_WAIT_S:
            return
        if not self._may_revive:
            raise WrongDevice(
                f"the MicroPython board on {self._port.name} is at its prompt",
                "Ctrl-D at the prompt starts Hullwatch where it is flashed; hullwatch log does too",
            )
        if self._fruitless == RESTARTS:
            raise WrongDevice(
                f"the MicroPython board on {self._port.name} does not start Hullwatch",
                FLASH_HINT,
            )
        self._prompt_s = None
        self._opened_s = now_s
        self.restarts += 1
        self._fruitless += 1
        self._renew()
        self._port.write(_SOFT_RESET)


def ignore(reply: Reply | None) -> None:
    """For a command whose answer nobody waits for."""


def ignore_event(event: Event) -> None:
    """For a dialogue whose events nobody waits for."""


def new_session() -> int:
    """A number no session before is likely to have had."""
    return random.SystemRandom().randrange(1, 0x10000)
