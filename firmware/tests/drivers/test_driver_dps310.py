"""DPS310/DPS368 driver against transcripts and the data sheet's polynomial in exact arithmetic.

The data sheet has no worked example; the coefficients are those of a part discussed in public
(Infineon/DPS310-Pressure-Sensor issue 30), with the temperature computed there.
"""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullnode.drivers.dps310 import Dps310, conversion_us
from hullnode.drivers.errors import (
    BAD_CALIBRATION,
    CHIP_RESET,
    CONFIG_REFUSED,
    NOT_READY,
    WRONG_ID,
    SensorError,
)

ADDRESS = 0x77
NACK = OSError(5)
# c0 c1 c00 c10 c01 c11 c20 c21 c30, and their widths in registers 0x10..0x21
PART = (222, -297, 79832, -56308, -2295, 1444, -9701, 111, -1289)
WIDTHS = (12, 12, 20, 20, 16, 16, 16, 16, 16)
# table of scaling factors
SCALES = {1: 524288, 2: 1572864, 4: 3670016, 8: 7864320, 16: 253952, 32: 516096, 64: 1040384,
          128: 2088960}  # fmt: skip
TIMES_US = {1: 3600, 2: 5200, 4: 8400, 8: 14800, 16: 27600, 32: 53200, 64: 104400, 128: 206800}


def block(part: tuple = PART) -> bytes:
    bits = 0
    for value, width in zip(part, WIDTHS, strict=True):
        bits = bits << width | value % (1 << width)
    return bits.to_bytes(18, "big")


def exact(part: tuple, ratio: int, raw_p: int, raw_t: int) -> tuple[Fraction, Fraction]:
    """Pa and degC."""
    c0, c1, c00, c10, c01, c11, c20, c21, c30 = part
    x = Fraction(raw_p, SCALES[ratio])
    t = Fraction(raw_t, SCALES[min(ratio, 8)])
    pascal = c00 + x * (c10 + x * (c20 + x * c30)) + t * c01 + t * x * (c11 + x * c21)
    return pascal, Fraction(c0, 2) + c1 * t


def settings(ratio: int, external: int = 0x80) -> tuple[int, int, int]:
    """PRS_CFG, TMP_CFG, CFG_REG."""
    code = (1, 2, 4, 8, 16, 32, 64, 128).index(ratio)
    return code, external | min(code, 3), 4 if ratio > 8 else 0


def status(ratio: int, meas_cfg: int = 0xC0, external: int = 0x80) -> bytes:
    prs, tmp, cfg = settings(ratio, external)
    return bytes([prs, tmp, meas_cfg, cfg])


def started(ratio: int, part: tuple = PART, external: int = 0x80) -> list:
    prs, tmp, cfg = settings(ratio, external)
    fuses = ((0x0E, 0xA5), (0x0F, 0x96), (0x62, 0x02), (0x0E, 0x00), (0x0F, 0x00))
    return [
        ("read", 0x0D, b"\x10"),
        ("read", 0x08, b"\xc0"),
        ("read", 0x10, block(part)),
        ("read", 0x10, block(part)),
        ("read", 0x28, bytes([external])),
        *[("write", register, bytes([value])) for register, value in fuses],
        ("write", 0x06, bytes([prs, tmp, 0, cfg])),
        ("read", 0x06, status(ratio, external=external)),
        ("read", 0x00, bytes(6)),
    ]


@pytest.fixture
def bus(scripted):
    return scripted(ADDRESS)


@pytest.fixture
def sensor(bus):
    driver = Dps310(bus, ADDRESS, 32, bus.sleep_ms)
    bus.expect(*started(32))
    driver.start()
    bus.expect(("write", 0x08, b"\x01"))
    driver.trigger()
    return driver


def number(register: int, raw: int) -> tuple:
    return ("read", register, (raw % (1 << 24)).to_bytes(3, "big"))


