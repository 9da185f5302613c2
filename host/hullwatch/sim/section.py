"""The physics of one sealed section: amount of gas, three temperatures, one leak.

    lost' = flow                                                    mol lost since the start
    Tg'   = (Tw - Tg)/gas_tau - expansion                           gas
    Tw'   = n cv (Tg - Tw)/(gas_tau C_wall) + (Troom - Tw)/wall_tau wall
    Tp'   = (Tg + self_heat - Tp)/probe_tau                         probe
    P     = (n0 - lost) R Tg / V

Escaping gas cools what stays: expansion = (gamma - 1) Tg flow/n, the first law for an open
volume of ideal gas. The loss itself is a state, not n0 - n: a tiny leak in a large volume
would drown in the rounding of n.
"""

import math

import numpy as np

from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT, gas_named
from hullwatch.sim.leaks import sized_leak
from hullwatch.sim.thermal import DAY_S, Course, ThermalPath, Wave, weather_waves

State = tuple[float, float, float, float]
"""Lost mol, gas K, wall K, probe K; or their derivatives per second."""

_STREAM = 0xC4A3  # keeps these draws apart from other users of the same seed

# A start counts as settled with the leak open while expansion cools by under 1 % of T in
# gas_tau; a faster leak opens at the start, for no chamber can have settled with it.
_SETTLED_FLOW_MAX = 0.01

# Leaking into a vacuum ends here: below, n0 - lost is only the rounding of its terms.
_EMPTY_SHARE = 1e-12


class Section:
    """One section built from ``spec``: what it starts as and how it changes.

    ``leak`` is the sized leak, ``room`` and ``outside`` the courses of room temperature (K)
    and outside pressure (Pa), ``start`` the state at t = 0. InputError when the spec is
    impossible.
    """

    def __init__(self, spec: ChamberSpec) -> None:
        spec.check()
        self.spec = spec
        gas = gas_named(spec.gas)
        rng = np.random.default_rng([_STREAM, spec.seed])
        self.room = _room(spec, rng)
        self.outside = Course(spec.p_out_pa, weather_waves(spec.p_out_weather_pa, rng))
        self._gamma = gas.gamma
        self._gas_rate = 1.0 / spec.gas_tau_s
        self._wall_rate = 1.0 / spec.wall_tau_s
        self._probe_rate = 1.0 / spec.probe_tau_s
        self._self_heat_k = spec.self_heat_k
        self._pressure_per_mol_k = MOLAR_GAS_CONSTANT / spec.volume_m3
        self._wall_per_mol = gas.cv_j_mol_k / spec.wall_capacity_j_k
        flow_mol_s = spec.leak_pa_m3_s / (MOLAR_GAS_CONSTANT * spec.t_ref_k)
        self.start = self._settled_start(flow_mol_s, gas.cv_j_mol_k)
        gas_k = self.start[1]
        self._n0 = spec.pressure_pa / (self._pressure_per_mol_k * gas_k)
        self._empty_mol = _EMPTY_SHARE * self._n0
        self.leak = sized_leak(
            spec.leak_kind,
            gas,
            flow_mol_s,
            spec.pressure_pa,
            gas_k,
            self.outside.at(0.0),
            self.room.at(0.0),
        )
        self._flow = self.leak.molar_flow

    def resize_leak(self, flow_mol_s: float, state: State, room_k: float, p_out_pa: float) -> None:
        """The leak becomes one of its kind that passes this much in that state."""
        self.leak = sized_leak(
            self.spec.leak_kind, gas_named(self.spec.gas), flow_mol_s, self.pressure_pa(state),
            state[1], p_out_pa, room_k,
        )  # fmt: skip
        self._flow = self.leak.molar_flow

    def warm_room(self, by_k: float) -> None:
        """The room is that much warmer from now on."""
        self.room = Course(self.room.mean + by_k, self.room.waves)

    def _settled_start(self, flow_mol_s: float, cv_j_mol_k: float) -> State:
        spec = self.spec
        path = ThermalPath(
            spec.gas_tau_s,
            spec.wall_tau_s,
            spec.probe_tau_s,
            spec.wall_capacity_j_k,
            spec.self_heat_k,
        )
        gas_k = wall_k = probe_k = spec.room_k
        # The amount depends on the gas temperature, and that weakly on the amount: each
        # pass shrinks the error by more than a hundred, so the last changes no digit.
        for _ in range(8):
            amount = spec.pressure_pa / (self._pressure_per_mol_k * gas_k)
            flow_per_s = flow_mol_s / amount
            if abs(flow_per_s) * (self._gamma - 1.0) * spec.gas_tau_s > _SETTLED_FLOW_MAX:
                flow_per_s = 0.0
            gas_k, wall_k, probe_k = path.settled(
                self.room, amount * cv_j_mol_k, self._gamma, flow_per_s
            )
        if spec.warm_up:
            probe_k -= spec.self_heat_k
        return 0.0, gas_k + spec.fill_excess_k, wall_k, probe_k

    def amount_mol(self, state: State) -> float:
        """Gas in the section, mol."""
        return self._n0 - state[0]

    def pressure_pa(self, state: State) -> float:
        """Absolute gas pressure, Pa."""
        return (self._n0 - state[0]) * self._pressure_per_mol_k * state[1]

    def pressure_rate_pa_s(self, state: State, rate: State) -> float:
        """Time derivative of the pressure, Pa/s."""
        amount = self._n0 - state[0]
        return self._pressure_per_mol_k * (amount * rate[1] - rate[0] * state[1])

    def rates(self, state: State, room_k: float, p_out_pa: float) -> State:
        """Derivatives of ``state`` per second with that room and outside pressure."""
        lost, gas_k, wall_k, probe_k = state
        amount = self._n0 - lost
        flow = self._flow(amount * self._pressure_per_mol_k * gas_k, gas_k, p_out_pa, room_k)
        if amount < self._empty_mol and flow > 0.0:
            flow = 0.0
        to_gas = (wall_k - gas_k) * self._gas_rate
        if flow >= 0.0:
            expansion = (self._gamma - 1.0) * gas_k * flow / amount
        else:
            # What comes in brings the room's enthalpy: cp Troom against the cv Tg it joins.
            expansion = (self._gamma * room_k - gas_k) * flow / amount
        return (
            flow,
            to_gas - expansion,
            (room_k - wall_k) * self._wall_rate - to_gas * amount * self._wall_per_mol,
            (gas_k + self._self_heat_k - probe_k) * self._probe_rate,
        )

    def equalising_per_s(self, state: State, room_k: float, p_out_pa: float) -> float:
        """Relative rate at which the leak closes the pressure difference, 1/s (>= 0)."""
        pressure = self.pressure_pa(state)
        difference = pressure - p_out_pa
        if abs(difference) < 1e-6 * pressure:
            # Both laws are linear near zero, so this difference tells the same rate without
            # dividing two rounding errors.
            difference = 1e-6 * pressure
            pressure = p_out_pa + difference
        flow = self._flow(pressure, state[1], p_out_pa, room_k)
        return abs(flow * self._pressure_per_mol_k * state[1] / difference)


def _room(spec: ChamberSpec, rng: np.random.Generator) -> Course:
    drawn_phase = float(rng.uniform(0.0, 2.0 * math.pi))
    phase = drawn_phase if spec.day_phase_rad is None else spec.day_phase_rad
    waves = weather_waves(spec.weather_rms_k, rng)
    if spec.day_amplitude_k > 0.0:
        waves = (Wave(spec.day_amplitude_k, 2.0 * math.pi / DAY_S, phase), *waves)
    return Course(spec.room_k, waves)
