"""The node that a test runs on: behind another program's port, behind ours, or simulated."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from hullwatch.bench.simbench import EPOCH_S, SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.cli.reach import ask_owner, holder_for
from hullwatch.control import requests
from hullwatch.control.registry import Holder
from hullwatch.ingest.dialogue import Dialogue, ignore_event, new_session
from hullwatch.ingest.logger import Logger
from hullwatch.ingest.ownport import own_dialogue
from hullwatch.ingest.settings import read_settings
from hullwatch.ingest.testorders import answer_data, order
from hullwatch.leaktest.follow import Asker
from hullwatch.link import messages as m
from hullwatch.store import Store

_LOOK_S = 0.5
_VIRTUAL_LOOK_S = 2.0
_VIRTUAL_COMMIT_S = 20.0
_CLOCK_S = 30.0  # round trips enough for a fit
_DRAIN_S = 120.0  # samples stay in the node's memory for a minute


class TestNode(Asker, Protocol):
    """A node that tests; `uid` in hexadecimal."""

    @property
    def uid(self) -> str:
        """The node's id."""
        ...

    def settings(self) -> dict[str, str]:
        """Its settings as text."""
        ...

    def wait(self) -> None:
        """Until the next look."""
        ...

    def utc_us(self) -> int:
        """The time there."""
        ...

    def truth_pa_m3_s(self) -> float | None:
        """What the part leaks at this moment; None where nobody knows."""
        ...


class _Real:
    """On this computer's clock."""

    def utc_us(self) -> int:
        return time.time_ns() // 1000

    def truth_pa_m3_s(self) -> float | None:
        return None


class _Owned(_Real):
    """The node behind a port that another program holds."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        self.uid = str(ask_owner(holder, {"do": requests.STATUS})["node"])

    def ask(self, message: m.Message, payload: bytes) -> bytes:
        return answer_data(ask_owner(self._holder, order(message, payload)))

    def settings(self) -> dict[str, str]:
        answer = ask_owner(self._holder, {"do": requests.CONFIG_SHOW})["settings"]
        return {str(key): str(value) for key, value in answer.items()}

    def wait(self) -> None:
        time.sleep(_LOOK_S)


class _Own(_Real):
    """The node behind a port of ours."""

    def __init__(self, dialogue: Dialogue) -> None:
        self._dialogue = dialogue
        self.uid = dialogue.greet().uid

    def ask(self, message: m.Message, payload: bytes) -> bytes:
        return self._dialogue.ask_now(message, payload)

    def settings(self) -> dict[str, str]:
        return read_settings(self._dialogue)

    def wait(self) -> None:
        until_s = time.monotonic() + _LOOK_S
        while time.monotonic() < until_s:
            self._dialogue.step()


class _Simulated:
    """A node of this process in virtual time, logged into a database while the test runs."""

    def __init__(self, bench: SimBench, store: Store) -> None:
        self._bench = bench
        self._store = store
        self._logger = Logger(
            bench.open_port(), store, bench, new_session(), ignore_event, _VIRTUAL_COMMIT_S
        )
        self.uid = self._logger.greet().uid

    def ask(self, message: m.Message, payload: bytes) -> bytes:
        return self._logger.ask_now(message, payload)

    def settings(self) -> dict[str, str]:
        return read_settings(self._logger)

    def wait(self) -> None:
        self._step_to(self._bench.now_s() + _VIRTUAL_LOOK_S)

    def utc_us(self) -> int:
        return round(self._bench.utc_s() * 1e6)

    def truth_pa_m3_s(self) -> float | None:
        return self._bench.world.pins.leak_pa_m3_s(self._bench.clock.us)

    def drain(self) -> None:
        """Until the store has every sample taken so far, and knows the node's clock."""
        boot = self._logger.collector.boot
        next_sample = self._bench.node.pipeline.next_number()
        begun_s = self._bench.now_s()
        self._step_to(begun_s + _CLOCK_S)
        end_s = begun_s + _DRAIN_S
        while boot and self._bench.now_s() < end_s and self._store.raw_next(boot) < next_sample:
            self.wait()
        self._logger.finish()

    def _step_to(self, end_s: float) -> None:
        while self._bench.now_s() < end_s:
            self._logger.step(min(1.0, max(0.01, end_s - self._bench.now_s())))


@contextlib.contextmanager
def reached(port: str | None) -> Iterator[TestNode]:
    """The node behind a port, through its owner where it has one."""
    holder = holder_for(port)
    if holder is not None:
        yield _Owned(holder)
        return
    with own_dialogue(port) as dialogue:
        yield _Own(dialogue)


def _after(store: Store) -> float:
    """UTC, s: after all that the database has, in whole minutes."""
    with store.reader() as reader:
        seen_us = [row.received_utc_us for row in reader.events(last=1)]
        seen_us += [row.received_utc_us for row in reader.windows(last=1)]
    return max([EPOCH_S, *(60.0 * math.ceil(us / 60e6) for us in seen_us)])


@contextlib.contextmanager
def simulated(spec: BenchSpec, path: Path) -> Iterator[TestNode]:
    """A simulated node with valves; all it has measured is in the database afterwards."""
    with (
        Store.open(path, round(EPOCH_S * 1e6), "hullwatch test") as store,
        contextlib.closing(SimBench(spec, begin_utc_s=_after(store))) as bench,
    ):
        node = _Simulated(bench, store)
        try:
            yield node
        finally:
            node.drain()
