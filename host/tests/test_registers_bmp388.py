"""BMP388 and BMP390 models against BST-BMP388-DS001, its formulas in exact fractions."""

from fractions import Fraction

import pytest

from hullwatch.sim.registers.bmp388 import Bmp388Model, Bmp390Model

ERR, STATUS, DATA, SENSOR_TIME, EVENT, INT_STATUS = 0x02, 0x03, 0x04, 0x0C, 0x10, 0x11
PWR_CTRL, OSR, ODR, CALIBRATION, CMD = 0x1B, 0x1C, 0x1D, 0x31, 0x7E
FORCED, NORMAL, BOTH = 0x10, 0x30, 0x03
# Signed trimming values of 8.4, in the order and with the widths of the register map.
WIDTHS = (("t1", 2, 0), ("t2", 2, 0), ("t3", 1, 1), ("p1", 2, 1), ("p2", 2, 1), ("p3", 1, 1),
          ("p4", 1, 1), ("p5", 2, 0), ("p6", 2, 0), ("p7", 1, 1), ("p8", 1, 1), ("p9", 2, 1),
          ("p10", 1, 1), ("p11", 1, 1))  # fmt: skip


def trimming(data):
    """8.4: the quantised coefficients as fractions."""
    raw, at = {}, 0
    for name, size, signed in WIDTHS:
        raw[name] = int.from_bytes(data[at : at + size], "little", signed=bool(signed))
        at += size
    assert at == len(data) == 21
    two = Fraction(2)
    return {
        "t1": raw["t1"] * two**8, "t2": raw["t2"] / two**30, "t3": raw["t3"] / two**48,
        "p1": (raw["p1"] - 2**14) / two**20, "p2": (raw["p2"] - 2**14) / two**29,
        "p3": raw["p3"] / two**32, "p4": raw["p4"] / two**37, "p5": raw["p5"] * two**3,
        "p6": raw["p6"] / two**6, "p7": raw["p7"] / two**8, "p8": raw["p8"] / two**15,
        "p9": raw["p9"] / two**48, "p10": raw["p10"] / two**48, "p11": raw["p11"] / two**65,
    }  # fmt: skip


def temperature(c, word):
    """8.5."""
    above = word - c["t1"]
    return above * c["t2"] + above * above * c["t3"]


def pressure(c, word, t):
    """8.6."""
    out1 = c["p5"] + c["p6"] * t + c["p7"] * t**2 + c["p8"] * t**3
    out2 = word * (c["p1"] + c["p2"] * t + c["p3"] * t**2 + c["p4"] * t**3)
    return out1 + out2 + word**2 * (c["p9"] + c["p10"] * t) + word**3 * c["p11"]


def convert(bench, code_p=5, code_t=5, mode=FORCED | BOTH):
    bench.put(OSR, code_t << 3 | code_p)
    bench.put(PWR_CTRL, mode)
    bench.wait(200_000)
    data = bench.get(DATA, 6)
    return int.from_bytes(data[:3], "little"), int.from_bytes(data[3:], "little")


@pytest.fixture
def bench(chip_bench):
    return chip_bench(Bmp388Model)


def test_specimen_reads_as_the_maker_quantised_it(bench):
    c = trimming(bench.get(CALIBRATION, 21))
    # from the spreadsheet, 4 digits
    assert [float(f"{float(c[k]):.3e}") for k in ("t1", "t2", "t3", "p1", "p2", "p3", "p6")] == [
        6.994e6, 1.758e-05, -3.553e-14, -1.525e-2, -3.538e-05, 8.149e-09, 4.842e2,
    ]  # fmt: skip
    assert (c["p5"], float(c["p7"]), c["p4"]) == (202968, -0.05078125, 0)


@pytest.mark.parametrize("celsius", [-40.0, -3.3, 0.0, 25.0, 85.0])
@pytest.mark.parametrize("pascal", [30_000.0, 61_234.5, 101_325.0, 125_000.0])
def test_words_compensate_back_to_what_was_measured(bench, pascal, celsius):
    bench.sample = (pascal, celsius)
    word_p, word_t = convert(bench)
    c = trimming(bench.get(CALIBRATION, 21))
    half_k = abs(temperature(c, word_t + 4) - temperature(c, word_t - 4)) / 2
    assert abs(temperature(c, word_t) - Fraction(celsius)) <= half_k * Fraction(1001, 1000)
    exact = Fraction(celsius)
    half_pa = abs(pressure(c, word_p + 4, exact) - pressure(c, word_p - 4, exact)) / 2
    assert abs(pressure(c, word_p, exact) - Fraction(pascal)) <= half_pa * Fraction(1001, 1000)


@pytest.mark.parametrize(("code", "bits"), [(0, 16), (1, 17), (2, 18), (3, 19), (4, 20), (5, 21)])
def test_resolution_of_table_6(bench, code, bits):
    parities = set()
    for index in range(40):
        bench.sample = (100_000.0 + index * 0.7, 20.0 + 0.001 * index)
        words = convert(bench, code, code)
        assert all(word % (1 << 24 - bits) == 0 for word in words)
        parities.add(words[0] >> 24 - bits & 1)
    assert parities == {0, 1}


