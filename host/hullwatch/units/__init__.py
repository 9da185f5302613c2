"""Leak rates in every unit of the trade, in exact rationals; see `docs/units.md`.

`parse("1 sccm(0C)").to("lbm/day", gas="air")`
"""

from hullwatch.units.conditions import Stated, condition
from hullwatch.units.gases import GASES, MolarMass, gas_named
from hullwatch.units.rates import LeakRate, Quantity, convert, parse
from hullwatch.units.statedunit import StatedUnit, stated_unit
from hullwatch.units.table import NUMERATORS, USUAL, Kind, Unit

__all__ = [
    "GASES",
    "NUMERATORS",
    "USUAL",
    "Kind",
    "LeakRate",
    "MolarMass",
    "Quantity",
    "Stated",
    "StatedUnit",
    "Unit",
    "condition",
    "convert",
    "gas_named",
    "parse",
    "stated_unit",
]
