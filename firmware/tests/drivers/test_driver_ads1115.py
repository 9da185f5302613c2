"""ADS1115 driver against transcripts; pressures from the transducers' definitions in fractions."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullnode.drivers.ads1115 import Ads1115, conversion_us
from hullnode.drivers.errors import (
    CHIP_FAULT,
    CHIP_RESET,
    CONFIG_REFUSED,
    WRONG_ID,
    SensorError,
)

ADDRESS = 0x48
NACK = OSError(5)
# single-shot, comparator off, 8 SPS (data rate code 0)
SIGNAL, SUPPLY = b"\xc1\x03", b"\xd1\x03"  # 6.144 V full scale
CURRENT = b"\xc3\x03"  # 4.096 V
SUPPLY_AT_860 = b"\xd1\xe3"
RATES = {1: 860, 2: 475, 4: 250, 8: 128, 16: 64, 32: 32, 64: 16, 128: 8}


def values(model: str, **changes: object) -> dict:
    return {
        "sensor_model": model, "t_ref_mk": 293150, "range_low_pa": -100000, "range_high_pa": 900000,
        "shunt_mohm": 150000, "pressure_kind": "gauge", **changes,
    }  # fmt: skip


@pytest.fixture
def bus(scripted):
    return scripted(ADDRESS)


def started(bus, model: str) -> Ads1115:
    driver = Ads1115(bus, ADDRESS, 128, bus.sleep_ms)
    driver.declare(values(model))
    script = [("read", 0x01, b"\x85\x83")]
    if model == "4-20mA":
        script += [("write", 0x01, b"\x43\x03"), ("sleep", 2), ("read", 0x01, CURRENT)]
    else:
        script += [("write", 0x01, SUPPLY_AT_860), ("sleep", 2), ("read", 0x01, b"\xd1\xe3"),
                   result(26667)]  # fmt: skip
    bus.expect(*script)
    driver.start()
    bus.expect(("write", 0x01, CURRENT if model == "4-20mA" else SIGNAL))
    driver.trigger()
    return driver


@pytest.fixture
def ratiometric(bus):
    return started(bus, "0.5-4.5V")


@pytest.fixture
def loop(bus):
    return started(bus, "4-20mA")


def result(counts: int) -> tuple:
    return ("read", 0x00, (counts % 65536).to_bytes(2, "big"))


def test_output_then_supply(bus, ratiometric):
    bus.expect(("read", 0x01, b"\x41\x03"))
    assert 0 < ratiometric.collect() < 1000
    bus.expect(("read", 0x01, b"\xc1\x03"), result(10000), ("write", 0x01, SUPPLY))
    assert ratiometric.collect() == 138914
    bus.expect(("read", 0x01, b"\xd1\x03"), result(20000))
    assert ratiometric.collect() == 0
    # half of the supply is half of the range
    assert ratiometric.pressure_q8 == 400000 * 256
    assert ratiometric.KIND == "gauge"
    assert ratiometric.temperature_q16 == 293150 * 65536 // 1000  # it has no thermometer: T_ref
    # 0.8 of 26667 counts of supply are 1 MPa
    assert 0 < ratiometric.pressure_lsb_q8 - Fraction(10**6 * 256) / (Fraction(8, 10) * 26667) <= 1


def test_current(bus, loop):
    # 12 mA over 150 ohm: 1.8 V, 14400 counts of 125 µV
    bus.expect(("read", 0x01, b"\xc3\x03"), result(14400))
    assert loop.collect() == 0
    assert loop.pressure_q8 == 400000 * 256


LOW, HIGH = -100000, 900000


@given(st.integers(6554, 32767), st.data())
def test_ratios_in_exact_arithmetic(supply, data):
    counts = data.draw(st.integers(supply // 20 + 1, 19 * supply // 20))
    driver = Ads1115(None, ADDRESS, 1, None)
    driver.declare(values("0.5-4.5V"))
    driver._from_ratio(counts, supply)
    part = (Fraction(counts, supply) - Fraction(1, 10)) / Fraction(8, 10)
    assert driver.pressure_q8 == floor((LOW + part * (HIGH - LOW)) * 256)


@given(st.integers(1000, 190000), st.data())
def test_currents_in_exact_arithmetic(shunt_mohm, data):
    milliamps = Fraction(shunt_mohm, 1000) / Fraction(125, 1000)  # counts per mA
    counts = data.draw(st.integers(floor(milliamps * Fraction("3.6")) + 1, floor(milliamps * 21)))
    driver = Ads1115(None, ADDRESS, 1, None)
    driver.declare(values("4-20mA", shunt_mohm=shunt_mohm))
    driver._from_current(counts)
    part = (counts / milliamps - 4) / 16
    assert driver.pressure_q8 == floor((LOW + part * (HIGH - LOW)) * 256)
    step = Fraction(HIGH - LOW) / (16 * milliamps) * 256
    assert 0 <= driver.pressure_lsb_q8 - step <= 1


@pytest.mark.parametrize(("counts", "supply"), [(999, 20000), (19001, 20000), (500, 6553), (0, 0),
                                                (-5, 20000), (32767, 20000)])  # fmt: skip
def test_no_signal_is_no_pressure(counts, supply):
    driver = Ads1115(None, ADDRESS, 1, None)
    driver.declare(values("0.5-4.5V"))
    with pytest.raises(SensorError) as fault:
        driver._from_ratio(counts, supply)
    assert (fault.value.code, fault.value.detail) == (CHIP_FAULT, counts & 0xFFFF)


@pytest.mark.parametrize("counts", [0, -1, 4319, 25201])  # 150 ohm: 3.6 mA is 4320 counts
def test_a_broken_loop_is_no_pressure(counts):
    driver = Ads1115(None, ADDRESS, 1, None)
    driver.declare(values("4-20mA"))
    with pytest.raises(SensorError) as fault:
        driver._from_current(counts)
    assert fault.value.code == CHIP_FAULT
    driver._from_current(4320)
    driver._from_current(25200)


def test_a_chip_that_restarted_is_reported(bus, loop):
    bus.expect(("read", 0x01, b"\x85\x83"))
    with pytest.raises(SensorError) as lost:
        loop.collect()
    assert (lost.value.code, lost.value.detail) == (CHIP_RESET, 0x8583)


@pytest.mark.parametrize("ratio", RATES)
def test_conversion_times_cover_the_slowest_chip(ratio):
    driver = Ads1115(None, ADDRESS, ratio, None)
    driver.declare(values("4-20mA"))
    assert driver._signal[1] >> 5 == list(RATES)[::-1].index(ratio)
    one = driver._conversion_us
    assert 25 <= one - 1_000_000 / (RATES[ratio] * 0.9) <= 27
    assert conversion_us(ratio) == 2 * one


def test_start_refuses(bus):
    driver = Ads1115(bus, ADDRESS, 128, bus.sleep_ms)
    driver.declare(values("0.5-4.5V"))
    wrong = [("read", 0x01, b"\x02\x20")]  # a TMP117 after its reset, at the same address
    begin = [("read", 0x01, b"\xd1\x03"), ("write", 0x01, SUPPLY_AT_860), ("sleep", 2)]
    forgets = [*begin, ("read", 0x01, b"\x85\x83")]
    no_supply = [*begin, ("read", 0x01, SUPPLY_AT_860), result(6553)]
    for script, error in (
        (wrong, (WRONG_ID, 0x0220)),
        (forgets, (CONFIG_REFUSED, 0x8583)),
        (no_supply, (CHIP_FAULT, 6553)),
        ([*no_supply[:-1], result(-1)], (CHIP_FAULT, 0xFFFF)),
    ):
        bus.expect(*script)
        with pytest.raises(SensorError) as refused:
            driver.start()
        assert (refused.value.code, refused.value.detail) == error


def test_bus_errors_pass_through(bus, loop):
    bus.expect(("read", 0x01, NACK))
    with pytest.raises(OSError, match="5"):
        loop.collect()
