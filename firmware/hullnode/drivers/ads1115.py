"""A pressure transducer with a 0.5 to 4.5 V or 4 to 20 mA output behind a TI ADS1115, I2C.

Source: TI SBAS444D: registers and configuration (8.6), full scales (8.3.3), single-shot mode
(8.4.2.1), data rates (7.5: within 10 %). NAMUR NE 43: a current below 3.6 or above 21 mA is a
broken sensor or wire, not a pressure.

`sensor_model` is one of

    0.5-4.5V    AIN0: the transducer's output, AIN1: its 5 V supply; both directly when the chip
                has 5 V too, or through two equal dividers. The output is ratiometric, 10 to 90 %
                of the supply: what the supply does cancels, and so does the dividers' ratio.
    4-20mA      AIN0: the voltage over a resistor of `shunt_mohm` to ground, at most 4 V.

and `range_low_pa` and `range_high_pa` are the pressures at both ends, `pressure_kind` what it
measures: the chip knows none of this. It measures no temperature: `temperature_q16` stays 0, and
only compensation from elsewhere is possible.

Oversampling is the number of 860 Hz conversions the chip's filter spends on one result, as far as
its data rates are powers of two apart.
"""

from hullcore.compat import const
from hullnode.drivers.errors import (
    CHIP_FAULT,
    CHIP_RESET,
    CONFIG_REFUSED,
    WRONG_ID,
    SensorError,
)

_CONVERSION = const(0x00)
_CONFIG = const(0x01)

_START = const(0x8000)  # read: no conversion is running
_AIN0 = const(0x4000)  # against ground
_AIN1 = const(0x5000)
_SINGLE_SHOT = const(0x0103)  # full scale 6.144 V, single-shot, comparator off
_SCALE_4096 = const(0x0200)  # full scale 4.096 V
_FASTEST = const(0xE0)  # 860 Hz
_FASTEST_MS = const(2)
_LEAST_SUPPLY = const(6554)  # a fifth of the scale, 1.2 V: less is none
_UV_PER_COUNT = const(125)
_POLL_US = const(250)
_LIMIT_Q8 = const(0x3FFFFFFF)

_RATIOS = (1, 2, 4, 8, 16, 32, 64, 128)
_RATES = (860, 475, 250, 128, 64, 32, 16, 8)  # Hz


