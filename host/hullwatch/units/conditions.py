"""What a unit refers to: a temperature, a pressure, a volume, a gas; read from text or numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TypedDict

from hullwatch.errors import AbsurdValue, InputError
from hullwatch.units.constants import ICE_POINT_K, PRESSURES_PA, VOLUMES_M3
from hullwatch.units.gases import gas_named
from hullwatch.units.numbers import NUMBER, Number, exact, key, shown


class Need(StrEnum):
    """A kind of condition."""

    TEMPERATURE = "temperature"
    PRESSURE = "pressure"
    VOLUME = "volume"
    GAS = "gas"


class Stated(TypedDict, total=False):
    """Conditions in SI units, for units whose text does not state its own.

    ``gas``: see `gas_named`. ``volume_m3`` (10⁻¹² to 10¹²), ``temperature_k`` (1 to 10⁴) and
    ``pressure_pa`` (10⁻⁹ to 10¹⁰, absolute): the vessel and the gas in it. ``t_ref_k``: reference
    temperature of units of pressure times volume, such as Pa·m³/s. The reference of sccm is never
    taken from here: its text must state it.
    """

    gas: str
    volume_m3: Number
    temperature_k: Number
    pressure_pa: Number
    t_ref_k: Number


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: its value (K, Pa, m³ or kg/mol) and how unit strings print it."""

    need: Need
    value: Fraction
    text: str


def temperature(kelvin: Number) -> Condition:
    """In the scale that prints it with at most three decimals: 20 °C, 70 °F, else K."""
    value = _within(exact(kelvin), "temperature", "K", Fraction(1), Fraction(10**4))
    celsius = value - ICE_POINT_K
    for degrees, scale in ((celsius, "°C"), (celsius * 9 / 5 + 32, "°F")):
        near = Fraction(round(degrees * 1000), 1000)
        if abs(degrees - near) < Fraction(1, 10**9):  # also for a float near 293.15
            return Condition(Need.TEMPERATURE, value, f"{shown(near)} {scale}")
    return Condition(Need.TEMPERATURE, value, f"{shown(value)} K")


def pressure(pascal: Number) -> Condition:
    """An absolute pressure, printed in Pa."""
    value = _within(exact(pascal), "pressure", "Pa", Fraction(1, 10**9), Fraction(10**10))
    return Condition(Need.PRESSURE, value, f"{shown(value)} Pa")


def volume(cubic_metres: Number) -> Condition:
    """A volume, printed in m³, L or mL."""
    value = _within(exact(cubic_metres), "volume", "m³", Fraction(1, 10**12), Fraction(10**12))
    unit = next((u for u in ("m³", "L") if value >= VOLUMES_M3[u]), "mL")
    return Condition(Need.VOLUME, value, f"{shown(value / VOLUMES_M3[unit])} {unit}")


def gas(text: str) -> Condition:
    """A gas, printed by its name or molar mass."""
    known = gas_named(text)
    return Condition(Need.GAS, known.kg_mol, known.name)


_TEMPERATURES_K: dict[str, Callable[[Fraction], Fraction]] = {
    "k": lambda x: x,
    "c": lambda x: x + ICE_POINT_K,
    "f": lambda x: (x - 32) * 5 / 9 + ICE_POINT_K,
}
_SCALES = {
    key(unit): (make, factor)
    for make, table in ((pressure, PRESSURES_PA), (volume, VOLUMES_M3))
    for unit, factor in table.items()
}


def condition(text: str) -> Condition:
    """`20 °C`, `70F`, `293.15 K`, `101325 Pa`, `1 atm`, `5 L`, `helium`, `102.03 g/mol`.

    InputError for what is none of these, AbsurdValue for one that no vessel has.
    """
    match = re.fullmatch(rf"({NUMBER})\s*(.*)", text.strip())
    if match is None or key(match[2]) == "g/mol":
        return gas(text)
    number, unit = exact(match[1]), key(match[2])
    if kelvin := _TEMPERATURES_K.get(unit.removeprefix("°").removeprefix("deg")):
        return temperature(kelvin(number))
    if unit not in _SCALES:
        known = "20 °C, 70 °F, 293.15 K, 101325 Pa, 5 L, helium"
        raise InputError(f"{text.strip()!r} is no condition", f"such as {known}")
    make, factor = _SCALES[unit]
    return make(number * factor)


def _within(value: Fraction, what: str, unit: str, low: Fraction, high: Fraction) -> Fraction:
    if not low <= value <= high:
        limits = f"{shown(low)} to {shown(high)} {unit}, absolute"
        raise AbsurdValue(f"a {what} of {shown(value)} {unit}", limits)
    return value
