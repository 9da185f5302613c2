"""The owner of one port: claims it, logs it for ever, serves the other commands meanwhile.

A lost port is opened again with growing pauses, found by its USB serial number wherever it comes
back. Requests of other commands are answered between two steps of the logger.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from hullwatch.control import requests
from hullwatch.control.registry import Claim, claim
from hullwatch.control.server import ControlServer
from hullwatch.control.wire import Message
from hullwatch.errors import (
    InputError,
    PortBusy,
    PortLost,
    PortMissing,
    TransportError,
    WrongDevice,
)
from hullwatch.ingest.dialogue import Clock, Dialogue, ignore_event, new_session
from hullwatch.ingest.logger import Logger
from hullwatch.ingest.settings import check_changes, read_settings, write_settings
from hullwatch.link.events import Event, Hello, Status
from hullwatch.store import Store
from hullwatch.transport.discover import PortInfo, find_port
from hullwatch.transport.opening import open_port
from hullwatch.transport.port import Port
from hullwatch.transport.reconnect import Backoff

_CLAIM_EVERY_S = 30.0


class PortOwner:
    """Holds one port from `run` to its end. `note(text)` is told what a person should know.

    `open_store` is called when a node has answered on the port, not before: a wrong or taken port
    leaves no database behind. `status` is the newest telemetry, `logger` the present one (None
    while the port is away).
    """

    def __init__(
        self, spec: str | None, open_store: Callable[[], Store], clock: Clock,
        note: Callable[[str], None], take_over: bool = False,
    ) -> None:  # fmt: skip
        self._info = find_port(spec)
        self._open_store = open_store
        self._clock = clock
        self._note = note
        self._take_over = take_over
        self._backoff = Backoff()
        self._claimed_s = clock.now_s()
        self.status: dict[str, int] = {}
        self.hello: Hello | None = None
        self.logger: Logger | None = None
        self.reconnects = 0

    def run(self, until: Callable[[], bool], on_event: Callable[[Event], None]) -> None:
        """Log until `until()` turns True; the first opening must succeed, later ones may wait."""
        info = self._info
        with claim(info.device, "hullwatch log", info.serial_number or "") as claimed:
            opened = open_port(info.device)
            port: Port | None = opened
            try:
                Dialogue(opened, self._clock, new_session(), ignore_event).greet()
                with (
                    contextlib.closing(self._open_store()) as store,
                    ControlServer(Path(store.path)) as server,
                ):
                    claimed.update(control=str(server.path), database=str(store.path))
                    while not until():
                        server.poll(self._answer)
                        self._keep(claimed)
                        if port is None:
                            port = self._reopened(claimed)
                        else:
                            port = self._logged(port, store, until, server, claimed, on_event)
            finally:
                if port is not None:
                    port.close()

    def _logged(
        self, port: Port, store: Store, until: Callable[[], bool], server: ControlServer,
        claimed: Claim, on_event: Callable[[Event], None],
    ) -> Port | None:  # fmt: skip
        """Log on one opened port until it is lost (None) or `until()`."""

        def deal(event: Event) -> None:
            self._on_event(event)
            on_event(event)

        logger = self.logger = Logger(
            port, store, self._clock, new_session(), deal, take_over=self._take_over
        )
        try:
            while not until():
                logger.step()
                server.poll(self._answer)
                self._keep(claimed)
            logger.finish()
        except (TransportError, WrongDevice) as error:
            # a node that was here once may be slow to come back with its line
            if isinstance(error, WrongDevice) and self.hello is None:
                raise
            self._note(f"{error.message}; trying again for ever, Ctrl-C ends")
            with contextlib.suppress(TransportError):
                port.close()
            self._keep_received(logger)
            self._backoff.failed(self._clock.now_s())
            return None
        finally:
            self.logger = None
        return port

    def _keep_received(self, logger: Logger) -> None:
        """What came before the port was lost is committed; its ack comes in the next session."""
        with contextlib.suppress(PortLost):
            logger.finish()

    def _reopened(self, claimed: Claim) -> Port | None:
        now_s = self._clock.now_s()
        if not self._backoff.due(now_s):
            time.sleep(min(0.05, self._backoff.wait_s(now_s)))
            return None
        try:
            found: PortInfo = find_port(self._info.spec)
            if found.device != claimed.holder.port:
                claimed.move(found.device)
            port = open_port(found.device)
        except (PortMissing, PortBusy, TransportError):
            self._backoff.failed(now_s)
            return None
        self.reconnects += 1
        self._note(f"{found.device} is back")
        return port

    def _keep(self, claimed: Claim) -> None:
        now_s = self._clock.now_s()
        if now_s - self._claimed_s > _CLAIM_EVERY_S:
            self._claimed_s = now_s
            claimed.keep()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Status):
            self.status = event.fields
        elif isinstance(event, Hello):
            self.hello = event
            self._backoff.succeeded()
            self._note(f"node {event.uid} on {self._info.device}, boot {event.number('boot')}")

    # --- what other commands ask ---------------------------------------------------------------

    def _answer(self, request: Message) -> Message:
        what = request.get("do")
        if what == requests.STATUS:
            return self._state()
        logger = self.logger
        if logger is None or logger.session.hello is None:
            raise PortLost("the logger has no node on its port at present", "is it plugged in?")
        if what == requests.CONFIG_SHOW:
            return {"settings": read_settings(logger)}
        if what == requests.CONFIG_SET:
            changes = request.get("settings")
            if not isinstance(changes, dict):
                raise InputError("settings missing", "this is a program error")
            texts = {str(key): str(value) for key, value in changes.items()}
            check_changes(texts)
            write_settings(logger, texts)
            return {"written": texts}
        raise InputError(f"unknown request {what!r}", "are both programs of one version?")

    def _state(self) -> Message:
        hello = self.hello
        return {
            "node": hello.uid if hello else "",
            "board": board_name(hello) if hello else "",
            "firmware": firmware_version(hello) if hello else "",
            "boot": hello.number("boot") if hello else -1,
            "connected": self.logger is not None and self.logger.session.hello is not None,
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
