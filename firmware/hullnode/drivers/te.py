"""What the pressure sensors of TE Connectivity (MS5611, MS5837) have in common, I2C.

Commands, conversion sequence, calibration memory and its CRC-4 (Measurement Specialties AN520)
are the same; the place of the CRC, the formula and the range are not, and stand with each chip.

A sample takes two conversions, pressure then temperature, so `collect` is called twice. There is
no busy flag, and a read or a command before the conversion has ended makes its result wrong
without a sign of it. Hence the waits are the longest conversion times plus what a caller's clock
may have run ahead, and whenever a conversion may still be running (a reading of 0, a sample that
was never collected) the chip is reset and the sample begun again.
"""

from hullcore.compat import const
from hullnode.drivers.errors import BAD_CALIBRATION, BAD_PROM_CRC, SensorError

_RESET = const(0x1E)
_READ_ADC = const(0x00)
_READ_PROM = const(0xA0)
_CONVERT_D1 = const(0x40)
_CONVERT_D2 = const(0x50)

_RESET_MS = const(10)  # reload of the calibration memory, at start
_RELOAD_US = const(5000)  # the same while in use: the MS5611 states 2.8 ms
_MARGIN_US = const(300)  # the command itself takes 50 µs on the bus at 400 kHz, 200 at 100
# what the chip was told last
_IDLE = const(0)
_RELOADING = const(1)
_CONVERTING_D1 = const(2)
_CONVERTING_D2 = const(3)
_LIMIT_Q8 = const(0x3FFFFFFF)

RATIOS = (256, 512, 1024, 2048, 4096, 8192)
TWENTY_CELSIUS_Q16 = 19211878  # 293.15 K; 0.4 LSB = 6 µK low


def one_conversion_us(oversampling: int) -> int:
    """Longest wait for one of the two conversions, µs (MS5837-30BA data sheet, same in MS5611)."""
    longest = (600, 1170, 2280, 4540, 9040, 18080)[RATIOS.index(oversampling)]
    return longest + _MARGIN_US


def crc4(words: list) -> int:
    """CRC of the eight words of a memory whose own place in them counts as zero (AN520)."""
    remainder = 0
    for word in words:
        for byte in (word >> 8, word & 0xFF):
            remainder ^= byte  # < 2^16
            for _ in range(8):
                remainder <<= 1
                if remainder & 0x10000:
                    remainder ^= 0x13000  # x^4 + x + 1 in the top four bits
    return remainder >> 12


class TwoConversions:
    """Reset, calibration memory and the two conversions of a sample.

    A chip adds `_crc(words)`, the CRC of its memory as computed and as stored; `_accept(words)`,
    which sets `pressure_lsb_q8` and may refuse; `_compensate(d1, d2)`, which ends in `_deliver`.
    """

    KIND = "abs"
    WORDS = 8
    ALLOCATES = True

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._sleep_ms = sleep_ms
        self._data = bytearray(3)
        self._reset = bytes([_RESET])
        command = RATIOS.index(oversampling) << 1
        self._convert_d1 = bytes([_CONVERT_D1 | command])
        self._convert_d2 = bytes([_CONVERT_D2 | command])
        self._conversion_us = one_conversion_us(oversampling)
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

        Raises OSError (bus), SensorError BAD_PROM_CRC, BAD_CALIBRATION, WRONG_ID.
        """
        self._i2c.writeto(self._address, self._reset)
        self._sleep_ms(_RESET_MS)
        word = bytearray(2)
        words = []
        for index in range(self.WORDS):
            self._i2c.readfrom_mem_into(self._address, _READ_PROM | index << 1, word)
            words.append(word[0] << 8 | word[1])
        computed, stored = self._crc(words)
        if computed != stored:
            raise SensorError(BAD_PROM_CRC, computed << 4 | stored)
        for index in range(1, 7):
            if words[index] == 0:  # a memory of zeros has a good CRC
                raise SensorError(BAD_CALIBRATION, index)
        self._accept(words)
        self._c = tuple(words[1:7])
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

    def _crc(self, words: list) -> tuple:
        raise NotImplementedError

    def _accept(self, words: list) -> None:
        raise NotImplementedError

    def _compensate(self, d1: int, d2: int) -> None:
        raise NotImplementedError

    def _deliver(self, p_q8: int, above_20_q16: int) -> None:
        # nonsense stays nonsense (outside the range), but within the 30 bits everyone relies on
        self.pressure_q8 = min(max(p_q8, -_LIMIT_Q8), _LIMIT_Q8)
        self.temperature_q16 = above_20_q16 + TWENTY_CELSIUS_Q16
