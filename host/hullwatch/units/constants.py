"""Constants of every conversion, exact. `docs/units.md` says for each where it was seen."""

from fractions import Fraction

R = Fraction("8.31446261815324")
"""Molar gas constant, J/(mol K): N_A times k, both fixed in the SI of 2019."""

ICE_POINT_K = Fraction("273.15")
STANDARD_PRESSURE_PA = Fraction(101325)
"""The standard atmosphere, by definition."""

POUND_KG = Fraction("0.45359237")
"""The international avoirdupois pound, by definition (1959)."""

_INCH_M = Fraction("0.0254")
_GRAVITY_M_S2 = Fraction("9.80665")

DAY_S = 86400
YEAR_DAYS = Fraction("365.25")
"""The year of g/yr: Julian. The calendar year of 365 days would give 0.07 % less."""

PRESSURES_PA = {
    "Pa": Fraction(1),
    "hPa": Fraction(100),
    "kPa": Fraction(1000),
    "bar": Fraction(100_000),
    "mbar": Fraction(100),
    "atm": STANDARD_PRESSURE_PA,
    "Torr": STANDARD_PRESSURE_PA / 760,
    "mmHg": Fraction("133.322387415"),  # conventional: 13595.1 kg/m³ × 9.80665 m/s² × 1 mm
    "psi": POUND_KG * _GRAVITY_M_S2 / _INCH_M**2,
}

VOLUMES_M3 = {
    "m³": Fraction(1),
    "L": Fraction(1, 1000),
    "mL": Fraction(1, 1_000_000),
    "cm³": Fraction(1, 1_000_000),
    "cc": Fraction(1, 1_000_000),
    "ft³": (12 * _INCH_M) ** 3,
}

TIMES_S = {
    "s": Fraction(1),
    "min": Fraction(60),
    "h": Fraction(3600),
    "day": Fraction(DAY_S),
    "yr": YEAR_DAYS * DAY_S,
}

MASSES_KG = {
    "g": Fraction(1, 1000),
    "kg": Fraction(1),
    "lbm": POUND_KG,
    "oz": POUND_KG / 16,
}
