"""The node's drivers on the simulated chips: written apart from one data sheet each, they must
agree on every register, time and formula."""

from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from hullcore import settings
from hullnode.drivers.catalogue import load
from hullnode.drivers.errors import CHIP_FAULT, CHIP_RESET, WRONG_ID, SensorError
from hullwatch.sim.bus import SimBus
from hullwatch.sim.registers.bmp581 import Bmp581Model
from hullwatch.sim.registers.catalogue import CATALOGUE


@dataclass(frozen=True)
class Chip:
    """How a chip is to be driven, and how well it gives its reading back.

    slowest: longest over typical conversion time. coupled_pa: what half a step of temperature, or
    a formula that knows it to 0.01 degC only, moves pressure by.
    """

    ratios: tuple[int, ...]
    slowest: float = 1.0
    calls: int = 1
    coupled_pa: float = 0.0
    within_k: float = 0.0002
    traits: frozenset[str] = field(default_factory=frozenset)


def chip(*ratios: int, traits: str = "", **rest: float) -> Chip:
    return Chip(ratios, traits=frozenset(traits.split()), **rest)  # type: ignore[arg-type]


OCTAVES = (1, 2, 4, 8, 16, 32, 64, 128)
TE = (256, 512, 1024, 2048, 4096)
# traits: "dip", that collect tells of a restart; "no id"; "free", that it converts by itself
CHIPS = {
    "bmp581": chip(*OCTAVES, slowest=1.05, traits="dip"),
    "bmp280": chip(*OCTAVES[:5], slowest=1.15, coupled_pa=1.0, within_k=0.003, traits="dip"),
    "bme280": chip(*OCTAVES[:5], slowest=1.15, coupled_pa=1.0, within_k=0.003, traits="dip"),
    "bmp388": chip(*OCTAVES[:6], slowest=1.1, coupled_pa=0.7, within_k=0.006),
    "bmp390": chip(*OCTAVES[:6], slowest=1.1, coupled_pa=0.7, within_k=0.006),
    "ms5611": chip(*TE, slowest=1.1, calls=2, coupled_pa=3.0, traits="no-id"),
    "ms5837": chip(*TE, 8192, slowest=1.1, calls=2, coupled_pa=5.0),
    "lps22hb": chip(1, within_k=0.006),
    "lps28dfw": chip(*(4, 8, 16, 32, 64, 128, 512), slowest=1.1, within_k=0.006),
    "dps310": chip(*OCTAVES, slowest=1.05, calls=2, coupled_pa=0.2, within_k=0.0006,
                   traits="dip"),
    "dps368": chip(*OCTAVES, slowest=1.05, calls=2, coupled_pa=0.2, within_k=0.0006,
                   traits="dip"),
    "hsc": chip(1, slowest=2.0, within_k=0.06, traits="no-id free"),
    "ads1115": chip(*OCTAVES, slowest=1.11, calls=2, within_k=1000, traits="no-id dip"),
}  # fmt: skip


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

    def __init__(self, name: str, ratio: int, scale: float = 1.0) -> None:
        self.now_us = 0
        self.reading: tuple[float, float] | None = (101325.0, 25.0)
        self.asked: list[int] = []
        self.bus = FailingBus()
        self.chip = CHIPS[name]
        entry = CATALOGUE[name]
        self.model = entry.model(self, lambda: self.now_us, scale)
        self.driver = load(name, self.bus, 0, ratio, self.sleep_ms)
        self.address = type(self.driver).ADDRESSES[0]
        self.bus.add(self.address, self.model)
        if hasattr(self.driver, "declare"):
            self.driver.declare({**settings.defaults(), **entry.settings})
        self.now_us = 50_000  # long after it got its supply

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


def ready(name: str) -> Scene:
    scene = Scene(name, CHIPS[name].ratios[-1])
    scene.driver.start()
    return scene


def with_trait(trait: str, have: bool = True) -> list[str]:
    return [name for name, row in CHIPS.items() if (trait in row.traits) is have]


@pytest.fixture(params=CHIPS)
def scene(request: pytest.FixtureRequest) -> Scene:
    return ready(request.param)


def lose_configuration(scene: Scene) -> None:
    if hasattr(scene.model, "_power_up"):
        scene.model._power_up()
    else:
        scene.model.registers[1] = 0x8583  # ADS1115
    scene.now_us += 50_000


def near(scene: Scene, pascal: float) -> bool:
    step_pa = scene.driver.pressure_lsb_q8 / 256
    return abs(scene.result[0] - pascal) <= scene.chip.coupled_pa + step_pa + 0.5


