"""The list of simulated sensors: names, addresses and ranges as the data sheets print them, and
what all of them do alike when they fail."""

import pytest

from hullwatch.bench.spec import BenchSpec, World
from hullwatch.errors import InputError
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.registers.catalogue import CATALOGUE

# Addresses the chip can have; lowest and highest pressure of its range.
SHEETS = {
    "bmp581": ({0x46, 0x47}, 30_000, 125_000),
    "bmp280": ({0x76, 0x77}, 30_000, 110_000),
    "bme280": ({0x76, 0x77}, 30_000, 110_000),
    "bmp388": ({0x76, 0x77}, 30_000, 125_000),
    "bmp390": ({0x76, 0x77}, 30_000, 125_000),
    "ms5611": ({0x76, 0x77}, 1_000, 120_000),
    "ms5837": ({0x76}, 0, 3_000_000),
    "lps22hb": ({0x5C, 0x5D}, 26_000, 126_000),
    "lps28dfw": ({0x5C, 0x5D}, 26_000, 406_000),
    "dps310": ({0x76, 0x77}, 30_000, 120_000),
    "dps368": ({0x76, 0x77}, 30_000, 120_000),
    "hsc": ({0x28, 0x38, 0x48, 0x58, 0x68, 0x78}, 0, 160_000),
    "ads1115": ({0x48, 0x49, 0x4A, 0x4B}, 0, 1_000_000),
}
GAUGE = {"ads1115"}
# A write that converts pressure once (None: the chip does so by itself), the longest it takes
# (us), and the read that gives the pressure word.
ONCE = {
    "bmp581": ((0x37, 0x82), 200_000, (0x20, 3)),
    "bmp280": ((0xF4, 0x25), 200_000, (0xF7, 3)),
    "bme280": ((0xF4, 0x25), 200_000, (0xF7, 3)),
    "bmp388": ((0x1B, 0x13), 200_000, (0x04, 3)),
    "bmp390": ((0x1B, 0x13), 200_000, (0x04, 3)),
    "ms5611": ((0x48,), 20_000, (0x00, 3)),
    "ms5837": ((0x48,), 20_000, (0x00, 3)),
    "lps22hb": ((0x11, 0x11), 20_000, (0x28, 3)),
    "lps28dfw": ((0x11, 0x01), 20_000, (0x28, 3)),
    "dps310": ((0x08, 0x01), 20_000, (0x00, 3)),
    "dps368": ((0x08, 0x01), 20_000, (0x00, 3)),
    "hsc": (None, 460, None),
    "ads1115": ((0x01, 0xC1, 0x83), 20_000, (0x00, 2)),
}


class Case:
    """A chip, started up, by its usual write and read."""

    def __init__(self, name, chip_bench):
        self.bench = chip_bench(CATALOGUE[name].model)
        self.trigger, self.longest_us, self.result = ONCE[name]
        self.bench.wait(50_000)
        if name == "bmp581":
            self.bench.put(0x36, 0x40)

    def once(self, pascal):
        self.bench.sample = None if pascal is None else (pascal, 20.0)
        if self.trigger:
            self.bench.send(*self.trigger)
        self.bench.wait(self.longest_us)
        if self.result:
            return self.bench.get(*self.result)
        return bytes((self.bench.take(2)[0] & 0x3F,)) + self.bench.take(2)[1:]


@pytest.fixture(params=sorted(CATALOGUE))
def case(request, chip_bench):
    return Case(request.param, chip_bench)


def test_the_list_is_complete():
    assert set(CATALOGUE) == set(SHEETS) == set(ONCE)


@pytest.mark.parametrize("sensor", sorted(SHEETS))
def test_entries_match_the_data_sheets(sensor):
    entry = CATALOGUE[sensor]
    addresses, low_pa, high_pa = SHEETS[sensor]
    assert sensor == entry.model.SENSOR
    assert entry.address in addresses
    assert (entry.pressure_min_pa, entry.pressure_max_pa) == (low_pa, high_pa)
    assert entry.kind == ("gauge" if sensor in GAUGE else "abs")


def test_a_frozen_chip_repeats_and_a_healthy_one_does_not(case):
    first = case.once(100_000.0)
    assert case.once(90_000.0) != first
    assert case.once(100_000.0) == first
    case.bench.bus.freeze(case.bench.address)
    before = case.bench.chip.conversions
    assert case.once(90_000.0) == first
    assert case.bench.chip.conversions > before
    case.bench.bus.freeze(case.bench.address, on=False)
    assert case.once(90_000.0) != first


def test_a_stalled_chip_never_completes(case):
    case.once(100_000.0)
    done = case.bench.chip.conversions
    case.bench.bus.stall(case.bench.address)
    case.once(90_000.0)
    assert case.bench.chip.conversions == done
    case.bench.bus.stall(case.bench.address, on=False)
    case.bench.wait(2_000_000)
    case.once(90_000.0)
    assert case.bench.chip.conversions > done


def test_a_gap_in_the_measurements_ends_with_the_next_conversion(case):
    first = case.once(100_000.0)
    done = case.bench.chip.conversions
    case.once(None)
    assert case.bench.chip.conversions == done
    assert case.once(100_000.0) == first


def test_a_refusing_chip_is_absent(case):
    case.bench.chip.refusing = True
    with pytest.raises(OSError, match="5"):
        case.once(100_000.0)
    case.bench.chip.refusing = False
    first = case.once(100_000.0)
    case.bench.bus.nack(case.bench.address, 1)
    with pytest.raises(OSError, match="5"):
        case.once(100_000.0)
    assert case.once(100_000.0) == first


def test_a_gauge_sensor_feels_the_difference_to_the_outside():
    chamber = ChamberSpec(pressure_pa=301_325.0, p_out_pa=101_325.0, p_out_weather_pa=100.0)
    clock_us = [60_000_000]
    spec = BenchSpec(chamber=chamber, sensor="ads1115", profile="none")
    world = World(spec, lambda: clock_us[0])
    inside_pa, _ = world.chamber.pressure_and_probe(60_000_000)
    outside_pa = world.chamber.state(60_000_000).p_out_pa
    world.bus.writeto_mem(0x48, 1, bytes((0xC1, 0xE3)))
    buf = bytearray(2)
    clock_us[0] += 5_000
    world.bus.readfrom_mem_into(0x48, 0, buf)
    volts = int.from_bytes(buf, "big") / 32768 * 6.144
    # 4 V over 1 MPa; a step is 47 Pa, the specimen's offset at most 50 Pa and its own noise 3 Pa
    assert (volts - 0.5) / 4.0 * 1e6 == pytest.approx(inside_pa - outside_pa, abs=100.0)


def test_a_gauge_sensor_permits_no_compensation():
    with pytest.raises(InputError, match="gauge"):
        BenchSpec(
            chamber=ChamberSpec(pressure_pa=301_325.0), sensor="ads1115", compensation="sensor"
        ).node_settings()
    with pytest.raises(InputError, match="range"):
        BenchSpec(chamber=ChamberSpec(pressure_pa=90_000.0), sensor="ads1115").check()
