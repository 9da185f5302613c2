"""Bosch BME280: the pressure path of a BMP280; its humidity channel stays off.

Source: Bosch BST-BME280-DS002, 5.2 "Register compatibility to BMP280".
"""

from hullnode.drivers.bmp280 import Bmp280, conversion_us

__all__ = ["Bme280", "conversion_us"]


class Bme280(Bmp280):
    """One BME280; see `hullnode.drivers.bmp280`. Either of the two chips is accepted."""

    SENSOR = "bme280"
