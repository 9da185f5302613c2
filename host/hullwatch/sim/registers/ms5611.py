"""TE MS5611-01BA03 (10..1200 mbar) at command level.

Written from the data sheet ("MS5611-01BA03 Barometric Pressure Sensor", DA5611-01BA03_010 and
later: performance table, commands, pages 7 to 9 calculation and worked example) as told in
`promadc`, which holds what its family shares. The place of the CRC-4 is the bottom of PROM
word 7, whose low byte counts as 0 (AN520). The chip has no id: word 0 is the maker's.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hullwatch.sim.registers.promadc import (
    Coefficients,
    Inverse,
    PromAdcModel,
    SecondOrder,
    crc4,
)

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

DATA_SHEET_COEFFICIENTS: Final = Coefficients(40127, 36924, 23317, 23282, 33464, 28312)
_SECOND_ORDER: Final = SecondOrder(1.0 / 2.0**31, 2.5, 1.25, 7.0, 5.5, 0.0, 0.0)
# P counts 0.01 mbar = 1 Pa, in 1/2^15.
_COUNTS_PER_PA: Final = 32768.0


class Ms5611Model(PromAdcModel):
    """MS5611; see PromAdcModel."""

    SENSOR = "ms5611"
    ADDRESS = 0x77
    CHIP_ID = 0x0000
    PRESSURE_MIN_PA = 1_000
    PRESSURE_MAX_PA = 120_000

    # By oversampling code 0..4 (256..4096): typical times, at most 1.11 times that (0.60, 1.17,
    # 2.28, 4.54, 9.04 ms), and rms resolutions of the performance table.
    CONVERSION_US = (540, 1_060, 2_080, 4_130, 8_220)
    PRESSURE_NOISE_PA = (6.5, 4.2, 2.7, 1.8, 1.2)
    TEMPERATURE_NOISE_K = (0.012, 0.008, 0.005, 0.003, 0.002)

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
        coefficients: Coefficients = DATA_SHEET_COEFFICIENTS,
    ) -> None:
        self._coefficients = coefficients
        inverse = Inverse(coefficients, _SECOND_ORDER, _COUNTS_PER_PA)
        super().__init__(front_end, now_us, conversion_scale, inverse)

    def set_chip_id(self, value: int) -> None:
        """Give PROM word 0, which a host cannot judge, another value, with a valid CRC."""
        words = (value, *self._coefficients, 0)
        self.prom[:] = (*words[:7], crc4(words))
