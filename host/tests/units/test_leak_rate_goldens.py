"""Leak-rate conversions against numbers printed elsewhere and against fractions written by hand.

Nothing here takes a constant from the code under test.
"""

from fractions import Fraction

import pytest

from hullwatch.units import LeakRate, convert, parse

F = Fraction
R = F(602214076, 100_000_000) * F(1380649, 1_000_000)  # N_A k of the SI of 2019; 10^23 × 10^-23
ATM = F(101325)
T0, T20, T70F = F(27315, 100), F(29315, 100), (F(70) - 32) * 5 / 9 + F(27315, 100)
LBM = F(45359237, 10**8)
M_AIR = F(289647, 10**7)
DAY = F(86400)
SCCM0 = ATM * F(1, 10**6) / 60 / (R * T0)  # mol/s
ONE_LBM_DAY = LBM / DAY / M_AIR  # mol/s


def printed(value: F, text: str) -> bool:
    """The value rounds to the digits of ``text``: differs by at most half its last digit."""
    mantissa, _, exponent = text.partition("e")
    half = F(1, 2 * 10 ** len(mantissa.partition(".")[2])) * F(10) ** int(exponent or 0)
    return abs(value - F(text)) <= half


@pytest.mark.parametrize(
    ("rate", "unit", "by_hand", "text"),
    [
        ("1 sccm(0C)", "mol/s", SCCM0, "7.43584e-7"),
        ("1 sccm(0C)", "Pa·m³/s at 273.15 K", SCCM0 * R * T0, "1.68875e-3"),
        ("1 sccm(0C)", "Pa·m³/s at 20 °C", SCCM0 * R * T20, "1.81240e-3"),
        ("1 sccm(20C)", "sccm(0C)", T0 / T20, "0.9318"),
        ("1 sccm(70F)", "sccm(0C)", T0 / T70F, "0.9283"),
        ("1 lbm/day (air)", "kg/day (air)", LBM, "0.453592"),
        ("1 lbm/day (air)", "mol/s", ONE_LBM_DAY, "1.81252e-4"),
        ("1 lbm/day (air)", "Pa·m³/s at 20 °C", ONE_LBM_DAY * R * T20, "0.44178"),
        ("1 lbm/day (air)", "sccm(0C)", ONE_LBM_DAY / SCCM0, "243.75"),
        ("1 lbm/day (air)", "Pa/day (1005 m³, 20 °C)", ONE_LBM_DAY * R * T20 / 1005 * DAY, "38.0"),
        (
            "1 lbm/day (air)",
            "mmHg/day (1005 m³, 20 °C)",
            ONE_LBM_DAY * R * T20 / 1005 * DAY / F("133.322387415"),
            "0.285",
        ),
        # ATEQ F580: Pa/s = (cm³/min) / (0.0006 V), which is a standard of 100 kPa, not of 1 atm.
        ("1 sccm(20C, 100 kPa)", "Pa/s (1000 cm³, 20 °C)", F(10**5, 60) / 1000, "1.6667"),
        ("1 sccm(20C)", "Pa/s (1000 cm³, 20 °C)", ATM / 60 / 1000, "1.6888"),  # 1.68875
        # Pfeiffer, limits of the pressure change method: 1e-6 mbar·L/s in 5 L.
        ("1e-6 mbar l/s at 20C", "mbar/min (5 L, 20 °C)", F(12, 10**6), "1.2e-5"),
        ("1e-6 mbar l/s at 20C", "mbar/h (5 L, 20 °C)", F(72, 10**5), "7.2e-4"),
        ("1e-6 mbar l/s at 20C", "mbar/day (5 L, 20 °C)", F(1728, 10**5), "1.7e-2"),
        ("1e-6 mbar l/s at 20C", "mbar/yr (5 L, 20 °C)", F("6.31152"), "6.3"),
        # NIST, Two Primary Standards for Low Flows of Gases (2002): 1 µmol/s = 1.3448 scc/min.
        ("1 µmol/s", "scc/min (0C)", 1 / SCCM0 / 10**6, "1.3448"),
        # CODATA 2014: molar volume of the ideal gas at 273.15 K, 101.325 kPa 22.413962e-3 m³/mol.
        ("1 mol/s", "slm (0C)", R * T0 / ATM * 1000 * 60, "1344.838"),
        # The mass-point set of nine hourly points, its slope A = -8.404177863e-5 mol/h.
        ("2.334494e-8 mol/s", "Pa·m³/s at 20 °C", F("2.334494e-8") * R * T20, "5.69006e-5"),
        ("2.334494e-8 mol/s", "sccm(0C)", F("2.334494e-8") / SCCM0, "0.0313952"),
    ],
)
def test_printed_values(rate: str, unit: str, by_hand: F, text: str) -> None:
    value = parse(rate).to(unit).value
    assert value == by_hand
    assert printed(value, text)


def test_share_of_the_contents_is_the_mass_point_rate() -> None:
    a_mol_h, b_mol = F("8.404177863e-5"), F("0.4157143873")  # its fit: W = B - A t
    pressure_pa = b_mol * R * T20 / F(1, 100)  # 0.010 m³
    share = LeakRate.of(a_mol_h / 3600, "mol/s").to(
        "%/day", volume_m3=F(1, 100), pressure_pa=pressure_pa, temperature_k=T20
    )
    assert share.value == 2400 * a_mol_h / b_mol
    assert printed(share.value, "0.4851895")


@pytest.mark.parametrize(
    ("unit", "mol_s"),
    [
        ("Torr·L/s at 20C", ATM / 760 / 1000 / (R * T20)),
        ("atm·cc/s at 20C", ATM / 10**6 / (R * T20)),
        ("sccs(70F)", ATM / 10**6 / (R * T70F)),
        ("g/yr (helium)", F(1, 4002602) * 10**6 / (DAY * F("365.25"))),
        ("g/yr (CO2)", 1 / F("44.0095") / (DAY * F("365.25"))),
        ("kg/day (N2)", 1 / F("0.0280134") / DAY),
        ("oz/yr (Ar)", LBM / 16 / F("0.039948") / (DAY * F("365.25"))),
        ("g/s (102.03 g/mol)", 1 / F("102.03")),
        ("mmHg/day (1 m³, 20C)", F("133.322387415") / DAY / (R * T20)),
        (
            "psi/h (1 ft³, 0C)",
            LBM * F("9.80665") / F("0.0254") ** 2 * F("0.3048") ** 3 / 3600 / (R * T0),
        ),
    ],
)
def test_one_of_each_unit(unit: str, mol_s: F) -> None:
    assert LeakRate.of(1, unit).mol_s == mol_s


def test_mercury_and_gas_constant_follow_from_their_definitions() -> None:
    mercury = convert(1, "mmHg/s", "Pa/s", volume_m3=1, temperature_k=300)
    assert mercury.value == F("13595.1") * F("9.80665") / 1000
    assert convert(1, "mol/s", "Pa·m³/s at 1 K").value == R == F("8.31446261815324")
