"""The units: what is lost (the part before `/`), per time, and what must be known beside them.

Every unit is one row of `NUMERATORS` and one of `TIMES_S`, so that all combinations exist. The
ideal gas is assumed throughout: p V = n R T.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from hullwatch.errors import InputError
from hullwatch.units.conditions import Need
from hullwatch.units.constants import MASSES_KG, PRESSURES_PA, TIMES_S, R
from hullwatch.units.numbers import key

Known = Mapping[Need, Fraction]
_T, _P, _V, _M = Need.TEMPERATURE, Need.PRESSURE, Need.VOLUME, Need.GAS


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of unit.

    ``needs``: the conditions its text states, in the order printed, each with the keyword of
    `Stated` that may fill it instead ("" = only the text may). ``moles(known)``: mol per SI unit
    of the kind. ``example``: conditions as they are written behind the unit.
    """

    name: str
    needs: Mapping[Need, str]
    moles: Callable[[Known], Fraction]
    example: str = ""


AMOUNT = Kind("amount", {}, lambda _: Fraction(1))
THROUGHPUT = Kind("pressure times volume", {_T: "t_ref_k"}, lambda k: 1 / (R * k[_T]), " at 20 °C")
STANDARD = Kind(
    "standard volume", {_T: "", _P: ""}, lambda k: k[_P] / (R * k[_T]), " (0 °C, 101325 Pa)"
)
MASS = Kind("mass", {_M: "gas"}, lambda k: 1 / k[_M], " (air)")
PRESSURE = Kind(
    "pressure in a vessel",
    {_V: "volume_m3", _T: "temperature_k"},
    lambda k: k[_V] / (R * k[_T]),
    " (5 L, 20 °C)",
)
SHARE = Kind(
    "share of the contents",
    {_V: "volume_m3", _P: "pressure_pa", _T: "temperature_k"},
    lambda k: k[_P] * k[_V] / (R * k[_T]),
    " (5 L, 101325 Pa, 20 °C)",
)

_LITRE_M3, _CC_M3 = Fraction(1, 1000), Fraction(1, 1_000_000)

NUMERATORS: dict[str, tuple[Kind, Fraction]] = {
    "mol": (AMOUNT, Fraction(1)),
    "mmol": (AMOUNT, Fraction(1, 1000)),
    "µmol": (AMOUNT, Fraction(1, 1_000_000)),
    "Pa·m³": (THROUGHPUT, Fraction(1)),
    "Pa·L": (THROUGHPUT, _LITRE_M3),
    "mbar·L": (THROUGHPUT, PRESSURES_PA["mbar"] * _LITRE_M3),
    "Torr·L": (THROUGHPUT, PRESSURES_PA["Torr"] * _LITRE_M3),
    "atm·cc": (THROUGHPUT, PRESSURES_PA["atm"] * _CC_M3),
    "scc": (STANDARD, _CC_M3),
    "sL": (STANDARD, _LITRE_M3),
    **{unit: (MASS, kg) for unit, kg in MASSES_KG.items()},
    **{unit: (PRESSURE, pa) for unit, pa in PRESSURES_PA.items()},
    "%": (SHARE, Fraction(1, 100)),
}
"""Name to kind and size in the SI unit of its kind (mol, Pa·m³, m³, kg, Pa, 1)."""

USUAL = (
    "mol/s", "Pa·m³/s", "mbar·L/s", "Torr·L/s", "atm·cc/s", "sccm (0 °C)", "sccm (20 °C)",
    "sccm (70 °F)", "sccs (0 °C)", "lbm/day", "kg/day", "g/yr", "oz/yr", "Pa/s", "Pa/day",
    "mbar/min", "mbar/h", "mmHg/h", "mmHg/day", "%/day",
)  # fmt: skip
"""What people ask for, out of all combinations."""

_WHOLE = {"scc/min": "sccm", "scc/s": "sccs", "sL/min": "slm"}
_NUMERATOR_ALIASES = {
    "atmcm3": "atm·cc", "atmml": "atm·cc", "scm3": "scc", "sml": "scc", "stdcc": "scc",
    "stdcm3": "scc", "stdl": "sL", "lb": "lbm", "percent": "%", "wt%": "%",
}  # fmt: skip
_TIME_ALIASES = {
    "sec": "s", "second": "s", "minute": "min", "hr": "h", "hour": "h", "d": "day",
    "a": "yr", "y": "yr", "year": "yr",
}  # fmt: skip
_NUMERATOR_KEYS = {key(name): name for name in NUMERATORS} | _NUMERATOR_ALIASES
_TIME_KEYS = {key(name): name for name in TIMES_S} | _TIME_ALIASES
_WHOLE_KEYS = {name: unit for unit, name in _WHOLE.items()} | {
    "slpm": "sL/min",
    "smlpm": "scc/min",
}


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: its usual spelling, its kind and its size in the SI unit of the kind, per second.

    ``time`` is the denominator, a key of `TIMES_S`.
    """

    name: str
    kind: Kind
    per_second: Fraction
    time: str


def find(name: str) -> Unit:
    """The unit of that name in any usual spelling; InputError naming the nearest ones."""
    whole = _WHOLE_KEYS.get(key(name), name)
    what, slash, time = whole.rpartition("/")
    numerator, denominator = _NUMERATOR_KEYS.get(key(what)), _TIME_KEYS.get(key(time))
    if not slash or numerator is None or denominator is None:
        near = difflib.get_close_matches(name, USUAL, 3, 0.4) or USUAL
        raise InputError(f"unknown unit {name!r}", f"such as {', '.join(near)}")
    kind, size = NUMERATORS[numerator]
    shown = f"{numerator}/{denominator}"
    return Unit(_WHOLE.get(shown, shown), kind, size / TIMES_S[denominator], denominator)
