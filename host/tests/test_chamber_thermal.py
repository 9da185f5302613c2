"""Heat: time constants, day cycle, settled start, conservation of energy."""

import math
from typing import Any

import numpy as np
import pytest

from hullwatch.sim.chamber import Chamber, ChamberState
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT

TIGHT: dict[str, Any] = {"leak_pa_m3_s": 0.0, "weather_rms_k": 0.0, "self_heat_k": 0.0}
DAY_RAD_S = 2.0 * math.pi / 86400.0


def at(chamber: Chamber, t_s: float) -> ChamberState:
    return chamber.state(round(t_s * 1e6))


@pytest.mark.parametrize(("gas_tau_s", "probe_tau_s"), [(20.0, 60.0), (30.0, 5.0)])
def test_filling_transient_and_probe_lag(gas_tau_s: float, probe_tau_s: float) -> None:
    spec = ChamberSpec(
        fill_excess_k=10.0,
        gas_tau_s=gas_tau_s,
        probe_tau_s=probe_tau_s,
        day_amplitude_k=0.0,
        wall_j_m2_k=1e9,
        **TIGHT,
    )
    chamber = Chamber(spec)
    assert at(chamber, 0.0).pressure_pa == pytest.approx(120e3, rel=1e-14)
    for t_s in (0.0, 3.3, 20.0, 61.0, 200.0):
        state = at(chamber, t_s)
        excess_k = 10.0 * math.exp(-t_s / gas_tau_s)
        lag = math.exp(-t_s / gas_tau_s) - math.exp(-t_s / probe_tau_s)
        probe_k = 10.0 * lag / (1.0 - probe_tau_s / gas_tau_s)
        assert state.gas_k - 293.15 == pytest.approx(excess_k, abs=1e-5)
        assert state.probe_k - 293.15 == pytest.approx(probe_k, abs=1e-5)
        expected_pa = 120e3 * (293.15 + excess_k) / 303.15
        assert state.pressure_pa == pytest.approx(expected_pa, abs=5e-3)


def test_warm_up_of_the_probe_by_its_own_power() -> None:
    spec = ChamberSpec(
        leak_pa_m3_s=0.0, weather_rms_k=0.0, day_amplitude_k=0.0, self_heat_k=0.4, warm_up=True
    )
    chamber = Chamber(spec)
    for t_s in (0.0, 10.0, 60.0, 300.0):
        expected_k = 0.4 * (1.0 - math.exp(-t_s / 60.0))
        assert at(chamber, t_s).probe_k - 293.15 == pytest.approx(expected_k, abs=1e-6)
    long_on = ChamberSpec(leak_pa_m3_s=0.0, weather_rms_k=0.0, day_amplitude_k=0.0, self_heat_k=0.4)
    assert at(Chamber(long_on), 0.0).probe_k - 293.15 == pytest.approx(0.4, abs=1e-9)


@pytest.mark.parametrize("phase_rad", [0.0, 2.0])
def test_day_cycle_passes_through_each_time_constant(phase_rad: float) -> None:
    """Each stage is a low pass: its gain and phase lag at one cycle a day are known."""
    spec = ChamberSpec(
        day_amplitude_k=3.0,
        day_phase_rad=phase_rad,
        wall_tau_s=3600.0,
        gas_tau_s=300.0,
        probe_tau_s=900.0,
        wall_j_m2_k=1e9,
        **TIGHT,
    )
    chamber = Chamber(spec)
    for t_s in (0.0, 1800.0, 20000.0, 70000.0):
        gain, lag = 3.0, phase_rad
        state = at(chamber, t_s)
        assert state.room_k - 293.15 == pytest.approx(
            gain * math.sin(DAY_RAD_S * t_s + lag), abs=1e-9
        )
        for value_k, tau_s in (
            (state.wall_k, 3600.0),
            (state.gas_k, 300.0),
            (state.probe_k, 900.0),
        ):
            gain /= math.hypot(1.0, DAY_RAD_S * tau_s)
            lag -= math.atan(DAY_RAD_S * tau_s)
            expected_k = gain * math.sin(DAY_RAD_S * t_s + lag)
            assert value_k - 293.15 == pytest.approx(expected_k, abs=2e-5)


