"""Leak laws against published tables, the isentropic relations and each other."""

import math

import pytest

from hullwatch.errors import InputError
from hullwatch.sim.gas import MOLAR_GAS_CONSTANT, gas_named
from hullwatch.sim.leaks import LaminarCapillary, Orifice, sized_leak

AIR = gas_named("air")
T_K = 293.15

# NACA Report 1135, table I (gamma 1.4): Mach number -> p/pt, A/A*. The flow through a hole
# of given area is the choked flow divided by A/A*.
NACA_1135 = [(0.9725, 2.964), (0.8430, 1.340), (0.6560, 1.038)]


@pytest.mark.parametrize(("ratio", "area_ratio"), NACA_1135)
def test_subsonic_flow_matches_the_isentropic_tables(ratio: float, area_ratio: float) -> None:
    hole = Orifice(1e-9, AIR)
    choked = hole.molar_flow(120e3, T_K, 0.0, T_K)
    flow = hole.molar_flow(120e3, T_K, 120e3 * ratio, T_K)
    assert flow / choked == pytest.approx(1.0 / area_ratio, rel=1e-3)


@pytest.mark.parametrize("gas_name", ["air", "helium"])
@pytest.mark.parametrize("ratio", [0.55, 0.6, 0.7, 0.844, 0.95, 0.99])
def test_subsonic_flow_is_density_times_speed_in_the_throat(gas_name: str, ratio: float) -> None:
    gas = gas_named(gas_name)
    p_pa, area_m2, gamma = 150e3, 3e-10, gas.gamma
    specific_r = MOLAR_GAS_CONSTANT / gas.molar_mass_kg_mol
    mach = math.sqrt(2.0 / (gamma - 1.0) * (ratio ** (-(gamma - 1.0) / gamma) - 1.0))
    throat_k = T_K * ratio ** ((gamma - 1.0) / gamma)
    density = p_pa * ratio / (specific_r * throat_k)
    speed = mach * math.sqrt(gamma * specific_r * throat_k)
    expected_mol_s = density * speed * area_m2 / gas.molar_mass_kg_mol
    flow = Orifice(area_m2, gas).molar_flow(p_pa, T_K, ratio * p_pa, 250.0)
    assert flow == pytest.approx(expected_mol_s, rel=1e-12)


def test_choked_air_through_a_fifth_of_a_millimetre() -> None:
    """A 0.2 mm hole loses 7.5e-6 kg/s, 1.43 lbm a day, from one atmosphere into vacuum."""
    hole = Orifice(math.pi / 4 * 0.2e-3**2, AIR)
    kg_s = hole.molar_flow(101325.0, T_K, 0.0, 3.0) * AIR.molar_mass_kg_mol
    assert kg_s == pytest.approx(7.5e-6, rel=0.01)
    assert kg_s * 86400 / 0.45359237 == pytest.approx(1.43, rel=0.005)
    assert hole.diameter_m(1.0) == pytest.approx(0.2e-3)
    assert hole.diameter_m(0.64) == pytest.approx(0.25e-3)


def test_critical_ratio_and_continuity() -> None:
    hole = Orifice(1e-9, AIR)
    assert hole.critical_ratio == pytest.approx(0.5283, abs=5e-5)
    for edge in (hole.critical_ratio, 0.999):
        below, above = hole.flow_function(edge - 1e-9), hole.flow_function(edge + 1e-9)
        assert above == pytest.approx(below, rel=2e-6)
    assert hole.flow_function(0.1) == hole.flow_function(0.5)
    assert hole.flow_function(1.0) == 0.0


def test_flow_turns_round_with_the_pressures() -> None:
    for leak in (Orifice(1e-9, AIR), LaminarCapillary(1e-12)):
        out = leak.molar_flow(120e3, 290.0, 100e3, 300.0)
        back = leak.molar_flow(100e3, 300.0, 120e3, 290.0)
        assert out == -back > 0.0
        assert leak.molar_flow(1e5, T_K, 1e5, T_K) == 0.0


def test_laminar_flow_is_poiseuille_at_the_mean_pressure() -> None:
    # pi d^4/(128 mu L) dp is the volume flow at the mean pressure; k is half that factor.
    diameter_m, length_m, viscosity_pa_s = 20e-6, 0.05, 1.82e-5
    volume_per_pa = math.pi * diameter_m**4 / (128 * viscosity_pa_s * length_m)
    p_in, p_out = 180e3, 101325.0
    expected = (p_in + p_out) / 2 * volume_per_pa * (p_in - p_out) / (MOLAR_GAS_CONSTANT * T_K)
    flow = LaminarCapillary(volume_per_pa / 2).molar_flow(p_in, T_K, p_out, T_K)
    assert flow == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", ["orifice", "laminar"])
@pytest.mark.parametrize(
    ("flow", "p_out"), [(4e-8, 0.0), (4e-8, 101325.0), (-4e-8, 150e3), (0.0, 1e5)]
)
def test_sized_leak_passes_exactly_what_was_asked(kind: str, flow: float, p_out: float) -> None:
    leak = sized_leak(kind, AIR, flow, 120e3, 291.0, p_out, 295.0)
    assert leak.molar_flow(120e3, 291.0, p_out, 295.0) == pytest.approx(flow, rel=1e-14)


@pytest.mark.parametrize("p_out", [120e3, 130e3])
def test_positive_leak_needs_pressure_inside(p_out: float) -> None:
    with pytest.raises(InputError, match="out of a chamber at 120000 Pa") as caught:
        sized_leak("orifice", AIR, 1e-8, 120e3, T_K, p_out, T_K)
    assert "leak 0" in caught.value.hint


def test_unknown_kind_and_gas_name_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        sized_leak("crack", AIR, 1e-8, 120e3, T_K, 1e5, T_K)
    assert "laminar" in caught.value.hint
    with pytest.raises(InputError) as caught:
        gas_named("argonaut")
    assert "argon" in caught.value.hint
