"""DPS310 model against its data sheet: compensation, scale factors, times, ready bits."""

from fractions import Fraction

import pytest

from hullwatch.sim.registers.dps310 import Dps310Model, Dps368Model

PRS_CFG, TMP_CFG, MEAS_CFG, CFG_REG, RESET, ID, COEF, SOURCE = 6, 7, 8, 9, 0xC, 0xD, 0x10, 0x28
EXTERNAL = 0x80
SCALES = (524288, 1572864, 3670016, 7864320, 253952, 516096, 1040384, 2088960)
MILLISECONDS = (3.6, 5.2, 8.4, 14.8, 27.6, 53.2, 104.4, 206.8)


def coefficients(data):
    """The nine numbers of 18 bytes: 12, 12, 20, 20 and five times 16 bits, signed."""
    text = "".join(f"{byte:08b}" for byte in data)
    found = []
    for bits in (12, 12, 20, 20, 16, 16, 16, 16, 16):
        value, text = int(text[:bits], 2), text[bits:]
        found.append(value - (1 << bits) if value >> bits - 1 else value)
    assert not text
    return found


def compensated(c, x, t):
    """4.9.1 and 4.9.2: Pa and degC of scaled readings."""
    c0, c1, c00, c10, c01, c11, c20, c21, c30 = c
    return c00 + x * (c10 + x * (c20 + x * c30)) + t * c01 + t * x * (c11 + x * c21), Fraction(
        c0, 2
    ) + c1 * t


def signed(data):
    return int.from_bytes(data, "big", signed=True)


def both(bench, code, shift=True):
    bench.put(PRS_CFG, code)
    bench.put(TMP_CFG, EXTERNAL | code)
    bench.put(CFG_REG, 0x0C if shift and code > 3 else 0)
    words = []
    for control, register in ((1, 0), (2, 3)):
        bench.put(MEAS_CFG, control)
        bench.wait(250_000)
        words.append(signed(bench.get(register, 3)))
    return words


@pytest.fixture
def bench(chip_bench):
    bench = chip_bench(Dps310Model)
    bench.wait(40_000)
    return bench


def test_start_up(chip_bench):
    bench = chip_bench(Dps368Model)
    assert bench.get(ID) == b"\x10"
    assert bench.get(SOURCE) == b"\x80"
    bench.wait(11_999)
    assert bench.get(MEAS_CFG) == b"\x00"
    bench.wait(1)
    assert bench.get(MEAS_CFG) == b"\x40"
    assert bench.get(COEF, 18) == bytes(18)
    bench.wait(28_000)
    assert bench.get(MEAS_CFG) == b"\xc0"
    assert coefficients(bench.get(COEF, 18)) == [
        222, -297, 79832, -56308, -2295, 1444, -9701, 111, -1289,
    ]  # fmt: skip


def test_reset_starts_up_again(bench):
    bench.put(PRS_CFG, 0x17)
    bench.put(RESET, 0x08)
    assert bench.get(PRS_CFG) == b"\x17"
    bench.put(RESET, 0x09)
    assert bench.get(PRS_CFG) == b"\x00"
    assert bench.get(MEAS_CFG) == b"\x00"
    bench.put(MEAS_CFG, 1)
    bench.wait(40_000)
    assert bench.get(MEAS_CFG) == b"\xc1"
    assert not bench.asked


@pytest.mark.parametrize("code", range(8))
@pytest.mark.parametrize(
    ("pascal", "celsius"), [(30_000.0, -40.0), (101_325.0, 25.0), (120_000.0, 85.0)]
)
def test_words_compensate_back_at_every_precision(bench, code, pascal, celsius):
    bench.sample = (pascal, celsius)
    word_p, word_t = both(bench, code)
    c = coefficients(bench.get(COEF, 18))
    t = (Fraction(celsius) - Fraction(c[0], 2)) / c[1]
    p, _ = compensated(c, Fraction(word_p, SCALES[code]), t)
    _, back_c = compensated(c, 0, Fraction(word_t, SCALES[code]))
    # half a step: at most 75 kPa and 297 K a unit
    assert abs(float(p) - pascal) <= 0.51 * 75_000 / SCALES[code]
    assert abs(float(back_c) - celsius) <= 0.51 * 297 / SCALES[code]


@pytest.mark.parametrize("code", range(8))
@pytest.mark.parametrize(("control", "flag"), [(1, 0x10), (2, 0x20)])
def test_measurement_times(bench, code, control, flag):
    bench.put(PRS_CFG, code)
    bench.put(TMP_CFG, EXTERNAL | code)
    bench.put(MEAS_CFG, control)
    bench.wait(round(MILLISECONDS[code] * 1000) - 1)
    assert bench.get(MEAS_CFG) == bytes((0xC0 | control,))
    bench.wait(1)
    assert bench.get(MEAS_CFG) == bytes((0xC0 | flag,))
    bench.get(0 if control == 1 else 3, 3)
    assert bench.get(MEAS_CFG) == b"\xc0"


def test_high_precision_is_0_2_pa(bench):
    for code in range(8):
        both(bench, code)
    white_pa = [asked[1] for asked in bench.asked if asked[1]]
    assert white_pa == sorted(white_pa, reverse=True)
    # feature list: +-0.002 hPa in high precision mode, 64 samples
    assert white_pa[6] == 0.2
    assert all((pa == 0.0) != (k == 0.0) for _, pa, k in bench.asked)


def test_without_the_shift_bit_large_sums_overflow(bench):
    right = both(bench, 6)
    wrong = both(bench, 6, shift=False)
    assert wrong[0] != right[0]
    assert (wrong[0] - 64 * right[0]) % 2**24 <= 64
    assert both(bench, 3) == both(bench, 3, shift=False)


def test_the_wrong_thermometer_is_28_k_off(bench):
    right = both(bench, 0)[1]
    bench.put(TMP_CFG, 0)
    bench.put(MEAS_CFG, 2)
    bench.wait(10_000)
    wrong = signed(bench.get(3, 3))
    assert -297 * (wrong - right) / 524288 == pytest.approx(-28, abs=0.1)


def test_continuous_mode_repeats(bench):
    bench.put(PRS_CFG, 0x20)
    bench.put(TMP_CFG, EXTERNAL | 0x20)
    begin_us = bench.now_us
    bench.put(MEAS_CFG, 7)
    for _ in range(3):
        bench.wait(250_000)
        assert bench.get(MEAS_CFG) == b"\xf7"
        bench.get(0, 6)
    assert [asked[0] - begin_us for asked in bench.asked] == [0, 250_000, 500_000]
    bench.put(MEAS_CFG, 0)
    bench.wait(1_000_000)
    assert bench.get(MEAS_CFG) == b"\xc0"


@pytest.mark.parametrize("register", [0, 3, ID, COEF, SOURCE])
def test_read_only_registers_ignore_writes(bench, register):
    before = bench.get(register)
    bench.put(register, before[0] ^ 0xFF)
    assert bench.get(register) == before
