"""Bosch BMP390: registers and formulas of a BMP388.

Source: Bosch BST-BMP390-DS002, chapters 3 and 4.
"""

from hullnode.drivers.bmp388 import Bmp388, conversion_us

__all__ = ["Bmp390", "conversion_us"]


class Bmp390(Bmp388):
    """One BMP390; see `hullnode.drivers.bmp388`. Either of the two chips is accepted."""

    SENSOR = "bmp390"
