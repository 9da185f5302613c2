"""Infineon DPS310 and DPS368 at register level, as in their data sheets.

Independence: written from "DPS310 Digital XENSIV barometric pressure sensor" (V1.2: 3.1
modes, 3.3 start-up, 4.9 compensation, 7 and 8 registers) and "DPS368" (V1.1, the same
registers), from memory except where a public question quotes them: the coefficients are
those a user read out of his specimen (his raw temperature, taken from the wrong
thermometer, came out 28 K low: that is modelled too). No driver of the node was read for
it. The model solves the compensation for the words (pressure by Newton's method); a
driver computes it forwards.

Modelled: id, soft reset, start-up (SENSOR_RDY after 12 ms, COEF_RDY after 40 ms, the
coefficients read 0 before), single and continuous measurements of either or both, ready
bits (cleared by reading that quantity), the two thermometers and which one the
coefficients belong to, precision, scale factors, and the result that overflows when the
shift bit is not set above 8 samples. Not modelled: FIFO, interrupts.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from hullwatch.sim.registers.registerchip import RegisterChip

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

_PRESSURE: Final = 0x00
_TEMPERATURE: Final = 0x03
_PRS_CFG: Final = 0x06
_TMP_CFG: Final = 0x07
_MEAS_CFG: Final = 0x08
_CFG_REG: Final = 0x09
_RESET: Final = 0x0C
_PRODUCT_ID: Final = 0x0D
_COEFFICIENTS: Final = 0x10
_COEFFICIENTS_END: Final = 0x22
_COEFFICIENT_SOURCE: Final = 0x28

_SOFT_RESET: Final = 0x9
_COEF_RDY: Final = 0x80
_SENSOR_RDY: Final = 0x40
_TMP_RDY: Final = 0x20
_PRS_RDY: Final = 0x10
_EXTERNAL: Final = 0x80
_P_SHIFT: Final = 0x04
_T_SHIFT: Final = 0x08
_SINGLE_PRESSURE: Final = 1
_SINGLE_TEMPERATURE: Final = 2
_SENSOR_READY_US: Final = 12_000
_COEFFICIENTS_READY_US: Final = 40_000
# The other thermometer's scaled reading is that much higher: 28 K at 297 K per unit.
_OTHER_THERMOMETER: Final = 0.0943

# By precision code 0..7 (1, 2, 4 .. 128 samples): time of one measurement, of either kind
# (4.6 prints typical times; at most 1.1 times is assumed), scale factor (table 9), rms noise
# of the pressure ("precision"; the code of 128 has the one of 64).
MEASUREMENT_US: Final = (3_600, 5_200, 8_400, 14_800, 27_600, 53_200, 104_400, 206_800)
SCALE: Final = (524288, 1572864, 3670016, 7864320, 253952, 516096, 1040384, 2088960)
PRESSURE_NOISE_PA: Final = (2.5, 1.0, 0.5, 0.4, 0.35, 0.3, 0.2, 0.2)
# Not printed: 10 mK at one sample, falling with the square root, is assumed.
TEMPERATURE_NOISE_K: Final = tuple(0.010 / 2 ** (code / 2) for code in range(8))


class Coefficients(NamedTuple):
    """The nine calibration coefficients, signed; c0 and c1 of 12 bits, c00 and c10 of 20."""

    c0: int
    c1: int
    c00: int
    c10: int
    c01: int
    c11: int
    c20: int
    c21: int
    c30: int

    def packed(self) -> bytes:
        """The 18 bytes at 0x10..0x21, big-endian without gaps."""
        value = 0
        for coefficient, bits in zip(self, (12, 12, 20, 20, 16, 16, 16, 16, 16), strict=True):
            value = value << bits | coefficient & (1 << bits) - 1
        return value.to_bytes(18, "big")


SPECIMEN: Final = Coefficients(222, -297, 79832, -56308, -2295, 1444, -9701, 111, -1289)


class Inverse:
    """Scaled readings that compensate to a pressure and temperature, for one specimen."""

    def __init__(self, coefficients: Coefficients) -> None:
        self._c = coefficients

    def scaled(self, pressure_pa: float, temperature_c: float) -> tuple[float, float]:
        """(Praw_sc, Traw_sc), dimensionless, not limited."""
        c = self._c
        t = (temperature_c - c.c0 * 0.5) / c.c1
        offset = c.c00 + c.c01 * t
        slope = c.c10 + c.c11 * t
        bend = c.c20 + c.c21 * t
        x = (pressure_pa - offset) / slope
        for _ in range(8):
            value = offset + x * (slope + x * (bend + x * c.c30))
            x -= (value - pressure_pa) / (slope + x * (2.0 * bend + x * 3.0 * c.c30))
        return x, t


class Dps310Model(RegisterChip):
    """DPS310: two 24-bit words in two's complement, each its own measurement.

    A measurement of pressure carries pressure noise, one of temperature temperature noise.
    Without the shift bit results of more than 8 samples lose their high bits.
    """

    SENSOR = "dps310"
    ADDRESS = 0x77
    CHIP_ID = 0x10
    PRESSURE_MIN_PA = 30_000
    PRESSURE_MAX_PA = 120_000

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
        coefficients: Coefficients = SPECIMEN,
        external: bool = True,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        self._scaled = Inverse(coefficients).scaled
        self._coefficients = coefficients.packed()
        self._source = _EXTERNAL if external else 0
        self._id = self.CHIP_ID
        self._powered_us = 0
        self._power_up()

    def set_chip_id(self, value: int) -> None:
        """Answer with another product and revision id (0..255) until it is set back."""
        self._id = value
        self.registers[_PRODUCT_ID] = value

    # -- behaviour --------------------------------------------------------

    def _power_up(self) -> None:
        self._abort()
        registers = self.registers
        registers[:] = bytes(len(registers))
        registers[_PRODUCT_ID] = self._id
        registers[_COEFFICIENT_SOURCE] = self._source
        self._powered_us = self._now_us()
        self._attention = True

    def _attend(self) -> None:
        registers = self.registers
        state = registers[_MEAS_CFG]
        if not state & _COEF_RDY:
            since_us = self._now_us() - self._powered_us
            if since_us >= _SENSOR_READY_US:
                registers[_MEAS_CFG] |= _SENSOR_RDY
            if since_us >= _COEFFICIENTS_READY_US:
                registers[_MEAS_CFG] |= _COEF_RDY
                registers[_COEFFICIENTS:_COEFFICIENTS_END] = self._coefficients
        super()._attend()
        self._attention = self._attention or not registers[_MEAS_CFG] & _COEF_RDY

    def _put(self, register: int, value: int) -> None:
        registers = self.registers
        if register in (_PRS_CFG, _CFG_REG):
            registers[register] = value & 0x7F if register == _PRS_CFG else value
        elif register == _TMP_CFG:
            registers[register] = value & 0xF7
        elif register == _MEAS_CFG:
            registers[register] = registers[register] & 0xF0 | value & 0x07
            self._measure_as(value & 0x07)
        elif register == _RESET and value & 0xF == _SOFT_RESET:
            self._power_up()

    def _seen(self, start: int, end: int) -> None:
        registers = self.registers
        if start < _TEMPERATURE and end > _PRESSURE:
            registers[_MEAS_CFG] &= ~_PRS_RDY
        if start < _PRS_CFG and end > _TEMPERATURE:
            registers[_MEAS_CFG] &= ~_TMP_RDY

    def _measure_as(self, control: int) -> None:
        """Start what MEAS_CTRL asks for; anything under way is abandoned."""
        self._abort()
        registers = self.registers
        if not registers[_MEAS_CFG] & _SENSOR_RDY:
            return
        pressure_us = round(MEASUREMENT_US[registers[_PRS_CFG] & 7] * self._scale)
        temperature_us = round(MEASUREMENT_US[registers[_TMP_CFG] & 7] * self._scale)
        rate = max(registers[_PRS_CFG] >> 4, registers[_TMP_CFG] >> 4 & 7)
        if control == _SINGLE_PRESSURE:
            self._start(pressure_us)
        elif control == _SINGLE_TEMPERATURE:
            self._start(temperature_us)
        elif control >= 5:
            both_us = (pressure_us if control & 1 else 0) + (temperature_us if control & 2 else 0)
            self._start_cycle(both_us, 1_000_000 >> rate)

    def _finish(self) -> bool:
        registers = self.registers
        control = registers[_MEAS_CFG] & 7
        with_pressure = bool(control & 1)
        with_temperature = bool(control & 2)
        code_p = registers[_PRS_CFG] & 7
        code_t = registers[_TMP_CFG] & 7
        if not self._frozen:
            sample = self._measure(
                self._sample_us,
                PRESSURE_NOISE_PA[code_p] if with_pressure else 0.0,
                TEMPERATURE_NOISE_K[code_t] if with_temperature else 0.0,
            )
            if sample is None:
                return False
            scaled_p, scaled_t = self._scaled(*sample)
            if (registers[_TMP_CFG] ^ self._source) & _EXTERNAL:
                scaled_t += _OTHER_THERMOMETER
            shift = registers[_CFG_REG]
            if with_pressure:
                word = _word(scaled_p, code_p, bool(shift & _P_SHIFT))
                registers[_PRESSURE:_TEMPERATURE] = word
            if with_temperature:
                word = _word(scaled_t, code_t, bool(shift & _T_SHIFT))
                registers[_TEMPERATURE:_PRS_CFG] = word
        if with_pressure:
            registers[_MEAS_CFG] |= _PRS_RDY
        if with_temperature:
            registers[_MEAS_CFG] |= _TMP_RDY
        if not self._cycle_us:
            registers[_MEAS_CFG] &= 0xF8
        return True


class Dps368Model(Dps310Model):
    """DPS368: a DPS310 in another package, told apart by nothing."""

    SENSOR = "dps368"


def _word(scaled: float, code: int, shifted: bool) -> bytes:
    """The result register. Above 8 samples the sum, 64 times as large, needs the shift bit."""
    value = round(scaled * SCALE[code])
    if code > 3 and not shifted:
        value *= 64
    else:
        value = min(max(value, -0x800000), 0x7FFFFF)
    return (value & 0xFFFFFF).to_bytes(3, "big")
