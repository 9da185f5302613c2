"""TE's (formerly MEAS) pressure chips at command level: a PROM and two 24-bit conversions.

Independence: written from the data sheets named in each chip's file (commands, conversion
sequence, calculation) and application note AN520 (CRC-4). No driver of the node was read
for it. The model inverts the compensation, first and second order, in closed form and
without rounding; a driver computes it forwards.

Modelled: reset with its PROM reload, the PROM with its CRC-4, D1 and D2 conversions at
each oversampling, an ADC result that is 0 when it is early or read twice. An early read
and a command during a conversion spoil its result, as the sheets warn; how wrong it gets
is not stated: half the true word here.
"""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from hullwatch.sim.registers.model import NEVER_US
from hullwatch.sim.registers.wordchip import WordChip

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

_ADC_READ: Final = 0x00
_RESET: Final = 0x1E
_CONVERT_D1: Final = 0x40
_CONVERT_D2: Final = 0x50
_PROM: Final = 0xA0
# The MS5611's reload time; the MS5837's sheet gives none.
_RELOAD_US: Final = 2_800
_WORD_MAX: Final = 0xFFFFFF


class Coefficients(NamedTuple):
    """C1..C6 of the PROM, 16 bits each: SENS, OFF, TCS, TCO, T_REF, TEMPSENS."""

    c1: int
    c2: int
    c3: int
    c4: int
    c5: int
    c6: int


class SecondOrder(NamedTuple):
    """The second-order corrections; t is TEMP - 2000 in 0.01 degC, v is TEMP + 1500.

    Below 20 degC: T2 = bend_cold dT^2, OFF2 = off_cold t^2, SENS2 = sens_cold t^2; below
    -15 degC OFF2 and SENS2 grow by off_frost v^2 and sens_frost v^2; above 20 degC
    T2 = bend_warm dT^2 and OFF2 = off_warm t^2.
    """

    bend_cold: float
    off_cold: float
    sens_cold: float
    off_frost: float
    sens_frost: float
    bend_warm: float
    off_warm: float


def crc4(words: Sequence[int]) -> int:
    """CRC-4 of 8 PROM words of 16 bits, as AN520 counts it; the CRC's own place must be 0."""
    data = bytearray()
    for word in words:
        data += word.to_bytes(2, "big")
    remainder = 0
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder << 1 ^ (0x13000 if remainder & 0x8000 else 0)
    return remainder >> 12 & 0xF


class Inverse:
    """Closed-form inverse of the compensation for one set of coefficients.

    counts_per_pa: what a pascal is in the sheet's D1 SENS / 2^21 - OFF.
    """

    def __init__(
        self, coefficients: Coefficients, second: SecondOrder, counts_per_pa: float
    ) -> None:
        c = coefficients
        self._t_ref = c.c5 * 256.0
        self._slope = c.c6 / 2.0**23
        self._off = c.c2 * 65536.0
        self._off_slope = c.c4 / 128.0
        self._sens = c.c1 * 32768.0
        self._sens_slope = c.c3 / 256.0
        self._second = second
        self._counts_per_pa = counts_per_pa

    def words(self, pressure_pa: float, temperature_c: float) -> tuple[float, float]:
        """The words (D1, D2) that compensate to a pressure and temperature.

        Not rounded and not limited. Valid for -60..300 degC.
        """
        slope = self._slope
        second = self._second
        above = temperature_c * 100.0 - 2000.0
        # above = slope dT - bend dT^2; the second order differs on both sides of 20 degC.
        bend = second.bend_cold if above < 0.0 else second.bend_warm
        dt = (above + above) / (slope + sqrt(slope * slope - 4.0 * bend * above))
        off = self._off + self._off_slope * dt
        sens = self._sens + self._sens_slope * dt
        first = slope * dt
        if first < 0.0:
            off -= second.off_cold * first * first
            sens -= second.sens_cold * first * first
            frost = first + 3500.0
            if frost < 0.0:
                off -= second.off_frost * frost * frost
                sens -= second.sens_frost * frost * frost
        else:
            off -= second.off_warm * first * first
        return (pressure_pa * self._counts_per_pa + off) * 2097152.0 / sens, dt + self._t_ref


class PromAdcModel(WordChip):
    """24-bit words D1 (pressure) and D2 (temperature), each its own conversion.

    Words out of range stop at 0 and 2^24 - 1. A D1 conversion carries the pressure noise
    and a D2 conversion the temperature noise. `prom` holds the 8 words that are read;
    tests may poke them. `spoiled` counts the conversions that were disturbed.

    By oversampling code: CONVERSION_US, PRESSURE_NOISE_PA, TEMPERATURE_NOISE_K (rms).
    """

    LONGEST_REPLY = 3
    CONVERSION_US: ClassVar[tuple[int, ...]]
    PRESSURE_NOISE_PA: ClassVar[tuple[float, ...]]
    TEMPERATURE_NOISE_K: ClassVar[tuple[float, ...]]

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float,
        inverse: Inverse,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        self._words = inverse.words
        self.prom = [0] * 8
        self.set_chip_id(self.CHIP_ID)
        self._reply = b""
        self._command = 0
        self._spoiled = False
        self._result = 0
        self._last = [0, 0]
        self.spoiled = 0

    # -- transactions -----------------------------------------------------

    def write(self, data: bytes) -> None:
        """Take one command byte; any byte after it is ignored."""
        if self._attention:
            self._attend()
        if not data:
            return
        command = data[0]
        if command == _ADC_READ:
            self._reply = self._take_result().to_bytes(3, "big")
        elif command & 0xF0 in (_CONVERT_D1, _CONVERT_D2):
            self._convert(command)
        elif command & 0xF0 == _PROM:
            self._disturb()
            self._reply = self.prom[command >> 1 & 7].to_bytes(2, "big")
        elif command == _RESET:
            self._result = 0
            self._reply = b""
            self._spoiled = False
            self._pause(_RELOAD_US)

    def read(self, n: int) -> bytes:
        """The answer to the last command, once, then zeros."""
        if self._attention:
            self._attend()
        reply = self._reply
        self._reply = b""
        return reply[:n].ljust(n, b"\0")

    # -- behaviour --------------------------------------------------------

    def _code(self, command: int) -> int:
        return min(command >> 1 & 7, len(self.CONVERSION_US) - 1)

    def _convert(self, command: int) -> None:
        if self._converting and self._ready_us != NEVER_US:
            self._disturb()
            return
        self._command = command
        self._spoiled = False
        self._result = 0
        self._start(round(self.CONVERSION_US[self._code(command)] * self._scale))

    def _disturb(self) -> None:
        if self._converting and not self._spoiled:
            self._spoiled = True
            self.spoiled += 1

    def _take_result(self) -> int:
        if self._converting:
            self._disturb()
            return 0
        result = self._result
        self._result = 0
        return result

    def _finish(self) -> bool:
        is_temperature = self._command >> 4 & 1
        if not self._frozen:
            code = self._code(self._command)
            white_pa = 0.0 if is_temperature else self.PRESSURE_NOISE_PA[code]
            white_k = self.TEMPERATURE_NOISE_K[code] if is_temperature else 0.0
            sample = self._measure(self._sample_us, white_pa, white_k)
            if sample is None:
                return False
            word = int(self._words(*sample)[is_temperature] + 0.5)
            if not 0 <= word <= _WORD_MAX:
                word = 0 if word < 0 else _WORD_MAX
            self._last[is_temperature] = word
        word = self._last[is_temperature]
        self._result = word >> 1 if self._spoiled else word
        return True
