"""A unit together with everything it refers to: the only form in which rates are shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Unpack, cast

from hullwatch.errors import InputError
from hullwatch.units import table
from hullwatch.units.conditions import (
    Condition,
    Need,
    Stated,
    condition,
    gas,
    pressure,
    temperature,
    volume,
)
from hullwatch.units.constants import STANDARD_PRESSURE_PA, YEAR_DAYS
from hullwatch.units.numbers import Number, key

_FORM = re.compile(r"(?P<name>.+?)\s*(?:\((?P<list>[^()]*)\)|(?:\sat\s|@)(?P<at>.+))?")
_FROM_SI = {Need.TEMPERATURE: temperature, Need.PRESSURE: pressure, Need.VOLUME: volume}
_YEAR = f"{float(YEAR_DAYS):g} d"


@dataclass(frozen=True, slots=True)
class StatedUnit:
    """A unit whose conditions are all known; ``str()`` prints it with them."""

    unit: table.Unit
    given: Mapping[Need, Condition]

    @property
    def mol_s(self) -> Fraction:
        """How many mol/s one of it is, exact, > 0."""
        known = {need: c.value for need, c in self.given.items()}
        return self.unit.per_second * self.unit.kind.moles(known)

    def __str__(self) -> str:
        texts = [self.given[need].text for need in self.unit.kind.needs]
        if self.unit.time == "yr":
            texts.append(_YEAR)
        listed = ", ".join(texts)
        if self.unit.kind is table.THROUGHPUT:
            return f"{self.unit.name} at {listed}"
        return f"{self.unit.name} ({listed})" if texts else self.unit.name


def stated_unit(text: str, **stated: Unpack[Stated]) -> StatedUnit:
    """Read `Pa·m³/s at 20 °C`, `sccm (0 °C, 101325 Pa)`, `lbm/day (air)`, `Pa/s (5 L, 20 °C)`.

    What the text does not state is taken from ``stated``, where `Stated` allows it; the standard
    pressure of sccm and its like is 101325 Pa unless the text has another one.
    InputError, with what to write, for an unknown unit, a missing condition, one too many.
    """
    match = _FORM.fullmatch(text.strip())
    unit = table.find(match["name"] if match else text)
    given = _read(unit, (match and (match["list"] or match["at"])) or "")
    missing = []
    for need, keyword in unit.kind.needs.items():
        filled = given.get(need) or _default(unit, need, keyword, stated)
        if filled:
            given[need] = filled
        else:
            missing.append(str(need))
    if missing:
        reference = unit.kind in (table.THROUGHPUT, table.STANDARD)
        what = "reference temperature" if reference else " and ".join(missing)
        raise InputError(f"{unit.name} needs its {what}", _hint(unit))
    return StatedUnit(unit, given)


def _read(unit: table.Unit, text: str) -> dict[Need, Condition]:
    given: dict[Need, Condition] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        if unit.time == "yr" and key(item) == key(_YEAR):
            continue
        read = condition(item)
        if read.need not in unit.kind.needs:
            raise InputError(f"{unit.name} takes no {read.need}: {item!r}", _hint(unit))
        if read.need in given:
            raise InputError(f"{text!r} states a {read.need} twice", _hint(unit))
        given[read.need] = read
    return given


def _default(unit: table.Unit, need: Need, keyword: str, stated: Stated) -> Condition | None:
    if unit.kind is table.STANDARD and need is Need.PRESSURE:
        return pressure(STANDARD_PRESSURE_PA)
    if keyword == "gas":
        return gas(stated["gas"]) if "gas" in stated else None
    value = cast(Number | None, stated.get(keyword))
    return None if value is None else _FROM_SI[need](value)


def _hint(unit: table.Unit) -> str:
    hint = f"write {unit.name}{unit.kind.example}"
    if unit.kind is table.STANDARD:
        hint += " or 20 °C or 70 °F: makers differ by 7 %"
    return hint
