"""Leak rates: mol/s inside, any unit outside, exact in between."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Unpack

from hullwatch.errors import InputError
from hullwatch.units.conditions import Stated
from hullwatch.units.numbers import NUMBER, Number, exact
from hullwatch.units.statedunit import StatedUnit, stated_unit

_VALUE = rf"(?P<v>{NUMBER})\s*(?:(?:±|\+/?-)\s*(?P<u>{NUMBER}))?"
_FORMS = (
    re.compile(rf"(?P<e>)\s*{_VALUE}\s*(?P<unit>[^\s\d].*)"),
    re.compile(rf"\s*\(\s*{_VALUE}\s*\)\s*(?:[eE](?P<e>[-+−]?\d\d?))?\s*(?P<unit>[^\s\d].*)"),
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value in a stated unit; ``float()`` rounds it, ``str()`` prints six digits and the unit.

    ``value`` and ``u`` are exact. ``u`` is an uncertainty of whatever kind was put in (standard,
    95 %), scaled like the value: that of the conditions (volume, temperature) is not in it.
    """

    value: Fraction
    unit: StatedUnit
    u: Fraction | None = None

    def __float__(self) -> float:
        return float(self.value)

    def __str__(self) -> str:
        if self.u is None:
            return f"{float(self.value):.6g} {self.unit}"
        return f"{float(self.value):.6g} ± {float(self.u):.2g} {self.unit}"


@dataclass(frozen=True, slots=True)
class LeakRate:
    """An amount of gas per time, the only form that needs no reference; positive = gas lost.

    ``mol_s``: exact. ``u_mol_s``: its uncertainty, ≥ 0, or None.
    """

    mol_s: Fraction
    u_mol_s: Fraction | None = None

    @classmethod
    def of(
        cls, value: Number, unit: str, u: Number | None = None, **stated: Unpack[Stated]
    ) -> LeakRate:
        """From a value in any unit; a float is taken as the exact binary number it is.

        InputError as `stated_unit`, and for a negative or infinite ``u``.
        """
        one = stated_unit(unit, **stated).mol_s
        if u is not None and exact(u) < 0:
            raise InputError(f"an uncertainty of {u}", "it cannot be negative")
        return cls(exact(value) * one, None if u is None else exact(u) * one)

    def to(self, unit: str, **stated: Unpack[Stated]) -> Quantity:
        """In another unit, exact; InputError as `stated_unit`."""
        target = stated_unit(unit, **stated)
        u = None if self.u_mol_s is None else self.u_mol_s / target.mol_s
        return Quantity(self.mol_s / target.mol_s, target, u)


def parse(text: str, **stated: Unpack[Stated]) -> LeakRate:
    """Read `1 sccm(0C)`, `1.2e-4 ± 3e-5 Pa·m³/s at 20 °C`, `(1.03 ± 0.15)e-04 mbar·L/s at 20C`.

    Decimals are exact as written. InputError as `stated_unit` and for a text without number or
    unit.
    """
    if re.fullmatch(rf"\s*{_VALUE}\s*", text):
        raise InputError(
            f"{text.strip()!r} has no unit",
            f"write it behind, such as {text.strip()} Pa·m³/s at 20C",
        )
    match = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    if match is None:
        raise InputError(f"{text.strip()!r} is no leak rate", "such as 1e-4 Pa·m³/s at 20C")
    scale = exact(f"1e{match['e']}") if match["e"] else Fraction(1)
    u = exact(match["u"]) * scale if match["u"] else None
    return LeakRate.of(exact(match["v"]) * scale, match["unit"], u, **stated)


def convert(value: Number, from_unit: str, to_unit: str, **stated: Unpack[Stated]) -> Quantity:
    """A bare number from one unit to another; conditions in the units' texts win over ``stated``.

    The result's ``value`` is exact, ``float()`` rounds it. InputError as `stated_unit`.
    """
    return LeakRate.of(value, from_unit, **stated).to(to_unit, **stated)
