"""Bosch BMP280 at register level: forced mode, as in BST-BMP280-DS001.

Independence: written from the data sheet (DS001-23: section 3.3 measurement, 3.6 modes,
3.11 compensation, 4 registers, 5.2 I2C, 8.1 double-precision formulas). No driver of the
node was read for it. The model inverts the double-precision formulas in closed form; a
driver computes them forwards, in integers.

Modelled: id, reset with the NVM copy (calibration reads 0 until it is done, im_update
set), forced mode, status.measuring, skipped measurements, resolution by oversampling,
burst reads, register/data pairs in one write. Not modelled: normal mode (no data come)
and the IIR filter (its setting can be read back and has no effect).
"""

from collections.abc import Callable
from math import sqrt
from struct import pack
from typing import TYPE_CHECKING, Final, NamedTuple

from hullwatch.sim.bus import ByteSource
from hullwatch.sim.registers.model import SensorModel

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

_CALIBRATION: Final = 0x88
_CALIBRATION_END: Final = 0xA0
_ID: Final = 0xD0
_RESET: Final = 0xE0
_STATUS: Final = 0xF3
_CTRL_MEAS: Final = 0xF4
_CONFIG: Final = 0xF5
_PRESS_MSB: Final = 0xF7
_DATA_END: Final = 0xFD

_SOFT_RESET: Final = 0xB6
_IM_UPDATE: Final = 0x01
_MEASURING: Final = 0x08
_STARTUP_US: Final = 2_000
_SKIPPED: Final = 0x80000
_NO_DATA: Final = bytes((0x80, 0, 0, 0x80, 0, 0))

# Samples a measurement takes, by the osrs_p and osrs_t codes 0..7 (tables 21 and 22).
OVERSAMPLING: Final = (0, 1, 2, 4, 8, 16, 16, 16)
# RMS pressure noise without filter by osrs_p code (section 3.5): 3.3 and 2.6 Pa agree with
# the 26.4 and 20.8 cm of table 7 at 8 cm/Pa; the others are from memory.
PRESSURE_NOISE_PA: Final = (0.0, 3.3, 2.6, 2.1, 1.6, 1.3, 1.3, 1.3)
# RMS temperature noise by osrs_t code, from memory, unconfirmed.
TEMPERATURE_NOISE_K: Final = (0.0, 0.005, 0.004, 0.003, 0.003, 0.002, 0.002, 0.002)


class Calibration(NamedTuple):
    """The twelve trimming values at 0x88, little-endian (section 3.11.2, table 17)."""

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

    def packed(self) -> bytes:
        """The 24 bytes at 0x88..0x9F; t1 and p1 are unsigned, the others signed."""
        return pack("<HhhHhhhhhhhh", *self)


DATA_SHEET_CALIBRATION: Final = Calibration(
    27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000
)


class Inverse:
    """Closed-form inverse of the compensation of section 8.1 for one calibration."""

    def __init__(self, calibration: Calibration) -> None:
        c = calibration
        self._t0 = c.t1 * 16.0
        self._t2 = float(c.t2)
        self._t2_squared = float(c.t2) ** 2
        self._t3_16 = c.t3 / 16.0
        self._p_scale = c.p1 / 6250.0
        self._p2 = c.p2 / 524288.0
        self._p3 = c.p3 / 2.0**38
        self._p4 = c.p4 * 16.0
        self._p5 = c.p5 / 8192.0
        self._p6 = c.p6 / 2.0**29
        self._p7 = c.p7 / 16.0
        self._b = 1.0 + c.p8 / 2.0**19
        self._b_squared = self._b**2
        self._a4 = c.p9 / 2.0**33

    def words(self, pressure_pa: float, temperature_c: float) -> tuple[float, float]:
        """The 20-bit words (adc_P, adc_T) that compensate to a pressure and temperature.

        Not rounded and not limited. Valid for -200..1000 degC and positive pressures.
        """
        t_fine = temperature_c * 5120.0
        # t_fine = t2 x + (t3/64) x^2, x = adc_T/16384 - t1/1024: the root near t_fine/t2.
        x = (t_fine + t_fine) / (self._t2 + sqrt(self._t2_squared + self._t3_16 * t_fine))
        v = t_fine * 0.5 - 64000.0
        slope = (((self._p3 * v + self._p2) * v) * 2.0**-15 + 1.0) * self._p_scale
        offset = (self._p6 * v + self._p5) * v + self._p4
        # P = a q^2 + b q + p7/16, a = p9/2^35: the root near P/b.
        excess = pressure_pa - self._p7
        q = (excess + excess) / (self._b + sqrt(self._b_squared + self._a4 * excess))
        return 1048576.0 - q * slope - offset, x * 16384.0 + self._t0


