"""LPS22HB and LPS28DFW drivers against transcripts and ST's scales in exact arithmetic."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullnode.drivers import lps22hb, lps28dfw
from hullnode.drivers.errors import CONFIG_REFUSED, NOT_READY, WRONG_ID, SensorError
from hullnode.drivers.lps22hb import Lps22hb
from hullnode.drivers.lps28dfw import Lps28dfw

ADDRESS = 0x5D
NACK = OSError(5)
AVERAGING = {4: 0, 8: 1, 16: 2, 32: 3, 64: 4, 128: 5, 512: 7}


class Case:
    """A driver, its model, the control registers it must write, and its counts per hPa."""

    def __init__(self, driver_class, ratio: int, model: str, control: bytes, per_hpa: int) -> None:
        self.driver_class, self.ratio, self.model = driver_class, ratio, model
        self.control, self.per_hpa = control, per_hpa

    def made(self, bus):
        driver = self.driver_class(bus, ADDRESS, self.ratio, bus and bus.sleep_ms)
        if self.model:
            driver.declare({"sensor_model": self.model})
        return driver

    def started(self) -> list:
        return [
            ("read", 0x0F, bytes([self.driver_class.ID])),
            ("write", 0x11, b"\x04"),
            ("sleep", 1),
            ("read", 0x11, b"\x10"),
            ("write", 0x10, self.control[:1]),
            ("read", 0x10, self.control[:1]),
        ]


CASES = {
    "lps22hb": Case(Lps22hb, 1, "", b"\x02\x11", 4096),
    **{
        f"lps28dfw x{ratio}": Case(Lps28dfw, ratio, "-", bytes([code, 0x09]), 4096)
        for ratio, code in AVERAGING.items()
    },
    "lps28dfw 1260": Case(Lps28dfw, 64, "1260", b"\x04\x09", 4096),
    "lps28dfw 4060": Case(Lps28dfw, 64, "4060", b"\x04\x49", 2048),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request):
    return request.param


@pytest.fixture
def bus(scripted):
    return scripted(ADDRESS)


def data(pressure: int, temperature: int) -> tuple:
    low = pressure.to_bytes(3, "little", signed=True)
    return "read", 0x28, low + temperature.to_bytes(2, "little", signed=True)


@pytest.fixture
def sensor(bus, case):
    driver = case.made(bus)
    bus.expect(*case.started())
    driver.start()
    # flags from before the start are cleared by reading the data
    bus.expect(data(0, 0), ("write", 0x10, case.control))
    driver.trigger()
    return driver


def test_one_shot_after_one_shot(bus, case, sensor):
    for raw in (4096 * 1013, 4096 * 1014):
        bus.expect(("read", 0x27, b"\x03"), data(raw, 2500))
        assert sensor.collect() == 0
        assert Fraction(sensor.pressure_q8, 25600) == Fraction(raw, case.per_hpa)
        bus.expect(("write", 0x10, case.control))
        assert sensor.trigger() == sensor._conversion_us


@given(
    st.sampled_from(list(CASES)), st.integers(-(2**23), 2**23 - 1), st.integers(-(2**15), 2**15 - 1)
)
def test_results_are_the_scales_of_the_data_sheet_rounded_down(name, pressure, temperature):
    case = CASES[name]

    class Ready:
        def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
            buffer[:] = b"\x03" if register == 0x27 else data(pressure, temperature)[2]

    driver = case.made(None)
    driver._i2c = Ready()
    assert driver.collect() == 0
    assert driver.pressure_q8 == floor(Fraction(pressure * 25600, case.per_hpa))
    kelvin = Fraction(temperature, 100) + Fraction("273.15")
    assert 0 <= kelvin - Fraction(driver.temperature_q16, 65536) < Fraction(2, 65536)
    assert max(abs(driver.pressure_q8), abs(driver.temperature_q16)) < 2**30
    assert driver.pressure_lsb_q8 == ceil(Fraction(25600, case.per_hpa))


@pytest.mark.parametrize("status", [0, 1, 2, 0x30])
def test_not_ready(bus, sensor, status):
    bus.expect(("read", 0x27, bytes([status])))
    assert sensor.collect() > 0
    assert sensor.pressure_q8 == 0


def test_trigger_clears_the_flags_of_an_abandoned_conversion(bus, case, sensor):
    bus.expect(data(0, 0), ("write", 0x10, case.control))
    sensor.trigger()


def refused(bus, case, script: list) -> tuple:
    bus.expect(*script)
    with pytest.raises(SensorError) as error:
        case.made(bus).start()
    return error.value.code, error.value.detail


def test_start_refuses_another_chip(bus, case):
    assert refused(bus, case, [("read", 0x0F, b"\xb3")]) == (WRONG_ID, 0xB3)


def test_start_waits_for_the_reset_and_gives_up_in_time(bus, case):
    busy = ("read", 0x11, b"\x04")
    script = [*case.started()[:3], *[busy, ("sleep", 1)] * 10, busy]
    assert refused(bus, case, script) == (NOT_READY, 4)
    assert sum(entry[1] for entry in script if entry[0] == "sleep") <= 20


def test_start_checks_that_the_configuration_was_kept(bus, case):
    script = [*case.started()[:5], ("read", 0x10, b"\x70")]
    assert refused(bus, case, script) == (CONFIG_REFUSED, 0x70)


def test_bus_errors_pass_through(bus, case, sensor):
    bus.expect(("read", 0x27, b"\x03"), ("read", 0x28, NACK))
    with pytest.raises(OSError, match="5"):
        sensor.collect()
    bus.expect(data(0, 0), ("write", 0x10, case.control, NACK))
    with pytest.raises(OSError, match="5"):
        sensor.trigger()


def test_models():
    driver = Lps28dfw(None, ADDRESS, 4, None)
    assert driver.PRESSURE_MAX_PA == 126000
    driver.declare({"sensor_model": "4060"})
    assert driver.PRESSURE_MAX_PA == 406000


def test_conversion_times_agree_with_the_fastest_rates():
    assert lps22hb.conversion_us(1) >= 1_000_000 / 75
    assert lps28dfw.conversion_us(512) <= 1_000_000 / 10
    assert lps28dfw.conversion_us(4) <= 1_000_000 / 200