@pytest.mark.parametrize("external", [0x00, 0x80])
@pytest.mark.parametrize("ratio", SCALES)
def test_one_sample(bus, ratio, external):
    driver = Dps310(bus, ADDRESS, ratio, bus.sleep_ms)
    bus.expect(*started(ratio, external=external))
    driver.start()
    raw_p, raw_t = -SCALES[ratio] // 3, SCALES[min(ratio, 8)] // 4
    bus.expect(("write", 0x08, b"\x01"))
    p_us = driver.trigger()
    bus.expect(
        ("read", 0x06, status(ratio, 0xD0, external)), number(0, raw_p), ("write", 0x08, b"\x02")
    )
    t_us = driver.collect()
    bus.expect(("read", 0x06, status(ratio, 0xE0, external)), number(3, raw_t))
    assert driver.collect() == 0
    pascal, celsius = exact(PART, ratio, raw_p, raw_t)
    assert abs(Fraction(driver.pressure_q8, 256) - pascal) < Fraction(1, 128)
    kelvin = celsius + Fraction("273.15")
    assert 0 <= kelvin - Fraction(driver.temperature_q16, 65536) < Fraction(3, 65536)
    # typical times and 5 %
    assert (p_us, t_us) == (TIMES_US[ratio] * 21 // 20, TIMES_US[min(ratio, 8)] * 21 // 20)
    assert conversion_us(ratio) == p_us + t_us


def test_the_temperature_computed_for_the_published_reading(bus):
    driver = Dps310(None, ADDRESS, 1, None)
    driver._c0, driver._c1 = PART[:2]
    driver._c00 = driver._c10 = driver._c01 = driver._c11 = 0
    driver._c20 = driver._c21 = driver._c30 = 0
    driver._compensate(0, 200498)
    assert driver.temperature_q16 / 65536 - 273.15 == pytest.approx(111 - 113.578443, abs=3e-4)


SIGNED16 = st.integers(-(2**15), 2**15 - 1)


@given(
    st.sampled_from(list(SCALES)),
    st.tuples(
        st.integers(-2048, 2047), st.integers(-2048, 2047), st.integers(-(2**19), 2**19 - 1),
        st.integers(-(2**19), 2**19 - 1), SIGNED16, SIGNED16, SIGNED16, SIGNED16, SIGNED16,
    ),
    st.floats(-1.1, 1.1), st.floats(-1.1, 1.1),
)  # fmt: skip
def test_integer_arithmetic_is_the_exact_polynomial(ratio, part, x, t):
    driver = Dps310(None, ADDRESS, ratio, None)
    (driver._c0, driver._c1, driver._c00, driver._c10, driver._c01, driver._c11, driver._c20,
     driver._c21, driver._c30) = part  # fmt: skip
    raw_p = max(-(2**23), min(2**23 - 1, int(x * SCALES[ratio])))
    raw_t = max(-(2**23), min(2**23 - 1, int(t * SCALES[min(ratio, 8)])))
    driver._compensate(raw_p, raw_t)
    pascal, celsius = exact(part, ratio, raw_p, raw_t)
    assert abs(Fraction(driver.pressure_q8, 256) - pascal) < Fraction(1, 128)
    kelvin = celsius + Fraction("273.15")
    assert abs(kelvin - Fraction(driver.temperature_q16, 65536)) < Fraction(3, 65536)


EXTREME = st.sampled_from([-(2**23), -1, 0, 1, 2**23 - 1])


@given(st.sampled_from(list(SCALES)), EXTREME, EXTREME, st.booleans())
def test_whatever_the_readings_the_results_stay_within_30_bits(ratio, raw_p, raw_t, negative):
    driver = Dps310(None, ADDRESS, ratio, None)
    sign = -1 if negative else 1
    driver._c0 = driver._c1 = sign * 2047
    driver._c00 = driver._c10 = sign * (2**19 - 1)
    driver._c01 = driver._c11 = driver._c20 = driver._c21 = driver._c30 = sign * (2**15 - 1)
    driver._compensate(raw_p, raw_t)
    assert max(abs(driver.pressure_q8), abs(driver.temperature_q16)) < 2**30


@pytest.mark.parametrize("meas_cfg", [0xC1, 0xC0, 0xE0])
def test_pressure_not_ready(bus, sensor, meas_cfg):
    bus.expect(("read", 0x06, status(32, meas_cfg)))
    assert sensor.collect() > 0


def test_temperature_not_ready(bus, sensor):
    bus.expect(("read", 0x06, status(32, 0xD0)), number(0, 1), ("write", 0x08, b"\x02"))
    sensor.collect()
    bus.expect(("read", 0x06, status(32, 0xD2)))
    assert 0 < sensor.collect() < 1000
    assert sensor.pressure_q8 == 0


@pytest.mark.parametrize(
    "now", [b"\0\0\xc0\0", b"\x05\x03\xd0\x04", b"\x05\x83\xd0\x00", b"\xff" * 4]
)
def test_a_chip_that_restarted_is_reported(bus, sensor, now):
    bus.expect(("read", 0x06, now))
    with pytest.raises(SensorError) as lost:
        sensor.collect()
    assert lost.value.code == CHIP_RESET


def test_trigger_clears_the_flags_of_an_abandoned_sample(bus, sensor):
    bus.expect(number(0, 1), number(3, 1), ("write", 0x08, b"\x01"))
    sensor.trigger()


def test_native_resolution_is_one_count(sensor):
    step = abs(exact(PART, 32, 1, 0)[0] - exact(PART, 32, 0, 0)[0])
    assert 0 <= sensor.pressure_lsb_q8 - step * 256 < 1


def test_start_waits_for_the_coefficients_and_gives_up_in_time(bus):
    script = [*started(8)[:1], ("read", 0x08, b"\x40"), ("sleep", 1), *started(8)[1:]]
    bus.expect(*script)
    Dps310(bus, ADDRESS, 8, bus.sleep_ms).start()
    never = [("read", 0x08, b"\x40"), ("sleep", 1)] * 18
    bus.expect(*script[:1], *never, ("read", 0x08, b"\x40"), ("read", 0x08, b"\x40"))
    with pytest.raises(SensorError) as refused:
        Dps310(bus, ADDRESS, 8, bus.sleep_ms).start()
    assert (refused.value.code, refused.value.detail) == (NOT_READY, 0x40)


@pytest.mark.parametrize("stuck", [bytes(18), b"\xff" * 18])
def test_start_refuses_coefficients_of_a_stuck_bus(bus, stuck):
    bus.expect(*started(8)[:2], ("read", 0x10, stuck), ("read", 0x10, stuck))
    with pytest.raises(SensorError) as refused:
        Dps310(bus, ADDRESS, 8, bus.sleep_ms).start()
    assert refused.value.code == BAD_CALIBRATION


def test_start_refuses_coefficients_that_change_between_two_reads(bus):
    bus.expect(*started(8)[:3], ("read", 0x10, block()[:7] + b"\0" + block()[8:]))
    with pytest.raises(SensorError) as refused:
        Dps310(bus, ADDRESS, 8, bus.sleep_ms).start()
    assert (refused.value.code, refused.value.detail) == (BAD_CALIBRATION, 7)


def test_start_refuses_another_chip(bus):
    bus.expect(("read", 0x0D, b"\x1a"))
    with pytest.raises(SensorError) as refused:
        Dps310(bus, ADDRESS, 8, bus.sleep_ms).start()
    assert (refused.value.code, refused.value.detail) == (WRONG_ID, 0x1A)


def test_a_configuration_that_is_not_kept_resets_the_chip(bus):
    script = started(8)[:-1]
    script[-1] = ("read", 0x06, b"\x03\x03\xc0\x00")
    bus.expect(*script, ("write", 0x0C, b"\x89"))
    with pytest.raises(SensorError) as refused:
        Dps310(bus, ADDRESS, 8, bus.sleep_ms).start()
    assert (refused.value.code, refused.value.detail) == (CONFIG_REFUSED, 0x03)


def test_bus_errors_pass_through(bus, sensor):
    bus.expect(("read", 0x06, NACK))
    with pytest.raises(OSError, match="5"):
        sensor.collect()
