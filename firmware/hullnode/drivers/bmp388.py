"""Bosch BMP388 and BMP390 absolute pressure sensors, I2C, forced mode, filter off.

Source: Bosch BST-BMP388-DS001 and BST-BMP390-DS002: oversampling (3.4.4), measurement time
(3.9.2), registers (4.3), I2C transfers (5.2), trimming coefficients and formulas (appendix 8:
8.4 calibration, 8.5 temperature, 8.6 pressure).

The formulas of the appendix are given in floating point with coefficients scaled by powers of
two, so they are computed here in integers without loss but for the shifts that are marked: t is
1/65536 degC, the sums of the pressure polynomial are 2^-42 Pa.

A forced conversion uses what the oversampling register holds, and a chip that restarted holds
another value: the register is written with every trigger, in the same transfer (5.2.1, pairs of
register and value), so that no sample can be another than configured.

The status is read before the data, in a transfer of its own: a conversion that ends within one
common burst would deliver the old sample, and reading the data clears its ready flags.
"""

from struct import unpack

from hullcore.compat import const
from hullnode.drivers.errors import (
    BAD_CALIBRATION,
    BAD_MEMORY,
    CONFIG_REFUSED,
    NOT_READY,
    WRONG_ID,
    SensorError,
)

_CHIP_ID = const(0x00)
_ERR_REG = const(0x02)
_STATUS = const(0x03)
_DATA = const(0x04)
_EVENT = const(0x10)
_PWR_CTRL = const(0x1B)
_OSR = const(0x1C)
_CONFIG = const(0x1F)
_CALIBRATION = const(0x31)
_CMD = const(0x7E)

_ID_BMP388 = const(0x50)
_ID_BMP390 = const(0x60)
_SOFT_RESET = const(0xB6)
_FATAL = const(0x01)  # ERR_REG
_POR = const(0x01)  # EVENT: power-up or reset, cleared by reading
_READY = const(0x60)  # STATUS: pressure and temperature
_FORCED = const(0x13)  # PWR_CTRL: both sensors, forced mode

_ZERO_CELSIUS_Q16 = const(17901158)  # 273.15 K; 0.4 LSB = 6 µK low
_RESET_MS = const(3)  # 2 ms
_POLL_US = const(500)
_LIMIT_Q8 = const(0x3FFFFFFF)

