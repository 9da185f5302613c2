"""Which sensors there are, and loading the one driver a node needs."""

from hullnode.drivers.errors import (
    BAD_ADDRESS,
    BAD_OVERSAMPLING,
    PERIOD_TOO_SHORT,
    UNKNOWN,
    SensorError,
)

# sensor id: (module, class, default I2C address, addresses the chip can have, highest Pa)
SENSORS = {
    "bmp581": ("bmp581", "Bmp581", 0x47, (0x46, 0x47), 125000),
    "bmp280": ("bmp280", "Bmp280", 0x76, (0x76, 0x77), 110000),
    "ms5837": ("ms5837", "Ms5837", 0x76, (0x76,), 3000000),
}


def _row(sensor_id: str) -> tuple:
    if sensor_id not in SENSORS:
        raise SensorError(UNKNOWN)
    return SENSORS[sensor_id]


def _module(row: tuple):
    """Import this driver and no other: what the others hold would be RAM lost on the node."""
    return __import__("hullnode.drivers." + row[0], None, None, (row[1],))


def load(sensor_id: str, i2c, address: int, oversampling: int, sleep_ms):
    """A driver, not started. Address 0 is the chip's default.

    Raises SensorError UNKNOWN, BAD_ADDRESS, BAD_OVERSAMPLING.
    """
    row = _row(sensor_id)
    if address == 0:
        address = row[2]
    if address not in row[3]:
        raise SensorError(BAD_ADDRESS, address)
    driver = getattr(_module(row), row[1])
    if oversampling not in driver.OVERSAMPLINGS:
        raise SensorError(BAD_OVERSAMPLING, oversampling)
    return driver(i2c, address, oversampling, sleep_ms)


def oversampling_for(sensor_id: str, period_us: int) -> int:
    """The largest oversampling whose longest conversion fits 80 % of the sample period.

    The rest is for the bus, the sample's own processing and lateness. Raises SensorError UNKNOWN,
    or PERIOD_TOO_SHORT when not even the smallest fits.
    """
    row = _row(sensor_id)
    module = _module(row)
    room_us = period_us - (period_us + 4) // 5
    best = 0
    for ratio in getattr(module, row[1]).OVERSAMPLINGS:
        if module.conversion_us(ratio) > room_us:
            break
        best = ratio
    if not best:
        raise SensorError(PERIOD_TOO_SHORT, module.conversion_us(ratio))
    return best
