"""Bosch BMP388 and BMP390 at register level: forced and normal mode, as in BST-BMP388-DS001.

Independence: written from the data sheets ("BMP388 Digital pressure sensor", DS001-07: 3.4
power modes, 3.9.2 measurement time, tables 6 and 7 resolution, 4 registers, 8.4 trimming
coefficients, 8.5 and 8.6 compensation in floating point; BMP390: BST-BMP390-DS002-07, the
same registers with another id). No driver of the node was read for it. The model solves
the compensation for the ADC words (temperature in closed form, pressure by Newton's
method); a driver computes it forwards, in integers. The coefficients are those of one
BMP388 that a user read out and the maker checked in a spreadsheet; its P9..P11, which
were not shown, are plausible values.

Modelled: both ids, reset, event and error registers, command-ready, data-ready of both
quantities (cleared by reading that quantity), drdy in INT_STATUS (cleared by reading),
forced mode, normal mode at its output data rate, refusal of a rate too fast for the
oversampling (conf_err), resolution by oversampling, sensor time. Not modelled: the IIR
filter (its setting can be read back and has no effect), the FIFO (always empty).
"""

from collections.abc import Callable
from math import sqrt
from struct import pack
from typing import TYPE_CHECKING, Final, NamedTuple

from hullwatch.sim.bus import ByteSource
from hullwatch.sim.registers.registerchip import RegisterChip

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

_CHIP_ID: Final = 0x00
_ERR_REG: Final = 0x02
_STATUS: Final = 0x03
_DATA: Final = 0x04
_TEMPERATURE: Final = 0x07
_DATA_END: Final = 0x0A
_SENSOR_TIME: Final = 0x0C
_EVENT: Final = 0x10
_INT_STATUS: Final = 0x11
_PWR_CTRL: Final = 0x1B
_OSR: Final = 0x1C
_ODR: Final = 0x1D
_CALIBRATION: Final = 0x31
_CALIBRATION_END: Final = 0x46
_CMD: Final = 0x7E

_SOFT_RESET: Final = 0xB6
_CMD_ERR: Final = 0x02
_CONF_ERR: Final = 0x04
_CMD_RDY: Final = 0x10
_DRDY_PRESSURE: Final = 0x20
_DRDY_TEMPERATURE: Final = 0x40
_DRDY: Final = 0x08
# 2 ms to start up after a reset (table 2).
_STARTUP_US: Final = 2_000
_FORCED: Final = (0x10, 0x20)
_NORMAL: Final = 0x30
_TICK_US: Final = 39.0625

# Registers that a host may write, with the bits it may; the others keep their value.
_MASKS: Final = {
    0x15: 0xFF, 0x16: 0x01, 0x17: 0x1F, 0x18: 0x1F, 0x19: 0x7F, 0x1A: 0x07, 0x1F: 0x0E,
}  # fmt: skip
_AFTER_RESET: Final = {
    _STATUS: _CMD_RDY, 0x06: 0x80, 0x09: 0x80, _EVENT: 0x01, 0x15: 0x01, 0x17: 0x02, 0x18: 0x02,
    0x19: 0x02, _OSR: 0x02,
}  # fmt: skip

# 3.9.2, typical: 234 us, for pressure 392 us and for temperature 163 us more, and 2020 us a
# sample. No maximum was seen; 200 Hz are allowed at x1 with x1 (4.83 ms), so it is below 1.035.
_BASE_US: Final = 234
_PRESSURE_US: Final = 392
_TEMPERATURE_US: Final = 163
_SAMPLE_US: Final = 2_020

# By oversampling code 0..5 (x1..x32). Table 6 gives steps of 2.64 Pa / 16 bit at x1 to
# 0.085 Pa / 21 bit at x32 and no rms without filter that was seen: half the step at x1, falling
# with the square root, is assumed for pressure, one step at x1 (0.005 K) for temperature.
PRESSURE_NOISE_PA: Final = tuple(1.32 / 2 ** (code / 2) for code in range(6))
TEMPERATURE_NOISE_K: Final = tuple(0.005 / 2 ** (code / 2) for code in range(6))


