"""ST LPS22HB absolute pressure sensor, I2C, one-shot mode, filter off.

Source: ST DocID027083 rev 6: register map (8), pressure and temperature interpretation (4.5, 4.6:
4096 LSB/hPa, 100 LSB/degC), CTRL_REG1 (9.7), CTRL_REG2 (9.8), RES_CONF (9.17), STATUS (9.22).
The data sheet gives no one-shot time; its fastest continuous rate is 75 Hz, one conversion in
13.3 ms, and the data-ready flags tell the end.

The chip compensates by itself: pressure is 24 bits (signed), temperature 16, so nothing here
leaves 28 bits and the path trigger + collect allocates nothing. One-shot measures with the reset
values of everything but the block update, which does not matter once a conversion has ended: a
chip that restarted gives the same samples.

The status is read before the data, in a transfer of its own: reading the data clears its flags.
"""

from hullcore.compat import const
from hullnode.drivers.errors import CONFIG_REFUSED, NOT_READY, WRONG_ID, SensorError

_WHO_AM_I = const(0x0F)
_CTRL_REG1 = const(0x10)
_CTRL_REG2 = const(0x11)
_RES_CONF = const(0x1A)
_STATUS = const(0x27)
_PRESS_OUT_XL = const(0x28)

_ID = const(0xB1)
_BLOCK_UPDATE = const(0x02)  # CTRL_REG1, with rate 0: powered down, one-shot possible; filter off
_RESET = const(0x04)  # CTRL_REG2, clears itself
_ONE_SHOT = const(0x11)  # with the register address counting up, as after a reset
_READY = const(0x03)  # STATUS: pressure and temperature

_ZERO_CELSIUS_Q16 = const(17901158)  # 273.15 K; 0.4 LSB = 6 µK low
_RESET_POLLS = const(10)  # of 1 ms
_POLL_US = const(500)


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: one period at 75 Hz and a tenth."""
    return 14667


class Lps22hb:
    """One LPS22HB; see `hullnode.drivers` for the interface all drivers share.

    Its only choice is low current or low noise; it is set to low noise.
    """

    SENSOR = "lps22hb"
    KIND = "abs"
    ADDRESSES = (0x5D, 0x5C)
    OVERSAMPLINGS = (1,)
    PRESSURE_MIN_PA = 26000
    PRESSURE_MAX_PA = 126000
    ALLOCATES = False

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._sleep_ms = sleep_ms
        self._status = bytearray(1)
        self._data = bytearray(5)
        self._one_shot = bytes([_ONE_SHOT])
        self._conversion_us = conversion_us(oversampling)
        self._uncollected = False
        self.pressure_q8 = 0
        self.temperature_q16 = 0
        self.pressure_lsb_q8 = 7  # 6.25
        self.pressure_shift = 0
        self.temperature_shift = 0

    def _get(self, register: int) -> int:
        self._i2c.readfrom_mem_into(self._address, register, self._status)
        return self._status[0]

    def _put(self, register: int, value: int) -> None:
        self._i2c.writeto_mem(self._address, register, bytes([value]))

    def start(self) -> None:
        """Reset and configure. Takes 1 ms, at most 11.

        Raises OSError (bus), SensorError WRONG_ID, NOT_READY, CONFIG_REFUSED.
        """
        chip = self._get(_WHO_AM_I)
        if chip != _ID:
            raise SensorError(WRONG_ID, chip)
        self._put(_CTRL_REG2, _RESET)
        self._sleep_ms(1)
        polls = _RESET_POLLS
        while self._get(_CTRL_REG2) & _RESET:
            if not polls:
                raise SensorError(NOT_READY, _RESET)
            polls -= 1
            self._sleep_ms(1)
        self._put(_RES_CONF, 0)  # low noise
        self._put(_CTRL_REG1, _BLOCK_UPDATE)
        kept = self._get(_CTRL_REG1)
        if kept != _BLOCK_UPDATE:
            raise SensorError(CONFIG_REFUSED, kept)
        self._uncollected = True  # the flags may hold a conversion from before

    def trigger(self) -> int:
        """Start one conversion now; µs until `collect` is worth calling. OSError on a NACK."""
        if self._uncollected:
            # the ready flags of an abandoned conversion would pass for the new one's
            self._i2c.readfrom_mem_into(self._address, _PRESS_OUT_XL, self._data)
        self._i2c.writeto_mem(self._address, _CTRL_REG2, self._one_shot)
        self._uncollected = True
        return self._conversion_us

    def collect(self) -> int:
        """0 when a sample is ready, else µs to wait; OSError on a NACK."""
        i2c = self._i2c
        i2c.readfrom_mem_into(self._address, _STATUS, self._status)
        if self._status[0] & _READY != _READY:
            return _POLL_US
        data = self._data
        i2c.readfrom_mem_into(self._address, _PRESS_OUT_XL, data)
        raw = data[0] | data[1] << 8 | data[2] << 16  # < 2^24
        if raw & 0x800000:
            raw -= 0x1000000  # |raw| <= 2^23
        self.pressure_q8 = raw * 25 >> 2  # 1/4096 hPa in Pa/256: 6.25; product < 2^28
        raw = data[3] | data[4] << 8  # < 2^16
        if raw & 0x8000:
            raw -= 0x10000  # |raw| <= 2^15
        self.temperature_q16 = raw * 16384 // 25 + _ZERO_CELSIUS_Q16  # 655.36; product <= 2^29
        self._uncollected = False
        return 0
