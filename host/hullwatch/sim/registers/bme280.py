"""Bosch BME280 at register level: a BMP280 with a humidity channel, as in BST-BME280-DS002.

Independence: written from the data sheet (DS002-1.6: 4.2.2 trimming, 4.2.3 compensation in
floating point, 5.4 registers, 9.1 measurement time) as told in `bmp280`, which it extends.
The humidity formula is a quadratic in the word: it is solved by bisection.

Modelled besides: the id, ctrl_hum (which takes effect with the next write to ctrl_meas),
the 16-bit humidity word, its trimming values, humidity's share of the measurement time.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from hullwatch.sim.registers.bmp280 import (
    DATA_SHEET_CALIBRATION,
    OVERSAMPLING,
    Bmp280Model,
    Calibration,
)

if TYPE_CHECKING:
    from hullwatch.sim.frontend import FrontEnd

_H1: Final = 0xA1
_H2: Final = 0xE1
_CTRL_HUM: Final = 0xF2
_CTRL_MEAS: Final = 0xF4
_HUM_MSB: Final = 0xFD
_SKIPPED: Final = 0x8000
_RESET_WORD: Final = b"\x80\x00"


class HumidityCalibration(NamedTuple):
    """dig_H1..H6; the sheet's worked example has none: values of a usual specimen."""

    h1: int = 75
    h2: int = 362
    h3: int = 0
    h4: int = 328
    h5: int = 50
    h6: int = 30

    def packed(self) -> bytes:
        """The 7 bytes at 0xE1..0xE7 (table 16): h4 and h5 share the nibbles of 0xE5."""
        return (
            self.h2.to_bytes(2, "little", signed=True)
            + bytes((self.h3, self.h4 >> 4 & 0xFF, self.h4 & 0xF | (self.h5 & 0xF) << 4))
            + bytes((self.h5 >> 4 & 0xFF, self.h6 & 0xFF))
        )

    def humidity(self, word: float, t_fine: float) -> float:
        """Relative humidity in %, not limited to 0..100 (4.2.3, floating point)."""
        above = t_fine - 76800.0
        value = (word - (self.h4 * 64.0 + self.h5 / 16384.0 * above)) * (
            self.h2
            / 65536.0
            * (1.0 + self.h6 / 67108864.0 * above * (1.0 + self.h3 / 67108864.0 * above))
        )
        return value * (1.0 - self.h1 * value / 524288.0)

    def word(self, humidity_rh: float, temperature_c: float) -> int:
        """The 16-bit word that compensates closest to a humidity; stops at the ends."""
        t_fine = temperature_c * 5120.0
        low, high = 0.0, 65535.0
        for _ in range(40):
            middle = (low + high) / 2
            if self.humidity(middle, t_fine) < humidity_rh:
                low = middle
            else:
                high = middle
        return round(low)


class Bme280Model(Bmp280Model):
    """BME280: as BMP280, and humidity. `humidity_rh` is the air's, settable, 45 % at first."""

    SENSOR = "bme280"
    CHIP_ID = 0x60
    humidity_rh = 45.0

    def __init__(
        self,
        front_end: "FrontEnd",
        now_us: Callable[[], int],
        conversion_scale: float = 1.0,
        calibration: Calibration = DATA_SHEET_CALIBRATION,
        humidity: HumidityCalibration | None = None,
    ) -> None:
        self._humidity = humidity or HumidityCalibration()
        self._samples_h = 0
        super().__init__(front_end, now_us, conversion_scale, calibration)

    def _put(self, register: int, value: int) -> None:
        if register == _CTRL_HUM:
            self.registers[_CTRL_HUM] = value & 7
            return
        if register == _CTRL_MEAS:
            self._samples_h = OVERSAMPLING[self.registers[_CTRL_HUM]]
        super()._put(register, value)

    def _power_up(self) -> None:
        super()._power_up()
        self._samples_h = 0
        self.registers[_HUM_MSB : _HUM_MSB + 2] = _RESET_WORD

    def _load(self) -> None:
        super()._load()
        self.registers[_H1] = self._humidity.h1
        self.registers[_H2 : _H2 + 7] = self._humidity.packed()

    def _duration_us(self, samples_t: int, samples_p: int) -> int:
        # 9.1: another 2 ms a sample and 0.5 ms.
        share_us = 2_000 * self._samples_h + 500 if self._samples_h else 0
        return super()._duration_us(samples_t, samples_p) + share_us

    def _store(self, pressure_pa: float, temperature_c: float) -> None:
        super()._store(pressure_pa, temperature_c)
        word = _SKIPPED
        if self._samples_h:
            word = self._humidity.word(self.humidity_rh, temperature_c)
        self.registers[_HUM_MSB : _HUM_MSB + 2] = word.to_bytes(2, "big")
