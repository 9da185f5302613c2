"""Two sensors wired together as one driver, once, when a node with a second one starts."""

from hullcore.settings import DECLARED
from hullnode import pair
from hullnode.drivers import catalogue
from hullnode.drivers.errors import BAD_ADDRESS, SensorError


def paired(board, values: dict, main, i2c):
    """`main` and the second sensor as one driver, not started."""
    _declare(main, values["sensor"], values)
    try:
        second = _second(board, values, main, i2c)
    except SensorError as error:
        second = pair.Refused(error)
    return _kind(values, second)(main, second, board.ticks_us, values["period_us"])


def _kind(values: dict, second):
    """The class of a pair: what the second sensor is for."""
    if values["compensation"] == "probe":
        return pair.ProbePair
    difference = second.KIND == "diff" or values["aux_sensor"] == "ads1115"
    if values["compensation"] == "reference" and not difference:
        return pair.ReferencePair
    from hullnode import gaugepair  # its heap only with these

    return gaugepair.DifferencePair if difference else gaugepair.BarometerPair


def _second(board, values: dict, main, i2c):
    sensor = values["aux_sensor"]
    # 70 % of the period: at 75 % it is given up, so that the first one's sample is not lost
    ratio = catalogue.oversampling_for(sensor, values["period_us"] * 7 // 8)
    bus = board.onewire() if sensor == "ds18b20" else i2c
    second = catalogue.load(sensor, bus, values["aux_address"], ratio, board.sleep_ms)
    _declare(second, sensor, values)
    address = values["aux_address"] or second.ADDRESSES[0]
    if address == (values["address"] or main.ADDRESSES[0]):
        raise SensorError(BAD_ADDRESS, address)
    second.oversampling = ratio
    return second


def _declare(driver, sensor: str, values: dict) -> None:
    """Tell a driver what `sensor_model` says, unless it says it of the other sensor."""
    if not hasattr(driver, "declare"):
        return
    for other in (values["sensor"], values["aux_sensor"]):
        if other != sensor and other in DECLARED:
            values = dict(values)
            values["sensor_model"] = "-"
    driver.declare(values)
