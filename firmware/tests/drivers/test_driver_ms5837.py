"""MS5837-30BA driver against transcripts and the data sheet's worked example."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullnode.drivers.errors import BAD_CALIBRATION, BAD_PROM_CRC, WRONG_ID, SensorError
from hullnode.drivers.ms5837 import Ms5837, conversion_us
from hullnode.drivers.te import crc4

ADDRESS = 0x76
NACK = OSError(5)
EXAMPLE = (34982, 36352, 20328, 22354, 26646, 26146)  # C1..C6
D1, D2 = 4958179, 6815414
PRODUCT_30BA = 0x1A << 5
MARGIN_US = 300  # above the data sheet's longest conversion


def remainder_of(words: list[int]) -> int:
    """CRC-4 as polynomial division over GF(2): the seven words with the CRC's place zero, then
    sixteen zero bits, less the last four, modulo x^4 + x + 1."""
    number = 0
    for word in (words[0] & 0x0FFF, *words[1:7]):
        number = number << 16 | word
    number <<= 12
    while number > 15:
        number ^= 0b10011 << number.bit_length() - 5
    return number


def prom(coefficients: tuple = EXAMPLE, word0: int = PRODUCT_30BA) -> list[int]:
    words = [word0, *coefficients]
    return [remainder_of(words) << 12 | word0, *coefficients]


def started(words: list[int]) -> list:
    """Reset, reload, seven words of calibration memory, high byte first."""
    reads = [("read", 0xA0 + 2 * i, word.to_bytes(2, "big")) for i, word in enumerate(words)]
    return [("command", b"\x1e"), ("sleep", 10), *reads]


@pytest.fixture
def bus(scripted):
    return scripted(ADDRESS)


@pytest.fixture
def sensor(bus):
    driver = Ms5837(bus, ADDRESS, 8192, bus.sleep_ms)
    bus.expect(*started(prom()))
    driver.start()
    return driver


def test_the_worked_example(bus, sensor):
    bus.expect(("command", b"\x4a"))
    assert sensor.trigger() == 18080 + MARGIN_US
    bus.expect(("read", 0x00, D1.to_bytes(3, "big")), ("command", b"\x5a"))
    assert sensor.collect() == 18080 + MARGIN_US
    bus.expect(("read", 0x00, D2.to_bytes(3, "big")))
    assert sensor.collect() == 0
    assert sensor.pressure_q8 // 2560 == 39998  # printed: 3999.8 mbar
    celsius = Fraction(sensor.temperature_q16, 65536) - Fraction("273.15")
    assert floor(celsius * 100) == 1981  # printed: 19.81 degC


@pytest.mark.parametrize(
    ("ratio", "d1", "d2", "longest_us"),
    [
        (256, 0x40, 0x50, 600),
        (512, 0x42, 0x52, 1170),
        (1024, 0x44, 0x54, 2280),
        (2048, 0x46, 0x56, 4540),
        (4096, 0x48, 0x58, 9040),
        (8192, 0x4A, 0x5A, 18080),
    ],
)
def test_commands_and_longest_conversion_times(bus, ratio, d1, d2, longest_us):
    driver = Ms5837(bus, ADDRESS, ratio, bus.sleep_ms)
    bus.expect(("command", bytes([d1])), ("read", 0, b"\0\0\1"), ("command", bytes([d2])))
    assert driver.trigger() == longest_us + MARGIN_US
    assert driver.collect() == longest_us + MARGIN_US
    assert conversion_us(ratio) == 2 * (longest_us + MARGIN_US)


def exact(c: tuple, d1: int, d2: int) -> tuple[Fraction, Fraction]:
    """Pa and K by the sheet's formulas in exact arithmetic; only TEMP is cut to 0.01 degC where
    the sheet's second order uses it."""
    c1, c2, c3, c4, c5, c6 = (Fraction(x) for x in c)
    dt = d2 - c5 * 256
    temp = floor(2000 + dt * c6 / 2**23)
    off = c2 * 2**16 + c4 * dt / 2**7
    sens = c1 * 2**15 + c3 * dt / 2**8
    if temp < 2000:
        ti = 3 * dt * dt / 2**33
        off -= Fraction(3 * (temp - 2000) ** 2, 2)
        sens -= Fraction(5 * (temp - 2000) ** 2, 8)
        if temp < -1500:
            off -= 7 * (temp + 1500) ** 2
            sens -= 4 * (temp + 1500) ** 2
    else:
        ti = 2 * dt * dt / 2**37
        off -= Fraction((temp - 2000) ** 2, 16)
    tenth_mbar = (d1 * sens / 2**21 - off) / 2**13
    celsius = (2000 + dt * c6 / 2**23 - ti) / 100
    return tenth_mbar * 10, celsius + Fraction("273.15")


