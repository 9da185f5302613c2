"""Benches by name, from the demo's options; every refusal comes before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hullcore import settings
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import AbsurdValue, InputError
from hullwatch.sim.chamberspec import VOLUME_MAX_M3, VOLUME_MIN_M3, ChamberSpec
from hullwatch.sim.registers.catalogue import CATALOGUE
from hullwatch.sim.replay import Replay
from hullwatch.sim.scenario import load_scenario

_MAX_SPEED = 1000.0


def period_us(rate_hz: float) -> int:
    """Sample period; InputError outside 1/60 … 100 Hz."""
    shortest_us, longest_us = settings.row_of("period_us")[3]
    if not 1e6 / longest_us * 0.999 <= rate_hz <= 1e6 / shortest_us:
        raise AbsurdValue(f"--rate {rate_hz:g} Hz is outside 1/60 to 100 Hz", "try --rate 10")
    return round(1e6 / rate_hz)


def check_speed(name: str, speed: float) -> float:
    """The speed of a scaled bench; InputError when absurd."""
    if not 0.01 <= speed <= _MAX_SPEED:
        raise AbsurdValue(
            f"--speed {speed:g} is outside 0.01 to {_MAX_SPEED:g}",
            "the sim bench needs no --speed: it runs as fast as it can",
        )
    if name != "mpy" and speed != 1.0:
        raise InputError(f"--speed does not apply to --bench {name}", "leave --speed away")
    return speed


def load_replay(path: Path | None, kind: str, ambient_pa: float | None) -> Replay | None:
    """A replay file, or None without one."""
    if path is None:
        if ambient_pa is not None:
            raise InputError("--ambient needs --replay", "it belongs to gauge files")
        if kind != "abs":
            raise InputError("--pressure-kind needs --replay", "the simulated chamber is absolute")
        return None
    return Replay.load(path, kind, ambient_pa)


def choose_sensor(sensor: str, replay: Replay | None, pressure_pa: float) -> str:
    """`auto`: the reference sensor where the pressure fits it, else the first that does."""
    if sensor != "auto":
        return sensor
    values = [row[0] for _, row in replay.rows()] if replay else [pressure_pa]
    for name in ("bmp581", "ms5837"):
        entry = CATALOGUE[name]
        if entry.pressure_min_pa <= min(values) and max(values) <= entry.pressure_max_pa:
            return name
    raise InputError(
        f"no sensor covers {min(values):.0f}..{max(values):.0f} Pa",
        "30 kPa to 30 bar can be measured",
    )


def chamber(
    volume_l: float, leak: float, pressure_pa: float, seed: int, gas: str = "air"
) -> ChamberSpec:
    """The demo's chamber, checked; AbsurdValue names the option in its own unit."""
    if not VOLUME_MIN_M3 * 1000 <= volume_l <= VOLUME_MAX_M3 * 1000:
        raise AbsurdValue(
            f"--volume {volume_l:g} litres is outside 0.001 to 10000000",
            "a preserving jar has about 1",
        )
    spec = ChamberSpec(
        volume_m3=volume_l / 1000, leak_pa_m3_s=leak, pressure_pa=pressure_pa, seed=seed, gas=gas
    )
    spec.check()
    return spec


def in_scenario(path: Path | None, section: str | None, sensor: str, **rest: Any) -> BenchSpec:
    """A node in a section of a scenario, the first one without a name."""
    if path is None:
        raise InputError("--section needs --scenario", "it names a section of that file")
    network = load_scenario(path)
    name = section or network.sections[0].name
    starts = {known.name: known.pressure_pa for known in network.sections}
    chosen = choose_sensor(sensor, None, starts.get(name, 101_325.0))
    return BenchSpec.in_network(network, name, sensor=chosen, **rest)
