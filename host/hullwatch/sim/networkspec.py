"""What a network of sections is made of: sections, boundaries, paths between them, events.

All are checked before anything runs. Sections and boundaries are named alike and joined by
paths; a path has one of the laws below and its size in that law's unit:

* "orifice": effective area, m2; "laminar": k, m3/(Pa s); "molecular": k, mol K^0.5/(Pa s)
  (all three: `hullwatch.sim.leaks`);
* "opening": conductance, m3/s: a hatch, a wide valve;
* "regulator": effective area, m2, of a supply regulator from the first end to the second,
  which closes as the second nears `set_pa` and never lets gas back.

A closed path still passes `seat` of its size: seats leak. Events open and close paths,
change their size (a crack, a patch) and let it grow.
"""

from dataclasses import dataclass

from hullwatch.errors import AbsurdValue, InputError
from hullwatch.sim.chamberspec import PRESSURE_MAX_PA, VOLUME_MAX_M3, VOLUME_MIN_M3
from hullwatch.sim.gas import gas_named

PATH_KINDS = ("orifice", "laminar", "molecular", "opening", "regulator")
_VACUUM_MIN_PA = 1e-3


@dataclass(frozen=True, slots=True)
class SectionSpec:
    """One volume of gas with its wall and a probe in it.

    ``volume_m3`` at the start pressure; it grows by ``compliance_m3_pa`` a pascal.
    ``outgas_pa_m3_s``: gas its surfaces give off at the start (x R x 293.15 K), falling
    with ``outgas_tau_s``. Times and the wall: see `thermal`. ``gas_k``: start of gas, wall
    and probe; None is the room.
    """

    name: str
    volume_m3: float
    pressure_pa: float
    gas_k: float | None = None
    compliance_m3_pa: float = 0.0
    outgas_pa_m3_s: float = 0.0
    outgas_tau_s: float = 3600.0
    gas_tau_s: float = 20.0
    wall_tau_s: float = 600.0
    probe_tau_s: float = 60.0
    self_heat_k: float = 0.05
    wall_j_m2_k: float = 6300.0

    @property
    def wall_capacity_j_k(self) -> float:
        """Heat capacity of the wall, J/K, its area taken as that of a cube."""
        area_m2: float = 6.0 * self.volume_m3 ** (2.0 / 3.0)
        return self.wall_j_m2_k * area_m2


@dataclass(frozen=True, slots=True)
class BoundarySpec:
    """An endless reservoir at room temperature: outside, supply, pump.

    ``weather_pa``: rms of its slow course.
    """

    name: str
    pressure_pa: float
    weather_pa: float = 0.0


@dataclass(frozen=True, slots=True)
class PathSpec:
    """A way between two ends, named sections or boundaries; see the module for kinds and sizes."""

    name: str
    ends: tuple[str, str]
    kind: str = "orifice"
    size: float = 0.0
    open: bool = True
    seat: float = 0.0
    growth_per_s: float = 0.0
    set_pa: float = 0.0
    droop_pa: float = 1000.0


