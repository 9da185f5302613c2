"""The physics of a network: how amounts and temperatures of all its sections change.

For every section, with f the flows through its paths (their own temperature upstream, cp a
mol and kelvin), q what its surfaces give off at wall temperature and
Q = n cv (Tw - Tg)/gas_tau:

    n    = n0 + (all that its paths moved in) + outgassed
    P    = n R Tg/V, V = V0 + compliance (P - P0)
    P'   = (gamma - 1) (H + Q)/(V + gamma P compliance), H = sum of f cp T
    Tg'  = (H + Q - P V' - cv Tg n')/(n cv)             first law, open system
    Tw'  = -Q/Cw + (Troom - Tw)/wall_tau
    Tp'  = (Tg + self_heat - Tp)/probe_tau

The state is what every path has moved, not the amounts, so gas is kept to the last digit
and a tiny leak of a large section does not drown in rounding.
"""

import math
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from hullwatch.sim.flowpath import FlowPath
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT, REFERENCE_TEMPERATURE_K, gas_named
from hullwatch.sim.networkspec import NetworkSpec, SectionSpec
from hullwatch.sim.thermal import DAY_S, Course, Wave, weather_waves

Vector = npt.NDArray[np.float64]
"""Moved by each path, outgassed by each section (mol), then gas, wall, probe of each (K)."""

_NOTHING_PA: Final = 1e4  # errors in a section count against at least this pressure
_STREAM: Final = 0x5EC7  # keeps these draws apart from other users of the same seed


class SectionState(NamedTuple):
    """One section at one time, pressure absolute."""

    amount_mol: float
    pressure_pa: float
    volume_m3: float
    gas_k: float
    wall_k: float
    probe_k: float


class _Inflow(NamedTuple):
    """What a section's paths bring in, net."""

    mol_s: float
    watt: float