@pytest.mark.parametrize(
    ("name", "ratio"), [(name, ratio) for name, row in CHIPS.items() for ratio in row.ratios]
)
def test_the_slowest_chip_gives_its_reading_back_at_the_first_look(name, ratio):
    row = CHIPS[name]
    scene = Scene(name, ratio, row.slowest)
    before_us = scene.now_us
    scene.driver.start()
    assert scene.now_us - before_us <= 20_000
    within_pa = scene.driver.pressure_lsb_q8 / 256 / 2 * 1.1 + row.coupled_pa + 0.01
    for celsius in (-19.5, 5.0, 19.99, 20.01, 25.0, 60.0):
        for pascal in (31234.5, 101325.0, 108765.4):
            scene.reading = (pascal, celsius)
            assert scene.sample() == row.calls
            pressure_pa, temperature_c = scene.result
            assert abs(pressure_pa - pascal) <= within_pa
            assert abs(temperature_c - celsius) <= row.within_k


@pytest.mark.parametrize("name", with_trait("free", have=False))
def test_the_sample_is_of_the_moment_of_the_trigger(name):
    scene = ready(name)
    scene.asked.clear()
    start_us = scene.now_us
    scene.sample()
    assert scene.asked[0] == start_us


def test_a_chip_that_converts_by_itself_gives_nothing_older_than_the_slot():
    scene = ready("hsc")
    for _ in range(20):
        scene.now_us += 9137
        start_us = scene.now_us
        scene.sample()
        assert scene.asked[-1] >= start_us - 460  # one conversion


def test_looking_early_costs_time_but_never_a_wrong_sample(scene):
    scene.driver.trigger()
    scene.now_us += 500
    for _ in range(2000):
        wait = scene.driver.collect()
        if not wait:
            break
        scene.now_us += max(wait, 50)
    assert near(scene, 101325.0)


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
    assert near(scene, 90000.0)


@pytest.mark.parametrize("transfer", range(1, 6))
def test_after_a_bus_error_anywhere_the_next_samples_are_right(scene, transfer):
    scene.bus.fails_in = transfer
    with suppress(OSError):
        scene.sample()
    scene.bus.fails_in = 0
    scene.reading = (95000.0, 22.0)
    for _ in range(3):
        assert scene.sample(most_calls=4) > 0
        assert near(scene, 95000.0)


@pytest.mark.parametrize("name", with_trait("no-id", have=False))
def test_another_chip_at_the_address_is_refused(name):
    scene = ready(name)
    scene.model.set_chip_id(0x15)
    with pytest.raises(SensorError) as refused:
        scene.driver.start()
    assert (refused.value.code, refused.value.detail) == (WRONG_ID, 0x15)


@pytest.mark.parametrize("name", with_trait("dip"))
def test_a_supply_dip_is_noticed_and_start_repairs_it(name):
    scene = ready(name)
    scene.sample()
    lose_configuration(scene)
    with pytest.raises(SensorError) as lost:
        scene.driver.collect()
    assert lost.value.code == CHIP_RESET
    scene.driver.start()
    assert scene.sample() == scene.chip.calls


@pytest.mark.parametrize("name", ["bmp388", "bmp390", "lps22hb", "lps28dfw"])
def test_a_supply_dip_the_others_do_not_tell_of_spoils_no_sample(name):
    scene = ready(name)
    scene.sample()
    lose_configuration(scene)
    scene.reading = (95000.0, 22.0)
    taken = 0
    for _ in range(4):
        if scene.sample(most_calls=8):
            taken += 1
            assert near(scene, 95000.0)
    assert taken >= 3


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


def test_a_fault_an_hsc_reports_is_no_sample():
    scene = ready("hsc")
    scene.model.set_diagnostic(True)
    with pytest.raises(SensorError) as fault:
        scene.sample()
    assert fault.value.code == CHIP_FAULT


def test_a_broken_transducer_is_no_sample():
    scene = ready("ads1115")
    scene.model.transducer.broken = True
    with pytest.raises(SensorError) as fault:
        scene.sample()
    assert fault.value.code == CHIP_FAULT


def test_both_catalogues_agree():
    assert {*CHIPS, "none"} == set(settings.SENSORS)
    for name, row in CHIPS.items():
        entry = CATALOGUE[name]
        driver = Scene(name, row.ratios[0]).driver
        assert entry.address == driver.ADDRESSES[0]
        assert entry.kind == driver.KIND
        assert entry.pressure_max_pa == driver.PRESSURE_MAX_PA
        assert entry.pressure_min_pa == driver.PRESSURE_MIN_PA
        assert row.ratios == driver.OVERSAMPLINGS
