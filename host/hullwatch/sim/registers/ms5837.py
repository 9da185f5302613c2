"""TE MS5837-30BA (30 bar, gel filled) at command level.

Written from the data sheet (10/11/2015 and revision C2 of 12/2019: commands, conversion
sequence, calculation, version word) as told in `promadc`, which holds what its family
shares. The place of the CRC-4 is the top of PROM word 0.
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

DATA_SHEET_COEFFICIENTS: Final = Coefficients(34982, 36352, 20328, 22354, 26646, 26146)
_SECOND_ORDER: Final = SecondOrder(3.0 / 2.0**33, 1.5, 0.625, 7.0, 4.0, 2.0 / 2.0**37, 0.0625)
# P counts 0.1 mbar = 10 Pa, in 1/2^13.
_COUNTS_PER_PA: Final = 819.2


class Ms5837Model(PromAdcModel):
    """MS5837-30BA; see PromAdcModel."""

    SENSOR = "ms5837"
    ADDRESS = 0x76
    # Bits 11..5 of PROM word 0.
    CHIP_ID = 0x1A
    PRESSURE_MIN_PA = 0
    PRESSURE_MAX_PA = 3_000_000

    # By oversampling code 0..5 (256..8192). Typical conversion times: 16.44 ms as quoted from
    # the 2015 sheet, the others from memory (maximum 1.1 times that: 18.08 ms). The 2019
    # sheet has no 8192.
    CONVERSION_US = (540, 1_060, 2_080, 4_130, 8_220, 16_440)
    # RMS pressure resolution: 20 Pa is on the cover of both editions; 1, 0.6, 0.4, 0.3 and
    # 0.2 mbar for 256..4096 as a public driver quotes them, not seen in the sheet.
    PRESSURE_NOISE_PA = (100.0, 60.0, 40.0, 30.0, 20.0, 20.0)
    # RMS temperature resolution: from memory of the MS5611, unconfirmed for this chip.
    TEMPERATURE_NOISE_K = (0.012, 0.008, 0.005, 0.003, 0.002, 0.002)

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
        """Give PROM word 0 other version bits (0..127, a 02BA has 0x15), with a valid CRC."""
        words = (value << 5 & 0xFFF, *self._coefficients, 0)
        self.prom[:] = (crc4(words) << 12 | words[0], *words[1:])
