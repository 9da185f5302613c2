"""A node on a board, reached by its port, with switches around it."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from hullcore import settings as table
from hullwatch.errors import HullwatchError, InputError
from hullwatch.hil import switches
from hullwatch.hil.benchfile import BenchFile, LeakRow
from hullwatch.hil.chamber import KnownLeak, lacking
from hullwatch.hil.node import Node
from hullwatch.ingest.logger import Logger
from hullwatch.ingest.owner import Listeners, PortOwner
from hullwatch.ingest.realclock import RealClock
from hullwatch.ingest.settings import check_changes, read_setting, write_settings
from hullwatch.link.events import Hello
from hullwatch.store import WindowRow
from hullwatch.transport.port import Port

_ANSWERS_WITHIN_S = 60.0
_NEAR = 2.0


class RealBench(RealClock):
    """See `bench.base.Bench`: this computer's time, and a port that the owner opens."""

    name = "real"

    def open_port(self) -> NoReturn:
        """Not here: the port has an owner."""
        raise InputError("the port of a real node belongs to its owner", "use node.write")

    def truth_pa_m3_s(self, first_ms: int, last_ms: int) -> None:
        """Nobody knows it; known leaks are the chamber's."""

    def elapse(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def close(self) -> None:
        """Nothing is held."""


def chosen(declared: BenchFile, pa_m3_s: float, port: str) -> LeakRow | None:
    """The known leak of a port's node nearest to this, None for 0; skips the test without one."""
    leaks = declared.leaks_at(port)
    if not leaks:
        lacking(declared.name, "leak")
    if pa_m3_s == 0.0:
        return None
    nearest = min(leaks, key=lambda row: abs(math.log(row.pa_m3_s / pa_m3_s)))
    if not 1.0 / _NEAR <= nearest.pa_m3_s / pa_m3_s <= _NEAR:
        lacking(declared.name, f"leak near {pa_m3_s:g} Pa·m³/s")
    return nearest


class RealChamber:
    """See `Chamber`: switches, and the leaks with certificates of the node on a port."""

    def __init__(self, declared: BenchFile, port: str) -> None:
        self._declared = declared
        self._port = port
        self._leaks = declared.leaks_at(port)
        self._switches = {row.name: switches.made(row) for row in declared.switches}
        self._on: set[str] = set()
        self._open: tuple[KnownLeak, ...] = ()

    def leak(self, pa_m3_s: float) -> KnownLeak:
        """Close all leaks, then open the nearest."""
        nearest = chosen(self._declared, pa_m3_s, self._port)
        for row in self._leaks:
            self._set(row.switch, False)
        self._open = ()
        if nearest is None:
            return KnownLeak(0.0, 0.0, "all leaks closed")
        self._set(nearest.switch, True)
        told = f"leak {nearest.name} {nearest.certificate}".strip()
        self._open = (KnownLeak(nearest.pa_m3_s, nearest.u95_pa_m3_s, told),)
        return self._open[0]

    def truth(self, window: WindowRow) -> KnownLeak:
        """The leak that is open, by its certificate."""
        if not self._leaks:
            lacking(self._declared.name, "truth")
        return self._open[0] if self._open else KnownLeak(0.0, 0.0, "all leaks closed")

    def heat(self, kelvin: float) -> None:
        """The heater on, or off below 0."""
        self._set(self._actuator("heat"), kelvin > 0.0)

    @contextmanager
    def bus_fault(self) -> Iterator[None]:
        """Its switch on."""
        name = self._actuator("bus_fault")
        self._set(name, True)
        try:
            yield
        finally:
            self._set(name, False)

    def power_cut(self) -> None:
        """Its switch off, and on again."""
        self._cut("power_cut")

    def link_cut(self, seconds: float) -> None:
        """Its switch off for that long; the owner of the port looks for it afterwards."""
        self._cut("link_cut", seconds)

    def rest(self) -> None:
        """Every switch that a test left on goes off; those that supply something on."""
        for name in sorted(self._on):
            self._set(name, False)

    def _cut(self, capability: str, off_s: float | None = None) -> None:
        switch = self._switches[self._actuator(capability)]
        (row,) = [row for row in self._declared.actuators if row.capability == capability]
        switch.set(False)
        time.sleep(row.off_s if off_s is None else off_s)
        switch.set(True)

    def _actuator(self, capability: str) -> str:
        rows = [row for row in self._declared.actuators if row.capability == capability]
        if not rows or self._port != self._declared.port:  # actuators are of the bench's own node
            lacking(self._declared.name, capability)
        return rows[0].switch

    def _set(self, name: str, on: bool) -> None:
        self._switches[name].set(on)
        (self._on.add if on else self._on.discard)(name)


class RealNode(Node):
    """See `Node`. It takes the node over, restarts it, and gives it its settings back at the end.

    ``port``: where it is, that of the bench file without it.

    HullwatchError when it cannot be reached or does not answer.
    """

    def __init__(
        self, declared: BenchFile, path: Path, changes: Mapping[str, object], port: str = ""
    ) -> None:
        super().__init__(declared, path)
        self._at = port or declared.port
        self.bench = RealBench()
        self.chamber: RealChamber = RealChamber(declared, self._at)
        self._found: dict[str, str] = {}
        with contextlib.ExitStack() as undo:
            undo.callback(self.store.close)
            self._owner = self._opened()
            undo.callback(self._owner.close)
            self._begin(changes)
            undo.pop_all()

    def _opened(self) -> PortOwner:
        owner = PortOwner(
            self._at, self.bench, Listeners(lambda _note: None, self.events.append),
            take_over=True,
        )  # fmt: skip
        try:
            owner.open()
        except HullwatchError:
            owner.close()
            raise
        return owner

    def _begin(self, changes: Mapping[str, object]) -> None:
        """The settings asked for, in a boot of its own."""
        boot = self.hello().number("boot")
        wanted = {key: _text(value) for key, value in changes.items()}
        if wanted:
            check_changes(wanted)
        found = {key: read_setting(self.logger, key) for key in wanted}
        different = {
            key: text for key, text in wanted.items()
            if table.check(key, text) != table.check(key, found[key])
        }  # fmt: skip
        if different:
            self._found = {key: found[key] for key in different}
            write_settings(self.logger, different)
            self.until(lambda: self.hello().number("boot") > boot, _ANSWERS_WITHIN_S)
        else:
            self.reboot()
        self.until(lambda: self._owner.connected, _ANSWERS_WITHIN_S)
        self.events[:] = self.heard(Hello)[-1:]
        self.first_boot = self.boot().boot

    @property
    def logger(self) -> Logger:
        """The owner's; waits for it while the port is away."""
        self.until(lambda: self._owner.logger, _ANSWERS_WITHIN_S)
        assert self._owner.logger is not None
        return self._owner.logger

    def log(self) -> Logger:
        """Another owner on the same port."""
        self._owner.close()
        self._owner = self._opened()
        return self.logger

    def step(self, seconds: float | None = None) -> None:
        """One step of the owner; looks for the port while it is away."""
        self._owner.step(self.store, self.declared.step_s if seconds is None else seconds)
        if self._owner.away:
            time.sleep(0.05)

    def write(self, data: bytes) -> None:
        """To the port that is open."""
        self._port().write(data)

    def _port(self) -> Port:
        self.until(lambda: self._owner.port, _ANSWERS_WITHIN_S)
        assert self._owner.port is not None
        return self._owner.port

    def away(self, seconds: float) -> None:
        """Nobody holds the port."""
        self._owner.finish()
        self._owner.close()
        self.bench.elapse(seconds)
        self._owner = self._opened()

    def close(self) -> None:
        """Switches at rest, settings as they were found, the port given up."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.store.close)
            stack.callback(self._owner.close)
            stack.callback(self.chamber.rest)
            if self._found:
                write_settings(self.logger, self._found)
            self._owner.finish()


def _text(value: object) -> str:
    """A setting as a person types it."""
    return ",".join(str(one) for one in value) if isinstance(value, tuple) else str(value)
