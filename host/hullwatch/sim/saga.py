"""Years of a station, fast: physics of a network, readings without a bus.

A node on the `sim` bench polls its link, bus and flash in every second of virtual time, also when
no sample is due: five years at 1/60 Hz would take a day. A saga leaves all that out: the network is
integrated in long steps, readings are what the sensor would have delivered (white noise, random
walk, rounding), and `hullwatch.bench.records` lets hullcore make the node's records of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hullwatch import tomlrows
from hullwatch.errors import InputError
from hullwatch.sim.network import Network
from hullwatch.sim.networkspec import EventSpec, NetworkSpec
from hullwatch.sim.scenario import scenario

DAY_S: Final = 86_400.0
_GRID_S: Final = 600.0  # physics is slow: linear between, within 0.01 Pa
_SHIPPED = files("hullwatch.sim.sagas")


@dataclass(frozen=True, slots=True)
class SensorSpec:
    """Noise of every node's sensor, and the bounds that its settings declare."""

    white_pa: float
    white_k: float
    walk_pa2_s: float
    temp_gradient_uk: int
    temp_lag_ms: int


@dataclass(frozen=True, slots=True)
class SagaNode:
    """A node in a section; ``volume_m3`` is what its settings say. On duty between two days."""

    name: str
    section: str
    volume_m3: float
    from_day: float = 0.0
    to_day: float = 1e9


@dataclass(frozen=True, slots=True)
class TopUp:
    """Gas added again and again through a path, and logged by the crew."""

    path: str
    first_day: float
    every_days: float
    for_days: float


@dataclass(frozen=True, slots=True)
class DayEvent:
    """As `EventSpec`, at a day."""

    day: float
    path: str
    open: bool | None = None
    size: float | None = None
    growth_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What the crew enters as a mark, at ``to_day``; which hatch it had closed, and until when."""

    kind: str
    day: float
    to_day: float
    text: str
    rate_pa_m3_s: float | None = None
    u_pa_m3_s: float | None = None
    hatch: str = ""
    closed_to_day: float = 0.0


@dataclass(frozen=True, slots=True)
class Saga:
    """A saga file, checked; ``crack`` is the path whose size is the truth."""

    start: str
    days: float
    period_s: float
    limit_pa_m3_s: float
    cease_days: float
    crack: str
    sensor: SensorSpec
    top_up: TopUp
    spec: NetworkSpec
    nodes: tuple[SagaNode, ...]
    events: tuple[DayEvent, ...]
    logs: tuple[LogEntry, ...]

    @property
    def start_utc_us(self) -> int:
        """UTC of day 0."""
        return round(datetime.fromisoformat(self.start).replace(tzinfo=UTC).timestamp() * 1e6)

    def utc_us(self, day: float) -> int:
        """UTC of a day."""
        return self.start_utc_us + round(day * DAY_S * 1e6)

    def entries(self) -> list[LogEntry]:
        """The whole log until the end, top-ups in it, in order of entry."""
        top = self.top_up
        count = int(max(0.0, (self.days - top.first_day) // top.every_days + 1))
        days = [top.first_day + k * top.every_days for k in range(count)]
        ups = [LogEntry("top-up", day, day + top.for_days, "gas from the tanks") for day in days]
        known = [entry for entry in (*ups, *self.logs) if entry.to_day <= self.days]
        return sorted(known, key=lambda entry: entry.to_day)


def names() -> list[str]:
    """Sagas that are shipped."""
    return sorted(
        f.name.removesuffix(".toml") for f in _SHIPPED.iterdir() if f.name.endswith("toml")
    )


def load_saga(name: str, days: float | None = None) -> Saga:
    """A shipped saga, ended after ``days`` if given; InputError for an impossible one."""
    import tomllib

    data = tomllib.loads((_SHIPPED / f"{name}.toml").read_text("utf-8"))
    tables = {"node": ("nodes", SagaNode), "event": ("events", DayEvent), "log": ("logs", LogEntry)}
    data["sensor"] = tomlrows.made(SensorSpec, data["sensor"], "sensor")
    data["top_up"] = tomlrows.made(TopUp, data["top_up"], "top_up")
    data["spec"] = scenario(data.pop("network"), f"{name}.toml: network")
    saga = tomlrows.nested(Saga, data, tables, f"{name}.toml")
    if days is not None:
        if not 1 <= days <= saga.days:
            raise InputError(f"--for {days:g} days: the saga has {saga.days:g}", "at least one")
        saga = replace(saga, days=days)
    events = [EventSpec(e.day * DAY_S, e.path, e.open, e.size, e.growth_per_s) for e in saga.events]
    for entry in saga.entries():
        if entry.kind == "top-up":
            events.append(EventSpec(entry.day * DAY_S, saga.top_up.path, open=True))
            events.append(EventSpec(entry.to_day * DAY_S, saga.top_up.path, open=False))
    spec = replace(saga.spec, events=tuple(sorted(events, key=lambda e: e.at_s)))
    spec.check()
    return replace(saga, spec=spec)


@dataclass(frozen=True)
class Course:
    """True pressure (Pa) and probe temperature (K) of each section on a grid of 600 s."""

    time_s: NDArray[np.float64]
    of: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]


def courses(saga: Saga, seed: int) -> Iterator[tuple[float, Course | None]]:
    """Integrates the network: (share done, None) as it goes, last (1.0, what was)."""
    network = Network(replace(saga.spec, seed=seed))
    sections = sorted({node.section for node in saga.nodes})
    count = int(saga.days * DAY_S / _GRID_S) + 2
    time_s = np.arange(count, dtype=np.float64) * np.float64(_GRID_S)
    rows = np.empty((count, 2 * len(sections)))
    for at in range(count):
        states = [network.section(name, round(time_s[at] * 1e6)) for name in sections]
        rows[at] = [x for state in states for x in (state.pressure_pa, state.probe_k)]
        if at % 10_000 == 0:
            yield at / count, None
    yield (
        1.0,
        Course(
            time_s, {name: (rows[:, 2 * k], rows[:, 2 * k + 1]) for k, name in enumerate(sections)}
        ),
    )


def readings(
    saga: Saga, node: SagaNode, course: Course, seed: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Every sample of a node: pressure in 1/256 Pa, rounded to 1/64, and temperature in K/65536."""
    noise = saga.sensor
    rng = np.random.default_rng([0x5A6A, seed])
    begin_s = node.from_day * DAY_S
    count = int((min(node.to_day, saga.days) * DAY_S - begin_s) / saga.period_s)
    at_s = begin_s + np.arange(count) * saga.period_s
    pressure, kelvin = (np.interp(at_s, course.time_s, x) for x in course.of[node.section])
    walk = np.cumsum(rng.normal(0.0, (noise.walk_pa2_s * saga.period_s) ** 0.5, count))
    p = pressure + walk + rng.normal(0.0, noise.white_pa, count)
    t = kelvin + rng.normal(0.0, noise.white_k, count)
    return np.rint(p * 64).astype(np.int32) * 4, np.rint(t * 65536).astype(np.int32)
