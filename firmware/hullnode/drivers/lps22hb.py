"""ST LPS22HB absolute pressure sensor, I2C, one-shot mode, filter off.

Source: ST DocID027083 rev 6: register map (8), pressure and temperature interpretation (4.5, 4.6:
4096 LSB/hPa, 100 LSB/degC), CTRL_REG1 (9.7), CTRL_REG2 (9.8), STATUS (9.22). The data sheet gives
no one-shot time; its fastest continuous rate is 75 Hz, one conversion in 13.3 ms, and the
data-ready flags tell the end. RES_CONF keeps its reset value, low noise.
"""

from hullcore.compat import const
from hullnode.drivers.st import OneShot

_CTRL1 = const(0x02)  # rate 0: powered down, one-shot possible; filter off; block update
_CTRL2 = const(0x10)  # register addresses count up, as after a reset


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: one period at 75 Hz and a tenth."""
    return 14667 * oversampling


class Lps22hb(OneShot):
    """One LPS22HB; see `hullnode.drivers` for the interface all drivers share."""

    SENSOR = "lps22hb"
    ID = 0xB1
    OVERSAMPLINGS = (1,)
    PRESSURE_MIN_PA = 26000
    PRESSURE_MAX_PA = 126000

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        super().__init__(i2c, address, conversion_us(oversampling), sleep_ms)
        self._configure(_CTRL1, _CTRL2, 1)