class NetworkPhysics:
    """Sections, boundaries and paths of ``spec``, and the derivatives of their state."""

    def __init__(self, spec: NetworkSpec) -> None:
        self.spec = spec
        gas = gas_named(spec.gas)
        rng = np.random.default_rng([_STREAM, spec.seed])
        day = Wave(spec.day_amplitude_k, 2.0 * math.pi / DAY_S, spec.day_phase_rad)
        self.room = Course(spec.room_k, (day,) if spec.day_amplitude_k else ())
        self.boundaries = {
            b.name: Course(b.pressure_pa, weather_waves(b.weather_pa, rng)) for b in spec.boundaries
        }
        self.paths = {path.name: FlowPath(path, gas) for path in spec.paths}
        self.sections = {section.name: at for at, section in enumerate(spec.sections)}
        names = [*self.sections, *self.boundaries]
        self._ends = tuple((names.index(p.ends[0]), names.index(p.ends[1])) for p in spec.paths)
        self._gamma = gas.gamma
        self._cv = gas.cv_j_mol_k
        self.count = len(spec.sections)
        start_k = self.room.at(0.0)
        self._start_k = [s.gas_k or start_k for s in spec.sections]
        self._n0 = [
            s.pressure_pa * s.volume_m3 / (MOLAR_GAS_CONSTANT * gas_k)
            for s, gas_k in zip(spec.sections, self._start_k, strict=True)
        ]

    def start(self) -> Vector:
        """The state at t = 0: gas and probe as given, walls as the room."""
        moved = [0.0] * (len(self._ends) + self.count)
        walls = [self.room.at(0.0)] * self.count
        return np.array([*moved, *self._start_k, *walls, *self._start_k])

    def scale(self) -> Vector:
        """What an error counts against: the amount of the smaller end, 300 K."""
        whole = [
            n0 * max(1.0, _NOTHING_PA / spec.pressure_pa)
            for n0, spec in zip(self._n0, self.spec.sections, strict=True)
        ]
        moved = [
            min([whole[end] for end in ends if end < self.count], default=1.0)
            for ends in self._ends
        ]
        return np.array([*moved, *whole, *[300.0] * (3 * self.count)])

    def section(self, at: int, state: Vector) -> SectionState:
        """Section number ``at`` in ``state``."""
        values = state.tolist()
        amount = self._amounts(values)[at]
        gas_k, wall_k, probe_k = values[len(self._ends) + self.count + at :: self.count]
        return SectionState(amount, *self._filled(at, amount, gas_k), gas_k, wall_k, probe_k)

    def rates(self, t_s: float, state: Vector) -> Vector:
        """Derivatives of ``state`` per second."""
        count, paths = self.count, len(self._ends)
        values = state.tolist()
        room_k = self.room.at(t_s)
        amounts = self._amounts(values)
        gas = values[paths + count : paths + 2 * count]
        filled = [self._filled(at, amounts[at], gas[at]) for at in range(count)]
        pressures = [f[0] for f in filled] + [b.at(t_s) for b in self.boundaries.values()]
        kelvins = gas + [room_k] * len(self.boundaries)
        flows, inflows = self._flows(t_s, pressures, kelvins)
        given = [_outgassing(section, t_s) for section in self.spec.sections]
        heatings = [
            self._heating(
                at,
                values[paths + count + at :: count],
                amounts[at],
                filled[at],
                inflows[at],
                given[at],
                room_k,
            )
            for at in range(count)
        ]
        return np.array(
            [*flows, *given, *(k for kind in zip(*heatings, strict=True) for k in kind)]
        )

    def _flows(
        self, t_s: float, pressures: list[float], kelvins: list[float]
    ) -> tuple[list[float], list[_Inflow]]:
        """What every path passes (mol/s), and what that brings every end."""
        flows = []
        mol_s, watt = [0.0] * len(pressures), [0.0] * len(pressures)
        cp = self._cv * self._gamma
        for path, (a, b) in zip(self.paths.values(), self._ends, strict=True):
            flow = path.molar_flow(t_s, pressures[a], kelvins[a], pressures[b], kelvins[b])
            flows.append(flow)
            carried = flow * cp * (kelvins[a] if flow >= 0.0 else kelvins[b])
            mol_s[a] -= flow
            mol_s[b] += flow
            watt[a] -= carried
            watt[b] += carried
        return flows, [_Inflow(*both) for both in zip(mol_s, watt, strict=True)]

    def _amounts(self, values: list[float]) -> list[float]:
        paths = len(self._ends)
        amounts = [n0 + values[paths + at] for at, n0 in enumerate(self._n0)]
        for path, (a, b) in enumerate(self._ends):
            if a < self.count:
                amounts[a] -= values[path]
            if b < self.count:
                amounts[b] += values[path]
        return amounts

    def _filled(self, at: int, amount_mol: float, gas_k: float) -> tuple[float, float]:
        """Pressure and volume: P (V0 + c (P - P0)) = n R T."""
        spec = self.spec.sections[at]
        heat = MOLAR_GAS_CONSTANT * amount_mol * gas_k
        soft = spec.compliance_m3_pa
        rigid = spec.volume_m3 - soft * spec.pressure_pa
        pressure = 2.0 * heat / (rigid + (rigid * rigid + 4.0 * soft * heat) ** 0.5)
        return pressure, rigid + soft * pressure

    def _heating(
        self,
        at: int,
        kelvins: list[float],
        amount_mol: float,
        filled: tuple[float, float],
        inflow: _Inflow,
        given_mol_s: float,
        room_k: float,
    ) -> tuple[float, float, float]:
        """K/s of gas, wall and probe of a section."""
        spec = self.spec.sections[at]
        gas_k, wall_k, probe_k = kelvins
        capacity = amount_mol * self._cv
        heat = capacity * (wall_k - gas_k) / spec.gas_tau_s
        gained = inflow.watt + given_mol_s * self._cv * self._gamma * wall_k + heat
        pressure, volume = filled
        soft = spec.compliance_m3_pa
        rise = (self._gamma - 1.0) * gained / (volume + self._gamma * pressure * soft)
        carried = self._cv * gas_k * (inflow.mol_s + given_mol_s)
        return (
            (gained - pressure * soft * rise - carried) / capacity,
            -heat / spec.wall_capacity_j_k + (room_k - wall_k) / spec.wall_tau_s,
            (gas_k + spec.self_heat_k - probe_k) / spec.probe_tau_s,
        )


def _outgassing(spec: SectionSpec, t_s: float) -> float:
    """What the surfaces of a section give off, mol/s."""
    if not spec.outgas_pa_m3_s:
        return 0.0
    start = spec.outgas_pa_m3_s / (MOLAR_GAS_CONSTANT * REFERENCE_TEMPERATURE_K)
    return start * math.exp(-t_s / spec.outgas_tau_s)
