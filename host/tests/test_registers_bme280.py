"""BME280 model: what it has beyond a BMP280, against BST-BME280-DS002."""

import pytest

from hullwatch.sim.registers.bme280 import Bme280Model

CALIBRATION, H1, ID, RESET, H2, CTRL_HUM, STATUS, CTRL_MEAS, DATA = (
    *(0x88, 0xA1, 0xD0, 0xE0, 0xE1, 0xF2, 0xF3, 0xF4, 0xF7),
)


def humidity_int32(bench, word, t_fine):
    """4.2.3, the integer formula for relative humidity in 1/1024 %; drivers use it in the field."""
    e = bench.get(H2, 7)
    h1 = bench.get(H1)[0]
    h2 = int.from_bytes(e[0:2], "little", signed=True)
    h3 = e[2]
    h4 = int.from_bytes(e[3:4], "big", signed=True) * 16 + (e[4] & 0xF)
    h5 = int.from_bytes(e[5:6], "big", signed=True) * 16 + (e[4] >> 4)
    h6 = int.from_bytes(e[6:7], "big", signed=True)
    v = t_fine - 76800
    v = (((word << 14) - (h4 << 20) - h5 * v + 16384) >> 15) * (
        (((((v * h6) >> 10) * (((v * h3) >> 11) + 32768)) >> 10) + 2097152) * h2 + 8192 >> 14
    )
    v = v - ((((v >> 15) * (v >> 15)) >> 7) * h1 >> 4)
    return min(max(v, 0), 419430400) >> 12


def convert(bench, humidity=1):
    bench.put(CTRL_HUM, humidity)
    bench.put(CTRL_MEAS, 0x25)
    bench.wait(200_000)
    assert not bench.get(STATUS)[0] & 8
    return int.from_bytes(bench.get(DATA, 8)[6:], "big")


@pytest.fixture
def bench(chip_bench):
    return chip_bench(Bme280Model)


def test_registers_after_power_up(bench):
    assert bench.get(ID) == b"\x60"
    assert bench.get(DATA, 8) == b"\x80\x00\x00\x80\x00\x00\x80\x00"
    assert bench.get(CTRL_HUM) == b"\x00"


@pytest.mark.parametrize("celsius", [-20.0, 0.0, 25.0, 60.0])
@pytest.mark.parametrize("percent", [1.0, 20.0, 45.0, 80.0, 99.0])
def test_humidity_compensates_back(bench, percent, celsius):
    bench.sample = (101325.0, celsius)
    bench.chip.humidity_rh = percent
    word = convert(bench)
    # integer formula within 0.02 %, half a word 0.004 %
    got = humidity_int32(bench, word, round(celsius * 5120)) / 1024
    assert got == pytest.approx(percent, abs=0.03)


def test_humidity_setting_takes_effect_with_ctrl_meas(bench):
    assert convert(bench, 0) == 0x8000
    bench.put(CTRL_MEAS, 0x25)
    bench.put(CTRL_HUM, 5)
    bench.wait(6_000)
    # it was started without humidity: 5.5 ms
    assert not bench.get(STATUS)[0] & 8
    assert convert(bench, 1) != 0x8000


# 9.1: typical 1 + 2 t + (2 p + 0.5) + (2 h + 0.5) ms; the sheet's example of x1 each is 8 ms.
@pytest.mark.parametrize(("code_h", "milliseconds"), [(0, 5.5), (1, 8.0), (3, 14.0), (5, 38.0)])
def test_measurement_time(bench, code_h, milliseconds):
    bench.put(CTRL_HUM, code_h)
    bench.put(CTRL_MEAS, 0x25)
    bench.wait(round(milliseconds * 1000) - 1)
    assert bench.get(STATUS)[0] & 8
    bench.wait(1)
    assert not bench.get(STATUS)[0] & 8


def test_reset_forgets_the_humidity_setting(bench):
    convert(bench, 3)
    bench.put(RESET, 0xB6)
    bench.wait(2_000)
    assert bench.get(CTRL_HUM) == b"\x00"
    assert bench.get(0xFD, 2) == b"\x80\x00"
    assert bench.get(H1)[0] == 75
