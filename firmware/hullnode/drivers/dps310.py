"""Infineon DPS310 and DPS368 absolute pressure sensors, I2C, command mode.

Source: Infineon DPS310 data sheet V1.2 (and DPS368 V1.1, same registers): measurement times and
scaling factors (4.9, tables 9 and 16), compensation (4.9.1, 4.9.2), operating modes (4.1),
registers (7), coefficients (8.11), source of the coefficients (8.12).

Two conversions make a sample, pressure then temperature. The temperature sensor must be the one
the coefficients were made with (register 0x28): the other one is about 28 K off. Five writes
after the start, which are not in the data sheet but in Infineon's own driver, correct the fuses
of some early parts that report a wrong temperature; others do not mind.

A reset takes 40 ms until the coefficients are there, longer than `start` may: so the chip is only
reset when it did not keep its configuration, and the next `start` finds it ready.

The polynomial is computed with both scaled readings in 2^-32 and its sum in 2^-16 Pa.
"""

from hullcore.compat import const
from hullnode.drivers.errors import (
    BAD_CALIBRATION,
    CHIP_RESET,
    CONFIG_REFUSED,
    NOT_READY,
    WRONG_ID,
    SensorError,
)

_PRESSURE = const(0x00)
_TEMPERATURE = const(0x03)
_PRS_CFG = const(0x06)
_MEAS_CFG = const(0x08)
_RESET = const(0x0C)
_PRODUCT_ID = const(0x0D)
_COEFFICIENTS = const(0x10)
_COEFFICIENT_SOURCE = const(0x28)

_ID = const(0x10)
_SOFT_RESET = const(0x89)
_EXTERNAL = const(0x80)  # TMP_CFG and COEF_SRCE: the sensor in the pressure element
_STARTED = const(0xC0)  # MEAS_CFG: coefficients and sensor ready
_TEMPERATURE_READY = const(0x20)
_PRESSURE_READY = const(0x10)
_MODE = const(0x07)
_MEASURE_PRESSURE = const(0x01)
_MEASURE_TEMPERATURE = const(0x02)
_PRESSURE_SHIFT = const(0x04)  # CFG_REG: needed above 8 times

_ZERO_CELSIUS_Q16 = const(17901158)  # 273.15 K; 0.4 LSB = 6 µK low
_READY_POLLS = const(18)  # of 1 ms
_POLL_US = const(500)
_LIMIT = const(0x3FFFFFFF)
# what was asked for last
_IDLE = const(0)
_CONVERTING_PRESSURE = const(1)
_CONVERTING_TEMPERATURE = const(2)
_MOST_TEMPERATURE = const(3)  # log2: 8 times brings its noise below what moves pressure

_RATIOS = (1, 2, 4, 8, 16, 32, 64, 128)
_SCALES = (524288, 1572864, 3670016, 7864320, 253952, 516096, 1040384, 2088960)


