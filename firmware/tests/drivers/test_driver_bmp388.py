"""BMP388/BMP390 driver against transcripts and the floating-point formulas of BST-BMP388-DS001,
appendix 8, in exact arithmetic. The data sheet has no worked example; the part is a real one whose
registers, readings and double-precision results are published (tests of the library bmp3xx)."""

from fractions import Fraction
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullnode.drivers.bmp388 import Bmp388, conversion_us
from hullnode.drivers.errors import (
    BAD_CALIBRATION,
    BAD_MEMORY,
    CONFIG_REFUSED,
    NOT_READY,
    WRONG_ID,
    SensorError,
)

ADDRESS = 0x77
NACK = OSError(5)
REGISTERS = bytes.fromhex("236B5849F65CFFCEF42300EA636E79F3F6AA4312C4")  # 0x31..0x45
# T1 T2 T3 P1..P11 in these registers, as published with them
PART = (27427, 18776, -10, -164, -2866, 35, 0, 25578, 31086, -13, -10, 17322, 18, -60)
ADC_P, ADC_T = 0x6D9F97, 0x85D873
PASCAL, CELSIUS = 100_876.00634692199, 30.499314453874284
READY = ("read", 0x03, b"\x70")


def block(part: tuple = PART) -> bytes:
    """Registers 0x31..0x45: 16-bit words low byte first, T3 P3 P4 P7 P8 P10 P11 single bytes."""
    return pack("<HHbhhbbHHbbhbb", *part)


def exact(part: tuple, adc_t: int, adc_p: int) -> tuple[Fraction, Fraction]:
    """Pa and degC by 8.4 to 8.6."""
    t1, t2, t3, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11 = (Fraction(x) for x in part)
    t1, t2, t3 = t1 * 2**8, t2 / 2**30, t3 / 2**48
    p1, p2, p3, p4 = (p1 - 2**14) / 2**20, (p2 - 2**14) / 2**29, p3 / 2**32, p4 / 2**37
    p5, p6, p7, p8 = p5 * 2**3, p6 / 2**6, p7 / 2**8, p8 / 2**15
    p9, p10, p11 = p9 / 2**48, p10 / 2**48, p11 / 2**65
    first = adc_t - t1
    t = first * t2 + first * first * t3
    out1 = p5 + p6 * t + p7 * t * t + p8 * t * t * t
    out2 = adc_p * (p1 + p2 * t + p3 * t * t + p4 * t * t * t)
    return out1 + out2 + adc_p**2 * (p9 + p10 * t) + adc_p**3 * p11, t


def started(osr: int, part: tuple = PART, chip: int = 0x50) -> list:
    return [
        ("read", 0x00, bytes([chip])),
        ("write", 0x7E, b"\xb6"),
        ("sleep", 3),
        ("read", 0x10, b"\x01"),
        ("read", 0x02, b"\x00"),
        ("read", 0x31, block(part)),
        ("read", 0x31, block(part)),
        ("write", 0x1F, b"\x00"),
        ("write", 0x1C, bytes([osr])),
        ("read", 0x1C, bytes([osr])),
    ]


@pytest.fixture
def bus(scripted):
    return scripted(ADDRESS)


@pytest.fixture
def sensor(bus):
    driver = Bmp388(bus, ADDRESS, 32, bus.sleep_ms)
    bus.expect(*started(0x0D))
    driver.start()
    bus.expect(("write", 0x1C, b"\x0d\x1b\x13"))
    driver.trigger()
    return driver


def data(adc_p: int, adc_t: int) -> tuple:
    return ("read", 0x04, adc_p.to_bytes(3, "little") + adc_t.to_bytes(3, "little"))


# osr_t (bits 5..3) is x2 from osr_p (bits 2..0) x16 on
@pytest.mark.parametrize(
    ("ratio", "osr"), [(1, 0x00), (2, 0x01), (4, 0x02), (8, 0x03), (16, 0x0C), (32, 0x0D)]
)
@pytest.mark.parametrize("chip", [0x50, 0x60])
def test_start_and_trigger_write_exactly_this(bus, ratio, osr, chip):
    driver = Bmp388(bus, ADDRESS, ratio, bus.sleep_ms)
    bus.expect(*started(osr, chip=chip))
    driver.start()
    bus.expect(("write", 0x1C, bytes([osr, 0x1B, 0x13])))
    assert driver.trigger() == conversion_us(ratio)


def test_the_published_part(bus, sensor):
    assert block() == REGISTERS
    bus.expect(READY, data(ADC_P, ADC_T))
    assert sensor.collect() == 0
    # the temperature is cut to 1/65536 degC first, and moves pressure by some Pa per K
    assert sensor.pressure_q8 / 256 == pytest.approx(PASCAL, abs=0.005)
    assert 0 <= (CELSIUS + 273.15) * 65536 - sensor.temperature_q16 < 2
    pascal, celsius = exact(PART, ADC_T, ADC_P)
    assert float(pascal) == pytest.approx(PASCAL, abs=1e-9)
    assert float(celsius) == pytest.approx(CELSIUS, abs=1e-12)


class Calibrated:
    """A bus that only has the coefficients."""

    def __init__(self, part: tuple) -> None:
        self.block = block(part)

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        buffer[:] = self.block


def calibrated(part: tuple) -> Bmp388:
    driver = Bmp388(Calibrated(part), ADDRESS, 32, None)
    driver._read_calibration()
    return driver


SIGNED8 = st.integers(-128, 127)
PARTS = st.tuples(
    st.integers(20000, 35000), st.integers(15000, 25000), SIGNED8,
    st.integers(-4000, 4000), st.integers(-4000, 4000), SIGNED8, SIGNED8,
    st.integers(20000, 30000), st.integers(20000, 35000), SIGNED8, SIGNED8,
    st.integers(10000, 20000), SIGNED8, SIGNED8,
)  # fmt: skip