def test_settled_start_has_no_transient_of_its_own() -> None:
    """The second derivative stays that of the day cycle from the first minute on."""
    chamber = Chamber(ChamberSpec(seed=5))
    slopes = [
        (
            chamber.pressure_and_probe(k * 20_000_000 + 20_000_000)[0]
            - chamber.pressure_and_probe(k * 20_000_000)[0]
        )
        / 20.0
        for k in range(30)
    ]
    # A gas 2 mK off (its expansion cooling) would bend the first slope by 0.02 Pa/s.
    assert np.ptp(slopes) < 2e-3


def test_fast_leak_opens_at_the_start() -> None:
    """No chamber settled with a leak that would hold its gas tens of kelvins down."""
    state = at(Chamber(ChamberSpec(leak_pa_m3_s=10.0, seed=5)), 0.0)
    assert state.gas_k == pytest.approx(state.wall_k, abs=0.01)


@pytest.mark.parametrize(
    "changes",
    [
        {"leak_pa_m3_s": 0.05},
        {"leak_pa_m3_s": 2.0, "p_out_pa": 0.0, "leak_kind": "laminar"},
        {"leak_pa_m3_s": -0.05, "pressure_pa": 30e3},
    ],
)
def test_energy_and_mass_are_conserved(changes: dict[str, Any]) -> None:
    """d(n cv Tg + C Tw) = enthalpy through the leak + heat from the room."""
    spec = ChamberSpec(fill_excess_k=5.0, day_amplitude_k=5.0, wall_j_m2_k=50.0, seed=2, **changes)
    chamber = Chamber(spec)
    cv = MOLAR_GAS_CONSTANT / 0.4
    cp = cv + MOLAR_GAS_CONSTANT
    times_s = np.linspace(0.0, 200.0, 20001)
    states = [at(chamber, float(t)) for t in times_s]
    flow = np.array(
        [
            chamber.section.leak.molar_flow(s.pressure_pa, s.gas_k, s.p_out_pa, s.room_k)
            for s in states
        ]
    )
    carried_k = np.where(flow > 0.0, [s.gas_k for s in states], [s.room_k for s in states])
    from_room_w = np.array(
        [spec.wall_capacity_j_k * (s.room_k - s.wall_k) / spec.wall_tau_s for s in states]
    )
    gained_j = np.trapezoid(from_room_w - flow * cp * carried_k, times_s)
    first, last = states[0], states[-1]
    stored_j = cv * (last.amount_mol * last.gas_k - first.amount_mol * first.gas_k)
    stored_j += spec.wall_capacity_j_k * (last.wall_k - first.wall_k)
    exchanged_j = np.trapezoid(np.abs(flow) * cp * carried_k, times_s)
    assert abs(stored_j - gained_j) < 1e-6 * exchanged_j
    lost_mol = np.trapezoid(flow, times_s)
    assert first.amount_mol - last.amount_mol == pytest.approx(lost_mol, rel=1e-6)


def test_fast_query_and_full_state_agree_between_the_nodes() -> None:
    chamber = Chamber(ChamberSpec(seed=9, leak_pa_m3_s=0.01, fill_excess_k=3.0))
    for t_us in (0, 1, 777_777, 1_999_999, 2_000_000, 2_000_001, 61_234_567):
        pressure_pa, probe_k = chamber.pressure_and_probe(t_us)
        state = chamber.state(t_us)
        gas_law_pa = state.amount_mol * MOLAR_GAS_CONSTANT * state.gas_k / 1e-3
        # The cubic through pressure against the gas law of cubics, 2 s apart in a transient
        # of 20 s: they differ in the fourth order of 0.1.
        assert pressure_pa == pytest.approx(gas_law_pa, abs=5e-3)
        assert probe_k == state.probe_k
