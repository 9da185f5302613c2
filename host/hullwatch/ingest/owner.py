"""The owner of one port: claims it, logs it for ever, answers what others ask of its node.

A lost port is opened again with growing pauses, found by its USB serial number wherever it comes
back. `hullwatch.ingest.owners` runs one or several of them. A command that needs the port itself
(`flash`, `shell`) may borrow it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from hullwatch.control import requests
from hullwatch.control.registry import Claim, claim
from hullwatch.control.wire import Message
from hullwatch.errors import PortBusy, PortLost, TransportError, WrongDevice
from hullwatch.ingest.answering import about_node
from hullwatch.ingest.collect import Committed
from hullwatch.ingest.dialogue import Clock, Dialogue, ignore_event, new_session
from hullwatch.ingest.identity import check_usb
from hullwatch.ingest.lending import Lending
from hullwatch.ingest.logger import Logger
from hullwatch.link.events import Event, Hello, Status
from hullwatch.store import Store
from hullwatch.transport.discover import PortInfo, find_port
from hullwatch.transport.opening import open_port
from hullwatch.transport.port import Port
from hullwatch.transport.reconnect import Backoff

_CLAIM_EVERY_S = 30.0


@dataclass(frozen=True)
class Listeners:
    """Whom an owner tells what: a person (`note`), who watches frames, who waits for results."""

    note: Callable[[str], None]
    on_event: Callable[[Event], None] = ignore_event
    on_stored: Callable[[Committed], None] | None = None


class PortOwner:
    """Holds one port from `open` to `close`.

    `open` must succeed; afterwards `step` waits for a lost port as long as it takes. `status` is
    the newest telemetry, `logger` the present one (None while the port is away). `identify` may
    raise Impostor for a HELLO.
    """

    def __init__(
        self, spec: str | None, clock: Clock, listeners: Listeners, take_over: bool = False,
        identify: Callable[[PortOwner, Hello], None] | None = None,
    ) -> None:  # fmt: skip
        self._info = find_port(spec)
        self._clock = clock
        self._tell = listeners
        self._take_over = take_over
        self._identify = identify
        self._backoff = Backoff()
        self._claimed_s = clock.now_s()
        self._claim: Claim | None = None
        self._port: Port | None = None
        self.status: dict[str, int] = {}
        self.hello: Hello | None = None
        self.logger: Logger | None = None
        self.reconnects = 0
        self._lending = Lending()

    @property
    def device(self) -> str:
        """Path or URL of the port."""
        return self._claim.holder.port if self._claim else self._info.device

    @property
    def port(self) -> Port | None:
        """The open port; None while it is away."""
        return self._port

    @property
    def away(self) -> bool:
        """Whether the port is lost at present."""
        return self._port is None

    def open(self) -> None:
        """Claim and open the port and wait for the node behind it to answer."""
        info = self._info
        self._claim = claim(info.device, "hullwatch log", info.serial_number or "")
        self._port = open_port(info.device)
        Dialogue(self._port, self._clock, new_session(), ignore_event).greet()

    def offer(self, control: str, database: str) -> None:
        """Tell the other commands where to ask."""
        assert self._claim is not None
        self._claim.update(control=control, database=database)

    def step(self, store: Store, read_s: float) -> None:
        """Read for at most `read_s` and do what is due; look for the port when it is away."""
        self._keep()
        if self._port is None:
            if not self._lending.lent:
                self._reopen()
            return
        try:
            if self.logger is None:
                self.logger = self._new_logger(self._port, store)
            self.logger.step(read_s)
        except (TransportError, WrongDevice) as error:
            # a node that was here once may be slow to come back with its line
            if isinstance(error, WrongDevice) and self.hello is None:
                raise
            self._lose(error)

    def finish(self) -> None:
        """Commit and acknowledge what was received."""
        if self.logger is not None:
            with contextlib.suppress(TransportError):
                self.logger.finish()

    def close(self) -> None:
        """Give the port up."""
        self.logger = None
        if self._port is not None:
            self._port.close()
            self._port = None
        if self._claim is not None:
            self._claim.release()

    def _new_logger(self, port: Port, store: Store) -> Logger:
        return Logger(
            port, store, self._clock, new_session(), self._on_event, take_over=self._take_over,
            on_stored=self._tell.on_stored, note=self._tell.note, identify=self._check,
        )  # fmt: skip

    def _check(self, hello: Hello) -> None:
        check_usb(hello, self._info.serial_number or "")
        if self._identify is not None:
            self._identify(self, hello)

    def _lose(self, error: TransportError | WrongDevice) -> None:
        """What came before the port was lost is committed; its ack comes in the next session."""
        self._tell.note(f"{error.message}; trying again for ever, Ctrl-C ends")
        assert self._port is not None
        with contextlib.suppress(TransportError):
            self._port.close()
        if self.logger is not None:
            with contextlib.suppress(PortLost):
                self.logger.finish()
        self._backoff.failed(self._clock.now_s())
        self._port = self.logger = None

    def _reopen(self) -> None:
        now_s = self._clock.now_s()
        if not self._backoff.due(now_s):
            return
        try:
            found: PortInfo = find_port(self._info.spec)
            self._follow(found.device)
            self._port = open_port(found.device)
        except (PortBusy, TransportError):
            self._backoff.failed(now_s)
            return
        self.reconnects += 1
        self._tell.note(f"{found.device} is back")

    def _follow(self, device: str) -> None:
        """Hold the port where the board came back.

        When that one is held, what is held here is let go meanwhile: two boards that swapped their
        ports would else wait for each other for ever.
        """
        assert self._claim is not None
        if not self._claim.held:
            old = self._claim.holder
            self._claim = claim(device, old.program, old.usb_serial, old.control, old.database)
            return
        try:
            self._claim.move(device)
        except PortBusy:
            self._claim.release()
            raise

    def _keep(self) -> None:
        now_s = self._clock.now_s()
        if self._claim is not None and now_s - self._claimed_s > _CLAIM_EVERY_S:
            self._claimed_s = now_s
            self._claim.keep()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Status):
            self.status = event.fields
        elif isinstance(event, Hello):
            self.hello = event
            self._backoff.succeeded()
            self._tell.note(f"node {event.uid} on {self.device}, boot {event.number('boot')}")
        self._tell.on_event(event)

    # --- what other commands ask ---------------------------------------------------------------

    def answer(self, request: Message) -> Message:
        """The answer to one request of another command."""
        what = request.get("do")
        if what == requests.STATUS:
            return self._state()
        if what == requests.RELEASE:
            return self._release(request)
        if what == requests.TAKE_BACK:
            self._lending.take_back()
            return {}
        logger = self.logger
        if logger is None or logger.session.hello is None:
            raise PortLost("the logger has no node on its port at present", "is it plugged in?")
        return about_node(logger, what, request)

    def _release(self, request: Message) -> Message:
        """Lend the port: all that was received is committed and acknowledged first.

        {"released": False} while it is to be drained first and is not.
        """
        if request.get("drain") and not (self.logger is not None and self.logger.drained()):
            return {"released": False}
        self._lending.lend(request)
        self._tell.note(f"{self.device} is lent to {request.get('program')}")
        self.finish()
        self.close()
        self._backoff.succeeded()  # back at once when it is returned
        return {"released": True}

    @property
    def connected(self) -> bool:
        """Whether the node has answered on the port as it is now."""
        return self.logger is not None and self.logger.session.hello is not None

    def _state(self) -> Message:
        hello = self.hello
        return {
            "node": hello.uid if hello else "",
            "board": board_name(hello) if hello else "",
            "firmware": firmware_version(hello) if hello else "",
            "boot": hello.number("boot") if hello else -1,
            "connected": self.connected,
            "lent": self._lending.lent,
            "reconnects": self.reconnects,
            "status": self.status,
        }


def firmware_version(hello: Hello) -> str:
    """`1.2.3` from HELLO."""
    return ".".join(str(hello.number(name)) for name in ("fw_major", "fw_minor", "fw_patch"))


def _text(value: object) -> str:
    assert isinstance(value, bytes)
    return value.rstrip(b"\0").decode("utf-8", "replace")


def board_name(hello: Hello) -> str:
    """Name of the board from HELLO."""
    return _text(hello.fields["board"])
