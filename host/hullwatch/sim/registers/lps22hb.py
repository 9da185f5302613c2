"""ST LPS22HB at register level.

Written from "LPS22HB MEMS nano pressure sensor: 260-1260 hPa absolute digital output
barometer" (DocID027083 rev 6, June 2017: tables 3 and 4 characteristics, 9 register
description; numbers from memory unless said) as told in `stbarometer`.
"""

from typing import ClassVar, Final

from hullwatch.sim.registers.stbarometer import (
    CTRL_REG1,
    CTRL_REG2,
    CTRL_REG3,
    StBarometer,
)

_RES_CONF: Final = 0x1A
_LOW_CURRENT: Final = 0x01
_IF_ADD_INC: Final = 0x10

# Low-noise and low-current conversion. No time is printed: 75 Hz are allowed, so 13.3 ms bound
# the first (1.1 times the value here); the second is a third of it by the current it draws.
CONVERSION_US: Final = (12_100, 4_000)
# 0.75 Pa rms are printed for the ODR/9 filter; without it (ODR/2) white noise is sqrt(9/2)
# times that, and with a third of the samples sqrt(3) times more.
PRESSURE_NOISE_PA: Final = (1.6, 2.8)
# Not printed.
TEMPERATURE_NOISE_K: Final = 0.01


class Lps22hbModel(StBarometer):
    """LPS22HB: pressure in 1/4096 hPa."""

    SENSOR = "lps22hb"
    ADDRESS = 0x5C
    CHIP_ID = 0xB1
    PRESSURE_MIN_PA = 26_000
    PRESSURE_MAX_PA = 126_000

    RESET: ClassVar[dict[int, int]] = {CTRL_REG2: 0x10}
    WRITABLE: ClassVar[dict[int, int]] = {
        0x0B: 0xFF, 0x0C: 0xFF, 0x0D: 0xFF, CTRL_REG1: 0x7F, CTRL_REG2: 0xF9, CTRL_REG3: 0xFF,
        0x14: 0xFF, 0x15: 0xFF, 0x16: 0xFF, 0x17: 0xFF, 0x18: 0xFF, 0x19: 0xFF, _RES_CONF: 0x01,
    }  # fmt: skip
    PERIOD_US = (1_000_000, 100_000, 40_000, 20_000, 13_333, 13_333, 13_333)

    def _increments(self) -> bool:
        return bool(self.registers[CTRL_REG2] & _IF_ADD_INC)

    def _odr(self) -> int:
        return self.registers[CTRL_REG1] >> 4 & 7

    def _conversion(self) -> tuple[int, float, float, float]:
        kind = self.registers[_RES_CONF] & _LOW_CURRENT
        return CONVERSION_US[kind], PRESSURE_NOISE_PA[kind], TEMPERATURE_NOISE_K, 40.96
