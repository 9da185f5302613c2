"""Honeywell TruStability HSC and SSC pressure sensors, I2C versions without sleep mode.

Source: Honeywell 32321348 (HSC, SSC data sheet): nomenclature, transfer functions, update time;
TN 008201-3 "I2C communications with Honeywell digital output pressure sensors": transfer and
status bits; TN 008202 "Pressure and temperature calculations".

The chip converts continuously, 2 kHz, and has neither registers nor an identification. Four bytes
are read: 2 status bits, 14 bits of pressure, 11 of temperature. `trigger` takes what is there,
which makes the chip say "stale" until its next conversion has ended: a sample is never older than
its slot.

Range, kind and transfer function come from the part number, see `hullcore.sensormodel`.
"""

from hullcore.compat import const
from hullnode.drivers.errors import CHIP_FAULT, SensorError

_UPDATE_US = const(1000)  # 0.46 ms typical; twice that
_POLL_US = const(250)
_STALE = const(2)
_ZERO_COUNT_Q16 = const(14624358)  # 223.15 K: 0 counts of temperature are -50 degC; 0.4 LSB low
# output over 2^14 at both ends is 10 to 90, 5 to 95, 5 to 85, 4 to 94 %: the share of the span is
# (scale * counts - zero) / whole. The sheet prints the ends of A as 1638 and 14745 counts, rounded
_SHARES = ((5, 8192, 65536), (5, 4096, 73728), (5, 4096, 65536), (25, 16384, 368640))


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs."""
    return (_UPDATE_US + 2 * _POLL_US) * oversampling


class Hsc:
    """One HSC or SSC sensor; see `hullnode.drivers` for the interface all drivers share.

    KIND and range are known after `declare`. `collect` raises SensorError CHIP_FAULT when the chip
    reports one (its memory, a broken connection to the element).
    """

    SENSOR = "hsc"
    KIND = "declared"
    ADDRESSES = (0x28, 0x38, 0x48, 0x58, 0x68, 0x78)
    OVERSAMPLINGS = (1,)
    PRESSURE_MIN_PA = -1000000
    PRESSURE_MAX_PA = 1000000
    ALLOCATES = False

    def __init__(self, i2c, address: int, oversampling: int, sleep_ms) -> None:
        self._i2c = i2c
        self._address = address
        self._data = bytearray(4)
        self.pressure_q8 = 0
        self.temperature_q16 = 0
        self.pressure_lsb_q8 = 1
        self.pressure_shift = 0
        self.temperature_shift = 0

    def declare(self, values: dict) -> None:
        """Take `sensor_model` from settings that were checked together."""
        from hullcore.sensormodel import hsc_range  # forgotten once the node runs

        self.KIND, low, high, function = hsc_range(values["sensor_model"])
        self.PRESSURE_MIN_PA = low >> 8
        self.PRESSURE_MAX_PA = (high + 255) >> 8
        self._low = low
        self._scale, self._zero, self._whole = _SHARES[function]
        span = high - low  # < 2^29
        self._per_part = span // self._whole  # < 2^13
        self._rest = span % self._whole  # < 2^19
        self.pressure_lsb_q8 = self._scale * span // self._whole + 1

    def start(self) -> None:
        """Check that something answers as these sensors do. OSError, SensorError CHIP_FAULT."""
        self._read()

    def _read(self) -> int:
        """Read all four bytes; the status bits, which are 0 (new) or 2 (stale)."""
        data = self._data
        self._i2c.readfrom_into(self._address, data)
        status = data[0] >> 6
        # 1: command mode, 3: diagnostic, also what a bus held high reads as
        if status & 1:
            raise SensorError(CHIP_FAULT, data[0] << 8 | data[1])
        return status

    def trigger(self) -> int:
        """Take what is there; µs until there is a newer sample. OSError on a NACK."""
        self._i2c.readfrom_into(self._address, self._data)
        return _UPDATE_US

    def collect(self) -> int:
        """0 when a sample is ready, else µs to wait; OSError on a NACK, SensorError CHIP_FAULT."""
        if self._read() == _STALE:
            return _POLL_US
        data = self._data
        part = ((data[0] & 0x3F) << 8 | data[1]) * self._scale - self._zero  # < 2^19
        # low + span * part / whole, exact, by long division: span and part do not fit one product
        whole = self._whole
        rest = self._rest
        high = (part >> 8) * rest  # < 2^11 * 2^19
        low = (high % whole << 8) + (part & 0xFF) * rest  # < 2^27 + 2^27
        p = self._low + part * self._per_part  # within 1.2 spans, < 2^30
        self.pressure_q8 = p + (high // whole << 8) + low // whole
        raw = data[2] << 3 | data[3] >> 5  # < 2^11
        # 200 degC / 2047 counts in K/65536 is 6403 + 259 / 2047; products < 2^24
        self.temperature_q16 = raw * 6403 + raw * 259 // 2047 + _ZERO_COUNT_Q16
        return 0
