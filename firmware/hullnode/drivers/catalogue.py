"""Loading the one driver a node needs.

The id of a sensor in the configuration is the name of its module, and its class has the same name
with a capital; everything else about a chip stands in its own file. So a node pays heap for the
drivers it uses and for no list of the others.
"""

from hullcore.compat import const
from hullnode.drivers.errors import (
    BAD_ADDRESS,
    BAD_OVERSAMPLING,
    PERIOD_TOO_SHORT,
    UNKNOWN,
    SensorError,
)

_FREE_US = const(5000)


def _module(sensor_id: str):
    """Import this driver and no other: what the others hold would be RAM lost on the node."""
    try:
        return __import__("hullnode.drivers." + sensor_id, None, None, (sensor_id,))
    except (ImportError, ValueError):  # ValueError: an empty name
        raise SensorError(UNKNOWN)


def _class(sensor_id: str, module):
    driver = getattr(module, sensor_id[:1].upper() + sensor_id[1:], None)
    if driver is None:
        raise SensorError(UNKNOWN)
    return driver


def load(sensor_id: str, i2c, address: int, oversampling: int, sleep_ms):
    """A driver, not started. Address 0 is the chip's default.

    Raises SensorError UNKNOWN, BAD_ADDRESS, BAD_OVERSAMPLING.
    """
    driver = _class(sensor_id, _module(sensor_id))
    if address == 0:
        address = driver.ADDRESSES[0]
    if address not in driver.ADDRESSES:
        raise SensorError(BAD_ADDRESS, address)
    if oversampling not in driver.OVERSAMPLINGS:
        raise SensorError(BAD_OVERSAMPLING, oversampling)
    return driver(i2c, address, oversampling, sleep_ms)


def oversampling_for(sensor_id: str, period_us: int) -> int:
    """The largest oversampling whose longest conversion fits 80 % of the sample period.

    The rest is for the bus, the sample's own processing and lateness, and is at least 5 ms where
    the smallest oversampling leaves that: with less, 100 Hz on a chip has been marginal. Raises
    SensorError UNKNOWN, or PERIOD_TOO_SHORT when not even the smallest fits 80 %.
    """
    module = _module(sensor_id)
    room_us = period_us - (period_us + 4) // 5
    ratios = _class(sensor_id, module).OVERSAMPLINGS
    best = ratios[0]
    shortest_us = module.conversion_us(best)
    if shortest_us > room_us:
        raise SensorError(PERIOD_TOO_SHORT, shortest_us)
    room_us = min(room_us, period_us - _FREE_US)
    for ratio in ratios:
        if module.conversion_us(ratio) > room_us:
            break
        best = ratio
    return best
