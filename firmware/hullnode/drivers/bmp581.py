"""Bosch BMP581 absolute pressure sensor (and BMP585, same registers), I2C, forced mode.

Source: Bosch BST-BMP581-DS004. Conversion times (page 12 of revision 1.4, +-5 %; their sums
are the periods of table 9), oversampling pairs (table 9), power modes (4.3), data registers
(4.5), register map (7).

The chip compensates by itself: pressure is 24 bits of 1/64 Pa, temperature 24 bits (signed) of
1/65536 degC, so nothing here leaves 26 bits and the path trigger + collect allocates nothing.

The status is read before the data, in a transfer of its own. One burst over 0x1D..0x27 would
take the same time (14 bytes on the wire instead of 13, 25 µs each at 400 kHz) and would read the
data first: a conversion that ends inside such a burst delivers the old sample with the new
sample's ready flag, and reading clears that flag.
"""

from hullcore.compat import const
from hullnode.drivers.errors import (
    BAD_MEMORY,
    CHIP_RESET,
    CONFIG_REFUSED,
    NOT_READY,
    WRONG_ID,
    SensorError,
)

_CHIP_ID = const(0x01)
_INT_SOURCE = const(0x15)
_TEMP_DATA_XLSB = const(0x1D)
_INT_STATUS = const(0x27)
_STATUS = const(0x28)
_DSP_CONFIG = const(0x30)
_OSR_CONFIG = const(0x36)
_ODR_CONFIG = const(0x37)
_CMD = const(0x7E)

_ID_BMP581 = const(0x50)
_ID_BMP585 = const(0x51)
_SOFT_RESET = const(0xB6)
_DRDY = const(0x01)  # INT_STATUS and INT_SOURCE
_POR = const(0x10)  # INT_STATUS: reset complete
_NVM_RDY = const(0x02)  # STATUS
_NVM_ERR = const(0x04)
_PRESS_EN = const(0x40)  # OSR_CONFIG
# ODR_CONFIG: deep standby off (its wake-up of some ms would add to every conversion, and it
# forgets the filter setting); the rate field keeps its reset value, forced mode does not use it
_STANDBY = const(0xF0)
_FORCED = const(0xF2)
_NO_DATA = const(0x7F7F7F)  # reset value of the data registers: 130,558 Pa, outside the range

_ZERO_CELSIUS_Q16 = const(17901158)  # 273.15 K; 0.4 LSB = 6 µK low
_RESET_MS = const(3)  # t_soft_res 2 ms
_STANDBY_MS = const(3)  # t_standby 2.5 ms out of deep standby
_POLL_US = const(500)

_RATIOS = (1, 2, 4, 8, 16, 32, 64, 128)


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: pressure plus temperature conversion + 5 %."""
    typical = (2000, 2700, 3900, 6400, 11400, 21500, 41900, 82500)[_RATIOS.index(oversampling)]
    return typical + typical // 20


class Bmp581:
    """One BMP581; see `hullnode.drivers` for the interface all drivers share.

    Temperature is oversampled 1, 1, 1, 1, 1, 2, 4, 8 times as table 9 pairs it. `collect` raises
    SensorError CHIP_RESET when the chip restarted since `start` (supply dip): it is back at its
    reset configuration, which measures no pressure.
    """

    SENSOR = "bmp581"
    KIND = "abs"
    ADDRESSES = (0x47, 0x46)
    OVERSAMPLINGS = _RATIOS
    PRESSURE_MIN_PA = 30000
    PRESSURE_MAX_PA = 125000
    ALLOCATES = False

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._sleep_ms = sleep_ms
        self._status = bytearray(1)
        self._data = bytearray(6)
        self._forced = bytes([_FORCED])
        self._conversion_us = conversion_us(oversampling)
        code = _RATIOS.index(oversampling)
        self._osr = _PRESS_EN | code << 3 | max(0, code - 4)
        self._uncollected = False
        self.pressure_q8 = 0
        self.temperature_q16 = 0
        self.pressure_lsb_q8 = 4
        self.pressure_shift = 2
        self.temperature_shift = 0

    def _get(self, register: int) -> int:
        self._i2c.readfrom_mem_into(self._address, register, self._status)
        return self._status[0]

    def _put(self, register: int, *values: int) -> None:
        self._i2c.writeto_mem(self._address, register, bytes(values))

    def start(self) -> None:
        """Reset and configure: forced mode, filter off, ready flag on. Takes 6 ms.

        Raises OSError (bus), SensorError WRONG_ID, NOT_READY, BAD_MEMORY, CONFIG_REFUSED.
        """
        chip = self._get(_CHIP_ID)
        if chip != _ID_BMP581 and chip != _ID_BMP585:
            raise SensorError(WRONG_ID, chip)
        try:
            self._put(_CMD, _SOFT_RESET)
        except OSError:
            pass  # over I2C the chip resets before it acknowledges this byte (register 0x7E)
        self._sleep_ms(_RESET_MS)
        flags = self._get(_INT_STATUS)  # reading also clears it
        if not flags & _POR:
            raise SensorError(NOT_READY, flags)
        status = self._get(_STATUS)
        if status & _NVM_ERR or not status & _NVM_RDY:
            raise SensorError(BAD_MEMORY, status)
        self._put(_ODR_CONFIG, _STANDBY)
        self._sleep_ms(_STANDBY_MS)
        self._put(_DSP_CONFIG, 0x03, 0x00)  # on-chip compensation on, both filters bypassed
        self._put(_OSR_CONFIG, self._osr)
        self._put(_INT_SOURCE, _DRDY)
        kept = self._get(_OSR_CONFIG)
        if kept != self._osr:
            raise SensorError(CONFIG_REFUSED, kept)
        self._uncollected = False

    def trigger(self) -> int:
        """Start one conversion now; µs until `collect` is worth calling. OSError on a NACK."""
        if self._uncollected:
            # the ready flag of an abandoned conversion would pass for the new one's
            self._i2c.readfrom_mem_into(self._address, _INT_STATUS, self._status)
        self._i2c.writeto_mem(self._address, _ODR_CONFIG, self._forced)
        self._uncollected = True
        return self._conversion_us

    def collect(self) -> int:
        """0 when a sample is ready, else µs to wait; OSError on a NACK, SensorError CHIP_RESET.

        The ready flag is gone once read: after an OSError from here, trigger again.
        """
        i2c = self._i2c
        address = self._address
        status = self._status
        i2c.readfrom_mem_into(address, _INT_STATUS, status)
        flags = status[0]
        if flags != _DRDY:
            if flags & _POR:
                raise SensorError(CHIP_RESET, flags)
            if not flags & _DRDY:
                return _POLL_US
        data = self._data
        i2c.readfrom_mem_into(address, _TEMP_DATA_XLSB, data)
        raw = data[3] | data[4] << 8 | data[5] << 16  # < 2^24
        if raw == _NO_DATA:
            return _POLL_US
        self.pressure_q8 = raw << 2  # < 2^26
        raw = data[0] | data[1] << 8 | data[2] << 16  # < 2^24
        if raw & 0x800000:
            raw -= 0x1000000  # |raw| <= 2^23
        self.temperature_q16 = raw + _ZERO_CELSIUS_Q16  # < 2^25
        self._uncollected = False
        return 0
