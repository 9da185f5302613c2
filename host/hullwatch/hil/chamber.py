"""What a test may do to the chamber and to the wires around it, on any bench."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Protocol

import pytest

from hullwatch.bench.base import CutsPower

if TYPE_CHECKING:
    from hullwatch.hil.simnode import SimulatedNode
    from hullwatch.store import WindowRow


@dataclass(frozen=True)
class KnownLeak:
    """What really leaks, Pa·m³/s at the node's reference temperature, with its 95 % half-width.

    ``source`` says who says so: the simulation, or the leak's certificate.
    """

    pa_m3_s: float
    u95_pa_m3_s: float
    source: str


class Chamber(Protocol):
    """The `chamber` of a test. A bench that cannot do something skips the test that asks for it."""

    def leak(self, pa_m3_s: float) -> KnownLeak:
        """Open the known leak of this size, within a factor of two; 0 closes every one."""
        ...

    def truth(self, window: WindowRow) -> KnownLeak:
        """What really leaked in a window of the present boot."""
        ...

    def heat(self, kelvin: float) -> None:
        """Make the surroundings this much warmer than they are; below 0: cooler.

        A real heater is switched on, and off below 0.
        """
        ...

    def bus_fault(self) -> AbstractContextManager[None]:
        """Inside, the sensor does not answer on its bus."""
        ...

    def power_cut(self) -> None:
        """Take the node's supply away and give it back."""
        ...

    def link_cut(self, seconds: float) -> None:
        """Pull the cable, wait so much of the node's time, plug it in again."""
        ...


def lacking(bench: str, capability: str) -> NoReturn:
    """Skip the running test: the bench cannot do that."""
    pytest.skip(f"bench {bench} has no {capability}")


class SimulatedChamber:
    """See `Chamber`. Leaks are exact, and everything happens at once."""

    def __init__(self, node: SimulatedNode, sensor_address: int) -> None:
        self._node = node
        self._bench = node.bench
        self._address = sensor_address

    def leak(self, pa_m3_s: float) -> KnownLeak:
        """A leak of exactly that size from now on."""
        leaking = self._bench.world.leaking
        if leaking is None:
            lacking(self._node.declared.name, "leak")
        self._bench.act(lambda now_us: leaking.set_leak(now_us, pa_m3_s))
        return KnownLeak(pa_m3_s, 0.0, "simulation")

    def truth(self, window: WindowRow) -> KnownLeak:
        """From the simulation's book-keeping."""
        first_ms = window.first_device_ms
        found = self._bench.truth_pa_m3_s(first_ms, first_ms + round(window.window_s * 1000))
        if found is None:
            lacking(self._node.declared.name, "truth")
        return KnownLeak(found, 0.0, "simulation")

    def heat(self, kelvin: float) -> None:
        """The room is that much warmer from now on."""
        if self._bench.world.network is not None:
            lacking(self._node.declared.name, "heat in a station")
        self._bench.act(lambda now_us: self._bench.world.chamber.warm_room(now_us, kelvin))

    @contextmanager
    def bus_fault(self) -> Iterator[None]:
        """The sensor acknowledges nothing."""
        bus = self._bench.world.bus
        self._bench.act(lambda _now_us: bus.nack(self._address))
        try:
            yield
        finally:
            self._bench.act(lambda _now_us: bus.clear(self._address))

    def power_cut(self) -> None:
        """At this very moment."""
        if not isinstance(self._bench, CutsPower):
            lacking(self._node.declared.name, "power_cut")
        self._bench.power_cut()

    def link_cut(self, seconds: float) -> None:
        """The port is closed meanwhile."""
        self._node.away(seconds)
