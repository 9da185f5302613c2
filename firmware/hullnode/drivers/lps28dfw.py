"""ST LPS28DFW absolute pressure sensor with two full scales, I2C, one-shot mode, filter off.

Source: ST DS13317: register map (8), CTRL_REG1 with averaging (9.6), CTRL_REG2 with full scale
(9.7), pressure and temperature interpretation (4: 4096 LSB/hPa up to 1260 hPa, 2048 up to 4060,
100 LSB/degC). The data sheet gives no one-shot time; 512 averages are permitted up to 10 Hz, so
they take less than 100 ms, and 4 up to 200 Hz: the longest time is bounded by a line below both,
and the data-ready flags tell the end.

The setting `sensor_model` chooses the full scale in hPa: 1260 (the default) or 4060.
"""

from hullcore.compat import const
from hullnode.drivers.st import OneShot

_BLOCK_UPDATE = const(0x08)  # CTRL_REG2
_FULL_SCALE_4060 = const(0x40)

_RATIOS = (4, 8, 16, 32, 64, 128, 512)
_CODES = (0, 1, 2, 3, 4, 5, 7)


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs."""
    return 1700 + 182 * oversampling


class Lps28dfw(OneShot):
    """One LPS28DFW; see `hullnode.drivers` for the interface all drivers share.

    An LPS22DF has the same identification and registers, and the smaller full scale only.
    """

    SENSOR = "lps28dfw"
    ID = 0xB4
    OVERSAMPLINGS = _RATIOS
    PRESSURE_MIN_PA = 26000
    PRESSURE_MAX_PA = 126000

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        super().__init__(i2c, address, conversion_us(oversampling), sleep_ms)
        self._averaging = _CODES[_RATIOS.index(oversampling)]
        self._configure(self._averaging, _BLOCK_UPDATE, 1)

    def declare(self, values: dict) -> None:
        """Take `sensor_model` from settings that were checked together."""
        if values["sensor_model"] == "4060":
            self.PRESSURE_MAX_PA = 406000
            self._configure(self._averaging, _BLOCK_UPDATE | _FULL_SCALE_4060, 2)
