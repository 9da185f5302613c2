"""Molar masses, for leak rates that are stated as mass.

Sources (`docs/units.md` says what was confirmed): nitrogen from the NIST Chemistry WebBook; helium,
argon, carbon (12.0107) and oxygen (15.9994) from the IUPAC standard atomic weights 1995; dry air
as engineering tables print it. The U.S. Standard Atmosphere has 28.9644 g/mol: 0.001 % less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from hullwatch.errors import AbsurdValue, InputError
from hullwatch.units.numbers import NUMBER, exact, shown

_LIGHTEST_G_MOL, _HEAVIEST_G_MOL = 1, 1000


@dataclass(frozen=True, slots=True)
class MolarMass:
    """A gas as conversions see it: its name and its molar mass in kg/mol (> 0)."""

    name: str
    kg_mol: Fraction


GASES = {
    gas.name: gas
    for gas in (
        MolarMass("air", Fraction("0.0289647")),
        MolarMass("nitrogen", Fraction("0.0280134")),
        MolarMass("helium", Fraction("0.004002602")),
        MolarMass("argon", Fraction("0.039948")),
        MolarMass("carbon dioxide", Fraction("0.0440095")),
    )
}
_SYMBOLS = {"n2": "nitrogen", "he": "helium", "ar": "argon", "co2": "carbon dioxide"}


def gas_named(text: str) -> MolarMass:
    """A gas of the table by name or symbol, or any other as its molar mass: `102.03 g/mol`.

    InputError for an unknown name, AbsurdValue for a molar mass outside 1 to 1000 g/mol.
    """
    name = " ".join(text.casefold().replace("₂", "2").replace("_", " ").split())
    if match := re.fullmatch(rf"({NUMBER}) ?g/mol", name):
        mass = exact(match[1])
        if not _LIGHTEST_G_MOL <= mass <= _HEAVIEST_G_MOL:
            raise AbsurdValue(f"no gas has {text.strip()}", "1 to 1000 g/mol")
        return MolarMass(f"{shown(mass)} g/mol", mass / 1000)
    gas = GASES.get(_SYMBOLS.get(name, name))
    if gas is None:
        known = ", ".join(GASES)
        raise InputError(f"unknown gas {text.strip()!r}", f"{known}, or its molar mass: 44 g/mol")
    return gas
