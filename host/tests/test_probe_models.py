"""The node's temperature probes on their models: written apart from one data sheet each."""

import pytest

from hullnode.drivers.ds18b20 import Ds18b20
from hullnode.drivers.errors import BAD_PROM_CRC, CHIP_RESET, WRONG_ID, SensorError
from hullnode.drivers.tmp117 import Tmp117
from hullwatch.sim.bus import SimBus
from hullwatch.sim.onewire import SimOneWire
from hullwatch.sim.registers.ds18b20 import Ds18b20Model
from hullwatch.sim.registers.tmp117 import Tmp117Model


class Scene:
    """A clock, a temperature, and one probe with its driver."""

    def __init__(self, name: str, ratio: int, scale: float) -> None:
        self.now_us = 0
        self.celsius: float | None = 25.0
        self.asked: list[int] = []
        if name == "tmp117":
            self.i2c = SimBus()
            self.model = Tmp117Model(self, lambda: self.now_us, scale)
            self.i2c.add(0x48, self.model)
            self.driver = Tmp117(self.i2c, 0x48, ratio, self.sleep_ms)
        else:
            self.wire = SimOneWire()
            self.model = Ds18b20Model(self, lambda: self.now_us, scale)
            self.wire.slaves.append(self.model)
            self.driver = Ds18b20(self.wire, 0, ratio, self.sleep_ms)
        self.now_us = 50_000
        self.driver.start()

    def measure(self, t_us: int, white_pa: float, white_k: float) -> tuple[float, float] | None:
        self.asked.append(t_us)
        return None if self.celsius is None else (101325.0, self.celsius)

    def sleep_ms(self, ms: int) -> None:
        self.now_us += ms * 1000

    def sample(self, most_calls: int = 3) -> bool:
        self.now_us += self.driver.trigger()
        for _ in range(most_calls):
            wait = self.driver.collect()
            if not wait:
                return True
            self.now_us += wait
        return False

    def is_near(self, celsius: float) -> bool:
        error_k = self.driver.temperature_q16 / 65536 - 273.15 - celsius
        return abs(error_k) <= self.driver.temperature_lsb_q16 / 65536 / 2 * 1.01


def collected(scene: Scene) -> None:
    for _ in range(3):
        scene.driver.collect()


CASES = [("tmp117", ratio, 17.5 / 15.5) for ratio in (1, 8, 32, 64)]
CASES += [("ds18b20", ratio, 1.0) for ratio in (1, 2, 4, 8)]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]} x{case[1]}")
def scene(request: pytest.FixtureRequest) -> Scene:
    return Scene(*request.param)


def test_the_slowest_probe_gives_its_reading_back(scene):
    for celsius in (-40.3, -0.06, 0.0, 19.97, 25.5, 84.2, 110.1):
        scene.celsius = celsius
        assert scene.sample()
        assert scene.is_near(celsius)


def test_the_sample_is_of_the_moment_of_the_trigger(scene):
    scene.asked.clear()
    start_us = scene.now_us
    scene.sample()
    assert scene.asked[0] == start_us


def test_a_supply_dip_is_noticed(scene):
    scene.sample()
    scene.driver.trigger()
    power_up = getattr(scene.model, "power_up", None) or scene.model._power_up
    power_up()
    scene.now_us += 1_200_000
    with pytest.raises(SensorError) as lost:
        collected(scene)
    assert lost.value.code == CHIP_RESET
    scene.driver.start()
    assert scene.sample()
    assert scene.is_near(25.0)


def test_a_bit_read_wrong_on_the_wire_is_no_sample():
    scene = Scene("ds18b20", 8, 1.0)
    scene.sample()
    bits = iter([1] + [0] * 1000)
    scene.wire.disturb = lambda bit: bit ^ next(bits)
    with pytest.raises(SensorError) as refused:
        scene.sample()
    assert refused.value.code == BAD_PROM_CRC


def test_another_family_and_two_probes_on_a_wire_are_refused():
    scene = Scene("ds18b20", 8, 1.0)
    scene.model.set_family(0x10)
    with pytest.raises(SensorError) as refused:
        scene.driver.start()
    assert (refused.value.code, refused.value.detail) == (WRONG_ID, 0x10)


def test_a_wire_held_low_or_without_a_probe_is_a_bus_error():
    scene = Scene("ds18b20", 8, 1.0)
    scene.wire.short = True
    with pytest.raises(OSError, match="5"):
        scene.driver.trigger()
    scene.wire.short = False
    scene.wire.slaves.clear()
    with pytest.raises(OSError, match="5"):
        scene.driver.start()
