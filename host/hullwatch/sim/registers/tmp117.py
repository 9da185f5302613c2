"""Texas Instruments TMP117 at register level: a thermometer, as in SNOSD82.

Independence: written from the data sheet "TMP117 High-Accuracy, Low-Power, Digital
Temperature Sensor With SMBus- and I2C-Compatible Interface" (SNOSD82D, September 2022:
7.3.1 power up, 7.3.2 averaging, 7.3.3 and table 7-1 result format, 7.4 modes, 7.6
register map; 6.5 and table 7-7 times from memory). No driver of the node was read for it.

Modelled: device id, power-up in continuous conversion at 1 Hz, continuous, shutdown and
one-shot mode, averaging and cycle times, Data_Ready (cleared by reading the result or the
configuration), the two alert flags, the offset register, soft reset, the pointer that
stays where it is. Not modelled: programming the EEPROM (its registers hold a specimen's
identity and cannot be written), therm mode, the ALERT pin, the general call.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hullwatch.sim.registers.wordchip import WordChip

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

_RESULT: Final = 0x0
_CONFIGURATION: Final = 0x1
_HIGH_LIMIT: Final = 0x2
_LOW_LIMIT: Final = 0x3
_UNLOCK: Final = 0x4
_OFFSET: Final = 0x7
_DEVICE_ID: Final = 0xF

_HIGH_ALERT: Final = 0x8000
_LOW_ALERT: Final = 0x4000
_DATA_READY: Final = 0x2000
_MODE: Final = 0x0C00
_SHUTDOWN: Final = 0x0400
_ONE_SHOT: Final = 0x0C00
_SOFT_RESET: Final = 0x0002
# MOD, CONV, AVG, T/nA, POL and DR/Alert.
_WRITABLE: Final = 0x0FFC
_RESET_US: Final = 2_000
_LSB_PER_K: Final = 128.0

# Register values after a reset (7.6). The EEPROM words differ from chip to chip.
_AFTER_RESET: Final = (
    *(0x8000, 0x0220, 0x6000, 0x8000, 0x0000, 0x5A31, 0x0C07, 0x0000, 0x92E4),
    *(0,) * 7,
)

# By the CONV code 0..7: least time from one conversion to the next.
CYCLE_US: Final = (15_500, 125_000, 250_000, 500_000, 1_000_000, 4_000_000, 8_000_000, 16_000_000)
# By the AVG code 0..3: 1, 8, 32 and 64 conversions of 15.5 ms, as the sheet rounds them;
# at most 17.5 ms each, 1.13 times that.
CONVERSION_US: Final = (15_500, 125_000, 500_000, 1_000_000)
# 6.5 prints a repeatability of +-1 LSB with 8 averages and no rms figure. Taken here: 1.5 LSB
# rms for one conversion, falling with the square root, so that +-1 LSB covers 94 % of the
# averages of 8.
TEMPERATURE_NOISE_K: Final = tuple(1.5 / _LSB_PER_K / n**0.5 for n in (1, 8, 32, 64))


class Tmp117Model(WordChip):
    """TMP117: temperature in 1/128 K from 0 degC, 16 bits, -256 degC until the first result.

    It has no pressure: the front end's is not looked at. Results out of range stop at the
    ends of the register. `registers` holds the 16 words; tests may read and poke them.
    """

    SENSOR = "tmp117"
    ADDRESS = 0x48
    CHIP_ID = 0x0117
    LONGEST_REPLY = 2

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        self._id = self.CHIP_ID
        self._pointer = _RESULT
        self.registers = [0] * 16
        self._power_up()

    def set_chip_id(self, value: int) -> None:
        """Answer with another device id (0..0xFFFF) until it is set back to CHIP_ID."""
        self._id = value
        self.registers[_DEVICE_ID] = value

    # -- transactions -----------------------------------------------------

    def write(self, data: bytes) -> None:
        """Pointer, then one word, high byte first; bytes after it are ignored."""
        if self._attention:
            self._attend()
        if data:
            self._pointer = data[0] & 0xF
            if len(data) >= 3:
                self._put(self._pointer, data[1] << 8 | data[2])

    def read(self, n: int) -> bytes:
        """The word at the pointer, over and over."""
        if self._attention:
            self._attend()
        registers = self.registers
        word = registers[self._pointer]
        if self._pointer == _RESULT:
            registers[_CONFIGURATION] &= ~_DATA_READY
        elif self._pointer == _CONFIGURATION:
            registers[_CONFIGURATION] &= ~(_DATA_READY | _HIGH_ALERT | _LOW_ALERT)
        return (word.to_bytes(2, "big") * (n // 2 + 1))[:n]

    # -- behaviour --------------------------------------------------------

    def _put(self, register: int, value: int) -> None:
        if register == _CONFIGURATION:
            if value & _SOFT_RESET:
                # Whether the chip acknowledges during its 2 ms is not stated: it does not here.
                self._pause(_RESET_US)
                self._power_up(_RESET_US)
            else:
                self._configure(value & _WRITABLE, 0)
        elif register in (_HIGH_LIMIT, _LOW_LIMIT, _OFFSET):
            self.registers[register] = value
        elif register == _UNLOCK:
            self.registers[register] = value & 0x8000

    def _power_up(self, delay_us: int = 0) -> None:
        self.registers[:] = _AFTER_RESET
        self.registers[_DEVICE_ID] = self._id
        self._configure(_AFTER_RESET[_CONFIGURATION], delay_us)

    def _configure(self, value: int, delay_us: int) -> None:
        """Set mode and times; what was being converted is lost (not stated for all cases)."""
        flags = self.registers[_CONFIGURATION] & (_DATA_READY | _HIGH_ALERT | _LOW_ALERT)
        self.registers[_CONFIGURATION] = flags | value
        self._abort()
        duration_us = round(CONVERSION_US[value >> 5 & 3] * self._scale)
        mode = value & _MODE
        if mode == _ONE_SHOT:
            self._start(duration_us)
        elif mode != _SHUTDOWN:
            cycle_us = round(CYCLE_US[value >> 7 & 7] * self._scale)
            self._start_cycle(duration_us, cycle_us)
            self._sample_us += delay_us
            self._ready_us += delay_us

    def _finish(self) -> bool:
        registers = self.registers
        configuration = registers[_CONFIGURATION]
        if not self._frozen:
            white_k = TEMPERATURE_NOISE_K[configuration >> 5 & 3]
            sample = self._measure(self._sample_us, 0.0, white_k)
            if sample is None:
                return False
            result = round(sample[1] * _LSB_PER_K) + _signed(registers[_OFFSET])
            result = min(max(result, -0x8000), 0x7FFF)
            registers[_RESULT] = result & 0xFFFF
        result = _signed(registers[_RESULT])
        if result > _signed(registers[_HIGH_LIMIT]):
            configuration |= _HIGH_ALERT
        if result < _signed(registers[_LOW_LIMIT]):
            configuration |= _LOW_ALERT
        if configuration & _MODE == _ONE_SHOT:
            configuration = configuration & ~_MODE | _SHUTDOWN
        registers[_CONFIGURATION] = configuration | _DATA_READY
        return True


def _signed(word: int) -> int:
    """A 16-bit word in two's complement."""
    return word - 0x10000 if word & 0x8000 else word