def _one_conversion_us(code: int) -> int:
    """Typical time of the data sheet's table and a twentieth, µs."""
    typical = 2000 + (1600 << code)
    return typical + typical // 20


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: pressure and temperature one after the other."""
    code = _RATIOS.index(oversampling)
    return _one_conversion_us(code) + _one_conversion_us(min(code, _MOST_TEMPERATURE))


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value >> (bits - 1) else value


class Dps310:
    """One DPS310 or DPS368; see `hullnode.drivers` for the interface all drivers share.

    `collect` raises SensorError CHIP_RESET when the chip lost its configuration since `start`.
    The 64-bit compensation allocates about 1,000 bytes a sample with 31-bit small ints.
    """

    SENSOR = "dps310"
    KIND = "abs"
    ADDRESSES = (0x77, 0x76)
    OVERSAMPLINGS = _RATIOS
    PRESSURE_MIN_PA = 30000
    PRESSURE_MAX_PA = 120000
    ALLOCATES = True

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._sleep_ms = sleep_ms
        self._status = bytearray(4)  # PRS_CFG, TMP_CFG, MEAS_CFG, CFG_REG
        self._data = bytearray(3)
        self._measure_p = bytes([_MEASURE_PRESSURE])
        self._measure_t = bytes([_MEASURE_TEMPERATURE])
        code = _RATIOS.index(oversampling)
        self._prs_cfg = code
        self._tmp_cfg = min(code, _MOST_TEMPERATURE)
        self._cfg_reg = _PRESSURE_SHIFT if code > 3 else 0
        self._p_scale = _SCALES[code]
        self._t_scale = _SCALES[self._tmp_cfg]
        self._p_us = _one_conversion_us(code)
        self._t_us = _one_conversion_us(self._tmp_cfg)
        self._raw_p = 0
        self._state = _IDLE
        self.pressure_q8 = 0
        self.temperature_q16 = 0
        self.pressure_lsb_q8 = 1
        self.pressure_shift = 0
        self.temperature_shift = 0

    def _get(self, register: int, count: int = 1) -> bytearray:
        buffer = bytearray(count)
        self._i2c.readfrom_mem_into(self._address, register, buffer)
        return buffer

    def _put(self, register: int, *values: int) -> None:
        self._i2c.writeto_mem(self._address, register, bytes(values))

    def start(self) -> None:
        """Read the coefficients, configure. At once, or at most 18 ms when the chip just started.

        Raises OSError (bus), SensorError WRONG_ID, NOT_READY, BAD_CALIBRATION, CONFIG_REFUSED.
        """
        chip = self._get(_PRODUCT_ID)[0]
        if chip != _ID:
            raise SensorError(WRONG_ID, chip)
        polls = _READY_POLLS
        while self._get(_MEAS_CFG)[0] & _STARTED != _STARTED:
            if not polls:
                raise SensorError(NOT_READY, self._get(_MEAS_CFG)[0])
            polls -= 1
            self._sleep_ms(1)
        self._read_coefficients()
        external = self._get(_COEFFICIENT_SOURCE)[0] & _EXTERNAL
        self._tmp_cfg = self._tmp_cfg & ~_EXTERNAL | external
        for register, value in ((0x0E, 0xA5), (0x0F, 0x96), (0x62, 0x02), (0x0E, 0), (0x0F, 0)):
            self._put(register, value)
        self._put(_PRS_CFG, self._prs_cfg, self._tmp_cfg, 0, self._cfg_reg)  # 0: standby
        kept = self._get(_PRS_CFG, 4)
        for index, value in enumerate((self._prs_cfg, self._tmp_cfg, 0, self._cfg_reg)):
            if kept[index] != value and index != 2:
                self._put(_RESET, _SOFT_RESET)
                raise SensorError(CONFIG_REFUSED, kept[index])
        # flags may be left from before
        self._get(_PRESSURE, 6)
        self._state = _IDLE
        # one count of pressure at the linear coefficient, which the others move by a few percent
        self.pressure_lsb_q8 = (abs(self._c10) * 256 + self._p_scale - 1) // self._p_scale

    def _read_coefficients(self) -> None:
        """Take the coefficients; read twice, as nothing else protects them on the bus."""
        b = self._get(_COEFFICIENTS, 18)
        again = self._get(_COEFFICIENTS, 18)
        for offset in range(18):
            if b[offset] != again[offset]:
                raise SensorError(BAD_CALIBRATION, offset)
        self._c0 = _signed(b[0] << 4 | b[1] >> 4, 12)
        self._c1 = _signed((b[1] & 0x0F) << 8 | b[2], 12)
        self._c00 = _signed(b[3] << 12 | b[4] << 4 | b[5] >> 4, 20)
        self._c10 = _signed((b[5] & 0x0F) << 16 | b[6] << 8 | b[7], 20)
        # zeros or ones: SDA is stuck; no real part has them
        if self._c00 == 0 or self._c00 == -1 or self._c10 == 0 or self._c1 == 0:
            raise SensorError(BAD_CALIBRATION, 3)
        words = tuple([_signed(b[i] << 8 | b[i + 1], 16) for i in (8, 10, 12, 14, 16)])
        self._c01, self._c11, self._c20, self._c21, self._c30 = words

    def trigger(self) -> int:
        """Start the pressure conversion; µs until `collect` is worth calling. OSError on a NACK."""
        if self._state != _IDLE:
            # the flags of an abandoned sample would pass for the new one's
            self._i2c.readfrom_mem_into(self._address, _PRESSURE, self._data)
            self._i2c.readfrom_mem_into(self._address, _TEMPERATURE, self._data)
        self._state = _CONVERTING_PRESSURE
        self._i2c.writeto_mem(self._address, _MEAS_CFG, self._measure_p)
        return self._p_us

    def collect(self) -> int:
        """First: take pressure, start temperature. Second: take it, return 0.

        Returns µs to wait otherwise; OSError on a NACK, SensorError CHIP_RESET.
        """
        i2c = self._i2c
        status = self._status
        i2c.readfrom_mem_into(self._address, _PRS_CFG, status)
        if status[0] != self._prs_cfg or status[1] != self._tmp_cfg or status[3] != self._cfg_reg:
            raise SensorError(CHIP_RESET, status[1])
        if self._state == _CONVERTING_PRESSURE:
            if not status[2] & _PRESSURE_READY:
                return _POLL_US
            self._raw_p = self._reading(_PRESSURE)
            self._state = _CONVERTING_TEMPERATURE
            i2c.writeto_mem(self._address, _MEAS_CFG, self._measure_t)
            return self._t_us
        if not status[2] & _TEMPERATURE_READY:
            return _POLL_US
        self._compensate(self._raw_p, self._reading(_TEMPERATURE))
        self._state = _IDLE
        return 0

    def _reading(self, register: int) -> int:
        data = self._data
        self._i2c.readfrom_mem_into(self._address, register, data)
        raw = data[0] << 16 | data[1] << 8 | data[2]  # < 2^24
        return raw - 0x1000000 if raw & 0x800000 else raw  # |raw| <= 2^23

    def _compensate(self, raw_p: int, raw_t: int) -> None:
        """4.9.1 and 4.9.2: P = c00 + x (c10 + x (c20 + x c30)) + t (c01 + x (c11 + x c21))."""
        x = (raw_p << 32) // self._p_scale  # 2^-32; |x| < 2^38 with nonsense, 2^33 else
        t = (raw_t << 32) // self._t_scale
        p = (self._c20 << 16) + (self._c30 * x >> 16)  # 2^-16 Pa; < 2^37 (nonsense), product 2^53
        p = (self._c10 << 16) + (p * x >> 32)  # < 2^43, product < 2^75
        p = (self._c00 << 16) + (p * x >> 32)  # < 2^49, product < 2^81
        bend = (self._c11 << 16) + (self._c21 * x >> 16)  # < 2^37
        bend = (self._c01 << 16) + (bend * x >> 32)  # < 2^43
        p = p + (bend * t >> 32) >> 8  # Pa/256
        # nonsense stays nonsense (outside the range), but within the 30 bits everyone relies on
        self.pressure_q8 = min(max(p, -_LIMIT), _LIMIT)
        t = (self._c0 << 15) + (self._c1 * t >> 16) + _ZERO_CELSIUS_Q16  # c0 / 2 + c1 t
        self.temperature_q16 = min(max(t, -_LIMIT), _LIMIT)
