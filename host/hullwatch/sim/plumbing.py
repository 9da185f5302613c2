"""Valves on the simulated section: what the node's outputs drive.

Supply and pump are of constant pressure, the line between them and an isolating valve has no
volume: it is at the pressure of whatever is open, of the supply when nothing is (its seat leaks).
An open valve is an orifice, the seat of a closed one a laminar capillary. The wiring is that of
the `outputs` setting. A closed blanking valve shuts the leak off and leaves the volume as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from hullcore import outputs
from hullcore.interlocks import BLANKING, BLEED, EVACUATE, FILL, ISOLATE, VENT
from hullwatch.errors import InputError
from hullwatch.sim.chamber import Chamber
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT, gas_named
from hullwatch.sim.leaks import LaminarCapillary, Leak, Orifice
from hullwatch.sim.section import Section, State

_ROOM_PA = 101_325.0


@dataclass(frozen=True)
class PlumbingSpec:
    """`wiring` is the `outputs` setting, pressures are absolute.

    `open_area_m2` is the effective area (discharge coefficient x area) of an open valve.
    `seats_pa_m3_s` gives, by the name of an output, what its closed seat passes at the design
    pressure of the supply against room air. `vented`: the supply's valve is a three-way one that
    vents the line when it closes. `start_pa` is the pressure at the start: the chamber's own
    `pressure_pa` is where its leak is stated.
    """

    wiring: str
    supply_pa: float = 300_000.0
    pump_pa: float = 1_000.0
    start_pa: float = _ROOM_PA
    open_area_m2: float = 2e-7
    seats_pa_m3_s: Mapping[str, float] = field(default_factory=dict)
    vented: bool = False

    def rows(self) -> tuple[tuple[int, str, int, int, int, int], ...]:
        """The rows of the wiring; InputError when it is none, or a seat names no output."""
        try:
            rows = outputs.parse(self.wiring)
        except ValueError as error:
            raise InputError(f"wiring: {error}") from error
        unknown = set(self.seats_pa_m3_s) - {row[1] for row in rows}
        if unknown:
            raise InputError(f"no output {sorted(unknown)[0]!r} has a seat")
        return rows


class Path(NamedTuple):
    """A way for gas: `pressure_pa` at its far end, None for the air outside."""

    pressure_pa: float | None
    leak: Leak


class PlumbedSection(Section):
    """A section with further ways in and out; `paths` and `blanked` may change, see `Chamber`."""

    def __init__(self, spec: ChamberSpec, start_pa: float) -> None:
        super().__init__(spec)
        self.paths: tuple[Path, ...] = ()
        self.blanked = False
        missing = self._n0 * (1.0 - start_pa / spec.pressure_pa)
        self.start = (missing, *self.start[1:])

    def leak_mol_s(self, state: State, room_k: float, p_out_pa: float) -> float:
        """What the leak alone passes, mol/s, positive = out."""
        if self.blanked:
            return 0.0
        return self.leak.molar_flow(self.pressure_pa(state), state[1], p_out_pa, room_k)

    def rates(self, state: State, room_k: float, p_out_pa: float) -> State:
        """As `Section.rates`, with what goes out and what comes in through every way."""
        gas_k, wall_k, probe_k = state[1:]
        amount = self.amount_mol(state)
        flows = [self.leak_mol_s(state, room_k, p_out_pa)]
        pressure = self.pressure_pa(state)
        for far_pa, leak in self.paths:
            far = p_out_pa if far_pa is None else far_pa
            flows.append(leak.molar_flow(pressure, gas_k, far, room_k))
        leaving = sum(flow for flow in flows if flow > 0.0)
        entering = -sum(flow for flow in flows if flow < 0.0)
        to_gas = (wall_k - gas_k) * self._gas_rate
        cooled = (self._gamma - 1.0) * gas_k * leaving / amount
        warmed = (self._gamma * room_k - gas_k) * entering / amount
        return (
            leaving - entering,
            to_gas - cooled + warmed,
            (room_k - wall_k) * self._wall_rate - to_gas * amount * self._wall_per_mol,
            (gas_k + self._self_heat_k - probe_k) * self._probe_rate,
        )

    def equalising_per_s(self, state: State, room_k: float, p_out_pa: float) -> float:
        """Sum over the leak and every way."""
        total = super().equalising_per_s(state, room_k, p_out_pa)
        pressure = self.pressure_pa(state)
        for far_pa, leak in self.paths:
            far = p_out_pa if far_pa is None else far_pa
            apart = pressure - far
            if abs(apart) < 1e-3 * pressure:
                apart = 1e-3 * pressure
            flow = leak.molar_flow(far + apart, state[1], far, room_k)
            total += abs(flow * self._pressure_per_mol_k * state[1] / apart)
        return total


class Pins:
    """The levels of a node's outputs; `log` has (t_us, names of the open outputs) of each change.

    Without plumbing the levels are kept and nothing follows from them.
    """

    def __init__(self, spec: PlumbingSpec | None = None, chamber: Chamber | None = None) -> None:
        self._spec = spec
        self._chamber = chamber
        self._rows = spec.rows() if spec else ()
        self.high: set[int] = set()
        self.log: list[tuple[int, frozenset[str]]] = []
        if spec is not None and chamber is not None:
            self._opening: Leak = Orifice(spec.open_area_m2, gas_named(chamber.spec.gas))
            self._seats = {name: _seat(spec, flow) for name, flow in spec.seats_pa_m3_s.items()}
            self._change(0)

    def output(self, number: int, level: int, t_us: int) -> None:
        """The node drives an output."""
        before = set(self.high)
        if level:
            self.high.add(number)
        else:
            self.high.discard(number)
        if before != self.high:
            self._change(t_us)

    def release(self, t_us: int) -> None:
        """No output is driven: the pull-downs of the valve drivers decide."""
        if self.high:
            self.high.clear()
            self._change(t_us)

    def opened(self) -> frozenset[str]:
        """Names of the outputs that are open now."""
        return frozenset(row[1] for row in self._rows if (row[0] in self.high) != bool(row[3]))

    def _change(self, t_us: int) -> None:
        opened = self.opened()
        self.log.append((t_us, opened))
        if self._chamber is None:
            return
        section = self._chamber.section
        assert isinstance(section, PlumbedSection)
        self._chamber.change(t_us, lambda: self._alter(section, opened))

    def _alter(self, section: PlumbedSection, opened: frozenset[str]) -> None:
        section.paths = tuple(self._paths(opened))
        section.blanked = any(row[2] == BLANKING and row[1] not in opened for row in self._rows)

    def leak_pa_m3_s(self, t_us: int) -> float:
        """What the part's own leak passes at that time, at the reference temperature."""
        assert self._chamber is not None
        chamber = self._chamber
        section = chamber.section
        assert isinstance(section, PlumbedSection)
        now = chamber.state(t_us)
        flow = section.leak.molar_flow(now.pressure_pa, now.gas_k, now.p_out_pa, now.room_k)
        return flow * MOLAR_GAS_CONSTANT * chamber.spec.t_ref_k

    def _paths(self, opened: frozenset[str]) -> list[Path]:
        assert self._spec is not None
        isolated = any(row[2] == ISOLATE for row in self._rows)
        found = []
        for row in self._rows:
            name, kind = row[1], row[2]
            if kind in (FILL, EVACUATE) and not isolated:
                source = self._spec.supply_pa if kind == FILL else self._spec.pump_pa
                vented = self._spec.vented and name not in opened
                found.append(self._path(None if vented else source, name, opened))
            elif kind == VENT:
                found.append(self._path(None, name, opened))
            elif kind == ISOLATE:
                found.append(self._path(self._line_pa(opened), name, opened))
        return [path for path in found if path is not None]

    def _line_pa(self, opened: frozenset[str]) -> float | None:
        """Pressure of the line in front of the isolating valve; None is that of the air outside."""
        assert self._spec is not None
        kinds = {row[2] for row in self._rows if row[1] in opened}
        if FILL in kinds:
            return self._spec.supply_pa
        if EVACUATE in kinds:
            return self._spec.pump_pa
        if BLEED in kinds or self._spec.vented:
            return None
        return self._spec.supply_pa

    def _path(self, far_pa: float | None, name: str, opened: frozenset[str]) -> Path | None:
        if name in opened:
            return Path(far_pa, self._opening)
        seat = self._seats.get(name)
        return None if seat is None else Path(far_pa, seat)


def _seat(spec: PlumbingSpec, flow_pa_m3_s: float) -> LaminarCapillary:
    drive_pa2 = spec.supply_pa**2 - _ROOM_PA**2
    return LaminarCapillary(flow_pa_m3_s / drive_pa2)
