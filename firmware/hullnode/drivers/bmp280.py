"""Bosch BMP280 and BME280 absolute pressure sensors, I2C, forced mode, filter off.

Source: Bosch BST-BMP280-DS001. Oversampling pairs (3.3.1, table 4), measurement time (3.8.1),
trimming parameters and 64-bit integer compensation (3.11.2, 3.11.3), registers (4.3). The BME280
(BST-BME280-DS002, 5.2 "Register compatibility to BMP280") has the same pressure path; its
humidity channel stays off.

The result of the data sheet's 64-bit formula is Q24.8 Pa, used as it is. Temperature comes from
t_fine, 1/5120 degC: its official output is rounded to 0.01 degC, worth 3.5 Pa at one bar.

Status, mode and data (0xF3..0xFC) are read in one burst: status comes first, and once the chip is
back in sleep mode the data no longer change. The measuring bit alone is not enough, it rises only
some time after the trigger; the mode field says forced from the first moment.
"""

from struct import unpack

from hullcore.compat import const
from hullnode.drivers.errors import (
    BAD_CALIBRATION,
    CHIP_RESET,
    CONFIG_REFUSED,
    NOT_READY,
    WRONG_ID,
    SensorError,
)

_CALIBRATION = const(0x88)
_ID = const(0xD0)
_RESET = const(0xE0)
_STATUS = const(0xF3)
_CTRL_MEAS = const(0xF4)
_CONFIG = const(0xF5)

_ID_BMP280 = const(0x58)
_ID_BME280 = const(0x60)
_SOFT_RESET = const(0xB6)
_MEASURING = const(0x08)
_IM_UPDATE = const(0x01)
_FORCED = const(0x01)
_MODE = const(0x03)

_ZERO_CELSIUS_Q16 = const(17901158)  # 273.15 K; 0.4 LSB = 6 µK low
_STARTUP_MS = const(3)  # 2 ms
_COPY_POLLS = const(8)  # of 1 ms, for the copy of the trimming parameters after a reset
_POLL_US = const(500)
_LIMIT_Q8 = const(0x3FFFFFFF)