# D2 from -40 to 85 degC around C5 * 256 = 6821376; C6 26146 is 0.00312 degC * 100 per count
@given(st.integers(3000000, 6000000), st.integers(6821376 - 1930000, 6821376 + 2090000))
def test_both_results_follow_the_exact_formula(d1, d2):
    driver = Ms5837(None, ADDRESS, 256, None)
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
    driver = Ms5837(None, ADDRESS, 256, None)
    driver._c = tuple(c)
    driver._compensate(d1, d2)
    assert max(abs(driver.pressure_q8), abs(driver.temperature_q16)) < 2**30


RESET = ("command", b"\x1e")
CONVERT_D1, CONVERT_D2 = ("command", b"\x4a"), ("command", b"\x5a")


def read(value: int) -> tuple:
    return ("read", 0x00, value.to_bytes(3, "big"))


def test_a_zero_resets_and_begins_the_sample_again(bus, sensor):
    # early or lost: "the result will be 0 ... and the final result will be wrong"
    bus.expect(CONVERT_D1, read(0), RESET, CONVERT_D1, read(D1), CONVERT_D2, read(0), RESET)
    sensor.trigger()
    assert sensor.collect() == 5000
    assert sensor.collect() == 18380
    assert sensor.collect() == 18380
    assert sensor.collect() == 5000
    assert sensor.pressure_q8 == 0
    bus.expect(CONVERT_D1, read(D1), CONVERT_D2, read(D2))
    assert [sensor.collect() for _ in range(3)] == [18380, 18380, 0]
    assert sensor.pressure_q8 // 2560 == 39998


def test_trigger_resets_a_chip_that_may_still_be_converting(bus, sensor):
    bus.expect(CONVERT_D1, read(D1), (*CONVERT_D2, NACK))
    sensor.trigger()
    with pytest.raises(OSError, match="5"):
        sensor.collect()
    bus.expect(RESET, CONVERT_D1, read(D1), CONVERT_D2, read(D2))
    assert sensor.trigger() == 5000
    assert [sensor.collect() for _ in range(3)] == [18380, 18380, 0]
    bus.expect(CONVERT_D1)
    assert sensor.trigger() == 18380


@pytest.mark.parametrize("command", [CONVERT_D1, RESET])
def test_a_refused_command_is_not_taken_for_obeyed(bus, sensor, command):
    if command == RESET:
        bus.expect(CONVERT_D1)
        sensor.trigger()
    bus.expect((*command, NACK))
    with pytest.raises(OSError, match="5"):
        sensor.trigger()
    bus.expect(RESET)
    assert sensor.trigger() == 5000


def refused(bus, words: list[int]) -> tuple:
    bus.expect(*started(words))
    with pytest.raises(SensorError) as error:
        Ms5837(bus, ADDRESS, 256, bus.sleep_ms).start()
    return error.value.code, error.value.detail


@pytest.mark.parametrize("bit", range(112))
def test_every_single_bit_error_of_the_memory_is_refused(bus, bit):
    words = prom()
    words[bit // 16] ^= 1 << bit % 16
    stored = words[0] >> 12
    assert refused(bus, words) == (BAD_PROM_CRC, remainder_of(words) << 4 | stored)


def test_a_memory_of_zeros_has_a_good_crc_and_is_refused(bus):
    assert refused(bus, [0] * 7) == (BAD_CALIBRATION, 1)


@pytest.mark.parametrize("product", [0x00, 0x15])
def test_the_two_bar_part_is_refused(bus, product):
    assert refused(bus, prom(word0=product << 5)) == (WRONG_ID, product)


@given(st.lists(st.integers(0, 65535), min_size=7, max_size=7))
def test_crc_is_the_polynomial_remainder(words):
    assert crc4([words[0] & 0x0FFF, *words[1:], 0]) == remainder_of(words)


def test_an_absent_chip_is_a_bus_error(bus):
    bus.expect(("command", b"\x1e", NACK))
    with pytest.raises(OSError, match="5"):
        Ms5837(bus, ADDRESS, 256, bus.sleep_ms).start()


def test_native_resolution_is_one_count(sensor):
    per_count = exact(EXAMPLE, D1 + 1, D2)[0] - exact(EXAMPLE, D1, D2)[0]
    assert 0 <= sensor.pressure_lsb_q8 - per_count * 256 < 1