@dataclass(frozen=True, slots=True)
class EventSpec:
    """At ``at_s`` a path opens or closes, takes another size, grows at another rate.

    None leaves as it is. ``growth_per_s``: relative growth of the size; 0 ends it.
    """

    at_s: float
    path: str
    open: bool | None = None
    size: float | None = None
    growth_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class NetworkSpec:
    """A whole plant, or a station. ``room_k`` with a day cycle as in `chamberspec`.

    ``step_max_s``: longest step of the integration; years of slow change take hours.
    """

    sections: tuple[SectionSpec, ...]
    boundaries: tuple[BoundarySpec, ...] = (BoundarySpec("outside", 101_325.0),)
    paths: tuple[PathSpec, ...] = ()
    events: tuple[EventSpec, ...] = ()
    gas: str = "air"
    room_k: float = 293.15
    day_amplitude_k: float = 0.0
    day_phase_rad: float = 0.0
    seed: int = 0
    step_max_s: float = 2.0

    def check(self) -> None:
        """Raise InputError with a hint unless the network can exist."""
        gas_named(self.gas)
        names = [s.name for s in self.sections] + [b.name for b in self.boundaries]
        _unique("section or boundary", names)
        _unique("path", [path.name for path in self.paths])
        if not self.sections:
            raise InputError("a network needs a section", "add a [[section]]")
        for section in self.sections:
            _check_section(section)
        for boundary in self.boundaries:
            _within(boundary.name, "pressure_pa", boundary.pressure_pa, 0.0, 4 * PRESSURE_MAX_PA)
            _within(boundary.name, "weather_pa", boundary.weather_pa, 0.0, 1e4)
        for path in self.paths:
            _check_path(path, names)
        known = {path.name for path in self.paths}
        for event in self.events:
            if event.path not in known:
                raise InputError(
                    f"event at {event.at_s:g} s: no path {event.path!r}", _one_of(known)
                )
            _within(event.path, "at_s", event.at_s, 0.0, 1e10)
            _within(event.path, "size", event.size or 0.0, 0.0, 1e6)
            _within(event.path, "growth_per_s", event.growth_per_s or 0.0, -1.0, 1.0)
        _within("room", "room_k", self.room_k, 200.0, 400.0)
        _within("room", "day_amplitude_k", self.day_amplitude_k, 0.0, 50.0)
        _within("network", "step_max_s", self.step_max_s, 0.1, 86_400.0)
        if self.seed < 0:
            raise AbsurdValue(f"seed {self.seed} is negative", "use 0 or a positive whole number")


def _check_section(section: SectionSpec) -> None:
    name = section.name
    _within(name, "volume_m3", section.volume_m3, VOLUME_MIN_M3, VOLUME_MAX_M3)
    _within(name, "pressure_pa", section.pressure_pa, _VACUUM_MIN_PA, PRESSURE_MAX_PA)
    _within(name, "gas_k", section.gas_k or 293.15, 100.0, 1000.0)
    # A wall softer than this would have no volume left without pressure.
    softest = section.volume_m3 / section.pressure_pa
    _within(name, "compliance_m3_pa", section.compliance_m3_pa, 0.0, softest)
    _within(name, "outgas_pa_m3_s", section.outgas_pa_m3_s, 0.0, 1e3)
    for key in ("gas_tau_s", "wall_tau_s", "probe_tau_s", "outgas_tau_s"):
        _within(name, key, getattr(section, key), 0.1, 1e12)
    _within(name, "self_heat_k", section.self_heat_k, 0.0, 50.0)
    _within(name, "wall_j_m2_k", section.wall_j_m2_k, 1.0, 1e9)


def _check_path(path: PathSpec, names: list[str]) -> None:
    if path.kind not in PATH_KINDS:
        raise InputError(f"path {path.name}: unknown kind {path.kind!r}", _one_of(PATH_KINDS))
    for end in path.ends:
        if end not in names:
            raise InputError(f"path {path.name}: no section or boundary {end!r}", _one_of(names))
    if path.ends[0] == path.ends[1]:
        raise InputError(f"path {path.name} ends where it begins", "name two ends")
    _within(path.name, "size", path.size, 0.0, 1e6)
    _within(path.name, "seat", path.seat, 0.0, 1.0)
    _within(path.name, "growth_per_s", path.growth_per_s, -1.0, 1.0)
    if path.kind == "regulator":
        _within(path.name, "set_pa", path.set_pa, 1.0, PRESSURE_MAX_PA)
        _within(path.name, "droop_pa", path.droop_pa, 1.0, PRESSURE_MAX_PA)


def _unique(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two of the name {name!r}", f"every {what} needs its own")


def _one_of(names: object) -> str:
    return "choose one of " + ", ".join(sorted(names))  # type: ignore[call-overload]


def _within(owner: str, key: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise AbsurdValue(
            f"{owner}: {key} {value:g} is outside {low:g}..{high:g}", "SI units: m3, Pa, s, K"
        )