_RATIOS = (1, 2, 4, 8, 16)


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: 1.25 ms + 2.3 ms each + 0.575 ms (3.8.1)."""
    return 1825 + 2300 * (oversampling + _temperature_ratio(oversampling))


def _temperature_ratio(oversampling: int) -> int:
    """The pairing of table 4; more does not improve pressure and takes time."""
    return 2 if oversampling == 16 else 1


class Bmp280:
    """One BMP280 or BME280; see `hullnode.drivers` for the interface all drivers share.

    `collect` raises SensorError CHIP_RESET when the chip lost its configuration since `start`.
    The 64-bit compensation allocates about 770 bytes a sample with 31-bit small ints.
    """

    SENSOR = "bmp280"
    KIND = "abs"
    ADDRESSES = (0x76, 0x77)
    OVERSAMPLINGS = _RATIOS
    PRESSURE_MIN_PA = 30000
    PRESSURE_MAX_PA = 110000
    ALLOCATES = True

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._sleep_ms = sleep_ms
        self._data = bytearray(10)
        self._conversion_us = conversion_us(oversampling)
        self._code = _RATIOS.index(oversampling)
        # register codes are 1 + log2(ratio); temperature above pressure above mode
        self._idle = _temperature_ratio(oversampling) << 5 | (self._code + 1) << 2
        self._forced = bytes([self._idle | _FORCED])
        self.pressure_q8 = 0
        self.temperature_q16 = 0
        self.pressure_lsb_q8 = 1
        self.pressure_shift = 0
        self.temperature_shift = 0

    def _get(self, register: int, count: int = 1) -> bytearray:
        buffer = bytearray(count)
        self._i2c.readfrom_mem_into(self._address, register, buffer)
        return buffer

    def _put(self, register: int, value: int) -> None:
        self._i2c.writeto_mem(self._address, register, bytes([value]))

    def start(self) -> None:
        """Reset, read the trimming parameters, configure. Takes 3 ms, at most 11.

        Raises OSError (bus), SensorError WRONG_ID, NOT_READY, BAD_CALIBRATION, CONFIG_REFUSED.
        """
        chip = self._get(_ID)[0]
        if chip != _ID_BMP280 and chip != _ID_BME280:
            raise SensorError(WRONG_ID, chip)
        self._put(_RESET, _SOFT_RESET)
        self._sleep_ms(_STARTUP_MS)
        polls = _COPY_POLLS
        while self._get(_STATUS)[0] & _IM_UPDATE:
            if not polls:
                raise SensorError(NOT_READY, _IM_UPDATE)
            polls -= 1
            self._sleep_ms(1)
        self._read_calibration()
        self._put(_CONFIG, 0)  # filter off
        self._put(_CTRL_MEAS, self._idle)
        kept = self._get(_CTRL_MEAS)[0]
        if kept != self._idle:
            raise SensorError(CONFIG_REFUSED, kept)
        # what one step of this oversampling is worth to this part: 16 bits at x1, 20 at x16
        steps = self._pressure_q8(128000, 393216) - self._pressure_q8(128000, 397312)
        self.pressure_lsb_q8 = ((steps << (4 - self._code)) + 4095) // 4096

    def _read_calibration(self) -> None:
        """Take the trimming parameters; read twice, as nothing else protects them on the bus."""
        first = self._get(_CALIBRATION, 24)
        again = self._get(_CALIBRATION, 24)
        for offset in range(24):
            if first[offset] != again[offset]:
                raise SensorError(BAD_CALIBRATION, offset)
        t1, t2, t3, p1, p2, p3, p4, p5, p6, p7, p8, p9 = unpack("<HhhHhhhhhhhh", first)
        # zeros: the copy failed or SDA is stuck; T1 and T2 of every real part are large
        if t1 == 0 or t1 == 0xFFFF or t2 <= 0:
            raise SensorError(BAD_CALIBRATION, 0)
        if p1 == 0:
            raise SensorError(BAD_CALIBRATION, 6)
        self._t1, self._t2, self._t3 = t1, t2, t3
        self._p1, self._p3, self._p6, self._p8, self._p9 = p1, p3, p6, p8, p9
        # the data sheet's constant shifts, done once
        self._p2_q12 = p2 << 12
        self._p4_q35 = p4 << 35
        self._p5_q17 = p5 << 17
        self._p7_q4 = p7 << 4

    def _t_fine(self, adc_t: int) -> int:
        """Temperature in 1/5120 degC from the 20-bit reading (bmp280_compensate_T_int32)."""
        fine = (adc_t >> 3) - (self._t1 << 1)  # < 2^18
        coarse = (adc_t >> 4) - self._t1  # < 2^17
        return (fine * self._t2 >> 11) + (((coarse * coarse) >> 12) * self._t3 >> 14)  # < 2^23

    def _pressure_q8(self, t_fine: int, adc_p: int) -> int:
        """Pressure in Pa/256 from the 20-bit reading (bmp280_compensate_P_int64).

        Division is Python's; it differs from C's only below about zero pressure.
        """
        t = t_fine - 128000  # < 2^23
        offset = (t * self._p6 + self._p5_q17) * t + self._p4_q35  # < 2^62
        scale = (t * t * self._p3 >> 8) + t * self._p2_q12  # < 2^54
        scale = ((1 << 47) + scale) * self._p1 >> 33  # < 2^37
        if scale == 0:
            return 0  # as the data sheet; impossible between -40 and 85 degC
        p = (((1048576 - adc_p) << 31) - offset) * 3125 // scale  # about 2^24
        coarse = p >> 13
        return ((p + (self._p9 * coarse * coarse >> 25) + (self._p8 * p >> 19)) >> 8) + self._p7_q4

    def trigger(self) -> int:
        """Start one conversion now; µs until `collect` is worth calling. OSError on a NACK."""
        self._i2c.writeto_mem(self._address, _CTRL_MEAS, self._forced)
        return self._conversion_us

    def collect(self) -> int:
        """0 when a sample is ready, else µs to wait; OSError on a NACK, SensorError CHIP_RESET."""
        data = self._data
        self._i2c.readfrom_mem_into(self._address, _STATUS, data)
        if data[1] != self._idle:
            if data[1] & _MODE:
                return _POLL_US
            raise SensorError(CHIP_RESET, data[1])
        if data[0] & _MEASURING:
            return _POLL_US
        t_fine = self._t_fine(data[7] << 12 | data[8] << 4 | data[9] >> 4)
        p = self._pressure_q8(t_fine, data[4] << 12 | data[5] << 4 | data[6] >> 4)
        # nonsense stays nonsense (outside the range), but within the 30 bits everyone relies on
        self.pressure_q8 = min(max(p, -_LIMIT_Q8), _LIMIT_Q8)
        self.temperature_q16 = (t_fine << 6) // 5 + _ZERO_CELSIUS_Q16  # 65536/5120; < 2^27
        return 0
