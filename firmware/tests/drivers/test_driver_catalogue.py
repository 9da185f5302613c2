"""Choosing and loading a driver."""

import pytest

from hullcore.settings import SENSORS as SETTING_CHOICES
from hullnode.drivers import errors
from hullnode.drivers.catalogue import SENSORS, load, oversampling_for
from hullnode.drivers.errors import SensorError


def test_the_configuration_offers_exactly_these_sensors():
    assert {*SENSORS, "none"} == set(SETTING_CHOICES)


@pytest.mark.parametrize(("sensor_id", "smallest"), [("bmp581", 1), ("bmp280", 1), ("ms5837", 256)])
def test_a_loaded_driver_agrees_with_the_table_and_the_interface(sensor_id, smallest):
    _, class_name, default, allowed, max_pa = SENSORS[sensor_id]
    driver = load(sensor_id, None, 0, smallest, None)
    assert type(driver).__name__ == class_name
    assert (sensor_id, "abs", max_pa) == (driver.SENSOR, driver.KIND, driver.PRESSURE_MAX_PA)
    assert driver._address == default
    assert max_pa * 256 < 2**30
    for address in allowed:
        for ratio in driver.OVERSAMPLINGS:
            assert load(sensor_id, None, address, ratio, None)._address == address


@pytest.mark.parametrize(
    ("arguments", "code", "detail"),
    [
        (("bmp999", None, 0, 1, None), errors.UNKNOWN, 0),
        (("none", None, 0, 1, None), errors.UNKNOWN, 0),
        (("bmp581", None, 0x76, 1, None), errors.BAD_ADDRESS, 0x76),
        (("bmp581", None, 0, 3, None), errors.BAD_OVERSAMPLING, 3),
        (("ms5837", None, 0, 128, None), errors.BAD_OVERSAMPLING, 128),
    ],
)
def test_refusals(arguments, code, detail):
    with pytest.raises(SensorError) as refused:
        load(*arguments)
    assert (refused.value.code, refused.value.detail) == (code, detail)


# 80 % of the period against the longest conversions: BMP581 x64 43,995 µs, x128 86,625 µs;
# BMP280 x16 43,225 µs, x8 22,525 µs; MS5837 8192 twice 18,380 µs, 512 twice 1,470 µs
@pytest.mark.parametrize(
    ("sensor_id", "period_us", "ratio"),
    [
        ("bmp581", 100000, 64),
        ("bmp581", 108282, 128),
        ("bmp581", 108281, 64),
        ("bmp581", 10000, 8),
        ("bmp581", 60000000, 128),
        ("bmp280", 100000, 16),
        ("bmp280", 54032, 16),
        ("bmp280", 54031, 8),
        ("ms5837", 100000, 8192),
        ("ms5837", 10000, 1024),
        ("ms5837", 3675, 512),
        ("ms5837", 3674, 256),
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
    assert len(codes) == len(set(codes)) == 11
