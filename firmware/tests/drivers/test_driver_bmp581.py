"""BMP581 driver against transcripts written from the data sheet (BST-BMP581-DS004)."""

from fractions import Fraction

import pytest

from hullnode.drivers.bmp581 import Bmp581, conversion_us
from hullnode.drivers.errors import (
    BAD_MEMORY,
    CHIP_RESET,
    CONFIG_REFUSED,
    NOT_READY,
    WRONG_ID,
    SensorError,
)

ADDRESS = 0x47
NACK = OSError(5)


def started(osr: int) -> list:
    """The transfers of a good start: OSR_CONFIG is press_en | osr_p << 3 | osr_t."""
    return [
        ("read", 0x01, b"\x50"),
        ("write", 0x7E, b"\xb6", NACK),  # "an ACK will NOT be transmitted to the host"
        ("sleep", 3),
        ("read", 0x27, b"\x10"),
        ("read", 0x28, b"\x02"),
        ("write", 0x37, b"\xf0"),
        ("sleep", 3),
        ("write", 0x30, b"\x03\x00"),
        ("write", 0x36, bytes([osr])),
        ("write", 0x15, b"\x01"),
        ("read", 0x36, bytes([osr])),
    ]


def sample(temperature: int, pressure: int) -> bytes:
    """Registers 0x1D..0x22, least significant byte first."""
    return (temperature & 0xFFFFFF).to_bytes(3, "little") + pressure.to_bytes(3, "little")


@pytest.fixture
def bus(scripted):
    return scripted(ADDRESS)


@pytest.fixture
def sensor(bus):
    driver = Bmp581(bus, ADDRESS, 16, bus.sleep_ms)
    bus.expect(*started(0x60))
    driver.start()
    return driver


# pressure ratio: OSR_CONFIG with the temperature ratio that table 9 pairs with it
@pytest.mark.parametrize(
    ("ratio", "osr"),
    [(1, 0x40), (2, 0x48), (4, 0x50), (8, 0x58), (16, 0x60), (32, 0x69), (64, 0x72), (128, 0x7B)],
)
def test_start_writes_exactly_this(bus, ratio, osr):
    bus.expect(*started(osr))
    Bmp581(bus, ADDRESS, ratio, bus.sleep_ms).start()


def test_start_accepts_a_chip_that_acknowledges_its_reset_and_a_bmp585(bus):
    script = started(0x60)
    script[0] = ("read", 0x01, b"\x51")
    script[1] = ("write", 0x7E, b"\xb6")
    bus.expect(*script)
    Bmp581(bus, ADDRESS, 16, bus.sleep_ms).start()


@pytest.mark.parametrize(
    ("step", "answer", "code"),
    [
        (0, 0x58, WRONG_ID),
        (3, 0x00, NOT_READY),
        (4, 0x00, BAD_MEMORY),
        (4, 0x06, BAD_MEMORY),
        (10, 0x00, CONFIG_REFUSED),
    ],
)
def test_start_refuses(bus, step, answer, code):
    script = started(0x60)[: step + 1]
    script[step] = (*script[step][:2], bytes([answer]))
    bus.expect(*script)
    with pytest.raises(SensorError) as refused:
        Bmp581(bus, ADDRESS, 16, bus.sleep_ms).start()
    assert (refused.value.code, refused.value.detail) == (code, answer)


def test_an_absent_chip_is_a_bus_error(bus):
    bus.expect(("read", 0x01, NACK))
    with pytest.raises(OSError, match="5"):
        Bmp581(bus, ADDRESS, 16, bus.sleep_ms).start()


