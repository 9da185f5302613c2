"""HSC driver against transcripts, Honeywell's transfer functions and part numbers."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullcore.sensormodel import hsc_range
from hullcore.settings import SettingError
from hullnode.drivers.errors import CHIP_FAULT, SensorError
from hullnode.drivers.hsc import Hsc

ADDRESS = 0x28
NACK = OSError(5)
# the order guide's ranges; a range of n units, absolute and gauge from 0, differential from -n
MODELS = """001BA 1.6BA 2.5BA 004BA 006BA 010BA 1.6MD 2.5MD 004MD 006MD 010MD 016MD 025MD 040MD
060MD 100MD 160MD 250MD 400MD 600MD 001BD 1.6BD 2.5BD 004BD 2.5MG 004MG 006MG 010MG 016MG 025MG
040MG 060MG 100MG 160MG 250MG 400MG 600MG 001BG 1.6BG 2.5BG 004BG 006BG 010BG 100KA 160KA 250KA
400KA 600KA 001GA 160LD 250LD 400LD 600LD 001KD 1.6KD 2.5KD 004KD 006KD 010KD 016KD 025KD 040KD
060KD 100KD 160KD 250KD 400KD 250LG 400LG 600LG 001KG 1.6KG 2.5KG 004KG 006KG 010KG 016KG 025KG
040KG 060KG 100KG 160KG 250KG 400KG 600KG 001GG 015PA 030PA 060PA 100PA 150PA 0.5ND 001ND 002ND
004ND 005ND 010ND 020ND 030ND 001PD 005PD 015PD 030PD 060PD 001NG 002NG 004NG 005NG 010NG 020NG
030NG 001PG 005PG 015PG 030PG 060PG 100PG 150PG""".split()
PASCAL = {
    "L": Fraction(1), "K": Fraction(1000), "G": Fraction(10**6), "M": Fraction(100),
    "B": Fraction(10**5), "P": Fraction("6894.757293168"), "N": Fraction("249.08891"),
}  # fmt: skip
PERCENT = {"A": (10, 90), "B": (5, 95), "C": (5, 85), "F": (4, 94)}
KINDS = {"A": "abs", "G": "gauge", "D": "diff"}


def limits_pa(model: str) -> tuple[Fraction, Fraction]:
    high = Fraction(model[:3]) * PASCAL[model[3]]
    return -high if model[4] == "D" else Fraction(0), high


def answer(status: int, pressure: int, temperature: int = 0) -> bytes:
    return (status << 30 | pressure << 16 | temperature << 5).to_bytes(4, "big")


class Answers:
    """A bus on which every read gives the same four bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def readfrom_into(self, address: int, buffer: bytearray) -> None:
        assert address == ADDRESS
        buffer[:] = self.data


def declared(model: str, bus=None) -> Hsc:
    driver = Hsc(bus, ADDRESS, 1, None)
    driver.declare({"sensor_model": model})
    return driver


def test_every_range_of_the_order_guide():
    assert len(MODELS) == len(set(MODELS)) == 118
    for model in MODELS:
        kind, low, high, function = hsc_range(model)
        assert (kind, function) == (KINDS[model[4]], 0)
        for limit_q8, limit_pa in zip((low, high), limits_pa(model), strict=True):
            assert abs(limit_q8 - limit_pa * 256) <= Fraction(1, 2)


@given(
    st.sampled_from(MODELS), st.sampled_from("ABCF"), st.integers(0, 2**14 - 1),
    st.integers(0, 2**11 - 1),
)  # fmt: skip
def test_results_follow_the_transfer_function(small, model, letter, counts, temperature):
    driver = declared(model + letter, Answers(answer(0, counts, temperature)))
    driver._data = [0, 0, 0, 0]

    class Small(Answers):
        def readfrom_into(self, address: int, buffer: list) -> None:
            buffer[:] = [small(byte) for byte in self.data]

    driver._i2c = Small(driver._i2c.data)
    assert driver.collect() == 0
    low, high = limits_pa(model)
    first, last = (Fraction(percent, 100) * 2**14 for percent in PERCENT[letter])
    pascal = (counts - first) * (high - low) / (last - first) + low
    per_count = (high - low) / (last - first)
    # the limits are kept in Pa/256
    assert abs(Fraction(driver.pressure_q8, 256) - pascal) < Fraction(3, 256)
    celsius = Fraction(temperature * 200, 2047) - 50
    kelvin = celsius + Fraction("273.15")
    assert 0 <= kelvin - Fraction(driver.temperature_q16, 65536) < Fraction(3, 65536)
    assert 0 < driver.pressure_lsb_q8 - per_count * 256 < 1 + Fraction(1, 100)


def test_the_printed_end_points():
    # A: 1638 (0x0666) and 14745 (0x3999) counts, rounded from 1638.4 and 14745.6
    for counts, pascal in ((0x0666, -2500), (0x3999, 2500)):
        driver = declared("025MD", Answers(answer(0, counts)))
        driver.collect()
        assert abs(driver.pressure_q8 - pascal * 256) < 0.61 * driver.pressure_lsb_q8
    assert (driver.KIND, driver.PRESSURE_MIN_PA, driver.PRESSURE_MAX_PA) == ("diff", -2500, 2500)


def test_a_fresh_sample_is_waited_for():
    driver = declared("001BA", Answers(answer(2, 5000)))
    assert driver.trigger() == 1000
    assert 0 < driver.collect() <= 500
    assert driver.pressure_q8 == 0
    driver._i2c.data = answer(0, 5000)
    assert driver.collect() == 0
    assert driver.pressure_q8 > 0


@pytest.mark.parametrize("status", [1, 3])
def test_a_fault_is_reported(status):
    driver = declared("001BA", Answers(answer(status, 5000)))
    for step in (driver.start, driver.collect):
        with pytest.raises(SensorError) as fault:
            step()
        assert (fault.value.code, fault.value.detail) == (CHIP_FAULT, status << 14 | 5000)


def test_bus_errors_pass_through():
    class Absent:
        def readfrom_into(self, address: int, buffer: bytearray) -> None:
            raise NACK

    driver = declared("001BA", Absent())
    for step in (driver.start, driver.trigger, driver.collect):
        with pytest.raises(OSError, match="5"):
            step()


@pytest.mark.parametrize(
    "model", ["-", "", "1BA", "001BX", "001XA", "001BAZ", "0.1.B", "1..BA", "+01BA", "000BA",
              "00²BA", "999GA", "001BAAA", "abcBA"]
)  # fmt: skip
def test_other_models_are_refused(model):
    with pytest.raises(SettingError, match="sensor_model: "):
        hsc_range(model)