def _one_conversion_us(oversampling: int) -> int:
    """One period of a clock 10 % slow, and the wake-up of 25 µs."""
    return 10000000 // (9 * _RATES[_RATIOS.index(oversampling)]) + 26


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs: output and supply one after the other."""
    return 2 * _one_conversion_us(oversampling)


def _bytes(config: int) -> bytes:
    config |= _START
    return bytes([config >> 8, config & 0xFF])


class Ads1115:
    """One transducer behind an ADS1115; see `hullnode.drivers` for the interface drivers share.

    KIND and range are known after `declare`. `collect` raises SensorError CHIP_FAULT when the
    transducer's signal is none. The products with the span allocate about 300 bytes a sample with
    31-bit small ints.
    """

    SENSOR = "ads1115"
    KIND = "declared"
    ADDRESSES = (0x48, 0x49, 0x4A, 0x4B)
    OVERSAMPLINGS = _RATIOS
    PRESSURE_MIN_PA = -4190000
    PRESSURE_MAX_PA = 4190000
    ALLOCATES = True

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._data = bytearray(2)
        self._rate = (7 - _RATIOS.index(oversampling)) << 5
        self._sleep_ms = sleep_ms
        self._signal = self._supply = b""
        self._conversion_us = _one_conversion_us(oversampling)
        self._first = 0
        self._second = False
        self.pressure_q8 = 0
        self.temperature_q16 = 0
        self.pressure_lsb_q8 = 1
        self.pressure_shift = 0
        self.temperature_shift = 0

    def declare(self, values: dict) -> None:
        """Take model, range, shunt and kind from settings that were checked together."""
        from hullcore.sensormodel import CURRENT  # forgotten once the node runs

        self._loop = values["sensor_model"] == CURRENT
        low, high = values["range_low_pa"], values["range_high_pa"]
        self.KIND = values["pressure_kind"]
        self.PRESSURE_MIN_PA, self.PRESSURE_MAX_PA = low, high
        # no thermometer: the gas counts as being at T_ref, and no temperature bound is accepted
        self.temperature_q16 = values["t_ref_mk"] * 8192 // 125
        self._low = low << 8
        self._span = high - low << 8
        self._shunt_mohm = shunt = values["shunt_mohm"]
        if self._loop:
            # one count is 125 µV of 16 mA * shunt
            self.pressure_lsb_q8 = self._span * _UV_PER_COUNT // (16 * shunt) + 1
            self._signal = _bytes(_AIN0 | _SINGLE_SHOT | _SCALE_4096 | self._rate)
        else:
            self._signal = _bytes(_AIN0 | _SINGLE_SHOT | self._rate)
            self._supply = _bytes(_AIN1 | _SINGLE_SHOT | self._rate)

    def _get(self, register: int) -> int:
        self._i2c.readfrom_mem_into(self._address, register, self._data)
        return self._data[0] << 8 | self._data[1]  # < 2^16

    def start(self) -> None:
        """Configure; with a ratiometric transducer measure its supply once, which takes 2 ms.

        Raises OSError (bus), SensorError WRONG_ID (no configuration register of this kind),
        CONFIG_REFUSED, CHIP_FAULT (no supply).
        """
        now = self._get(_CONFIG)
        if not now & 0x0100:
            raise SensorError(WRONG_ID, now)  # single-shot is what a reset and this driver set
        if self._loop:
            first = bytes([self._signal[0] & 0x7F, self._signal[1]])  # no conversion
        else:
            first = _bytes(_AIN1 | _SINGLE_SHOT | _FASTEST)
        self._i2c.writeto_mem(self._address, _CONFIG, first)
        self._sleep_ms(_FASTEST_MS)
        kept = self._get(_CONFIG)
        if not self._kept(kept, first):
            raise SensorError(CONFIG_REFUSED, kept)
        if not self._loop:
            supply = self._get(_CONVERSION)
            if not _LEAST_SUPPLY <= supply < 0x8000:
                raise SensorError(CHIP_FAULT, supply)
            # 80 % of the supply is the span
            self.pressure_lsb_q8 = self._span * 10 // (8 * supply) + 1

    def _kept(self, config: int, asked: bytes) -> bool:
        """Whether the register holds what was written, but for the bit that says idle."""
        return config & 0x7FFF == (asked[0] & 0x7F) << 8 | asked[1]

    def trigger(self) -> int:
        """Start the conversion of the output; µs until `collect` is worth calling. OSError."""
        self._second = False
        self._i2c.writeto_mem(self._address, _CONFIG, self._signal)
        return self._conversion_us

    def collect(self) -> int:
        """First: take the output, start the supply's conversion if there is one to take.

        0 when the sample is complete, else µs to wait; OSError on a NACK, SensorError CHIP_FAULT,
        CHIP_RESET.
        """
        asked = self._supply if self._second else self._signal
        config = self._get(_CONFIG)
        if not self._kept(config, asked):
            raise SensorError(CHIP_RESET, config)
        if not config & _START:
            return _POLL_US
        counts = self._get(_CONVERSION)
        if counts & 0x8000:
            counts -= 0x10000
        if self._loop:
            self._from_current(counts)
            return 0
        if not self._second:
            self._first = counts
            self._second = True
            self._i2c.writeto_mem(self._address, _CONFIG, self._supply)
            return self._conversion_us
        self._second = False
        self._from_ratio(self._first, counts)
        return 0

    def _from_current(self, counts: int) -> None:
        """Pressure from the voltage over the shunt, in 125 µV."""
        current = counts * _UV_PER_COUNT * 1000  # µA * mΩ; < 2^32
        shunt = self._shunt_mohm  # < 2^18
        if not 3600 * shunt <= current <= 21000 * shunt:
            raise SensorError(CHIP_FAULT, counts & 0xFFFF)
        self._deliver(current - 4000 * shunt, 16000 * shunt)

    def _from_ratio(self, counts: int, supply: int) -> None:
        """Pressure from output over supply: 0.1 is the low end, 0.9 the high end."""
        # 5 and 95 % of the supply are no signal
        if supply < _LEAST_SUPPLY or not supply <= 20 * counts <= 19 * supply:
            raise SensorError(CHIP_FAULT, counts & 0xFFFF)
        self._deliver(10 * counts - supply, 8 * supply)

    def _deliver(self, part: int, whole: int) -> None:
        p = self._low + self._span * part // whole  # product < 2^31 * 2^32
        self.pressure_q8 = min(max(p, -_LIMIT_Q8), _LIMIT_Q8)