@pytest.mark.parametrize(
    ("temperature", "pressure"),
    [
        (25 * 65536, 6484800),  # 25 degC, 101325 Pa
        (0, 30000 * 64),
        (-40 * 65536, 125000 * 64),
        (-1, 1),
        (-(2**23), 2**24 - 1),
        (2**23 - 1, 0),
    ],
)
def test_one_sample(bus, sensor, temperature, pressure):
    bus.expect(("write", 0x37, b"\xf2"))
    assert sensor.trigger() == conversion_us(16)
    bus.expect(("read", 0x27, b"\x01"), ("read", 0x1D, sample(temperature, pressure)))
    assert sensor.collect() == 0
    assert Fraction(sensor.pressure_q8, 256) == Fraction(pressure, 64)
    kelvin = Fraction(temperature, 65536) + Fraction("273.15")
    assert abs(Fraction(sensor.temperature_q16, 65536) - kelvin) < Fraction(1, 131072)
    assert sensor.pressure_q8 % 2**sensor.pressure_shift == 0
    assert max(abs(sensor.pressure_q8), abs(sensor.temperature_q16)) < 2**30


def test_not_ready_waits_and_keeps_the_last_sample(bus, sensor):
    bus.expect(("write", 0x37, b"\xf2"), ("read", 0x27, b"\x01"), ("read", 0x1D, sample(5, 640)))
    sensor.trigger()
    sensor.collect()
    bus.expect(("write", 0x37, b"\xf2"), ("read", 0x27, b"\x00"), ("read", 0x27, b"\x0e"))
    sensor.trigger()
    assert sensor.collect() > 0
    assert sensor.collect() > 0  # other interrupts are not ours
    assert sensor.pressure_q8 == 10 * 256


def test_reset_values_are_not_a_sample(bus, sensor):
    bus.expect(("write", 0x37, b"\xf2"), ("read", 0x27, b"\x01"), ("read", 0x1D, b"\x7f" * 6))
    sensor.trigger()
    assert sensor.collect() > 0
    assert sensor.pressure_q8 == 0


def test_a_chip_that_restarted_is_reported(bus, sensor):
    bus.expect(("write", 0x37, b"\xf2"), ("read", 0x27, b"\x11"))
    sensor.trigger()
    with pytest.raises(SensorError) as lost:
        sensor.collect()
    assert (lost.value.code, lost.value.detail) == (CHIP_RESET, 0x11)


def test_an_abandoned_conversion_cannot_answer_for_the_next_one(bus, sensor):
    bus.expect(("write", 0x37, b"\xf2"))
    sensor.trigger()
    bus.expect(("read", 0x27, b"\x01"), ("write", 0x37, b"\xf2"))  # clears the flag first
    sensor.trigger()
    bus.expect(("read", 0x27, b"\x00"))
    assert sensor.collect() > 0


@pytest.mark.parametrize("failing", [0, 1])
def test_bus_errors_pass_through_and_the_next_sample_works(bus, sensor, failing):
    script = [("read", 0x27, b"\x01"), ("read", 0x1D, sample(0, 64))][: failing + 1]
    script[failing] = (*script[failing][:2], NACK)
    bus.expect(("write", 0x37, b"\xf2"), *script)
    sensor.trigger()
    with pytest.raises(OSError, match="5"):
        sensor.collect()
    bus.expect(
        ("read", 0x27, b"\x01"),
        ("write", 0x37, b"\xf2"),
        ("read", 0x27, b"\x01"),
        ("read", 0x1D, sample(0, 128)),
    )
    sensor.trigger()
    assert sensor.collect() == 0
    assert sensor.pressure_q8 == 512


def test_conversion_times_agree_with_the_continuous_rates_of_table_9():
    rates_hz = {1: 498, 2: 374, 4: 255, 8: 155, 16: 87, 32: 46, 64: 24, 128: 12}
    assert tuple(rates_hz) == Bmp581.OVERSAMPLINGS
    for ratio, rate in rates_hz.items():
        typical_us = Fraction(10**6, rate)
        ours_us = conversion_us(ratio) / Fraction(21, 20)
        assert abs(ours_us - typical_us) < typical_us / 50


def test_native_resolution(sensor):
    assert Fraction(sensor.pressure_lsb_q8, 256) == Fraction(1, 64)
    assert sensor.pressure_lsb_q8 == 1 << sensor.pressure_shift
