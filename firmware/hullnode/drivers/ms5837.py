"""TE Connectivity MS5837-30BA absolute pressure sensor (30 bar), I2C.

Source: TE MS5837-30BA data sheet (10/2015 and REV C2 12/2019): commands, calculation flow chart
with its example, second-order compensation, conversion sequence, CRC-4. OSR 8192 is listed in
the 2015 sheet only; a part that does not know it never delivers: configure 4096 then.

Divisions by powers of two are arithmetic shifts, which is what reproduces the printed SENS and P.
Pressure keeps the bits below the sheet's 0.1 mbar; floor(pressure_q8 / 2560) is the sheet's P.

A sample takes two conversions, pressure then temperature, so `collect` is called twice. There is
no busy flag, and a read or a command before the conversion has ended makes its result wrong
without a sign of it. Hence the waits are the longest conversion times plus what a caller's clock
may have run ahead, and whenever a conversion may still be running (a reading of 0, a sample that
was never collected) the chip is reset and the sample begun again.
"""

from hullcore.compat import const
from hullnode.drivers.errors import BAD_CALIBRATION, BAD_PROM_CRC, WRONG_ID, SensorError

_RESET = const(0x1E)
_READ_ADC = const(0x00)
_READ_PROM = const(0xA0)
_CONVERT_D1 = const(0x40)
_CONVERT_D2 = const(0x50)

_RESET_MS = const(10)  # reload of the calibration memory, at start
_RELOAD_US = const(5000)  # the same while in use: its sister chip, the MS5611, states 2.8 ms
_MARGIN_US = const(300)  # the command itself takes 50 µs on the bus at 400 kHz, 200 at 100
# what the chip was told last
_IDLE = const(0)
_RELOADING = const(1)
_CONVERTING_D1 = const(2)
_CONVERTING_D2 = const(3)
_TWENTY_CELSIUS_Q16 = const(19211878)  # 293.15 K; 0.4 LSB = 6 µK low
_LIMIT_Q8 = const(0x3FFFFFFF)
# product codes in bits 11..5 of PROM word 0
_MS5837_02BA01 = const(0x00)
_MS5837_02BA21 = const(0x15)

_RATIOS = (256, 512, 1024, 2048, 4096, 8192)


def _one_conversion_us(oversampling: int) -> int:
    longest = (600, 1170, 2280, 4540, 9040, 18080)[_RATIOS.index(oversampling)]
    return longest + _MARGIN_US


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: pressure and temperature one after the other."""
    return 2 * _one_conversion_us(oversampling)


def crc4(words: list) -> int:
    """CRC of PROM words 0..6, whose own place (top four bits of word 0) counts as zero."""
    remainder = 0
    for index in range(8):
        word = words[index] if index < 7 else 0
        if index == 0:
            word &= 0x0FFF
        for byte in (word >> 8, word & 0xFF):
            remainder ^= byte  # < 2^16
            for _ in range(8):
                remainder <<= 1
                if remainder & 0x10000:
                    remainder ^= 0x13000  # x^4 + x + 1 in the top four bits
    return remainder >> 12


class Ms5837:
    """One MS5837-30BA; see `hullnode.drivers` for the interface all drivers share.

    The 64-bit compensation allocates about 450 bytes a sample with 31-bit small ints.
    """

    SENSOR = "ms5837"
    KIND = "abs"
    ADDRESSES = (0x76,)
    OVERSAMPLINGS = _RATIOS
    PRESSURE_MIN_PA = 0
    PRESSURE_MAX_PA = 3000000
    ALLOCATES = True

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._sleep_ms = sleep_ms
        self._data = bytearray(3)
        self._reset = bytes([_RESET])
        command = _RATIOS.index(oversampling) << 1
        self._convert_d1 = bytes([_CONVERT_D1 | command])
        self._convert_d2 = bytes([_CONVERT_D2 | command])
        self._conversion_us = _one_conversion_us(oversampling)
        self._c = tuple([0] * 6)
        self._d1 = 0
        self._state = _IDLE
        self.pressure_q8 = 0
        self.temperature_q16 = 0
        self.pressure_lsb_q8 = 1
        self.pressure_shift = 0
        self.temperature_shift = 0

    def start(self) -> None:
        """Reset and read the calibration memory. Takes 10 ms.

        Raises OSError (bus), SensorError BAD_PROM_CRC, BAD_CALIBRATION, WRONG_ID (an MS5837-02BA,
        whose formula and range differ; other product codes pass, early parts carry none).
        """
        self._i2c.writeto(self._address, self._reset)
        self._sleep_ms(_RESET_MS)
        word = bytearray(2)
        words = []
        for index in range(7):
            self._i2c.readfrom_mem_into(self._address, _READ_PROM | index << 1, word)
            words.append(word[0] << 8 | word[1])
        computed = crc4(words)
        if computed != words[0] >> 12:
            raise SensorError(BAD_PROM_CRC, computed << 4 | words[0] >> 12)
        for index in range(1, 7):
            if words[index] == 0:  # a memory of zeros has a good CRC
                raise SensorError(BAD_CALIBRATION, index)
        product = words[0] >> 5 & 0x7F
        if product == _MS5837_02BA01 or product == _MS5837_02BA21:
            raise SensorError(WRONG_ID, product)
        self._c = tuple(words[1:])
        # one count of D1 is SENS / 2^34 * 10 Pa, SENS = C1 * 2^15 at the reference temperature
        self.pressure_lsb_q8 = (words[1] * 5 + 1023) // 1024
        self._state = _IDLE

    def trigger(self) -> int:
        """Start the pressure conversion; µs until `collect` is worth calling. OSError on a NACK."""
        if self._state != _IDLE:
            return self._begin_again()
        return self._convert(_CONVERTING_D1, self._convert_d1)

    def collect(self) -> int:
        """First call: take pressure, start temperature. Second: take it, return 0.

        Returns µs to wait otherwise; OSError on a NACK.
        """
        if self._state < _CONVERTING_D1:
            return self._convert(_CONVERTING_D1, self._convert_d1)
        data = self._data
        self._i2c.readfrom_mem_into(self._address, _READ_ADC, data)
        reading = data[0] << 16 | data[1] << 8 | data[2]  # < 2^24
        if reading == 0:
            return self._begin_again()
        if self._state == _CONVERTING_D1:
            self._d1 = reading
            return self._convert(_CONVERTING_D2, self._convert_d2)
        self._compensate(self._d1, reading)
        self._state = _IDLE
        return 0

    def _convert(self, state: int, command: bytes) -> int:
        self._state = state  # first: after a NACK it is unknown whether the chip took it
        self._i2c.writeto(self._address, command)
        return self._conversion_us

    def _begin_again(self) -> int:
        """End whatever conversion may be running."""
        self._state = _RELOADING
        self._i2c.writeto(self._address, self._reset)
        return _RELOAD_US

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
        p = ((d1 * sens >> 21) - offset) * 5 >> 4  # 0.1 mbar / 2^13 in Pa/256
        # nonsense stays nonsense (outside the range), but within the 30 bits everyone relies on
        self.pressure_q8 = min(max(p, -_LIMIT_Q8), _LIMIT_Q8)
        self.temperature_q16 = t_q16 + _TWENTY_CELSIUS_Q16
