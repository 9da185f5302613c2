"""Benches that need no hardware, by name."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hullwatch.bench.base import Simulation
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import MissingCapability
from hullwatch.sim.network import Network

NAMES = ("sim", "mpy", "pico-emu")


def start(name: str, spec: BenchSpec, speed: float, uf2: Path | None) -> Simulation:
    """Start a bench; MissingCapability where this machine cannot."""
    if name == "sim":
        from hullwatch.bench.simbench import SimBench

        return SimBench(spec)
    if name == "mpy":
        from hullwatch.bench.vmbench import VmBench

        return VmBench(spec, speed)
    from hullwatch.bench.emu.emubench import EmuBench

    return EmuBench(spec, uf2)


def start_station(
    name: str, network: Network, specs: Mapping[str, BenchSpec], speed: float
) -> dict[str, Simulation]:
    """Benches in the sections of one network, by the names of ``specs``; as `start`."""
    with contextlib.ExitStack() as undo:
        found: dict[str, Simulation] = {}
        for section, maker in _makers(name, network, specs, speed).items():
            found[section] = bench = maker()
            undo.callback(bench.close)
        undo.pop_all()
    return found


def _makers(
    name: str, network: Network, specs: Mapping[str, BenchSpec], speed: float
) -> dict[str, Callable[[], Simulation]]:
    if name == "sim":
        from hullwatch.bench.simbench import SimBench

        return {key: partial(SimBench, spec, network) for key, spec in specs.items()}
    if name == "mpy":
        from hullwatch.bench.vmbench import Shared, VmBench, VmClock

        shared = Shared(network, VmClock(speed))
        return {key: partial(VmBench, spec, shared=shared) for key, spec in specs.items()}
    raise MissingCapability(f"bench {name} is one node", "several are on sim and mpy")
