"""Benches that need no hardware, by name."""

from __future__ import annotations

from pathlib import Path

from hullwatch.bench.base import Simulation
from hullwatch.bench.spec import BenchSpec

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
