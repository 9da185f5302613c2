"""LPS22HB and LPS28DFW models against DocID027083 and DS13317."""

import pytest

from hullwatch.sim.registers.lps22hb import Lps22hbModel
from hullwatch.sim.registers.lps28dfw import Lps28dfwModel

WHO_AM_I, CTRL1, CTRL2, CTRL3, RES_CONF, STATUS, PRESS, TEMP = (
    *(0x0F, 0x10, 0x11, 0x12, 0x1A, 0x27, 0x28, 0x2B),
)
MODELS = (Lps22hbModel, Lps28dfwModel)
# CTRL_REG2 with ONE_SHOT and what else must stand there.
ONE_SHOT = {Lps22hbModel: 0x11, Lps28dfwModel: 0x01}


def signed(data):
    return int.from_bytes(data, "little", signed=True)


def one_shot(bench, extra=0):
    bench.put(CTRL2, ONE_SHOT[type(bench.chip)] | extra)
    bench.wait(200_000)
    data = bench.get(PRESS, 5)
    return signed(data[:3]), signed(data[3:])


@pytest.fixture(params=MODELS)
def bench(request, chip_bench):
    return chip_bench(request.param)


def test_registers_after_power_up(chip_bench):
    bench = chip_bench(Lps22hbModel)
    assert bench.get(WHO_AM_I, 4) == b"\xb1\x00\x10\x00"
    assert bench.get(RES_CONF) == b"\x00"
    assert bench.get(STATUS) == b"\x00"
    bench = chip_bench(Lps28dfwModel)
    assert bench.get(WHO_AM_I, 4) == b"\xb4\x00\x00\x01"
    assert bench.get(STATUS) == b"\x00"


# 4096 LSB/hPa, and 2048 at the large full scale; 100 LSB/degC.
def test_sensitivities(chip_bench):
    bench = chip_bench(Lps22hbModel)
    bench.sample = (101_325.0, 25.0)
    assert one_shot(bench) == (1013.25 * 4096, 2500)
    bench.sample = (26_000.0, -12.344)
    assert one_shot(bench) == (260 * 4096, -1234)
    bench = chip_bench(Lps28dfwModel)
    bench.sample = (101_325.0, 25.0)
    assert one_shot(bench) == (1013.25 * 4096, 2500)
    bench.sample = (406_000.0, 85.0)
    assert one_shot(bench, 0x40) == (4060 * 2048, 8500)
    # at the small full scale the word ends at 2^23 - 1
    assert one_shot(bench)[0] == 0x7FFFFF


def test_nearest_step(bench):
    for index in range(50):
        bench.sample = (100_000.0 + 0.007 * index, 20.0 + 0.0031 * index)
        pressure, temperature = one_shot(bench)
        assert abs(pressure - bench.sample[0] * 40.96) <= 0.5 + 1e-6
        assert abs(temperature - bench.sample[1] * 100) <= 0.5 + 1e-6


def test_one_shot_clears_its_bit_and_sets_both_flags(bench):
    start_us = bench.now_us
    bench.put(CTRL2, ONE_SHOT[type(bench.chip)])
    waits = 0
    while bench.get(CTRL2)[0] & 1:
        assert bench.get(STATUS) == b"\x00"
        bench.wait(100)
        waits += 1
    assert 10 < waits < 150
    assert bench.get(STATUS) == b"\x03"
    bench.get(PRESS, 2)
    assert bench.get(STATUS) == b"\x03"
    bench.get(PRESS, 3)
    assert bench.get(STATUS) == b"\x02"
    bench.get(TEMP, 2)
    assert bench.get(STATUS) == b"\x00"
    assert [asked[0] for asked in bench.asked] == [start_us]


def test_overrun_bits(bench):
    for _ in range(2):
        bench.put(CTRL2, ONE_SHOT[type(bench.chip)])
        bench.wait(200_000)
        bench.get(CTRL2)
    assert bench.get(STATUS) == b"\x33"
    bench.get(PRESS, 5)
    assert bench.get(STATUS) == b"\x00"


@pytest.mark.parametrize(
    ("model", "control", "period_us"),
    [(Lps22hbModel, 0x10, 1_000_000), (Lps22hbModel, 0x20, 100_000), (Lps22hbModel, 0x30, 40_000),
     (Lps22hbModel, 0x40, 20_000), (Lps22hbModel, 0x50, 13_333), (Lps28dfwModel, 0x08, 1_000_000),
     (Lps28dfwModel, 0x10, 250_000), (Lps28dfwModel, 0x18, 100_000), (Lps28dfwModel, 0x1C, 100_000),
     (Lps28dfwModel, 0x20, 40_000), (Lps28dfwModel, 0x25, 40_000), (Lps28dfwModel, 0x28, 20_000),
     (Lps28dfwModel, 0x38, 10_000), (Lps28dfwModel, 0x40, 5_000)],
)  # fmt: skip
def test_output_data_rates(chip_bench, model, control, period_us):
    bench = chip_bench(model)
    begin_us = bench.now_us
    bench.put(CTRL1, control)
    for _ in range(3):
        bench.wait(period_us)
        assert bench.get(STATUS)[0] & 3 == 3
        bench.get(PRESS, 5)
    assert [asked[0] - begin_us for asked in bench.asked] == [0, period_us, 2 * period_us]
    bench.put(CTRL1, 0)
    bench.wait(2_000_000)
    assert bench.get(STATUS) == b"\x00"


def test_address_increment_can_be_switched_off(bench):
    if type(bench.chip) is Lps22hbModel:
        bench.put(CTRL2, 0x00)
    else:
        bench.put(CTRL3, 0x00)
    assert bench.get(WHO_AM_I, 3) == bytes((type(bench.chip).CHIP_ID,)) * 3


def test_software_reset(bench):
    bench.put(0x0C, 0x12)
    bench.put(CTRL2, 0x04)
    with pytest.raises(OSError, match="5"):
        bench.get(WHO_AM_I)
    bench.wait(50)
    assert bench.get(0x0C) == b"\x00"
    assert bench.get(CTRL2) == bytes((type(bench.chip).RESET.get(CTRL2, 0),))


@pytest.mark.parametrize("register", [WHO_AM_I, STATUS, PRESS, TEMP])
def test_read_only_registers_ignore_writes(bench, register):
    before = bench.get(register)
    bench.put(register, before[0] ^ 0xFF)
    assert bench.get(register) == before


def test_noise(chip_bench):
    bench = chip_bench(Lps22hbModel)
    one_shot(bench)
    bench.put(RES_CONF, 1)
    one_shot(bench)
    # 0.0075 hPa rms behind the ODR/9 filter, whose band is 2/9 of the unfiltered one
    assert bench.asked[0][1] == pytest.approx(0.75 * 4.5**0.5, rel=0.02)
    assert bench.asked[1][1] > bench.asked[0][1]
    bench = chip_bench(Lps28dfwModel)
    for code in range(8):
        bench.put(CTRL1, code)
        one_shot(bench)
    noise = [asked[1] for asked in bench.asked]
    assert noise == sorted(noise, reverse=True)
    assert noise[7] == pytest.approx(0.32 * 4.5**0.5)
    assert noise[0] / noise[7] == pytest.approx(128**0.5)