_RATIOS = (1, 2, 4, 8, 16, 32)


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: the typical sum of 3.9.2 and a tenth."""
    typical = 234 + 392 + 313 + 2020 * (oversampling + (1 << _temperature_code(oversampling)))
    return typical + typical // 10


def _temperature_code(oversampling: int) -> int:
    """Temperature oversampling as 3.4.4 pairs it, log2."""
    return 1 if oversampling > 8 else 0


class Bmp388:
    """One BMP388 or BMP390; see `hullnode.drivers` for the interface all drivers share.

    The 64-bit compensation allocates about 1,000 bytes a sample with 31-bit small ints.
    """

    SENSOR = "bmp388"
    KIND = "abs"
    ADDRESSES = (0x76, 0x77)
    OVERSAMPLINGS = _RATIOS
    PRESSURE_MIN_PA = 30000
    PRESSURE_MAX_PA = 125000
    ALLOCATES = True

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._sleep_ms = sleep_ms
        self._status = bytearray(1)
        self._data = bytearray(6)
        self._conversion_us = conversion_us(oversampling)
        self._code = _RATIOS.index(oversampling)
        self._osr = _temperature_code(oversampling) << 3 | self._code
        self._forced = bytes([self._osr, _PWR_CTRL, _FORCED])
        self._uncollected = False
        self.pressure_q8 = 0
        self.temperature_q16 = 0
        self.pressure_lsb_q8 = 1
        self.pressure_shift = 0
        self.temperature_shift = 0

    def _get(self, register: int) -> int:
        self._i2c.readfrom_mem_into(self._address, register, self._status)
        return self._status[0]

    def _put(self, register: int, value: int) -> None:
        self._i2c.writeto_mem(self._address, register, bytes([value]))

    def start(self) -> None:
        """Reset, read the trimming coefficients, configure. Takes 3 ms.

        Raises OSError (bus), SensorError WRONG_ID, NOT_READY, BAD_MEMORY, BAD_CALIBRATION,
        CONFIG_REFUSED.
        """
        chip = self._get(_CHIP_ID)
        if chip != _ID_BMP388 and chip != _ID_BMP390:
            raise SensorError(WRONG_ID, chip)
        self._put(_CMD, _SOFT_RESET)
        self._sleep_ms(_RESET_MS)
        event = self._get(_EVENT)
        if not event & _POR:
            raise SensorError(NOT_READY, event)
        errors = self._get(_ERR_REG)
        if errors & _FATAL:
            raise SensorError(BAD_MEMORY, errors)
        self._read_calibration()
        self._put(_CONFIG, 0)  # filter off
        self._put(_OSR, self._osr)
        kept = self._get(_OSR)
        if kept != self._osr:
            raise SensorError(CONFIG_REFUSED, kept)
        self._uncollected = False
        # One step of this oversampling in the middle of the scale: 16 bits at x1, 21 at x32. The
        # table in 3.4.4 prints 2.64 Pa for 16 bits; the coefficients of real parts give about 4.
        middle = self._pressure_q8(25 << 16, 0x800000)
        steps = abs(self._pressure_q8(25 << 16, 0x810000) - middle)  # 256 steps of 16 bits
        self.pressure_lsb_q8 = (steps + (256 << self._code) - 1) >> (8 + self._code)

    def _read_calibration(self) -> None:
        """Take the coefficients; read twice, as nothing else protects them on the bus."""
        first = bytearray(21)
        again = bytearray(21)
        self._i2c.readfrom_mem_into(self._address, _CALIBRATION, first)
        self._i2c.readfrom_mem_into(self._address, _CALIBRATION, again)
        for offset in range(21):
            if first[offset] != again[offset]:
                raise SensorError(BAD_CALIBRATION, offset)
        t1, t2, t3, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11 = unpack("<HHbhhbbHHbbhbb", first)
        # zeros: the copy failed or SDA is stuck; T1 and T2 of every real part are large
        if t1 == 0 or t1 == 0xFFFF or t2 == 0:
            raise SensorError(BAD_CALIBRATION, 0)
        self._t1, self._t2, self._t3 = t1 << 8, t2 << 18, t3
        # the appendix's constant scales, done once
        self._p1, self._p2, self._p3, self._p4 = p1 - 16384 << 44, p2 - 16384 << 19, p3, p4
        self._p5, self._p6, self._p7, self._p8 = p5 << 45, p6 << 20, p7 << 2, p8
        self._p9, self._p10, self._p11 = p9 << 17, p10 << 1, p11

    def _t_linear(self, adc_t: int) -> int:
        """Temperature in degC/65536 from the 24-bit reading (8.5)."""
        away = adc_t - self._t1  # < 2^24
        return (away * self._t2 + away * away * self._t3) >> 32  # < 2^58 before the shift

    def _pressure_q8(self, t: int, adc_p: int) -> int:
        """Pressure in Pa/256 from t_linear and the 24-bit reading (8.6)."""
        square = t * t  # < 2^54
        cube = square * t >> 21  # < 2^60
        offset = self._p5 + self._p6 * t + self._p7 * square + self._p8 * cube  # 2^-42 Pa, < 2^68
        slope = self._p1 + self._p2 * t + self._p3 * square + self._p4 * cube  # 2^-64 Pa, < 2^68
        bend = self._p9 + self._p10 * t + self._p11 * adc_p  # 2^-65 Pa, < 2^36
        # < 2^92 and < 2^84 before the shifts
        return (offset + (slope * adc_p >> 22) + (bend * adc_p * adc_p >> 23)) >> 34

    def trigger(self) -> int:
        """Start one conversion now; µs until `collect` is worth calling. OSError on a NACK."""
        if self._uncollected:
            # the ready flags of an abandoned conversion would pass for the new one's
            self._i2c.readfrom_mem_into(self._address, _DATA, self._data)
        self._i2c.writeto_mem(self._address, _OSR, self._forced)
        self._uncollected = True
        return self._conversion_us

    def collect(self) -> int:
        """0 when a sample is ready, else µs to wait; OSError on a NACK."""
        i2c = self._i2c
        i2c.readfrom_mem_into(self._address, _STATUS, self._status)
        if self._status[0] & _READY != _READY:
            return _POLL_US
        data = self._data
        i2c.readfrom_mem_into(self._address, _DATA, data)
        t = self._t_linear(data[3] | data[4] << 8 | data[5] << 16)
        p = self._pressure_q8(t, data[0] | data[1] << 8 | data[2] << 16)
        # nonsense stays nonsense (outside the range), but within the 30 bits everyone relies on
        self.pressure_q8 = min(max(p, -_LIMIT_Q8), _LIMIT_Q8)
        self.temperature_q16 = t + _ZERO_CELSIUS_Q16  # < 2^28
        self._uncollected = False
        return 0
