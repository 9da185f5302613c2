"""TMP117 driver against transcripts and the data sheet's table of results (SNOSD82D)."""

from fractions import Fraction

import pytest

from hullnode.drivers.errors import CHIP_RESET, CONFIG_REFUSED, NOT_READY, WRONG_ID, SensorError
from hullnode.drivers.tmp117 import Tmp117, conversion_us

ADDRESS = 0x48
NACK = OSError(5)
# configuration: mode 01 (shutdown) or 11 (one-shot) in bits 11..10, averaging in bits 6..5
AVERAGING = {1: 0x00, 8: 0x20, 32: 0x40, 64: 0x60}


def started(averaging: int, device_id: bytes = b"\x01\x17") -> list:
    return [
        ("read", 0x0F, device_id),
        ("write", 0x01, b"\x00\x02"),
        ("sleep", 3),
        ("read", 0x01, b"\x02\x20"),
        ("write", 0x01, bytes([0x04, averaging])),
        ("read", 0x01, bytes([0x04, averaging])),
    ]


@pytest.fixture
def bus(scripted):
    return scripted(ADDRESS)


@pytest.fixture
def sensor(bus):
    driver = Tmp117(bus, ADDRESS, 8, bus.sleep_ms)
    bus.expect(*started(0x20))
    driver.start()
    bus.expect(("write", 0x01, b"\x0c\x20"))
    driver.trigger()
    return driver


@pytest.mark.parametrize("ratio", AVERAGING)
def test_start_and_trigger_write_exactly_this(bus, ratio):
    driver = Tmp117(bus, ADDRESS, ratio, bus.sleep_ms)
    bus.expect(*started(AVERAGING[ratio]))
    driver.start()
    bus.expect(("write", 0x01, bytes([0x0C, AVERAGING[ratio]])))
    assert driver.trigger() == conversion_us(ratio)
    # 15.5, 125, 500, 1000 ms typical, 17.5 at most for one
    typical_ms = {1: 15.5, 8: 125, 32: 500, 64: 1000}[ratio]
    assert conversion_us(ratio) >= typical_ms * 1000 * 17.5 / 15.5


# table 7-1
@pytest.mark.parametrize(
    ("register", "celsius"),
    [
        (0xF380, "-25"),
        (0xFFF0, "-0.125"),
        (0xFFFF, "-0.0078125"),
        (0x0000, "0"),
        (0x0001, "0.0078125"),
        (0x0010, "0.125"),
        (0x0080, "1"),
        (0x0C80, "25"),
        (0x3200, "100"),
        (0x7FFF, "255.9921875"),
        (0x8001, "-255.9921875"),
    ],
)
def test_results_as_the_data_sheet_lists_them(bus, sensor, register, celsius):
    bus.expect(("read", 0x01, b"\x24\x20"), ("read", 0x00, register.to_bytes(2, "big")))
    assert sensor.collect() == 0
    kelvin = Fraction(celsius) + Fraction("273.15")
    assert 0 <= kelvin - Fraction(sensor.temperature_q16, 65536) < Fraction(1, 65536)
    assert (sensor.temperature_q16 - 17901158) % (1 << sensor.temperature_shift) == 0
    assert sensor.temperature_lsb_q16 == Fraction("0.0078125") * 65536


@pytest.mark.parametrize("config", [b"\x0c\x20", b"\x04\x20"], ids=["converting", "not yet"])
def test_not_ready(bus, sensor, config):
    bus.expect(("read", 0x01, config))
    assert sensor.collect() > 0
    assert sensor.temperature_q16 == 0


def test_ready_without_a_result_is_not_taken_for_minus_256_degrees(bus, sensor):
    bus.expect(("read", 0x01, b"\x24\x20"), ("read", 0x00, b"\x80\x00"))
    assert sensor.collect() > 0
    assert sensor.temperature_q16 == 0


@pytest.mark.parametrize(
    "config", [b"\x22\x20", b"\x02\x20", b"\x24\x60", b"\xff\xff"],
    ids=["reset, with a result", "reset", "another averaging", "stuck"],
)  # fmt: skip
def test_a_chip_that_restarted_is_reported(bus, sensor, config):
    bus.expect(("read", 0x01, config))
    with pytest.raises(SensorError) as lost:
        sensor.collect()
    assert (lost.value.code, lost.value.detail) == (CHIP_RESET, int.from_bytes(config, "big"))


def test_trigger_clears_the_ready_flag_of_an_abandoned_conversion(bus, sensor):
    bus.expect(("read", 0x01, b"\x24\x20"), ("write", 0x01, b"\x0c\x20"))
    sensor.trigger()
    bus.expect(("read", 0x01, b"\x24\x20"), ("read", 0x00, b"\x0c\x80"))
    assert sensor.collect() == 0
    bus.expect(("write", 0x01, b"\x0c\x20"))
    sensor.trigger()


def refused(bus, script: list) -> tuple:
    bus.expect(*script)
    with pytest.raises(SensorError) as error:
        Tmp117(bus, ADDRESS, 8, bus.sleep_ms).start()
    return error.value.code, error.value.detail


@pytest.mark.parametrize("chip", [0x0116, 0x0000, 0xFFFF, 0x0075])
def test_start_refuses_another_chip(bus, chip):
    assert refused(bus, [("read", 0x0F, chip.to_bytes(2, "big"))]) == (WRONG_ID, chip)


def test_start_accepts_every_revision(bus):
    bus.expect(*started(0x20, b"\x21\x17"))
    Tmp117(bus, ADDRESS, 8, bus.sleep_ms).start()


def test_start_waits_for_the_memory_and_gives_up_in_time(bus):
    busy = ("read", 0x01, b"\x12\x20")
    script = [*started(0x20)[:3], *[busy, ("sleep", 1)] * 7, busy]
    assert refused(bus, script) == (NOT_READY, 0x1000)
    assert sum(entry[1] for entry in script if entry[0] == "sleep") <= 20


def test_start_checks_that_the_configuration_was_kept(bus):
    script = started(0x20)
    script[5] = ("read", 0x01, b"\x02\x20")
    assert refused(bus, script) == (CONFIG_REFUSED, 0x0220)


def test_bus_errors_pass_through(bus, sensor):
    bus.expect(("read", 0x01, b"\x24\x20"), ("read", 0x00, NACK))
    with pytest.raises(OSError, match="5"):
        sensor.collect()
    bus.expect(("read", 0x01, b"\x04\x20"), ("write", 0x01, b"\x0c\x20", NACK))
    with pytest.raises(OSError, match="5"):
        sensor.trigger()
