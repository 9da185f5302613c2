"""Honeywell HSC (TruStability) with I2C output, transfer function A (10..90 %).

Independence: written from the data sheet "TruStability Board Mount Pressure Sensors, HSC
Series" (50099148: nomenclature, tables of ranges, digital specification) and the technical
note "I2C Communications with Honeywell Digital Output Pressure Sensors" (008201-3: status
bits, two to four byte reads, the conversion formulas), from memory except the status bits
and the formula, which public questions quote. No driver of the node was read for it. The
model counts output = (10 % + 80 % of the span) of 2^14 and rounds; a driver goes back by
the printed integers 1638 and 14745.

Modelled: free-running measurement, status normal, stale and diagnostic, reads of two to
four bytes, 14 bits of pressure and 11 of temperature, ranges and kinds by the letters of
the part number, start-up. Not modelled: command mode, other transfer functions, sleep.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from hullwatch.sim.registers.wordchip import WordChip

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

_FULL: Final = 1 << 14
_STALE: Final = 0b10
_DIAGNOSTIC: Final = 0b11
# Start-up 3 ms, a new reading every 0.46 ms.
_STARTUP_US: Final = 3_000
_UPDATE_US: Final = 460
# 12 bits are the printed resolution: a quarter of a 14-bit count times 4, taken as rms.
_NOISE_COUNTS: Final = 1.0
# 11 bits over 200 K; the noise is not printed.
TEMPERATURE_NOISE_K: Final = 0.05

_UNIT_PA: Final = {"M": 100.0, "B": 100_000.0, "K": 1_000.0, "G": 1e6, "P": 6894.757293168361}
_KINDS: Final = {"A": "abs", "G": "gauge", "D": "diff"}
_PART: Final = re.compile(r"(\d\d\d|\d\.\d)([MBKGP])([ADG])")


class HscRange(NamedTuple):
    """What the five letters of a part number say: kind and span in Pa."""

    kind: str
    low_pa: float
    high_pa: float


def hsc_range(letters: str) -> HscRange:
    """The range of a part, as "1.6BA", "010BG", "060MD", "015PA".

    Number, unit (M mbar, B bar, K kPa, G MPa, P psi), kind (A absolute and G gauge from 0, D
    differential both ways). ValueError for other letters.
    """
    match = _PART.fullmatch(letters)
    if match is None:
        raise ValueError(f"{letters!r} is no HSC range, as 1.6BA or 060MD")
    number, unit, kind = match.groups()
    high_pa = float(number) * _UNIT_PA[unit]
    return HscRange(_KINDS[kind], -high_pa if kind == "D" else 0.0, high_pa)


class HscModel(WordChip):
    """HSC: status, 14-bit pressure, 11-bit temperature in every read.

    The front end must give pressure of this part's kind. Output stops at the ends of the
    14 bits, 1/8 of the span beyond the range. `set_diagnostic` makes the chip report its
    own failure. It has no id.
    """

    SENSOR = "hsc"
    ADDRESS = 0x28
    CHIP_ID = 0
    PRESSURE_MIN_PA = 0
    PRESSURE_MAX_PA = 160_000
    LONGEST_REPLY = 4
    PART = "1.6BA"
    SETTINGS: ClassVar[dict[str, object]] = {"sensor_model": PART}

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
        part: str = PART,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        self.range = hsc_range(part)
        self.kind = self.range.kind
        self._counts_per_pa = 0.8 * _FULL / (self.range.high_pa - self.range.low_pa)
        self._diagnostic = False
        self._fresh = False
        self._word = 0
        self._pause(_STARTUP_US)
        self._start_cycle(round(_UPDATE_US * self._scale), round(_UPDATE_US * self._scale))
        self._sample_us += _STARTUP_US - _UPDATE_US
        self._ready_us += _STARTUP_US - _UPDATE_US

    def set_chip_id(self, value: int) -> None:
        """Nothing: the chip has no id."""

    def set_diagnostic(self, on: bool) -> None:
        """While on, every read carries status 11 (loss of the bridge, a memory error)."""
        self._diagnostic = on

    def write(self, data: bytes) -> None:
        """Acknowledge and ignore: outside command mode writes mean nothing."""
        if self._attention:
            self._attend()

    def read(self, n: int) -> bytes:
        """Status and pressure, then temperature, up to 4 bytes, then 0xFF."""
        if self._attention:
            self._attend()
        status = 0 if self._fresh else _STALE
        self._fresh = False
        word = self._word | (_DIAGNOSTIC if self._diagnostic else status) << 30
        return word.to_bytes(4, "big")[:n].ljust(n, b"\xff")

    def _finish(self) -> bool:
        if not self._frozen:
            white_pa = _NOISE_COUNTS / self._counts_per_pa
            sample = self._measure(self._sample_us, white_pa, TEMPERATURE_NOISE_K)
            if sample is None:
                return False
            above_pa = sample[0] - self.range.low_pa
            pressure = round(0.1 * _FULL + above_pa * self._counts_per_pa)
            pressure = min(max(pressure, 0), _FULL - 1)
            temperature = min(max(round((sample[1] + 50.0) * 2047.0 / 200.0), 0), 2047)
            self._word = pressure << 16 | temperature << 5
        self._fresh = True
        return True
