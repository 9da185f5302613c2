"""A demo as the owner of its port: other commands and the dashboard ask it, as they ask `log`."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from hullwatch.cli.demorun import DemoRun
from hullwatch.control import requests
from hullwatch.control.registry import claim
from hullwatch.control.server import ControlServer
from hullwatch.control.wire import Message
from hullwatch.errors import InputError, PortLost
from hullwatch.ingest.answering import about_node, about_store
from hullwatch.ingest.owner import board_name, firmware_version
from hullwatch.store import Store


class DemoControl:
    """Answers from construction to `close` whenever `poll` is called; also a context manager."""

    def __init__(self, run: DemoRun, store: Store) -> None:
        self._run = run
        self._store = store
        port = str(getattr(run.bench, "port_path", "")) or f"demo://{os.getpid()}"
        self._claim = claim(port, "hullwatch demo")
        try:
            self._server = ControlServer(Path(store.path))
        except BaseException:
            self._claim.release()
            raise
        self._claim.update(control=str(self._server.path), database=str(store.path))

    def poll(self) -> None:
        """Answer what has come."""
        self._server.poll(self._answer)

    def _answer(self, request: Message) -> Message:
        stored = about_store(request, self._store)
        if stored is not None:
            return stored
        what = request.get("do")
        if what == requests.STATUS:
            return self._state()
        if what in (requests.RELEASE, requests.TAKE_BACK):
            raise InputError("a demo lends its node to nobody", "use log for a real board")
        if self._run.logger.session.hello is None:
            raise PortLost("the node of the demo has not answered yet", "try again")
        return about_node(self._run.logger, what, request)

    def _state(self) -> Message:
        hello = self._run.logger.session.hello
        return {
            "node": hello.uid if hello else "",
            "board": board_name(hello) if hello else "",
            "firmware": firmware_version(hello) if hello else "",
            "boot": hello.number("boot") if hello else -1,
            "connected": hello is not None,
            "lent": False,
            "reconnects": 0,
            "status": self._run.status,
        }

    def close(self) -> None:
        """Answer no more."""
        self._server.close()
        self._claim.release()

    def __enter__(self) -> DemoControl:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
