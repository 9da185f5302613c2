"""TE Connectivity MS5837-30BA absolute pressure sensor (30 bar), I2C.

Source: TE MS5837-30BA data sheet (10/2015 and REV C2 12/2019): commands, calculation flow chart
with its example, second-order compensation, conversion sequence, CRC-4. OSR 8192 is listed in
the 2015 sheet only; a part that does not know it never delivers: configure 4096 then.

Divisions by powers of two are arithmetic shifts, which is what reproduces the printed SENS and P.
Pressure keeps the bits below the sheet's 0.1 mbar; floor(pressure_q8 / 2560) is the sheet's P.
"""

from hullcore.compat import const
from hullnode.drivers.errors import WRONG_ID, SensorError
from hullnode.drivers.te import RATIOS, TwoConversions, crc4, one_conversion_us

# product codes in bits 11..5 of PROM word 0
_MS5837_02BA01 = const(0x00)
_MS5837_02BA21 = const(0x15)


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: pressure and temperature one after the other."""
    return 2 * one_conversion_us(oversampling)


class Ms5837(TwoConversions):
    """One MS5837-30BA; see `hullnode.drivers` for the interface all drivers share.

    `start` refuses an MS5837-02BA (WRONG_ID), whose formula and range differ; other product codes
    pass, early parts carry none. The 64-bit compensation allocates about 450 bytes a sample with
    31-bit small ints.
    """

    SENSOR = "ms5837"
    ADDRESSES = (0x76,)
    OVERSAMPLINGS = RATIOS
    PRESSURE_MIN_PA = 0
    PRESSURE_MAX_PA = 3000000
    WORDS = 7

    def _crc(self, words: list) -> tuple:
        return crc4([words[0] & 0x0FFF] + words[1:] + [0]), words[0] >> 12

    def _accept(self, words: list) -> None:
        product = words[0] >> 5 & 0x7F
        if product == _MS5837_02BA01 or product == _MS5837_02BA21:
            raise SensorError(WRONG_ID, product)
        # one count of D1 is SENS / 2^34 * 10 Pa, SENS = C1 * 2^15 at the reference temperature
        self.pressure_lsb_q8 = (words[1] * 5 + 1023) // 1024

    def _compensate(self, d1: int, d2: int) -> None:
        """The sheet's flow chart, first and second order, with both results at full resolution."""
        c1, c2, c3, c4, c5, c6 = self._c
        dt = d2 - (c5 << 8)  # |dt| < 2^24
        product = dt * c6  # < 2^40
        offset = (c2 << 16) + (c4 * dt >> 7)  # < 2^34
        sens = (c1 << 15) + (c3 * dt >> 8)  # < 2^33
        away = product >> 23  # TEMP - 2000, 0.01 degC, < 2^17
        t_q16 = product // 12800  # 0.01 degC / 2^23 in K/65536; < 2^27
        square = away * away  # < 2^34
        if away < 0:
            offset -= 3 * square >> 1
            sens -= 5 * square >> 3
            if away < -3500:
                square = (away + 3500) * (away + 3500)
                offset -= 7 * square
                sens -= 4 * square
            t_q16 -= 3 * dt * dt // 13107200  # Ti = 3 dT^2 / 2^33
        else:
            offset -= square >> 4
            t_q16 -= dt * dt // 104857600  # Ti = 2 dT^2 / 2^37
        self._deliver(((d1 * sens >> 21) - offset) * 5 >> 4, t_q16)  # 0.1 mbar / 2^13 in Pa/256
