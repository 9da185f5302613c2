"""Choosing and loading a driver."""

from importlib import import_module
from pathlib import Path

import pytest

from hullcore.settings import SENSORS as SETTING_CHOICES
from hullnode.drivers import errors
from hullnode.drivers.catalogue import load, oversampling_for
from hullnode.drivers.errors import SensorError

FOLDER = Path(errors.__file__).parent


def ids(kind: str) -> set[str]:
    """Ids of the driver files whose class has a KIND that begins so."""
    found = set()
    for path in FOLDER.glob("[a-z]*.py"):
        driver = getattr(
            import_module(f"hullnode.drivers.{path.stem}"), path.stem.capitalize(), None
        )
        if driver is not None and driver.KIND.startswith(kind):
            found.add(path.stem)
    return found


def test_the_configuration_offers_exactly_the_pressure_sensors_there_are():
    assert ids("") - ids("temperature") == set(SETTING_CHOICES) - {"none"}


@pytest.mark.parametrize("sensor_id", sorted(ids("")))
def test_a_loaded_driver_has_the_interface(sensor_id):
    module = import_module(f"hullnode.drivers.{sensor_id}")
    driver_class = getattr(module, sensor_id.capitalize())
    assert sensor_id == driver_class.SENSOR
    ratios = driver_class.OVERSAMPLINGS
    assert list(ratios) == sorted(set(ratios))
    times = [module.conversion_us(ratio) for ratio in ratios]
    assert times == sorted(set(times))
    on_i2c = driver_class.ADDRESSES != (0,)
    first = load(sensor_id, None, 0, ratios[0], None)
    assert not on_i2c or first._address == driver_class.ADDRESSES[0]
    for address in driver_class.ADDRESSES:
        assert not on_i2c or 0x08 <= address <= 0x78
        for ratio in ratios:
            driver = load(sensor_id, None, address, ratio, None)
            assert not on_i2c or driver._address == address
    if driver_class.KIND != "temperature":
        low, high = driver_class.PRESSURE_MIN_PA, driver_class.PRESSURE_MAX_PA
        assert low < high
        assert max(-low, high) * 256 < 2**30


@pytest.mark.parametrize(
    ("arguments", "code", "detail"),
    [
        (("bmp999", None, 0, 1, None), errors.UNKNOWN, 0),
        (("none", None, 0, 1, None), errors.UNKNOWN, 0),
        (("", None, 0, 1, None), errors.UNKNOWN, 0),
        (("errors", None, 0, 1, None), errors.UNKNOWN, 0),
        (("catalogue", None, 0, 1, None), errors.UNKNOWN, 0),
        (("bmp581", None, 0x76, 1, None), errors.BAD_ADDRESS, 0x76),
        (("bmp581", None, 0, 3, None), errors.BAD_OVERSAMPLING, 3),
        (("ms5837", None, 0, 128, None), errors.BAD_OVERSAMPLING, 128),
    ],
)
def test_refusals(arguments, code, detail):
    with pytest.raises(SensorError) as refused:
        load(*arguments)
    assert (refused.value.code, refused.value.detail) == (code, detail)


# 80 % of the period, and 5 ms kept free, against the longest conversions: BMP581 x64 43,995 µs,
# x128 86,625 µs;
# BMP280 x16 43,225 µs, x8 22,525 µs; MS5837 8192 twice 18,380 µs, 512 twice 1,470 µs
@pytest.mark.parametrize(
    ("sensor_id", "period_us", "ratio"),
    [
        ("bmp581", 100000, 64),
        ("bmp581", 108282, 128),
        ("bmp581", 108281, 64),
        ("bmp581", 10000, 4),  # 4,095 µs; x8 takes 6,720 and would leave less than 5 ms
        ("bmp581", 11720, 8),
        ("bmp581", 11719, 4),
        ("bmp581", 60000000, 128),
        ("bmp280", 100000, 16),
        ("bmp280", 54032, 16),
        ("bmp280", 54031, 8),
        ("ms5837", 100000, 8192),
        ("ms5837", 10000, 512),
        ("ms5837", 7940, 512),
        ("ms5837", 7939, 256),
        ("ms5837", 2250, 256),  # 1,800 µs: 80 %
        ("tmp117", 1000000, 32),  # 64 conversions may take 1.12 s
        ("tmp117", 100000, 1),
    ],
)
def test_largest_oversampling_in_80_percent(sensor_id, period_us, ratio):
    assert oversampling_for(sensor_id, period_us) == ratio


def test_a_period_too_short_for_any_oversampling_names_the_shortest_conversion():
    with pytest.raises(SensorError) as refused:
        oversampling_for("bmp280", 8000)
    assert (refused.value.code, refused.value.detail) == (errors.PERIOD_TOO_SHORT, 6425)


def test_error_codes_are_distinct():
    codes = [value for name, value in vars(errors).items() if name.isupper()]
    assert len(codes) == len(set(codes)) == 12
