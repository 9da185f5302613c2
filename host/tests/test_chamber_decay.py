"""Pressure decay of the whole chamber against closed forms."""

import math
from typing import Any

import pytest

from hullwatch.sim.chamber import Chamber
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT

STEADY: dict[str, Any] = {
    "day_amplitude_k": 0.0,
    "weather_rms_k": 0.0,
    "self_heat_k": 0.0,
    "wall_j_m2_k": 1e9,
}
"""A room that does not change and a wall no leak can cool."""


def pressure_pa(chamber: Chamber, t_s: float) -> float:
    return chamber.pressure_and_probe(round(t_s * 1e6))[0]


@pytest.mark.parametrize("room_k", [293.15, 303.15])
def test_isothermal_choked_decay_is_exponential(room_k: float) -> None:
    leak_pa_m3_s = 0.1
    spec = ChamberSpec(
        pressure_pa=100e3,
        p_out_pa=0.0,
        leak_pa_m3_s=leak_pa_m3_s,
        room_k=room_k,
        gas_tau_s=1.0,
        **STEADY,
    )
    chamber = Chamber(spec)
    # The gas sits a little below the room for good: flow/n is constant, so is the cooling.
    gas_k = chamber.state(0).gas_k
    rate_per_s = leak_pa_m3_s / (100e3 * 1e-3) * gas_k / 293.15
    assert gas_k == pytest.approx(room_k * (1 - 0.4 * rate_per_s), abs=1e-3)
    for t_s in (0.0, 1.0, 33.3, 250.0, 1000.0, 2000.0):
        expected = 100e3 * math.exp(-rate_per_s * t_s)
        assert pressure_pa(chamber, t_s) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("p_out", [0.0, 101325.0])
def test_isothermal_laminar_decay(p_out: float) -> None:
    """p' = -(k/V)(p^2 - p_out^2), so (p - p_out)/(p + p_out) falls exponentially."""
    p0, leak_pa_m3_s, t_s = 130e3, 0.05, 200.0
    spec = ChamberSpec(
        pressure_pa=p0,
        p_out_pa=p_out,
        leak_pa_m3_s=leak_pa_m3_s,
        leak_kind="laminar",
        gas_tau_s=0.1,
        **STEADY,
    )
    k_per_v = leak_pa_m3_s / 1e-3 / (p0 * p0 - p_out * p_out)
    if p_out:
        share = (p0 - p_out) / (p0 + p_out) * math.exp(-2.0 * p_out * k_per_v * t_s)
        expected = p_out * (1.0 + share) / (1.0 - share)
    else:
        expected = 1.0 / (1.0 / p0 + k_per_v * t_s)
    drop = p0 - pressure_pa(Chamber(spec), t_s)
    assert drop > 5e3
    # The gas is not quite isothermal: 0.1 s at under 0.04 % a second cool it by 5 mK.
    assert drop == pytest.approx(p0 - expected, rel=3e-4)


def test_adiabatic_choked_blowdown() -> None:
    """P/P0 = (1 + (gamma-1)/2 t/tau)^(-2 gamma/(gamma-1)), T follows P^((gamma-1)/gamma)."""
    spec = ChamberSpec(pressure_pa=400e3, p_out_pa=0.0, leak_pa_m3_s=4.0, gas_tau_s=1e8, **STEADY)
    chamber = Chamber(spec)
    for t_s in (0.5, 10.0, 60.0, 200.0):
        expected = 400e3 * (1.0 + 0.2 * 0.01 * t_s) ** -7.0
        state = chamber.state(round(t_s * 1e6))
        assert state.pressure_pa == pytest.approx(expected, rel=1e-6)
        assert state.gas_k == pytest.approx(293.15 * (expected / 400e3) ** (0.4 / 1.4), rel=1e-6)


def test_subsonic_decay_slows_and_stops_at_the_outside_pressure() -> None:
    chamber = Chamber(ChamberSpec(leak_pa_m3_s=0.1, **STEADY))
    falls = [pressure_pa(chamber, t) - pressure_pa(chamber, t + 10) for t in (60, 120, 180, 240)]
    assert falls == sorted(falls, reverse=True)
    assert falls[-1] > 0.0
    assert pressure_pa(chamber, 7200.0) == pytest.approx(101325.0, abs=1e-3)


@pytest.mark.parametrize("kind", ["orifice", "laminar"])
def test_a_gross_leak_is_followed_to_rest(kind: str) -> None:
    chamber = Chamber(ChamberSpec(leak_pa_m3_s=50.0, leak_kind=kind, seed=3))
    state = chamber.state(600_000_000)
    assert state.pressure_pa == pytest.approx(101325.0, abs=0.1)
    assert state.gas_k == pytest.approx(state.wall_k, abs=0.01)


def test_leaking_into_a_vacuum_ends_empty() -> None:
    chamber = Chamber(ChamberSpec(leak_pa_m3_s=100.0, p_out_pa=0.0, seed=3))
    state = chamber.state(300_000_000)
    assert 0.0 < state.amount_mol < 1e-10
    assert 0.0 < state.pressure_pa < 1e-5


def test_vacuum_rise_is_a_negative_leak() -> None:
    chamber = Chamber(ChamberSpec(pressure_pa=20e3, leak_pa_m3_s=-1e-3, **STEADY))
    rise_pa_s = (pressure_pa(chamber, 600.0) - 20e3) / 600.0
    # Choked inwards: constant; the gas settled with it, a little warmer than the room.
    assert rise_pa_s == pytest.approx(1.0, rel=2e-3)
    assert chamber.truth.mean_loss_pa_m3_s(0, 600_000_000) == pytest.approx(-1e-3, rel=1e-3)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_start_has_exactly_the_pressure_and_leak_asked_for(seed: int) -> None:
    for kind in ("orifice", "laminar"):
        spec = ChamberSpec(seed=seed, leak_kind=kind, p_out_weather_pa=200.0, room_k=288.0)
        chamber = Chamber(spec)
        state = chamber.state(0)
        flow = chamber.section.leak.molar_flow(
            state.pressure_pa, state.gas_k, state.p_out_pa, state.room_k
        )
        assert state.pressure_pa == pytest.approx(120e3, rel=1e-14)
        assert flow * MOLAR_GAS_CONSTANT * 293.15 == pytest.approx(1e-4, rel=1e-12)
