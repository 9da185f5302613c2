"""Honeywell TruStability HSC and SSC pressure sensors, I2C versions without sleep mode.

Source: Honeywell 32321348 (HSC, SSC data sheet): nomenclature, transfer functions, update time;
TN 008201-3 "I2C communications with Honeywell digital output pressure sensors": transfer and
status bits; TN 008202 "Pressure and temperature calculations".

The chip converts continuously, 2 kHz, and has neither registers nor an identification. Four bytes
are read: 2 status bits, 14 bits of pressure, 11 of temperature. `trigger` takes what is there,
which makes the chip say "stale" until its next conversion has ended: a sample is never older than
its slot.

`sensor_model` is the pressure range of the part number with the letter of its transfer function:
HSCDANN150PGAA3 is 150PG, function A: 150PGA. A missing letter is A. So the range, in what units,
and whether it is absolute, gauge or differential come from the number on the part.
"""

from hullcore.compat import const
from hullnode.drivers.errors import BAD_MODEL, CHIP_FAULT, SensorError

_UPDATE_US = const(1000)  # 0.46 ms typical; twice that
_POLL_US = const(250)
_STALE = const(2)
_ZERO_COUNT_Q16 = const(14624358)  # 223.15 K: 0 counts of temperature are -50 degC; 0.4 LSB low
_UNITS = "LKGMBPN"
# Pa per unit: Pa, kPa, MPa, mbar, bar, psi, inH2O (4 degC), as numerators over 10^9
_PASCALS = (1000000000, 1000000000000, 1000000000000000, 100000000000, 100000000000000,
            6894757293168, 249088910000)  # fmt: skip
_FUNCTIONS = "ABCF"
# counts at the ends: 10 to 90, 5 to 95, 5 to 85, 4 to 94 % of 2^14
_LOW_COUNTS = (1638, 819, 819, 655)
_HIGH_COUNTS = (14746, 15565, 13926, 15401)


def conversion_us(oversampling: int) -> int:
    """Longest time from trigger to sample, µs."""
    return _UPDATE_US + 2 * _POLL_US


def pressure_range(model: str) -> tuple:
    """(kind, low, high in Pa/256, transfer function) of a range code such as 001BAA or 2.5MD.

    Raises SensorError BAD_MODEL.
    """
    if len(model) == 5:
        model += "A"
    if len(model) != 6 or model[4] not in "ADG" or model[5] not in _FUNCTIONS:
        raise SensorError(BAD_MODEL)
    tenths = model[0] + model[2] if model[1] == "." else model[:3] + "0"
    for digit in tenths:
        if digit not in "0123456789":
            raise SensorError(BAD_MODEL)
    if model[3] not in _UNITS:
        raise SensorError(BAD_MODEL)
    # Pa/256, rounded; 10 bar are 2^28
    high = (int(tenths) * _PASCALS[_UNITS.index(model[3])] * 256 // 5000000000 + 1) // 2
    if not 0 < high < 0x20000000:
        raise SensorError(BAD_MODEL)
    kind = model[4]
    if kind == "D":
        return "diff", -high, high, _FUNCTIONS.index(model[5])
    return "abs" if kind == "A" else "gauge", 0, high, _FUNCTIONS.index(model[5])


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
        """Take `sensor_model` from the settings; SensorError BAD_MODEL."""
        self.KIND, low, high, function = pressure_range(values["sensor_model"])
        self.PRESSURE_MIN_PA = low >> 8
        self.PRESSURE_MAX_PA = (high + 255) >> 8
        self._low = low
        self._zero = _LOW_COUNTS[function]
        counts = _HIGH_COUNTS[function] - self._zero  # < 2^14
        # span * n / counts in two small products: whole counts and the rest
        self._per_count = (high - low) // counts  # < 2^30 / 2^13
        self._rest = (high - low) % counts
        self._counts = counts
        self.pressure_lsb_q8 = self._per_count + (1 if self._rest else 0)

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
        n = ((data[0] & 0x3F) << 8 | data[1]) - self._zero  # |n| < 2^14
        # products < 2^14 * 2^17 / 2 (10 bar differential) and < 2^28
        self.pressure_q8 = self._low + n * self._per_count + n * self._rest // self._counts
        raw = data[2] << 3 | data[3] >> 5  # < 2^11
        # 200 degC / 2047 counts in K/65536 is 6403 + 259 / 2047; products < 2^24
        self.temperature_q16 = raw * 6403 + raw * 259 // 2047 + _ZERO_COUNT_Q16
        return 0
