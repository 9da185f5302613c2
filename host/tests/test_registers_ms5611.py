"""MS5611 model against its data sheet, with the formulas in exact fractions."""

from fractions import Fraction

import pytest

from hullwatch.sim.registers.ms5611 import Ms5611Model

# The worked example of the calculation flow chart.
C = (40127, 36924, 23317, 23282, 33464, 28312)
GOLDEN_D1, GOLDEN_D2 = 9085466, 8569150


def compensated(d1, d2):
    """P (Pa), T (degC), first-order OFF, SENS, TEMP and dT; second order applied, not rounded."""
    c1, c2, c3, c4, c5, c6 = C
    dt = d2 - c5 * 2**8
    temp = 2000 + Fraction(dt * c6, 2**23)
    off = c2 * 2**16 + Fraction(c4 * dt, 2**7)
    sens = c1 * 2**15 + Fraction(c3 * dt, 2**8)
    t2 = off2 = sens2 = Fraction(0)
    if temp < 2000:
        t2 = Fraction(dt * dt, 2**31)
        off2 = 5 * (temp - 2000) ** 2 / 2
        sens2 = 5 * (temp - 2000) ** 2 / 4
        if temp < -1500:
            off2 += 7 * (temp + 1500) ** 2
            sens2 += 11 * (temp + 1500) ** 2 / 2
    p = (d1 * (sens - sens2) / 2**21 - (off - off2)) / 2**15
    return p, (temp - t2) / 100, off, sens, temp, dt


def crc4(words):
    """AN520's CRC as what it is: the words without their last nibble, modulo x^4 + x + 1."""
    value = int.from_bytes(b"".join(w.to_bytes(2, "big") for w in words), "big") >> 4
    while value.bit_length() > 4:
        value ^= 0b10011 << value.bit_length() - 5
    return value


def word(bench, command):
    bench.send(command)
    bench.wait(10_000)
    return int.from_bytes(bench.get(0x00, 3), "big")


def prom(bench):
    return [int.from_bytes(bench.get(0xA0 + 2 * i, 2), "big") for i in range(8)]


@pytest.fixture
def bench(chip_bench):
    return chip_bench(Ms5611Model)


def test_formulas_give_the_printed_results():
    p, _, off, sens, temp, dt = compensated(GOLDEN_D1, GOLDEN_D2)
    assert (dt, int(temp), int(off), int(sens)) == (2366, 2007, 2420281617, 1315097036)
    assert int(p) == 100009


def test_worked_example_gives_its_words(bench):
    p, t, *_ = compensated(GOLDEN_D1, GOLDEN_D2)
    bench.sample = (float(p), float(t))
    assert (word(bench, 0x48), word(bench, 0x58)) == (GOLDEN_D1, GOLDEN_D2)
    # Printed are whole 0.01 degC (296 words of D2) and whole 0.01 mbar (52 words of D1, to which
    # the cut temperature adds its share).
    bench.sample = (100009.0, 20.07)
    assert GOLDEN_D2 - 296 <= word(bench, 0x58) <= GOLDEN_D2
    assert abs(word(bench, 0x48) - GOLDEN_D1) <= 110


@pytest.mark.parametrize("celsius", [-40.0, -15.01, -14.99, 0.0, 19.99, 20.01, 60.0, 85.0])
@pytest.mark.parametrize("pascal", [1_000.0, 50_000.0, 101_325.0, 120_000.0])
def test_words_compensate_back_through_both_orders(bench, pascal, celsius):
    bench.sample = (pascal, celsius)
    d1, d2 = word(bench, 0x48), word(bench, 0x58)
    p, t, *_ = compensated(d1, d2)
    # one word of D2 is 34 uK; one of D1 about 0.02 Pa, and D2's rounding moves P too
    assert abs(float(t) - celsius) <= 2e-5
    assert abs(float(p) - pascal) <= 0.03


def test_prom_is_the_printed_one_with_its_crc_in_the_last_word(bench):
    words = prom(bench)
    assert tuple(words[1:7]) == C
    assert words[7] & 0xF == crc4([*words[:7], words[7] & 0xFF00])
    bench.chip.prom[4] ^= 0x0001
    words = prom(bench)
    assert words[7] & 0xF != crc4([*words[:7], words[7] & 0xFF00])
    bench.bus.set_chip_id(bench.address, 0x1234)
    words = prom(bench)
    assert words[0] == 0x1234
    assert words[7] & 0xF == crc4([*words[:7], words[7] & 0xFF00])


# Performance table: OSR, ADC time typical and maximum (ms), rms resolution (mbar, degC).
@pytest.mark.parametrize(
    ("code", "typical_ms", "maximum_ms", "mbar", "kelvin"),
    [(0, 0.54, 0.60, 0.065, 0.012), (1, 1.06, 1.17, 0.042, 0.008), (2, 2.08, 2.28, 0.027, 0.005),
     (3, 4.13, 4.54, 0.018, 0.003), (4, 8.22, 9.04, 0.012, 0.002)],
)  # fmt: skip
def test_performance_table(chip_bench, code, typical_ms, maximum_ms, mbar, kelvin):
    bench = chip_bench(Ms5611Model)
    bench.send(0x40 | code << 1)
    bench.wait(round(typical_ms * 1000) - 1)
    assert bench.get(0x00, 3) == bytes(3)
    for scale, after_ms in ((1.0, typical_ms), (maximum_ms / typical_ms, maximum_ms)):
        other = chip_bench(Ms5611Model, conversion_scale=scale)
        other.send(0x40 | code << 1)
        other.wait(round(after_ms * 1000) + 1)
        assert other.get(0x00, 3) != bytes(3)
    assert other.asked[0][1:] == (pytest.approx(mbar * 100), 0.0)
    word(other, 0x50 | code << 1)
    assert other.asked[1][1:] == (0.0, kelvin)


def test_reset_reloads_the_prom_for_2_8_ms(bench):
    bench.send(0x1E)
    bench.wait(2_799)
    with pytest.raises(OSError, match="5"):
        prom(bench)
    bench.wait(1)
    assert prom(bench)[1] == C[0]
