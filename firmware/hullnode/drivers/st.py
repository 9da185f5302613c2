"""What the absolute pressure sensors of ST (LPS22HB, LPS28DFW) have in common, I2C, one-shot mode.

The chips compensate by themselves: pressure is 24 bits (signed), temperature 16, so nothing here
leaves 29 bits and the path trigger + collect allocates nothing.

Both control registers are written with every trigger, in one transfer: a chip that restarted
since `start` measures as configured all the same.

The status is read before the data, in a transfer of its own: reading the data clears its flags,
and a conversion that ends within one common burst would be lost.
"""

from hullcore.compat import const
from hullnode.drivers.errors import CONFIG_REFUSED, NOT_READY, WRONG_ID, SensorError

_WHO_AM_I = const(0x0F)
_CTRL_REG1 = const(0x10)
_CTRL_REG2 = const(0x11)
_STATUS = const(0x27)
_PRESS_OUT_XL = const(0x28)

_RESET = const(0x04)  # CTRL_REG2, clears itself
_ONE_SHOT = const(0x01)
_READY = const(0x03)  # STATUS: pressure and temperature

_ZERO_CELSIUS_Q16 = const(17901158)  # 273.15 K; 0.4 LSB = 6 µK low
_RESET_POLLS = const(10)  # of 1 ms
_POLL_US = const(500)


class OneShot:
    """Reset, one-shot conversions and their results.

    A chip adds ID, `_ctrl1` and `_ctrl2` (its two control registers, one-shot bit clear) and
    `_scale`: 1 when a count is 1/4096 hPa, 2 when it is 1/2048.
    """

    KIND = "abs"
    ADDRESSES = (0x5C, 0x5D)
    ALLOCATES = False
    ID = 0

    def __init__(self, i2c, address: int, conversion_us: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._sleep_ms = sleep_ms
        self._status = bytearray(1)
        self._data = bytearray(5)
        self._control = bytearray(2)
        self._conversion_us = conversion_us
        self._uncollected = False
        self.pressure_q8 = 0
        self.temperature_q16 = 0
        self.pressure_shift = 0
        self.temperature_shift = 0

    def _configure(self, ctrl1: int, ctrl2: int, scale: int) -> None:
        """What `start` and `trigger` are to write, and the worth of a count in 1/4096 hPa."""
        self._control[0] = ctrl1
        self._control[1] = ctrl2 | _ONE_SHOT
        self._scale = 25 * scale
        self.pressure_lsb_q8 = (self._scale + 3) >> 2  # 6.25 Pa/256 is 1/4096 hPa

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
        if chip != self.ID:
            raise SensorError(WRONG_ID, chip)
        self._put(_CTRL_REG2, _RESET)
        self._sleep_ms(1)
        polls = _RESET_POLLS
        while self._get(_CTRL_REG2) & _RESET:
            if not polls:
                raise SensorError(NOT_READY, _RESET)
            polls -= 1
            self._sleep_ms(1)
        self._put(_CTRL_REG1, self._control[0])
        kept = self._get(_CTRL_REG1)
        if kept != self._control[0]:
            raise SensorError(CONFIG_REFUSED, kept)
        self._uncollected = True  # the flags may hold a conversion from before

    def trigger(self) -> int:
        """Start one conversion now; µs until `collect` is worth calling. OSError on a NACK."""
        if self._uncollected:
            # the ready flags of an abandoned conversion would pass for the new one's
            self._i2c.readfrom_mem_into(self._address, _PRESS_OUT_XL, self._data)
        self._i2c.writeto_mem(self._address, _CTRL_REG1, self._control)
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
        self.pressure_q8 = raw * self._scale >> 2  # product < 2^29
        raw = data[3] | data[4] << 8  # < 2^16
        if raw & 0x8000:
            raw -= 0x10000  # |raw| <= 2^15
        self.temperature_q16 = raw * 16384 // 25 + _ZERO_CELSIUS_Q16  # 655.36; product <= 2^29
        self._uncollected = False
        return 0