def test_registers_after_power_up(chip_bench):
    bench = chip_bench(Bmp388Model)
    assert bench.get(0x00) == b"\x50"
    assert bench.get(ERR, 2) == b"\x00\x10"
    assert bench.get(DATA, 6) == b"\x00\x00\x80\x00\x00\x80"
    assert bench.get(EVENT) == b"\x01"
    assert bench.get(EVENT) == b"\x00"
    assert bench.get(0x15, 10) == b"\x01\x00\x02\x02\x02\x00\x00\x02\x00\x00"
    assert chip_bench(Bmp390Model).get(0x00, 2) == b"\x60\x01"


# 3.9.2: 234 us + 392 us + 2^osr_p 2020 us + 163 us + 2^osr_t 2020 us, typical.
@pytest.mark.parametrize(
    ("code_p", "code_t", "mode", "duration_us"),
    [(0, 0, 0x13, 4_829), (3, 0, 0x23, 18_969), (5, 1, 0x13, 69_469), (2, 0, 0x11, 8_706),
     (0, 4, 0x12, 32_717)],
)  # fmt: skip
def test_forced_measurement_takes_the_printed_time(bench, code_p, code_t, mode, duration_us):
    bench.put(OSR, code_t << 3 | code_p)
    start_us = bench.now_us
    bench.put(PWR_CTRL, mode)
    bench.wait(duration_us - 1)
    assert bench.get(STATUS) == b"\x10"
    assert bench.get(PWR_CTRL) == bytes((mode,))
    bench.wait(1)
    ready = 0x10 | (mode & 1) << 5 | (mode & 2) << 5
    assert bench.get(STATUS) == bytes((ready,))
    assert bench.get(PWR_CTRL) == bytes((mode & 3,))
    assert [asked[0] for asked in bench.asked] == [start_us]


def test_data_ready_bits_clear_with_their_own_data(bench):
    bench.put(PWR_CTRL, FORCED | BOTH)
    bench.wait(20_000)
    assert bench.get(INT_STATUS) == b"\x08"
    assert bench.get(INT_STATUS) == b"\x00"
    assert bench.get(STATUS) == b"\x70"
    bench.get(DATA, 3)
    assert bench.get(STATUS) == b"\x50"
    bench.get(DATA + 3, 3)
    assert bench.get(STATUS) == b"\x10"


def test_what_is_switched_off_keeps_its_data(bench):
    first = convert(bench)
    bench.sample = (90_000.0, 10.0)
    assert convert(bench, mode=FORCED | 1)[1] == first[1]
    assert convert(bench, mode=FORCED | 2)[0] != first[0]


def test_normal_mode_repeats_at_its_rate(bench):
    bench.put(OSR, 0x00)
    bench.put(ODR, 2)  # 50 Hz
    begin_us = bench.now_us
    bench.put(PWR_CTRL, NORMAL | BOTH)
    for _ in range(3):
        bench.wait(20_000)
        bench.get(DATA, 6)
    assert [asked[0] - begin_us for asked in bench.asked] == [0, 20_000, 40_000]
    assert bench.get(PWR_CTRL) == b"\x33"


def test_a_rate_too_fast_for_the_oversampling_is_refused(bench):
    bench.put(OSR, 0x05)
    bench.put(PWR_CTRL, NORMAL | BOTH)
    assert bench.get(ERR) == b"\x04"
    assert bench.get(PWR_CTRL) == b"\x03"
    bench.wait(1_000_000)
    assert not bench.asked


def test_reset_takes_2_ms_and_other_commands_are_errors(bench):
    bench.put(OSR, 0x2D)
    bench.put(CMD, 0xB6)
    bench.wait(1_999)
    with pytest.raises(OSError, match="5"):
        bench.get(0x00)
    bench.wait(1)
    assert bench.get(OSR) == b"\x02"
    assert bench.get(EVENT) == b"\x01"
    bench.put(CMD, 0x55)
    assert bench.get(ERR) == b"\x02"


def test_sensor_time_counts_25_6_khz(bench):
    before = int.from_bytes(bench.get(SENSOR_TIME, 3), "little")
    bench.wait(1_000_000)
    assert int.from_bytes(bench.get(SENSOR_TIME, 3), "little") - before == 25_600


@pytest.mark.parametrize("register", [0x00, STATUS, DATA, CALIBRATION, 0x45])
def test_read_only_registers_ignore_writes(bench, register):
    before = bench.get(register)
    bench.put(register, before[0] ^ 0xFF)
    assert bench.get(register) == before


def test_noise_falls_with_oversampling(bench):
    for code in range(6):
        convert(bench, code, code)
    for column in (1, 2):
        noise = [asked[column] for asked in bench.asked]
        assert noise == sorted(noise, reverse=True)
        assert noise[0] / noise[4] == pytest.approx(4.0)