class Calibration(NamedTuple):
    """The trimming values NVM_PAR_T1..P11 at 0x31, little-endian (8.4)."""

    t1: int
    t2: int
    t3: int
    p1: int
    p2: int
    p3: int
    p4: int
    p5: int
    p6: int
    p7: int
    p8: int
    p9: int
    p10: int
    p11: int

    def packed(self) -> bytes:
        """The 21 bytes at 0x31..0x45; t1, t2, p5 and p6 are unsigned, the others signed."""
        return pack("<HHbhhbbHHbbhbb", *self)


SPECIMEN: Final = Calibration(
    27322, 18880, -10, 395, -2608, 35, 0, 25371, 30991, -13, -10, 17000, 12, -60
)


class Inverse:
    """The ADC words that compensate to a pressure and temperature, for one calibration."""

    def __init__(self, calibration: Calibration) -> None:
        c = calibration
        self._t1 = c.t1 * 2.0**8
        self._t2 = c.t2 * 2.0**-30
        self._t3 = c.t3 * 2.0**-48
        self._offset = (c.p8 * 2.0**-15, c.p7 * 2.0**-8, c.p6 * 2.0**-6, c.p5 * 2.0**3)
        self._slope = (
            *(c.p4 * 2.0**-37, c.p3 * 2.0**-32),
            *((c.p2 - 2**14) * 2.0**-29, (c.p1 - 2**14) * 2.0**-20),
        )
        self._bend = (c.p10 * 2.0**-48, c.p9 * 2.0**-48)
        self._cubic = c.p11 * 2.0**-65

    def words(self, pressure_pa: float, temperature_c: float) -> tuple[float, float]:
        """The 24-bit words (pressure, temperature), not rounded and not limited."""
        t = temperature_c
        # t = t2 x + t3 x^2 with x = word - t1: the root near t/t2.
        x = 2.0 * t / (self._t2 + sqrt(self._t2**2 + 4.0 * self._t3 * t))
        offset, slope, bend, cubic = 0.0, 0.0, self._bend[0] * t + self._bend[1], self._cubic
        for high, low in zip(self._offset, self._slope, strict=True):
            offset, slope = offset * t + high, slope * t + low
        word = (pressure_pa - offset) / slope
        for _ in range(6):
            value = offset + word * (slope + word * (bend + word * cubic))
            rise = slope + word * (2.0 * bend + word * 3.0 * cubic)
            word -= (value - pressure_pa) / rise
        return word, x + self._t1


