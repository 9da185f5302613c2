"""Reading, printing, refusing and round trips of stated units."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullcore.settings import GASES as NODE_GASES
from hullwatch.errors import AbsurdValue, InputError
from hullwatch.sim.gas import gas_named as simulated_gas
from hullwatch.units import GASES, NUMERATORS, LeakRate, Stated, convert, parse, stated_unit
from hullwatch.units.constants import TIMES_S

F = Fraction
STATED = Stated(
    gas="air",
    volume_m3=F(5, 1000),
    temperature_k=F("296.4"),
    pressure_pa=250_000,
    t_ref_k=F("293.15"),
)

NAMES = [
    f"{what}/{time}" + (" (0C)" if what in ("scc", "sL") else "")
    for what in NUMERATORS
    for time in TIMES_S
]
FRACTIONS = st.fractions(-(10**30), 10**30, max_denominator=10**30)
TEMPERATURES = st.decimals(1, 9_000, places=3)


@given(FRACTIONS, st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_round_trips_are_exact(value: F, one: str, other: str) -> None:
    there = convert(value, one, other, **STATED)
    assert convert(there.value, str(there.unit), one, **STATED).value == value


@given(FRACTIONS, FRACTIONS.map(abs), st.sampled_from(NAMES))
def test_uncertainty_scales_like_the_value(value: F, u: F, name: str) -> None:
    there = LeakRate.of(value, "mol/s", u).to(name, **STATED)
    assert there.u is not None
    assert there.u * value == there.value * u
    assert there.u >= 0


@given(st.sampled_from(NAMES))
def test_a_unit_reads_what_it_prints(name: str) -> None:
    unit = stated_unit(name, **STATED)
    again = stated_unit(str(unit))  # nothing but the text: all conditions are in it
    assert again.mol_s == unit.mol_s
    assert str(again) == str(unit)


@given(TEMPERATURES, st.sampled_from(["C", "°C", "F", "°F", "K", " degC", "℃"]))
def test_a_reference_temperature_reads_what_it_prints(number: F, scale: str) -> None:
    unit = stated_unit(f"sccm ({number} {scale})")
    assert stated_unit(str(unit)).mol_s == unit.mol_s


@given(st.floats(-1e30, 1e30))
def test_a_float_is_its_exact_value_and_comes_back(value: float) -> None:
    rate = LeakRate.of(value, "Pa·m³/s at 20C")
    assert float(rate.to("Pa m3/s @ 20 °C")) == value
    assert rate.to("Pa·m³/s at 20C").value == F(value)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("sccm(0C)", "sccm (0 °C, 101325 Pa)"),
        ("SCCM (70 F)", "sccm (70 °F, 101325 Pa)"),
        ("scc/min (293.15 K, 1 bar)", "sccm (20 °C, 100000 Pa)"),
        ("std cm³/sec at 0 °C", "sccs (0 °C, 101325 Pa)"),
        ("Pa*m^3/s at 20C", "Pa·m³/s at 20 °C"),
        ("Pa.m3/s@293.15K", "Pa·m³/s at 20 °C"),
        ("mbar l/s at 25 degC", "mbar·L/s at 25 °C"),
        ("torr l/s (300 K)", "Torr·L/s at 26.85 °C"),
        ("atm cm3/s at 0C", "atm·cc/s at 0 °C"),
        ("Pa·m³/yr at 20C", "Pa·m³/yr at 20 °C, 365.25 d"),
        ("lb/d (AIR)", "lbm/day (air)"),
        ("g/a (He)", "g/yr (helium, 365.25 d)"),
        ("g/year (carbon_dioxide, 365.25 d)", "g/yr (carbon dioxide, 365.25 d)"),
        ("mmhg/hr (20C, 1005 m3)", "mmHg/h (1005 m³, 20 °C)"),
        ("Pa/s (1000 cm³, 68 °F)", "Pa/s (1 L, 20 °C)"),
        ("percent/day (0.5 mL, 1 atm, 20C)", "%/day (0.5 mL, 101325 Pa, 20 °C)"),
        ("umol/s", "µmol/s"),
        ("μmol/s", "µmol/s"),
    ],
)
def test_spellings(text: str, printed: str) -> None:
    assert str(stated_unit(text)) == printed


@pytest.mark.parametrize(
    "text", ["(1.03 ± 0.15)e-04 {}", "1.03e-4 ± 1.5e-5 {}", "1.03e−4+-0.15e-4 {}"]
)
def test_a_rate_with_its_uncertainty(text: str) -> None:
    rate = parse(text.format("mol/s"))
    assert (rate.mol_s, rate.u_mol_s) == (F("1.03e-4"), F("1.5e-5"))
    assert str(rate.to("µmol/s")) == "103 ± 15 µmol/s"


def test_the_text_wins_over_the_stated_conditions() -> None:
    assert str(stated_unit("Pa/s (7 L)", **STATED)) == "Pa/s (7 L, 23.25 °C)"
    assert str(stated_unit("Pa·m³/s", t_ref_k=293.15)) == "Pa·m³/s at 20 °C"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("sccm", "sccm needs its reference temperature", "sccm (0 °C, 101325 Pa)"),
        ("Pa·m³/s", "needs its reference temperature", "Pa·m³/s at 20 °C"),
        ("lbm/day", "needs its gas", "lbm/day (air)"),
        ("Pa/s (20C)", "needs its volume", "Pa/s (5 L, 20 °C)"),
        ("%/day", "needs its volume and pressure and temperature", "%/day (5 L,"),
        ("mol/s at 20C", "takes no temperature", "mol/s"),
        ("lbm/day (air, 5 L)", "takes no volume", "lbm/day (air)"),
        ("sccm (0C, 20C)", "states a temperature twice", "sccm"),
        ("g/yr (air, 365 d)", "'365 d' is no condition", "20 °C"),
        ("sccm (0 R)", "'0 R' is no condition", "20 °C"),
        ("lbm/day (fog)", "unknown gas 'fog'", "helium"),
        ("mbar L", "unknown unit", "mbar·L/s"),
        ("Mmol/s", "unknown unit", "mol/s"),  # mega, not milli
        ("Mbar·L/s", "unknown unit", "mbar·L/s"),
        ("mPa·m³/s", "unknown unit", "Pa·m³/s"),
        ("", "unknown unit", "mol/s"),
        ("mol/s (", "unknown unit", "mol/s"),
    ],
)
def test_refused_with_what_to_write(text: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as refused:
        stated_unit(text)
    assert message in refused.value.message
    assert hint in refused.value.hint


def test_sccm_takes_no_reference_from_elsewhere() -> None:
    with pytest.raises(InputError, match="reference temperature"):
        convert(1, "sccm", "mol/s", **STATED)


@pytest.mark.parametrize(
    "text", ["", "mol/s", "1", "1 2", "1,5 mol/s", "1e100 mol/s", "nan mol/s", "0x1 mol/s"]
)
def test_no_rate(text: str) -> None:
    with pytest.raises(InputError):
        parse(text)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number(value: float) -> None:
    with pytest.raises(InputError):
        LeakRate.of(value, "mol/s")
    with pytest.raises(InputError):
        LeakRate.of(1, "mol/s", value)


def test_negative_uncertainty_is_refused() -> None:
    with pytest.raises(InputError, match="uncertainty of -1"):
        LeakRate.of(1, "mol/s", -1)


@pytest.mark.parametrize(
    "text",
    [
        "sccm (-273.15 C)",
        "Pa/s (0 L, 20C)",
        "%/day (5 L, -1 Pa, 20C)",
        "g/s (0 g/mol)",
        "Pa/s (1e99 L, 20C)",
    ],
)
def test_absurd_conditions(text: str) -> None:
    with pytest.raises(AbsurdValue):
        stated_unit(text)


def test_absurd_value() -> None:
    with pytest.raises(AbsurdValue):
        LeakRate.of(1e100, "mol/s")


def test_every_gas_of_the_node_and_of_the_simulator_has_the_same_mass_here() -> None:
    assert set(NODE_GASES) <= set(GASES)
    for name in ("air", "nitrogen", "helium", "argon"):
        assert float(GASES[name].kg_mol) == simulated_gas(name).molar_mass_kg_mol


def test_a_positive_leak_is_a_falling_pressure_and_signs_stay() -> None:
    fall = convert(1, "mol/s", "Pa/s (5 L, 20C)").value
    assert fall > 0
    assert convert(-1, "mol/s", "Pa/s (5 L, 20C)").value == -fall
