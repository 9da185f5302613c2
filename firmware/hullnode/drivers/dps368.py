"""Infineon DPS368: registers and formulas of a DPS310.

Source: Infineon DPS368 data sheet V1.1, chapters 4 and 8.
"""

from hullnode.drivers.dps310 import Dps310, conversion_us

__all__ = ["Dps368", "conversion_us"]


class Dps368(Dps310):
    """One DPS368; see `hullnode.drivers.dps310`. Either of the two chips is accepted."""

    SENSOR = "dps368"
