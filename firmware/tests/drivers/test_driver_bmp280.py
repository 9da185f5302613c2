"""BMP280 driver against transcripts and the published vectors (BST-BMP280-DS001)."""

from fractions import Fraction
from math import ceil
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullnode.drivers.bmp280 import Bmp280, conversion_us
from hullnode.drivers.errors import (
    BAD_CALIBRATION,
    CHIP_RESET,
    CONFIG_REFUSED,
    NOT_READY,
    WRONG_ID,
    SensorError,
)

ADDRESS = 0x76
NACK = OSError(5)
# T1 T2 T3 P1..P9: the worked example of the data sheet, section 3.12 of early revisions
CALIBRATION = (27504, 26435, -1000, 36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000)
ADC_T, ADC_P = 519888, 415148


def words(calibration: tuple) -> bytes:
    """Registers 0x88..0x9F: T1 and P1 unsigned, low byte first."""
    return pack("<HhhHhhhhhhhh", *calibration)


def started(idle: int, calibration: tuple = CALIBRATION) -> list:
    """The transfers of a good start; ctrl_meas is osrs_t << 5 | osrs_p << 2 | mode."""
    return [
        ("read", 0xD0, b"\x58"),
        ("write", 0xE0, b"\xb6"),
        ("sleep", 3),
        ("read", 0xF3, b"\x00"),
        ("read", 0x88, words(calibration)),
        ("read", 0x88, words(calibration)),
        ("write", 0xF5, b"\x00"),
        ("write", 0xF4, bytes([idle])),
        ("read", 0xF4, bytes([idle])),
    ]


def burst(adc_t: int, adc_p: int, ctrl_meas: int, status: int = 0) -> bytes:
    """Registers 0xF3..0xFC: status, ctrl_meas, config, 0xF6, press and temp (20 bits each)."""
    data = (adc_p << 4).to_bytes(3, "big") + (adc_t << 4).to_bytes(3, "big")
    return bytes([status, ctrl_meas, 0, 0]) + data


@pytest.fixture
def bus(scripted):
    return scripted(ADDRESS)


@pytest.fixture
def sensor(bus):
    driver = Bmp280(bus, ADDRESS, 16, bus.sleep_ms)
    bus.expect(*started(0x54))
    driver.start()
    return driver


@pytest.mark.parametrize(
    ("ratio", "idle"), [(1, 0x24), (2, 0x28), (4, 0x2C), (8, 0x30), (16, 0x54)]
)
def test_start_and_trigger_write_exactly_this(bus, ratio, idle):
    driver = Bmp280(bus, ADDRESS, ratio, bus.sleep_ms)
    bus.expect(*started(idle))
    driver.start()
    bus.expect(("write", 0xF4, bytes([idle | 1])))
    assert driver.trigger() == conversion_us(ratio)


def test_start_accepts_a_bme280_and_waits_for_the_memory_copy(bus):
    script = started(0x54)
    script[0] = ("read", 0xD0, b"\x60")
    script[3:4] = [("read", 0xF3, b"\x01"), ("sleep", 1), ("read", 0xF3, b"\x00")]
    bus.expect(*script)
    Bmp280(bus, ADDRESS, 16, bus.sleep_ms).start()


def refused(bus, script: list) -> tuple:
    bus.expect(*script)
    with pytest.raises(SensorError) as error:
        Bmp280(bus, ADDRESS, 16, bus.sleep_ms).start()
    return error.value.code, error.value.detail


def test_start_refuses_another_chip(bus):
    assert refused(bus, [("read", 0xD0, b"\x50")]) == (WRONG_ID, 0x50)


def test_start_gives_up_on_a_memory_copy_that_never_ends(bus):
    script = started(0x54)[:3] + [("read", 0xF3, b"\x01"), ("sleep", 1)] * 8
    assert refused(bus, [*script, ("read", 0xF3, b"\x01")]) == (NOT_READY, 1)
    assert sum(entry[1] for entry in script if entry[0] == "sleep") <= 20


def test_start_refuses_calibration_that_changes_between_two_reads(bus):
    script = started(0x54)[:6]
    flipped = bytearray(words(CALIBRATION))
    flipped[13] ^= 0x10
    script[5] = ("read", 0x88, bytes(flipped))
    assert refused(bus, script) == (BAD_CALIBRATION, 13)


@pytest.mark.parametrize("block", [bytes(24), b"\xff" * 24])
def test_start_refuses_calibration_of_a_stuck_bus(bus, block):
    script = [*started(0x54)[:4], ("read", 0x88, block), ("read", 0x88, block)]
    assert refused(bus, script) == (BAD_CALIBRATION, 0)


def test_start_refuses_p1_of_zero_which_would_divide_by_zero(bus):
    bad = (*CALIBRATION[:3], 0, *CALIBRATION[4:])
    assert refused(bus, started(0x54, bad)[:6]) == (BAD_CALIBRATION, 6)


def test_start_checks_that_the_configuration_was_kept(bus):
    script = started(0x54)
    script[8] = ("read", 0xF4, b"\x00")
    assert refused(bus, script) == (CONFIG_REFUSED, 0)


def measured(bus, calibration: tuple) -> Bmp280:
    driver = Bmp280(bus, ADDRESS, 16, bus.sleep_ms)
    bus.expect(*started(0x54, calibration))
    driver.start()
    bus.expect(("write", 0xF4, b"\x55"), ("read", 0xF3, burst(ADC_T, ADC_P, 0x54)))
    driver.trigger()
    assert driver.collect() == 0
    return driver


