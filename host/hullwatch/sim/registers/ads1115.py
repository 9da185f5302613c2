"""Texas Instruments ADS1115 at register level, with a pressure transducer in front of it.

Independence: written from the data sheet "ADS111x Ultra-Small, Low-Power, I2C-Compatible,
860-SPS, 16-Bit ADCs" (SBAS444D: 9.3 features, 9.4 modes, 9.5 programming, 9.6 register
map, tables 1 and 2 noise), from memory. No driver of the node was read for it.

Modelled: the four registers with their reset values, the OS bit, single-shot and
continuous conversion, multiplexer, gain and data rate, two's complement with its ends,
the pointer that stays. Not modelled: the comparator and the ALERT pin (their settings can
be read back), the general call. The chip has no id and no thermometer: the front end's
temperature is not looked at.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final

from hullwatch.sim.registers.model import NEVER_US
from hullwatch.sim.registers.transducer import Ratiometric, Transducer
from hullwatch.sim.registers.wordchip import WordChip

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

_CONVERSION: Final = 0
_CONFIG: Final = 1
_AFTER_RESET: Final = (0x0000, 0x8583, 0x8000, 0x7FFF)
_OS: Final = 0x8000
_SINGLE: Final = 0x0100
# The chip wakes up before a single conversion: about 25 us.
_WAKE_US: Final = 25

# By the PGA code 0..7: full scale, of 2^15 steps.
FULL_SCALE_V: Final = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)
# By the DR code 0..7: conversions a second, within 10 %.
RATE_HZ: Final = (8, 16, 32, 64, 128, 250, 475, 860)
# Table 1 shows one step at every gain and rate but the two highest rates at the highest gain,
# 12.2 uV rms at 860/s: so much, falling with the square root of the rate.
_NOISE_V: Final = tuple(12.2e-6 * (rate / 860) ** 0.5 for rate in RATE_HZ)
# Inputs (plus, minus) by the MUX code 0..7; 4 is ground.
_INPUTS: Final = ((0, 1), (0, 3), (1, 3), (2, 3), (0, 4), (1, 4), (2, 4), (3, 4))


class Ads1115Model(WordChip):
    """ADS1115: AIN0 is the transducer, AIN1 its supply or the foot of its shunt.

    The other inputs are grounded. The front end must give pressure of the transducer's
    kind. `registers` holds the 4 words; tests may read and poke them.
    """

    SENSOR = "ads1115"
    ADDRESS = 0x48
    CHIP_ID = 0
    PRESSURE_MIN_PA = 0
    PRESSURE_MAX_PA = 1_000_000
    LONGEST_REPLY = 2
    kind = "gauge"
    SETTINGS: ClassVar[dict[str, object]] = {
        "sensor_model": "0.5-4.5V",
        "range_high_pa": PRESSURE_MAX_PA,
        "pressure_kind": kind,
    }

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
        transducer: Transducer | None = None,
    ) -> None:
        super().__init__(front_end, now_us, conversion_scale)
        self.transducer: Transducer = transducer or Ratiometric()
        self.kind = self.transducer.kind
        self._pointer = 0
        self.registers = list(_AFTER_RESET)

    def set_chip_id(self, value: int) -> None:
        """Nothing: the chip has no id."""

    # -- transactions -----------------------------------------------------

    def write(self, data: bytes) -> None:
        """Pointer, then one word, high byte first; bytes after it are ignored."""
        if self._attention:
            self._attend()
        if data:
            self._pointer = data[0] & 3
            if len(data) >= 3:
                self._put(self._pointer, data[1] << 8 | data[2])

    def read(self, n: int) -> bytes:
        """The word at the pointer, over and over."""
        if self._attention:
            self._attend()
        word = self.registers[self._pointer]
        return (word.to_bytes(2, "big") * (n // 2 + 1))[:n]

    # -- behaviour --------------------------------------------------------

    def _put(self, register: int, value: int) -> None:
        if register == _CONFIG:
            self._configure(value)
        elif register != _CONVERSION:
            self.registers[register] = value

    def _configure(self, value: int) -> None:
        """Take a configuration; OS = 1 starts a single conversion, if none is running."""
        single = self._converting and not self._cycle_us and self._ready_us != NEVER_US
        duration_us = round(1e6 / RATE_HZ[value >> 5 & 7] * self._scale)
        idle = 0
        if not value & _SINGLE:
            self._start_cycle(duration_us, duration_us)
        elif not single:
            # The end of continuous mode loses the conversion here; the chip would finish it.
            self._abort()
            if value & _OS:
                self._start(_WAKE_US + duration_us)
            else:
                idle = _OS
        self.registers[_CONFIG] = value & ~_OS | idle

    def _volts(self, channel: int, pressure_pa: float) -> float:
        if channel == 0:
            return self.transducer.volts(pressure_pa)
        return self.transducer.supply_volts() if channel == 1 else 0.0

    def _finish(self) -> bool:
        registers = self.registers
        config = registers[_CONFIG]
        if not self._frozen:
            plus, minus = _INPUTS[config >> 12 & 7]
            noise_v = _NOISE_V[config >> 5 & 7]
            span_pa = self.transducer.high_pa - self.transducer.low_pa
            middle_pa = self.transducer.low_pa + span_pa / 2
            swing_v = self._volts(0, middle_pa + span_pa / 4) - self._volts(0, middle_pa)
            white_pa = noise_v * span_pa / 4 / swing_v if swing_v and 0 in (plus, minus) else 0.0
            sample = self._measure(self._sample_us, white_pa, 0.0)
            if sample is None:
                return False
            volts = self._volts(plus, sample[0]) - self._volts(minus, sample[0])
            steps = round(volts / FULL_SCALE_V[config >> 9 & 7] * 32768.0)
            registers[_CONVERSION] = min(max(steps, -0x8000), 0x7FFF) & 0xFFFF
        if not self._cycle_us:
            registers[_CONFIG] = config | _OS
        return True
