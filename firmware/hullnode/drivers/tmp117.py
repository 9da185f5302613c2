"""TI TMP117 temperature probe (and TMP119, same registers), I2C, one-shot mode.

Source: TI SNOSD82D. Conversion time (6.6 switching characteristics: 15.5 ms, at most 17.5, once
per averaged conversion), averaging (7.3.2), result format (7.3.3, table 7-1), one-shot mode
(7.4.3), registers (7.6).

The result is 16 bits (signed) of 1/128 degC, already calibrated; nothing here leaves 25 bits and
the path trigger + collect allocates nothing. The offset register is left as the chip's own memory
filled it at the reset: that is where a user's one-point calibration lies.
"""

from hullcore.compat import const
from hullnode.drivers.errors import CHIP_RESET, CONFIG_REFUSED, NOT_READY, WRONG_ID, SensorError

_RESULT = const(0x00)
_CONFIG = const(0x01)
_DEVICE_ID = const(0x0F)

_ID = const(0x117)  # bits 11..0; bits 15..12 are the revision
# configuration register
_READY = const(0x2000)  # cleared by reading this register or the result
_EEPROM_BUSY = const(0x1000)
_MODE = const(0x0C00)
_SHUTDOWN = const(0x0400)
_ONE_SHOT = const(0x0C00)
_SOFT_RESET = const(0x0002)
_SETTINGS = const(0x03FC)  # cycle time, averaging, alert pin: everything but mode and flags
_NO_DATA = const(0x8000)  # -256 degC: no conversion has ended since the reset

_ZERO_CELSIUS_Q16 = const(17901158)  # 273.15 K; 0.4 LSB = 6 µK low
_RESET_MS = const(3)  # 2 ms
_BUSY_POLLS = const(7)  # of 1 ms: the reset programs nothing, but loads the memory
_POLL_US = const(1000)

_RATIOS = (1, 8, 32, 64)


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: 17.5 ms for each averaged conversion (6.6).

    1 % more, as table 7-2 rounds 64 of 15.5 ms up to a second.
    """
    return 17650 * oversampling


class Tmp117:
    """One TMP117; see `hullnode.drivers` for the interface all probes share.

    `collect` raises SensorError CHIP_RESET when the chip lost its configuration since `start`.
    """

    SENSOR = "tmp117"
    KIND = "temperature"
    ADDRESSES = (0x48, 0x49, 0x4A, 0x4B)
    OVERSAMPLINGS = _RATIOS
    ALLOCATES = False

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._sleep_ms = sleep_ms
        self._data = bytearray(2)
        self._conversion_us = conversion_us(oversampling)
        self._averaging = _RATIOS.index(oversampling) << 5
        config = _ONE_SHOT | self._averaging
        self._one_shot = bytes([config >> 8, config & 0xFF])
        self._uncollected = False
        self.temperature_q16 = 0
        self.temperature_lsb_q16 = 512
        self.temperature_shift = 9

    def _get(self, register: int) -> int:
        data = self._data
        self._i2c.readfrom_mem_into(self._address, register, data)
        return data[0] << 8 | data[1]  # < 2^16

    def _put_config(self, value: int) -> None:
        self._i2c.writeto_mem(self._address, _CONFIG, bytes([value >> 8, value & 0xFF]))

    def start(self) -> None:
        """Reset and configure: shut down until triggered. Takes 3 ms, at most 10.

        Raises OSError (bus), SensorError WRONG_ID, NOT_READY, CONFIG_REFUSED.
        """
        chip = self._get(_DEVICE_ID)
        if chip & 0x0FFF != _ID:
            raise SensorError(WRONG_ID, chip)
        self._put_config(_SOFT_RESET)
        self._sleep_ms(_RESET_MS)
        polls = _BUSY_POLLS
        while self._get(_CONFIG) & _EEPROM_BUSY:
            if not polls:
                raise SensorError(NOT_READY, _EEPROM_BUSY)
            polls -= 1
            self._sleep_ms(1)
        self._put_config(_SHUTDOWN | self._averaging)
        kept = self._get(_CONFIG)
        if kept & (_MODE | _SETTINGS) != _SHUTDOWN | self._averaging:
            raise SensorError(CONFIG_REFUSED, kept)
        self._uncollected = False

    def trigger(self) -> int:
        """Start one conversion now; µs until `collect` is worth calling. OSError on a NACK."""
        if self._uncollected:
            self._get(_CONFIG)  # the ready flag of an abandoned conversion would pass for this one
        self._i2c.writeto_mem(self._address, _CONFIG, self._one_shot)
        self._uncollected = True
        return self._conversion_us

    def collect(self) -> int:
        """0 when a sample is ready, else µs to wait; OSError on a NACK, SensorError CHIP_RESET.

        The ready flag is gone once read: after an OSError from here, trigger again.
        """
        config = self._get(_CONFIG)
        if config & _SETTINGS != self._averaging or not config & _SHUTDOWN:
            raise SensorError(CHIP_RESET, config)  # it restarts converting continuously
        if not config & _READY:
            return _POLL_US
        raw = self._get(_RESULT)
        if raw == _NO_DATA:
            return _POLL_US
        if raw & 0x8000:
            raw -= 0x10000  # |raw| < 2^15
        self.temperature_q16 = (raw << 9) + _ZERO_CELSIUS_Q16  # < 2^26
        self._uncollected = False
        return 0