def test_the_published_example_exactly(bus):
    driver = measured(bus, CALIBRATION)
    assert driver.pressure_q8 == 25767233
    # t_fine 128422 in 1/5120 degC
    kelvin = Fraction(128422, 5120) + Fraction("273.15")
    assert 0 <= kelvin - Fraction(driver.temperature_q16, 65536) < Fraction(2, 65536)


@pytest.mark.parametrize(
    ("changes", "pascal"),
    [({6: -2855, 7: -140, 9: -15500}, 114530), ({6: -32768, 9: -32768}, 197689)],
)
def test_negative_coefficients(bus, changes, pascal):
    calibration = list(CALIBRATION)
    for index, value in changes.items():
        calibration[index] = value
    assert measured(bus, tuple(calibration)).pressure_q8 // 256 == pascal


def exact_pressure_pa(t_fine: int, adc_p: int) -> Fraction:
    """The data sheet's floating-point formula (appendix 8.1) in exact arithmetic."""
    p1, p2, p3, p4, p5, p6, p7, p8, p9 = (Fraction(x) for x in CALIBRATION[3:])
    var1 = Fraction(t_fine, 2) - 64000
    var2 = var1 * var1 * p6 / 32768
    var2 = var2 + var1 * p5 * 2
    var2 = var2 / 4 + p4 * 65536
    var1 = (p3 * var1 * var1 / 524288 + p2 * var1) / 524288
    var1 = (1 + var1 / 32768) * p1
    p = (1048576 - adc_p - var2 / 4096) * 6250 / var1
    return p + (p9 * p * p / 2147483648 + p * p8 / 32768 + p7) / 16


class Calibrated:
    """A bus that only has the calibration block."""

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        buffer[:] = words(CALIBRATION)


CALIBRATED = Bmp280(Calibrated(), ADDRESS, 16, None)
CALIBRATED._read_calibration()


@given(st.integers(-40 * 5120, 85 * 5120), st.integers(200000, 800000))
def test_integer_pressure_is_the_exact_formula_within_a_64th_of_a_pascal(t_fine, adc_p):
    integer = Fraction(CALIBRATED._pressure_q8(t_fine, adc_p), 256)
    assert abs(integer - exact_pressure_pa(t_fine, adc_p)) < Fraction(1, 64)


@given(st.integers(300000, 800000))
def test_integer_temperature_is_the_exact_formula_within_3_units_of_t_fine(adc_t):
    t1, t2, t3 = CALIBRATION[:3]
    x = Fraction(adc_t, 16384) - Fraction(t1, 1024)
    exact = x * t2 + (x / 8) ** 2 * t3
    # 8 dropped counts of the reading are worth T2 / 2^11 / 8 each
    assert abs(CALIBRATED._t_fine(adc_t) - exact) < Fraction(t2, 2048) + 3


@given(st.integers(0, 2**20 - 1), st.integers(0, 2**20 - 1))
def test_whatever_the_readings_the_results_stay_within_30_bits(adc_t, adc_p):
    class Ready(Calibrated):
        def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
            if register == 0x88:
                buffer[:] = words((1, 32767, 32767, 1, -32768, 32767, -32768, 0, 0, 0, 0, 32767))
            else:
                buffer[:] = burst(adc_t, adc_p, 0x54)

    driver = Bmp280(Ready(), ADDRESS, 16, None)
    driver._read_calibration()
    assert driver.collect() == 0
    assert max(abs(driver.pressure_q8), abs(driver.temperature_q16)) < 2**30


@pytest.mark.parametrize(
    ("status", "ctrl_meas"),
    [(0x00, 0x55), (0x08, 0x55), (0x08, 0x54), (0x09, 0x55)],
    ids=["before the measuring bit rises", "measuring", "storing", "copying"],
)
def test_not_ready(bus, sensor, status, ctrl_meas):
    bus.expect(("read", 0xF3, burst(ADC_T, ADC_P, ctrl_meas, status)))
    assert sensor.collect() > 0
    assert sensor.pressure_q8 == 0


def test_a_chip_that_restarted_is_reported(bus, sensor):
    bus.expect(("read", 0xF3, burst(0x80000, 0x80000, 0x00)))
    with pytest.raises(SensorError) as lost:
        sensor.collect()
    assert lost.value.code == CHIP_RESET


def test_bus_errors_pass_through(bus, sensor):
    bus.expect(("write", 0xF4, b"\x55", NACK))
    with pytest.raises(OSError, match="5"):
        sensor.trigger()
    bus.expect(("read", 0xF3, NACK))
    with pytest.raises(OSError, match="5"):
        sensor.collect()


@pytest.mark.parametrize(
    ("ratio", "printed_ms"), [(1, 6.4), (2, 8.7), (4, 13.3), (8, 22.5), (16, 43.2)]
)
def test_conversion_times_are_the_maxima_of_the_data_sheet(ratio, printed_ms):
    assert abs(conversion_us(ratio) - printed_ms * 1000) <= 50


@pytest.mark.parametrize(
    ("ratio", "idle", "printed_pa"),
    [(1, 0x24, 2.62), (2, 0x28, 1.31), (4, 0x2C, 0.66), (8, 0x30, 0.33), (16, 0x54, 0.16)],
)
def test_native_resolution_of_this_part_is_near_the_typical_one(bus, ratio, idle, printed_pa):
    driver = Bmp280(bus, ADDRESS, ratio, bus.sleep_ms)
    bus.expect(*started(idle))
    driver.start()
    assert driver.pressure_lsb_q8 / 256 == pytest.approx(printed_pa, rel=0.1)
    # one step of 16 bits at x1, 20 bits at x16, averaged around 25 degC and one bar
    span_pa = exact_pressure_pa(128000, 393216) - exact_pressure_pa(128000, 397312)
    assert driver.pressure_lsb_q8 == ceil(span_pa * 256 / 4096 * 16 / ratio)