@given(PARTS, st.integers(5_000_000, 12_000_000), st.integers(1, 2**24 - 1))
def test_integer_arithmetic_is_the_exact_formula(part, adc_t, adc_p):
    driver = calibrated(part)
    t = driver._t_linear(adc_t)
    pascal, celsius = exact(part, adc_t, adc_p)
    assert 0 <= celsius - Fraction(t, 65536) < Fraction(1, 65536)
    # the cut temperature moves pressure by its slope; the arithmetic itself loses 2^-8 Pa
    above = exact_at(part, Fraction(t, 65536), adc_p)
    assert abs(Fraction(driver._pressure_q8(t, adc_p), 256) - above) <= Fraction(1, 256)
    assert abs(above - pascal) < Fraction(1, 20)


def exact_at(part: tuple, t: Fraction, adc_p: int) -> Fraction:
    """8.6 at a temperature that is a multiple of 1/65536 degC: found by a part that reads it."""
    flat = (0, 2**14, 0, *part[3:])
    return exact(flat, t * 65536, adc_p)[0]


@given(st.integers(0, 2**24 - 1), st.integers(0, 2**24 - 1))
def test_whatever_the_readings_the_results_stay_within_30_bits(adc_t, adc_p):
    part = (1, 65535, 127, 32767, 32767, 127, 127, 65535, 65535, 127, 127, 32767, 127, 127)
    driver = calibrated(part)

    class Ready(Calibrated):
        def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
            buffer[:] = b"\x60" if register == 0x03 else data(adc_p, adc_t)[2]

    driver._i2c = Ready(part)
    assert driver.collect() == 0
    assert max(abs(driver.pressure_q8), abs(driver.temperature_q16)) < 2**30


@pytest.mark.parametrize("status", [0x00, 0x10, 0x30, 0x50], ids=["", "idle", "p only", "t only"])
def test_not_ready(bus, sensor, status):
    bus.expect(("read", 0x03, bytes([status])))
    assert sensor.collect() > 0
    assert sensor.pressure_q8 == 0


def test_trigger_clears_the_ready_flags_of_an_abandoned_conversion(bus, sensor):
    bus.expect(data(ADC_P, ADC_T), ("write", 0x1C, b"\x0d\x1b\x13"))
    sensor.trigger()
    bus.expect(READY, data(ADC_P, ADC_T))
    assert sensor.collect() == 0
    bus.expect(("write", 0x1C, b"\x0d\x1b\x13"))
    sensor.trigger()


@pytest.mark.parametrize(
    ("place", "entry", "error"),
    [
        (0, ("read", 0x00, b"\x58"), (WRONG_ID, 0x58)),
        (3, ("read", 0x10, b"\x00"), (NOT_READY, 0)),
        (4, ("read", 0x02, b"\x05"), (BAD_MEMORY, 5)),
        (6, ("read", 0x31, block()[:13] + b"\xaa" + block()[14:]), (BAD_CALIBRATION, 13)),
        (9, ("read", 0x1C, b"\x02"), (CONFIG_REFUSED, 2)),
    ],
)
def test_start_refuses(bus, place, entry, error):
    script = started(0x0D)[: place + 1]
    script[place] = entry
    bus.expect(*script)
    with pytest.raises(SensorError) as refused:
        Bmp388(bus, ADDRESS, 32, bus.sleep_ms).start()
    assert (refused.value.code, refused.value.detail) == error


@pytest.mark.parametrize("stuck", [bytes(21), b"\xff" * 21])
def test_start_refuses_calibration_of_a_stuck_bus(bus, stuck):
    bus.expect(*started(0x0D)[:5], ("read", 0x31, stuck), ("read", 0x31, stuck))
    with pytest.raises(SensorError) as refused:
        Bmp388(bus, ADDRESS, 32, bus.sleep_ms).start()
    assert (refused.value.code, refused.value.detail) == (BAD_CALIBRATION, 0)


def test_bus_errors_pass_through(bus, sensor):
    bus.expect(("read", 0x03, NACK))
    with pytest.raises(OSError, match="5"):
        sensor.collect()
    bus.expect(READY, ("read", 0x04, NACK))
    with pytest.raises(OSError, match="5"):
        sensor.collect()


@pytest.mark.parametrize(
    ("ratio", "osr", "printed_pa"),
    [
        (1, 0x00, 2.64),
        (2, 0x01, 1.32),
        (4, 0x02, 0.66),
        (8, 0x03, 0.33),
        (16, 0x0C, 0.17),
        (32, 0x0D, 0.085),
    ],
)
def test_native_resolution_is_the_step_of_this_part_and_not_below_the_printed_one(
    bus, ratio, osr, printed_pa
):
    driver = Bmp388(bus, ADDRESS, ratio, bus.sleep_ms)
    bus.expect(*started(osr))
    driver.start()
    adc_25 = PART[0] * 256 + round(25 * 2**30 / PART[1])
    per_count = (exact(PART, adc_25, 0x810000)[0] - exact(PART, adc_25, 0x800000)[0]) / 0x10000
    step_q8 = abs(per_count) * 256 * 256 / ratio
    assert abs(driver.pressure_lsb_q8 - step_q8) < 1 + step_q8 / 1000
    assert driver.pressure_lsb_q8 / 256 >= printed_pa


# 3.9.2: 234 µs + 392 + 2020 per pressure step + 313 + 2020 per temperature step, typical
@pytest.mark.parametrize(("ratio", "typical_us"), [(1, 4979), (8, 19119), (16, 37299), (32, 69619)])
def test_conversion_times(ratio, typical_us):
    assert 0 <= conversion_us(ratio) - typical_us * 1.1 + 1 <= 1