class Bmp388Model(RegisterChip):
    """BMP388: 24-bit words, of which oversampling xN leaves 16 + log2(N) significant bits.

    Words out of range stop at the ends. Pressure or temperature can be switched off; its
    registers then keep their data.
    """

    SENSOR = "bmp388"
    ADDRESS = 0x76
    CHIP_ID = 0x50
    PRESSURE_MIN_PA = 30_000
    PRESSURE_MAX_PA = 125_000

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
        calibration: Calibration = SPECIMEN,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        self._words = Inverse(calibration).words
        self._calibration = calibration.packed()
        self._id = self.CHIP_ID
        self._power_up()

    def set_chip_id(self, value: int) -> None:
        """Answer with another id (0..255) until it is set back to CHIP_ID."""
        self._id = value
        self.registers[_CHIP_ID] = value

    def read_mem_into(self, memaddr: int, buf: bytearray | memoryview) -> None:
        """Fill buf from register memaddr on; the sensor time is that of this moment."""
        if memaddr < _SENSOR_TIME + 3:
            ticks = int((self._now_us() - self._powered_us) / _TICK_US) & 0xFFFFFF
            self.registers[_SENSOR_TIME : _SENSOR_TIME + 3] = ticks.to_bytes(3, "little")
        super().read_mem_into(memaddr, buf)

    def write(self, data: bytes) -> None:
        """Register number, then its value, then the next number and its value (5.2.1)."""
        super().write(data[:2])
        for index in range(2, len(data) - 1, 2):
            self._put(data[index] & 0x7F, data[index + 1])

    def write_mem(self, memaddr: int, data: ByteSource) -> None:
        """As `write`: only reads step through the registers by themselves."""
        self.write(bytes([memaddr, *(data[index] for index in range(len(data)))]))

    # -- behaviour --------------------------------------------------------

    def _power_up(self) -> None:
        registers = self.registers
        registers[:] = bytes(len(registers))
        for register, value in _AFTER_RESET.items():
            registers[register] = value
        registers[_CHIP_ID] = self._id
        registers[_CALIBRATION:_CALIBRATION_END] = self._calibration
        self._powered_us = self._now_us()

    def _put(self, register: int, value: int) -> None:
        registers = self.registers
        if register == _CMD:
            if value == _SOFT_RESET:
                self._power_up()
                self._pause(_STARTUP_US)
            elif value not in (0x00, 0x34, 0xB0):
                registers[_ERR_REG] |= _CMD_ERR
        elif register == _PWR_CTRL:
            self._set_mode(value & 0x33)
        elif register in (_OSR, _ODR):
            registers[register] = value & (0x3F if register == _OSR else 0x1F)
            if registers[_PWR_CTRL] & 0x30 == _NORMAL:
                self._set_mode(registers[_PWR_CTRL])
        elif register in _MASKS:
            registers[register] = value & _MASKS[register]

    def _seen(self, start: int, end: int) -> None:
        registers = self.registers
        if start < _TEMPERATURE and end > _DATA:
            registers[_STATUS] &= ~_DRDY_PRESSURE
        if start < _DATA_END and end > _TEMPERATURE:
            registers[_STATUS] &= ~_DRDY_TEMPERATURE
        for register in (_ERR_REG, _EVENT, _INT_STATUS):
            if start <= register < end:
                registers[register] = 0

    def _set_mode(self, value: int) -> None:
        registers = self.registers
        mode = value & 0x30
        osr = registers[_OSR]
        duration_us = _BASE_US
        if value & 1:
            duration_us += _PRESSURE_US + _SAMPLE_US * (1 << min(osr & 7, 5))
        if value & 2:
            duration_us += _TEMPERATURE_US + _SAMPLE_US * (1 << min(osr >> 3, 5))
        # A conversion already under way is abandoned here; the chip would finish it first.
        self._abort()
        registers[_PWR_CTRL] = value
        if mode in _FORCED:
            self._start(round(duration_us * self._scale))
        elif mode == _NORMAL:
            cycle_us = 5_000 << min(registers[_ODR], 17)
            if duration_us > cycle_us:
                registers[_ERR_REG] |= _CONF_ERR
                registers[_PWR_CTRL] = value & 3
            else:
                self._start_cycle(round(duration_us * self._scale), cycle_us)

    def _finish(self) -> bool:
        registers = self.registers
        control = registers[_PWR_CTRL]
        code_p = min(registers[_OSR] & 7, 5)
        code_t = min(registers[_OSR] >> 3, 5)
        if not self._frozen:
            sample = self._measure(
                self._sample_us, PRESSURE_NOISE_PA[code_p], TEMPERATURE_NOISE_K[code_t]
            )
            if sample is None:
                return False
            word_p, word_t = self._words(*sample)
            if control & 1:
                registers[_DATA:_TEMPERATURE] = _resolved(word_p, code_p)
            if control & 2:
                registers[_TEMPERATURE:_DATA_END] = _resolved(word_t, code_t)
        registers[_STATUS] |= (_DRDY_PRESSURE if control & 1 else 0) | (
            _DRDY_TEMPERATURE if control & 2 else 0
        )
        registers[_INT_STATUS] |= _DRDY
        if control & 0x30 != _NORMAL:
            registers[_PWR_CTRL] = control & 3
        return True


class Bmp390Model(Bmp388Model):
    """BMP390: a BMP388 with another id, revision 1 and, at equal setting, the same registers."""

    SENSOR = "bmp390"
    CHIP_ID = 0x60

    def _power_up(self) -> None:
        super()._power_up()
        self.registers[0x01] = 0x01


def _resolved(word: float, code: int) -> bytes:
    """The word in the 16 to 21 bits of an oversampling code, within its range, 3 bytes."""
    step = 256 >> code
    value = min(max(round(word / step), 0), 0x1000000 // step - 1) * step
    return value.to_bytes(3, "little")
