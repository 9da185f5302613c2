"""The node's drivers on the simulated chips: written apart from one data sheet each, they must
agree on every register, time and formula."""

from contextlib import suppress

import pytest

from hullcore.settings import SENSORS
from hullnode.drivers.catalogue import load
from hullnode.drivers.errors import CHIP_RESET, WRONG_ID, SensorError
from hullwatch.sim.bus import SimBus
from hullwatch.sim.registers.bmp581 import Bmp581Model
from hullwatch.sim.registers.catalogue import CATALOGUE

RATIOS = {
    "bmp581": (1, 2, 4, 8, 16, 32, 64, 128),
    "bmp280": (1, 2, 4, 8, 16),
    "ms5837": (256, 512, 1024, 2048, 4096, 8192),
}
CHIPS = sorted(RATIOS)
# longest over typical conversion time
SLOWEST = {"bmp581": 1.05, "bmp280": 1.15, "ms5837": 1.1}


class FailingBus(SimBus):
    """Refuses one transfer, the `fails_in`th from now; 0: none."""

    fails_in = 0

    def _count(self) -> None:
        if self.fails_in:
            self.fails_in -= 1
            if not self.fails_in:
                raise OSError(5)

    def readfrom_mem_into(self, addr, memaddr, buf):
        self._count()
        super().readfrom_mem_into(addr, memaddr, buf)

    def writeto_mem(self, addr, memaddr, buf):
        self._count()
        super().writeto_mem(addr, memaddr, buf)

    def writeto(self, addr, buf, stop=True):
        self._count()
        return super().writeto(addr, buf, stop)


class Scene:
    """A clock, a reading, a bus with one chip and the driver for it."""

    def __init__(self, chip: str, ratio: int, scale: float = 1.0) -> None:
        self.now_us = 0
        self.reading: tuple[float, float] | None = (101325.0, 25.0)
        self.asked: list[int] = []
        self.bus = FailingBus()
        self.model = CATALOGUE[chip].model(self, lambda: self.now_us, scale)
        self.driver = load(chip, self.bus, 0, ratio, self.sleep_ms)
        self.address = type(self.driver).ADDRESSES[0]
        self.bus.add(self.address, self.model)

    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float] | None:
        self.asked.append(t_us)
        return self.reading

    def sleep_ms(self, ms: int) -> None:
        self.now_us += ms * 1000

    def sample(self, most_calls: int = 2) -> int:
        """Trigger and collect as told; returns the calls of `collect` it took."""
        self.now_us += self.driver.trigger()
        for calls in range(1, most_calls + 1):
            wait = self.driver.collect()
            if not wait:
                return calls
            self.now_us += wait
        return 0

    @property
    def result(self) -> tuple[float, float]:
        """Pa and degC."""
        return self.driver.pressure_q8 / 256, self.driver.temperature_q16 / 65536 - 273.15


@pytest.fixture(params=CHIPS)
def scene(request: pytest.FixtureRequest) -> Scene:
    made = Scene(request.param, RATIOS[request.param][-1])
    made.driver.start()
    return made


@pytest.mark.parametrize(
    ("chip", "ratio"), [(chip, ratio) for chip in CHIPS for ratio in RATIOS[chip]]
)
def test_the_slowest_chip_gives_its_reading_back_at_the_first_look(chip, ratio):
    scene = Scene(chip, ratio, SLOWEST[chip])
    before_us = scene.now_us
    scene.driver.start()
    assert scene.now_us - before_us <= 20_000
    # Half a step of temperature moves pressure too, and the MS5837's own formula knows
    # temperature to 0.01 degC only.
    coupled_pa = {"bmp581": 0.0, "bmp280": 1.0, "ms5837": 5.0}[chip]
    within_pa = scene.driver.pressure_lsb_q8 / 256 / 2 * 1.1 + coupled_pa + 0.01
    within_k = 0.003 if chip == "bmp280" else 0.0002
    for celsius in (-19.5, 5.0, 19.99, 20.01, 25.0, 60.0):
        for pascal in (31234.5, 101325.0, 108765.4):
            scene.reading = (pascal, celsius)
            assert scene.sample() == (2 if chip == "ms5837" else 1)
            pressure_pa, temperature_c = scene.result
            assert abs(pressure_pa - pascal) <= within_pa
            assert abs(temperature_c - celsius) <= within_k


def test_the_sample_is_of_the_moment_of_the_trigger(scene):
    scene.asked.clear()
    start_us = scene.now_us
    scene.sample()
    assert scene.asked[0] == start_us


def test_looking_early_costs_time_but_never_a_wrong_sample(scene):
    scene.driver.trigger()
    scene.now_us += 500
    for _ in range(2000):
        wait = scene.driver.collect()
        if not wait:
            break
        scene.now_us += max(wait, 50)
    assert abs(scene.result[0] - 101325.0) < 6.0


def test_a_conversion_that_never_ends_is_never_a_sample(scene):
    scene.sample()
    last = scene.result
    for broken in ("gap", "stall"):
        scene.reading = None if broken == "gap" else (90000.0, 30.0)
        scene.model.stall(broken == "stall")
        assert scene.sample(most_calls=50) == 0
        assert scene.result == last
    scene.model.stall(False)
    assert scene.sample(most_calls=4) > 0
    assert abs(scene.result[0] - 90000.0) < 6.0


@pytest.mark.parametrize("transfer", range(1, 6))
def test_after_a_bus_error_anywhere_the_next_samples_are_right(scene, transfer):
    scene.bus.fails_in = transfer
    with suppress(OSError):
        scene.sample()
    scene.bus.fails_in = 0
    scene.reading = (95000.0, 22.0)
    for _ in range(3):
        assert scene.sample(most_calls=4) > 0
        assert abs(scene.result[0] - 95000.0) < 6.0


def test_another_chip_at_the_address_is_refused(scene):
    scene.model.set_chip_id(0x15)
    with pytest.raises(SensorError) as refused:
        scene.driver.start()
    assert (refused.value.code, refused.value.detail) == (WRONG_ID, 0x15)


@pytest.mark.parametrize("chip", ["bmp280", "bmp581"])
def test_a_supply_dip_is_noticed_and_start_repairs_it(chip):
    scene = Scene(chip, RATIOS[chip][-1])
    scene.driver.start()
    scene.sample()
    scene.model._power_up()
    scene.now_us += 5000
    with pytest.raises(SensorError) as lost:
        scene.driver.collect()
    assert lost.value.code == CHIP_RESET
    scene.driver.start()
    assert scene.sample() == 1


def test_a_reset_that_is_not_acknowledged_is_no_error():
    scene = Scene("bmp581", 16)
    scene.bus.remove(0x47)
    scene.bus.add(0x47, Bmp581Model(scene, lambda: scene.now_us, ack_reset=False))
    scene.driver.start()
    assert scene.sample() == 1


def test_an_absent_chip_is_a_bus_error(scene):
    scene.bus.remove(scene.address)
    with pytest.raises(OSError, match="5"):
        scene.driver.start()


def test_both_catalogues_agree():
    for chip in CHIPS:
        entry = CATALOGUE[chip]
        driver = Scene(chip, RATIOS[chip][0]).driver
        assert entry.address == driver.ADDRESSES[0]
        assert entry.pressure_max_pa == driver.PRESSURE_MAX_PA
        assert entry.pressure_min_pa == driver.PRESSURE_MIN_PA
        assert RATIOS[chip] == driver.OVERSAMPLINGS
    assert {*CHIPS, "none"} == set(SENSORS)
