"""TE MS5837-30BA (30 bar, gel filled) at command level.

Independence: written from the data sheet (10/11/2015 and revision C2 of 12/2019:
commands, conversion sequence, calculation, version word, CRC-4 in application note
AN520). No driver of the node was read for it. The model inverts the compensation, first
and second order, in closed form and without rounding; a driver computes it forwards.

Modelled: reset with its PROM reload, the PROM with version bits and CRC-4, D1 and D2
conversions at each oversampling, an ADC result that is 0 when it is early or read twice.
An early read and a command during a conversion spoil its result, as the sheet warns; how
wrong it gets is not stated: half the true word here.
"""

from collections.abc import Callable
from math import sqrt
from typing import TYPE_CHECKING, Final, NamedTuple

from hullwatch.sim.registers.model import NEVER_US
from hullwatch.sim.registers.wordchip import WordChip

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

_ADC_READ: Final = 0x00
_RESET: Final = 0x1E
_CONVERT_D1: Final = 0x40
_CONVERT_D2: Final = 0x50
_PROM: Final = 0xA0
# The sheet gives no time; 2.8 ms is the MS5611's reload time.
_RELOAD_US: Final = 2_800
_WORD_MAX: Final = 0xFFFFFF

# By oversampling code 0..5 (256..8192). Typical conversion times: 16.44 ms as quoted from
# the 2015 sheet, the others from memory (maximum 1.1 times that: 18.08 ms). The 2019
# sheet has no 8192.
CONVERSION_US: Final = (540, 1_060, 2_080, 4_130, 8_220, 16_440)
# RMS pressure resolution: 20 Pa is on the cover of both editions; 1, 0.6, 0.4, 0.3 and
# 0.2 mbar for 256..4096 as a public driver quotes them, not seen in the sheet.
PRESSURE_NOISE_PA: Final = (100.0, 60.0, 40.0, 30.0, 20.0, 20.0)
# RMS temperature resolution: from memory of the MS5611, unconfirmed for this chip.
TEMPERATURE_NOISE_K: Final = (0.012, 0.008, 0.005, 0.003, 0.002, 0.002)


class Coefficients(NamedTuple):
    """C1..C6 of the PROM, 16 bits each: SENS, OFF, TCS, TCO, T_REF, TEMPSENS."""

    c1: int
    c2: int
    c3: int
    c4: int
    c5: int
    c6: int


DATA_SHEET_COEFFICIENTS: Final = Coefficients(34982, 36352, 20328, 22354, 26646, 26146)


def crc4(words: tuple[int, ...]) -> int:
    """CRC-4 of 8 PROM words of 16 bits, as AN520 counts it.

    The place of the CRC itself, the top 4 bits of word 0, counts as 0.
    """
    data = bytearray()
    for word in (words[0] & 0x0FFF, *words[1:]):
        data += word.to_bytes(2, "big")
    remainder = 0
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder << 1 ^ (0x13000 if remainder & 0x8000 else 0)
    return remainder >> 12 & 0xF


class Inverse:
    """Closed-form inverse of the compensation for one set of coefficients."""

    def __init__(self, coefficients: Coefficients) -> None:
        c = coefficients
        self._t_ref = c.c5 * 256.0
        self._slope = c.c6 / 2.0**23
        self._off = c.c2 * 65536.0
        self._off_slope = c.c4 / 128.0
        self._sens = c.c1 * 32768.0
        self._sens_slope = c.c3 / 256.0

    def words(self, pressure_pa: float, temperature_c: float) -> tuple[float, float]:
        """The words (D1, D2) that compensate to a pressure and temperature.

        Not rounded and not limited. Valid for -60..300 degC.
        """
        slope = self._slope
        above = temperature_c * 100.0 - 2000.0
        # above = slope dT - bend dT^2; the second order differs on both sides of 20 degC.
        bend = 3.0 / 2.0**33 if above < 0.0 else 2.0 / 2.0**37
        dt = (above + above) / (slope + sqrt(slope * slope - 4.0 * bend * above))
        off = self._off + self._off_slope * dt
        sens = self._sens + self._sens_slope * dt
        first = slope * dt
        if first < 0.0:
            off -= 1.5 * first * first
            sens -= 0.625 * first * first
            cold = first + 3500.0
            if cold < 0.0:
                off -= 7.0 * cold * cold
                sens -= 4.0 * cold * cold
        else:
            off -= 0.0625 * first * first
        # P counts 0.1 mbar = 10 Pa: 8192 / 10 = 819.2.
        return (pressure_pa * 819.2 + off) * 2097152.0 / sens, dt + self._t_ref


class Ms5837Model(WordChip):
    """MS5837-30BA: 24-bit words D1 (pressure) and D2 (temperature), each its own conversion.

    Words out of range stop at 0 and 2^24 - 1. A D1 conversion carries the pressure noise
    and a D2 conversion the temperature noise. `prom` holds the 8 words that are read;
    tests may poke them. `spoiled` counts the conversions that were disturbed.
    """

    SENSOR = "ms5837"
    ADDRESS = 0x76
    # Bits 11..5 of PROM word 0.
    CHIP_ID = 0x1A
    PRESSURE_MIN_PA = 0
    PRESSURE_MAX_PA = 3_000_000
    LONGEST_REPLY = 3

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
        coefficients: Coefficients = DATA_SHEET_COEFFICIENTS,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        self._words = Inverse(coefficients).words
        self._coefficients = coefficients
        self.prom = [0] * 8
        self.set_chip_id(self.CHIP_ID)
        self._reply = b""
        self._command = 0
        self._spoiled = False
        self._result = 0
        self._last = [0, 0]
        self.spoiled = 0

    def set_chip_id(self, value: int) -> None:
        """Give PROM word 0 other version bits (0..127, a 02BA has 0x15), with a valid CRC."""
        words = (value << 5 & 0xFFF, *self._coefficients, 0)
        self.prom[:] = (crc4(words) << 12 | words[0], *words[1:])

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

    def _convert(self, command: int) -> None:
        if self._converting and self._ready_us != NEVER_US:
            self._disturb()
            return
        self._command = command
        self._spoiled = False
        self._result = 0
        code = min(command >> 1 & 7, 5)
        self._start(round(CONVERSION_US[code] * self._scale))

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
            code = min(self._command >> 1 & 7, 5)
            white_pa = 0.0 if is_temperature else PRESSURE_NOISE_PA[code]
            white_k = TEMPERATURE_NOISE_K[code] if is_temperature else 0.0
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
