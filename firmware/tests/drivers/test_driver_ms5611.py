"""MS5611 driver against transcripts, the data sheet's worked example and AN520's CRC example."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullnode.drivers.errors import BAD_CALIBRATION, BAD_PROM_CRC, SensorError
from hullnode.drivers.ms5611 import Ms5611, conversion_us

ADDRESS = 0x77
EXAMPLE = (40127, 36924, 23317, 23282, 33464, 28312)  # C1..C6 of figure 2
D1, D2 = 9085466, 8569150
MARGIN_US = 300  # above the data sheet's longest conversion
# AN520's example: CRC 0xB in the last four bits
AN520 = [0x3132, 0x3334, 0x3536, 0x3738, 0x3940, 0x4142, 0x4344, 0x450B]


def remainder_of(words: list[int]) -> int:
    """CRC-4 as polynomial division over GF(2): eight words whose last byte is zero, less their
    last four bits, modulo x^4 + x + 1."""
    number = 0
    for word in (*words[:7], words[7] & 0xFF00):
        number = number << 16 | word
    number >>= 4
    while number > 15:
        number ^= 0b10011 << number.bit_length() - 5
    return number


def prom(coefficients: tuple = EXAMPLE) -> list[int]:
    words = [0x0042, *coefficients, 0x1230]
    return [*words[:7], words[7] | remainder_of(words)]


def started(words: list[int]) -> list:
    reads = [("read", 0xA0 + 2 * i, word.to_bytes(2, "big")) for i, word in enumerate(words)]
    return [("command", b"\x1e"), ("sleep", 10), *reads]


@pytest.fixture
def bus(scripted):
    return scripted(ADDRESS)


@pytest.fixture
def sensor(bus):
    driver = Ms5611(bus, ADDRESS, 4096, bus.sleep_ms)
    bus.expect(*started(prom()))
    driver.start()
    return driver


def test_the_worked_example(bus, sensor):
    bus.expect(("command", b"\x48"))
    assert sensor.trigger() == 9040 + MARGIN_US
    bus.expect(("read", 0x00, D1.to_bytes(3, "big")), ("command", b"\x58"))
    assert sensor.collect() == 9040 + MARGIN_US
    bus.expect(("read", 0x00, D2.to_bytes(3, "big")))
    assert sensor.collect() == 0
    assert sensor.pressure_q8 // 256 == 100009  # printed: 1000.09 mbar
    celsius = Fraction(sensor.temperature_q16, 65536) - Fraction("273.15")
    assert floor(celsius * 100) == 2007  # printed: 20.07 degC


def test_crc_of_the_application_note(bus):
    bus.expect(*started(AN520))
    Ms5611(bus, ADDRESS, 256, bus.sleep_ms).start()


@pytest.mark.parametrize(
    ("ratio", "d1", "d2", "longest_us"),
    [
        (256, 0x40, 0x50, 600),
        (512, 0x42, 0x52, 1170),
        (1024, 0x44, 0x54, 2280),
        (2048, 0x46, 0x56, 4540),
        (4096, 0x48, 0x58, 9040),
    ],
)
def test_commands_and_longest_conversion_times(bus, ratio, d1, d2, longest_us):
    driver = Ms5611(bus, ADDRESS, ratio, bus.sleep_ms)
    bus.expect(("command", bytes([d1])), ("read", 0, b"\0\0\1"), ("command", bytes([d2])))
    assert driver.trigger() == longest_us + MARGIN_US
    assert driver.collect() == longest_us + MARGIN_US
    assert conversion_us(ratio) == 2 * (longest_us + MARGIN_US)


def exact(c: tuple, d1: int, d2: int) -> tuple[Fraction, Fraction]:
    """Pa and K by figures 2 and 3 in exact arithmetic; only TEMP is cut to 0.01 degC where the
    second order uses it."""
    c1, c2, c3, c4, c5, c6 = (Fraction(x) for x in c)
    dt = d2 - c5 * 2**8
    temp = floor(2000 + dt * c6 / 2**23)
    off = c2 * 2**16 + c4 * dt / 2**7
    sens = c1 * 2**15 + c3 * dt / 2**8
    t2 = Fraction(0)
    if temp < 2000:
        t2 = dt * dt / 2**31
        off2 = Fraction(5 * (temp - 2000) ** 2, 2)
        sens2 = Fraction(5 * (temp - 2000) ** 2, 4)
        if temp < -1500:
            off2 += 7 * (temp + 1500) ** 2
            sens2 += Fraction(11 * (temp + 1500) ** 2, 2)
        off -= off2
        sens -= sens2
    hundredth_mbar = (d1 * sens / 2**21 - off) / 2**15
    celsius = (2000 + dt * c6 / 2**23 - t2) / 100
    return hundredth_mbar, celsius + Fraction("273.15")


# D2 from -40 to 85 degC around C5 * 256 = 8566784; C6 28312 is 0.003375 degC * 100 per count
@given(st.integers(3000000, 12000000), st.integers(8566784 - 1780000, 8566784 + 1930000))
def test_both_results_follow_the_exact_formula(d1, d2):
    driver = Ms5611(None, ADDRESS, 256, None)
    driver._c = EXAMPLE
    driver._compensate(d1, d2)
    pascal, kelvin = exact(EXAMPLE, d1, d2)
    assert abs(Fraction(driver.pressure_q8, 256) - pascal) < Fraction(1, 64)
    assert abs(Fraction(driver.temperature_q16, 65536) - kelvin) < Fraction(3, 65536)


@given(
    st.lists(st.integers(1, 65535), min_size=6, max_size=6),
    st.integers(1, 2**24 - 1),
    st.integers(1, 2**24 - 1),
)
def test_whatever_the_readings_the_results_stay_within_30_bits(c, d1, d2):
    driver = Ms5611(None, ADDRESS, 256, None)
    driver._c = tuple(c)
    driver._compensate(d1, d2)
    assert max(abs(driver.pressure_q8), abs(driver.temperature_q16)) < 2**30


def test_native_resolution_is_one_count(sensor):
    per_count = exact(EXAMPLE, D1 + 1, D2)[0] - exact(EXAMPLE, D1, D2)[0]
    assert 0 <= sensor.pressure_lsb_q8 - per_count * 256 < 1


def refused(bus, words: list[int]) -> tuple:
    bus.expect(*started(words))
    with pytest.raises(SensorError) as error:
        Ms5611(bus, ADDRESS, 256, bus.sleep_ms).start()
    return error.value.code, error.value.detail


@pytest.mark.parametrize("bit", [*range(0, 112, 7), *range(112, 116), *range(120, 128)])
def test_single_bit_errors_of_the_memory_are_refused(bus, bit):
    words = prom()
    words[bit // 16] ^= 1 << bit % 16
    stored = words[7] & 0x0F
    assert refused(bus, words) == (BAD_PROM_CRC, remainder_of(words) << 4 | stored)


def test_a_memory_of_zeros_has_a_good_crc_and_is_refused(bus):
    assert refused(bus, [0] * 8) == (BAD_CALIBRATION, 1)
