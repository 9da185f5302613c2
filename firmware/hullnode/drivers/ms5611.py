"""TE Connectivity MS5611-01BA03 absolute pressure sensor (1.2 bar), I2C.

Source: TE MS5611-01BA03 data sheet (9/2015): commands and conversion sequence, figure 2 (flow
chart with its example), figure 3 (second-order compensation), PROM layout; CRC-4 from AN520.

Divisions by powers of two are arithmetic shifts, which is what reproduces the printed OFF, SENS
and P. Pressure keeps the bits below the sheet's 0.01 mbar; pressure_q8 // 256 is the sheet's P.
The second order moves P by what the sheet says from TEMP, in whole 0.01 degC.
"""

from hullnode.drivers.te import RATIOS, TwoConversions, crc4, one_conversion_us

_RATIOS = RATIOS[:5]  # no 8192


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: pressure and temperature one after the other."""
    return 2 * one_conversion_us(oversampling)


class Ms5611(TwoConversions):
    """One MS5611; see `hullnode.drivers` for the interface all drivers share.

    It has no identification: what tells it from an MS5837 at the same address is the place of the
    CRC. The 64-bit compensation allocates about 650 bytes a sample with 31-bit small ints.
    """

    SENSOR = "ms5611"
    ADDRESSES = (0x77, 0x76)
    OVERSAMPLINGS = _RATIOS
    PRESSURE_MIN_PA = 1000
    PRESSURE_MAX_PA = 120000

    def _crc(self, words: list) -> tuple:
        return crc4(words[:7] + [words[7] & 0xFF00]), words[7] & 0x0F

    def _accept(self, words: list) -> None:
        # one count of D1 is SENS / 2^36 Pa, SENS = C1 * 2^15 at the reference temperature
        self.pressure_lsb_q8 = (words[1] + 8191) // 8192

    def _compensate(self, d1: int, d2: int) -> None:
        """The sheet's flow chart, first and second order, with both results at full resolution."""
        c1, c2, c3, c4, c5, c6 = self._c
        dt = d2 - (c5 << 8)  # |dt| < 2^24
        product = dt * c6  # < 2^40
        offset = (c2 << 16) + (c4 * dt >> 7)  # < 2^34
        sens = (c1 << 15) + (c3 * dt >> 8)  # < 2^33
        away = product >> 23  # TEMP - 2000, 0.01 degC, < 2^17
        t_q16 = product // 12800  # 0.01 degC / 2^23 in K/65536; < 2^27
        if away < 0:
            square = 5 * away * away  # < 2^37
            offset -= square >> 1
            sens -= square >> 2
            if away < -3500:
                square = (away + 3500) * (away + 3500)
                offset -= 7 * square
                sens -= 11 * square >> 1
            t_q16 -= dt * dt // 3276800  # T2 = dT^2 / 2^31
        self._deliver((d1 * sens >> 21) - offset >> 7, t_q16)  # 0.01 mbar / 2^15 in Pa/256
