"""ST LPS28DFW (water-proof, two full scales) at register level.

Written from "LPS28DFW Dual full-scale, 1260 hPa and 4060 hPa, absolute digital output
barometer in water-resistant package" (DS13317: tables 3 and 4 characteristics, 8 register
mapping, 9 register description; numbers from memory unless said) as told in `stbarometer`.
"""

from typing import ClassVar, Final

from hullwatch.sim.registers.stbarometer import (
    CTRL_REG1,
    CTRL_REG2,
    CTRL_REG3,
    StBarometer,
)

_IF_ADD_INC: Final = 0x01
_FS_MODE: Final = 0x40

# By AVG code 0..7. Code 6 is not in the sheet (ST's code calls it 256).
AVERAGES: Final = (4, 8, 16, 32, 64, 128, 256, 512)
# No times were seen. The rates that are allowed (200 Hz up to 16 averages, 100 Hz at 32,
# 50 Hz at 64, 25 Hz at 128, 10 Hz at 512, from memory) bound them from above: so many us for
# one average and as a fixed part, with a tenth in hand for a slow specimen.
CONVERSION_US: Final = tuple(1_500 + 165 * n for n in AVERAGES)
# 0.32 Pa rms are printed for 512 averages and the ODR/9 filter; without it (ODR/2) white noise
# is sqrt(9/2) times that, and it rises with the square root of fewer averages (assumed).
PRESSURE_NOISE_PA: Final = tuple(0.32 * 4.5**0.5 * (512 / n) ** 0.5 for n in AVERAGES)
# Not printed.
TEMPERATURE_NOISE_K: Final = 0.01


class Lps28dfwModel(StBarometer):
    """LPS28DFW: pressure in 1/4096 hPa, or 1/2048 hPa at the 4060 hPa full scale."""

    SENSOR = "lps28dfw"
    ADDRESS = 0x5C
    CHIP_ID = 0xB4
    PRESSURE_MIN_PA = 26_000
    PRESSURE_MAX_PA = 406_000
    SETTINGS: ClassVar[dict[str, object]] = {"sensor_model": "4060"}

    RESET: ClassVar[dict[int, int]] = {CTRL_REG3: 0x01}
    WRITABLE: ClassVar[dict[int, int]] = {
        0x0B: 0xFF, 0x0C: 0xFF, 0x0D: 0x7F, 0x0E: 0xFF, CTRL_REG1: 0x7F, CTRL_REG2: 0xF9,
        CTRL_REG3: 0x0B, 0x13: 0x77, 0x14: 0x0F, 0x15: 0x7F, 0x19: 0xFF, 0x1A: 0xFF, 0x1B: 0xFF,
    }  # fmt: skip
    PERIOD_US = (1_000_000, 250_000, 100_000, 40_000, 20_000, 13_333, 10_000, *(5_000,) * 8)

    def _increments(self) -> bool:
        return bool(self.registers[CTRL_REG3] & _IF_ADD_INC)

    def _odr(self) -> int:
        return self.registers[CTRL_REG1] >> 3 & 0xF

    def _conversion(self) -> tuple[int, float, float, float]:
        code = self.registers[CTRL_REG1] & 7
        lsb_per_pa = 20.48 if self.registers[CTRL_REG2] & _FS_MODE else 40.96
        return CONVERSION_US[code], PRESSURE_NOISE_PA[code], TEMPERATURE_NOISE_K, lsb_per_pa
