"""Measured values as certificates write them: `1.0012 ± 0.0008 L (k=2)`, in SI units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from hullwatch.errors import InputError
from hullwatch.units.constants import ICE_POINT_K, PRESSURES_PA, TIMES_S, VOLUMES_M3
from hullwatch.units.numbers import NUMBER, exact, key

_FORM = re.compile(
    rf"({NUMBER})\s*(?:(?:±|\+/?-)\s*({NUMBER}))?\s*(.*?)\s*(?:\(\s*k\s*=\s*({NUMBER})\s*\))?"
)


class Dimension(StrEnum):
    """What a value measures, and the SI unit it comes in."""

    PRESSURE = "Pa"
    VOLUME = "m³"
    TEMPERATURE = "K"
    SLOPE = "Pa/s"
    RATIO = "1"


@dataclass(frozen=True, slots=True)
class Measured:
    """A value in the SI unit of its dimension, and its standard uncertainty; None: not stated."""

    value: float
    u: float | None
    dimension: Dimension


_SLOPES = {
    f"{pressure}/{time}": size / seconds
    for pressure, size in PRESSURES_PA.items()
    for time, seconds in TIMES_S.items()
}
_UNITS: dict[Dimension, dict[str, tuple[Fraction, Fraction]]] = {
    dimension: {key(unit): (size, Fraction(0)) for unit, size in table.items()}
    for dimension, table in (
        (Dimension.PRESSURE, PRESSURES_PA),
        (Dimension.VOLUME, VOLUMES_M3),
        (Dimension.SLOPE, _SLOPES),
        (
            Dimension.RATIO,
            {"": Fraction(1), "%": Fraction(1, 100), "ppm": Fraction(1, 10**6)},
        ),
    )
} | {
    Dimension.TEMPERATURE: {
        "k": (Fraction(1), Fraction(0)),
        "°c": (Fraction(1), ICE_POINT_K),
        "c": (Fraction(1), ICE_POINT_K),
    }
}
_EXAMPLES = {
    Dimension.PRESSURE: "101325 ± 5 Pa",
    Dimension.VOLUME: "1.0012 ± 0.0008 L (k=2)",
    Dimension.TEMPERATURE: "20.1 ± 0.05 C",
    Dimension.SLOPE: "-1.2e-3 ± 2e-5 Pa/s",
    Dimension.RATIO: "1.0003 ± 0.0001",
}


def measured(text: str, dimension: Dimension) -> Measured:
    """Read a value of a dimension; ± is the standard uncertainty, or k times it where k is stated.

    InputError for anything else, with an example.
    """
    match = _FORM.fullmatch(text.strip())
    unit = _UNITS[dimension].get(key(match[3])) if match else None
    if match is None or unit is None:
        raise InputError(f"{text.strip()!r} cannot be read", f"such as {_EXAMPLES[dimension]}")
    size, zero = unit
    value = float(exact(match[1]) * size + zero)
    if match[2] is None:
        if match[4] is not None:
            raise InputError(
                f"{text.strip()!r} has a k but no ±", f"such as {_EXAMPLES[dimension]}"
            )
        return Measured(value, None, dimension)
    u, k = exact(match[2]), exact(match[4]) if match[4] else Fraction(1)
    if u < 0 or k <= 0:
        raise InputError(f"{text.strip()!r}: ± and k are positive", _EXAMPLES[dimension])
    return Measured(value, float(u / k * size), dimension)