class Bmp280Model(SensorModel):
    """BMP280: 20-bit words, of which oversampling xN leaves 16 + log2(N) significant bits.

    Words out of range stop at 0 and at the largest value of their resolution.
    `registers` holds the 256 registers; tests may read and poke them. Maximum
    conversion time: 1.17 times the typical one (section 3.8.1).
    """

    SENSOR = "bmp280"
    ADDRESS = 0x76
    CHIP_ID = 0x58
    PRESSURE_MIN_PA = 30_000
    PRESSURE_MAX_PA = 110_000

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
        calibration: Calibration = DATA_SHEET_CALIBRATION,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        self._words = Inverse(calibration).words
        self._calibration = calibration.packed()
        self._id = self.CHIP_ID
        # 256 more zeros, so that a burst that runs past the end still fills its buffer.
        self.registers = bytearray(256 + 256)
        self._loaded_us = 0
        self._pointer = 0
        self._power_up()
        self._load()

    def set_chip_id(self, value: int) -> None:
        """Answer with another id (0..255; 0x60 is a BME280) until it is set back to CHIP_ID."""
        self._id = value
        self.registers[_ID] = value

    # -- transactions -----------------------------------------------------

    def write(self, data: bytes) -> None:
        """Register number, then a value for it, then further number/value pairs."""
        if self._attention:
            self._attend()
        if data:
            self._pointer = data[0]
            if len(data) > 1:
                self.write_mem(data[0], data[1:])

    def read(self, n: int) -> bytes:
        """The registers from the last one written on; up to 256 bytes."""
        buf = bytearray(n)
        self.read_mem_into(self._pointer, buf)
        return bytes(buf)

    def read_mem_into(self, memaddr: int, buf: bytearray | memoryview) -> None:
        """Fill buf (up to 256 bytes) from register memaddr on."""
        if self._attention:
            self._attend()
        buf[:] = self.registers[memaddr : memaddr + len(buf)]

    def write_mem(self, memaddr: int, data: ByteSource) -> None:
        """Write data[0] to memaddr; further data are register, value, register, value."""
        if self._attention:
            self._attend()
        self._put(memaddr, data[0])
        for index in range(1, len(data) - 1, 2):
            self._put(data[index], data[index + 1])

    # -- behaviour --------------------------------------------------------

    def _put(self, register: int, value: int) -> None:
        if register == _CTRL_MEAS:
            self._control(value)
        elif register == _CONFIG:
            # Bit 1 is reserved (section 4.3.5).
            self.registers[_CONFIG] = value & 0xFD
        elif register == _RESET and value == _SOFT_RESET:
            self._power_up()
            self._loaded_us = self._now_us() + _STARTUP_US
            self._attention = True

    def _power_up(self) -> None:
        self._abort()
        registers = self.registers
        registers[:] = bytes(len(registers))
        registers[_ID] = self._id
        registers[_STATUS] = _IM_UPDATE
        registers[_PRESS_MSB:_DATA_END] = _NO_DATA

    def _load(self) -> None:
        """End of the NVM copy: calibration readable, im_update clear."""
        self.registers[_CALIBRATION:_CALIBRATION_END] = self._calibration
        self.registers[_STATUS] &= ~_IM_UPDATE

    def _attend(self) -> None:
        if self.registers[_STATUS] & _IM_UPDATE:
            if self._now_us() >= self._loaded_us:
                self._load()
            else:
                self._check_refusal()
                return
        super()._attend()

    def _control(self, value: int) -> None:
        registers = self.registers
        if value & 3 in (1, 2):
            samples_t = OVERSAMPLING[value >> 5]
            samples_p = OVERSAMPLING[value >> 2 & 7]
            duration_us = self._duration_us(samples_t, samples_p)
            if self._start(round(duration_us * self._scale)):
                registers[_CTRL_MEAS] = value
                registers[_STATUS] |= _MEASURING
        else:
            # Sleep ends a measurement here at once; the chip would finish it first.
            registers[_CTRL_MEAS] = value
            registers[_STATUS] &= ~_MEASURING
            self._abort()

    def _duration_us(self, samples_t: int, samples_p: int) -> int:
        """Typical, section 3.8.1: 1 ms, 2 ms a sample, 0.5 ms more if there is pressure."""
        return 1_000 + 2_000 * (samples_t + samples_p) + (500 if samples_p else 0)

    def _store(self, pressure_pa: float, temperature_c: float) -> None:
        """Fill the data registers."""
        control = self.registers[_CTRL_MEAS]
        word_p, word_t = self._words(pressure_pa, temperature_c)
        both = _resolved(word_p, control >> 2 & 7) << 28 | _resolved(word_t, control >> 5) << 4
        self.registers[_PRESS_MSB:_DATA_END] = both.to_bytes(6, "big")

    def _finish(self) -> bool:
        registers = self.registers
        control = registers[_CTRL_MEAS]
        if not self._frozen:
            code_t = control >> 5
            code_p = control >> 2 & 7
            sample = self._measure(
                self._sample_us, PRESSURE_NOISE_PA[code_p], TEMPERATURE_NOISE_K[code_t]
            )
            if sample is None:
                return False
            self._store(*sample)
        registers[_CTRL_MEAS] = control & 0xFC
        registers[_STATUS] &= ~_MEASURING
        return True


def _resolved(word: float, code: int) -> int:
    """The word in the 16 to 20 bits of an oversampling code, within its range."""
    if not code:
        return _SKIPPED
    shift = 5 - code if code < 5 else 0
    step = 1 << shift
    top = 0x100000 >> shift
    value = int(word / step + 0.5)
    if not 0 <= value < top:
        value = 0 if value < 0 else top - 1
    return value << shift
