"""ADS1115 model against SBAS444, and the transducers in front of it."""

import pytest

from hullwatch.sim.registers.ads1115 import Ads1115Model
from hullwatch.sim.registers.transducer import CurrentLoop, Ratiometric

CONVERSION, CONFIG, LOW, HIGH = range(4)
FULL_SCALE_V = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)
RATES = (8, 16, 32, 64, 128, 250, 475, 860)


def word(bench, register):
    return int.from_bytes(bench.get(register, 2), "big")


def single(bench, mux, gain, rate=7):
    bench.put(CONFIG, 0x81 | mux << 4 | gain << 1, rate << 5 | 3)
    bench.wait(150_000)
    assert word(bench, CONFIG) & 0x8000
    value = word(bench, CONVERSION)
    return value - 0x10000 if value & 0x8000 else value


@pytest.fixture
def bench(chip_bench):
    return chip_bench(Ads1115Model)


def test_registers_after_power_up(bench):
    assert [word(bench, register) for register in range(4)] == [0, 0x8583, 0x8000, 0x7FFF]


@pytest.mark.parametrize(("pascal", "volts"), [(0.0, 0.5), (500_000.0, 2.5), (1_000_000.0, 4.5)])
def test_ratiometric_transducer(bench, pascal, volts):
    bench.sample = (pascal, 25.0)
    assert single(bench, 4, 0) == round(volts / 6.144 * 32768)
    assert single(bench, 5, 0) == round(5.0 / 6.144 * 32768)
    # AIN0 - AIN1 is negative
    assert single(bench, 0, 0) == round((volts - 5.0) / 6.144 * 32768)
    assert single(bench, 6, 0) == single(bench, 3, 0) == 0


def test_ratiometric_output_follows_the_supply(chip_bench):
    bench = chip_bench(Ads1115Model, transducer=Ratiometric(supply_v=4.8))
    bench.sample = (250_000.0, 25.0)
    assert single(bench, 4, 0) / single(bench, 5, 0) == pytest.approx(0.3, abs=1e-4)


@pytest.mark.parametrize(("pascal", "volts"), [(0.0, 0.4), (500_000.0, 1.2), (1_000_000.0, 2.0)])
def test_current_loop(chip_bench, pascal, volts):
    bench = chip_bench(Ads1115Model, transducer=CurrentLoop())
    bench.sample = (pascal, 25.0)
    assert single(bench, 0, 2) == single(bench, 4, 2) == round(volts / 2.048 * 32768)


def test_transducers_saturate_and_break():
    loop = CurrentLoop(shunt_ohm=100.0)
    assert loop.volts(-1e6) == pytest.approx(0.38)
    assert loop.volts(1e9) == pytest.approx(2.05)
    voltage = Ratiometric()
    assert voltage.volts(-1e6) == pytest.approx(0.2)
    assert voltage.volts(1e9) == pytest.approx(4.8)
    loop.broken = voltage.broken = True
    assert loop.volts(5e5) == voltage.volts(5e5) == 0.0


@pytest.mark.parametrize("gain", range(8))
def test_gains_and_the_ends_of_the_register(chip_bench, gain):
    bench = chip_bench(Ads1115Model, transducer=CurrentLoop(shunt_ohm=10.0))
    bench.sample = (500_000.0, 25.0)
    assert single(bench, 4, gain) == round(0.12 / FULL_SCALE_V[gain] * 32768)
    bench = chip_bench(Ads1115Model)
    assert single(bench, 5, gain) == min(round(5.0 / FULL_SCALE_V[gain] * 32768), 0x7FFF)


@pytest.mark.parametrize("rate", range(8))
def test_conversion_times(bench, rate):
    start_us = bench.now_us
    bench.put(CONFIG, 0xC1, rate << 5 | 3)
    # a period of the data rate, after about 25 us of waking up
    bench.wait(int(1e6 / RATES[rate]))
    assert not word(bench, CONFIG) & 0x8000
    assert word(bench, CONVERSION) == 0
    bench.wait(30)
    assert word(bench, CONFIG) & 0x8000
    assert [asked[0] for asked in bench.asked] == [start_us]


def test_continuous_mode(bench):
    begin_us = bench.now_us
    bench.put(CONFIG, 0x40, 0x83)
    for _ in range(3):
        bench.wait(7_813)
        assert not word(bench, CONFIG) & 0x8000
    assert [round((asked[0] - begin_us) / 7812.5) for asked in bench.asked] == [0, 1, 2]
    bench.put(CONFIG, 0x41, 0x83)
    assert word(bench, CONFIG) == 0xC183
    bench.wait(1_000_000)
    word(bench, CONVERSION)
    assert len(bench.asked) == 3


def test_a_second_start_does_not_restart(bench):
    bench.put(CONFIG, 0xC1, 0x83)
    bench.wait(5_000)
    bench.put(CONFIG, 0xC1, 0x83)
    bench.wait(2_900)
    assert word(bench, CONFIG) & 0x8000


def test_noise_is_below_a_step_of_the_wide_ranges(chip_bench):
    bench = chip_bench(Ads1115Model, transducer=CurrentLoop())
    for rate in range(8):
        single(bench, 0, 2, rate)
    # 1.6 V over 1 MPa
    volts = [white_pa * 1.6e-6 for _, white_pa, _ in bench.asked]
    assert volts[7] == pytest.approx(12.2e-6)
    assert volts == sorted(volts)
    assert max(volts) < 2.048 / 32768
    assert all(white_k == 0.0 for _, _, white_k in bench.asked)


def test_limits_can_be_written_and_the_result_not(bench):
    bench.put(LOW, 0x12, 0x34)
    bench.put(CONVERSION, 0x12, 0x34)
    assert word(bench, LOW) == 0x1234
    assert word(bench, CONVERSION) == 0
