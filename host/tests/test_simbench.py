"""The simulated bench: virtual time, its own truth, faults on its bus, repeatable to the byte."""

from itertools import pairwise

import numpy as np
import pytest

from hullwatch.bench.simbench import EPOCH_S, SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import AbsurdValue, InputError, UnknownSensor
from hullwatch.link import messages as m
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.registers.catalogue import CATALOGUE


@pytest.fixture
def bench():
    made = []

    def make(**spec):
        made.append(SimBench(BenchSpec(**spec)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_time_passes_only_when_the_port_is_read(bench):
    one = bench()
    port = one.open_port()
    start = one.now_s()
    assert one.now_s() == start
    assert port.read(5.0) == b""  # nobody has spoken to the node
    assert one.now_s() == pytest.approx(start + 5.0, abs=0.01)
    assert one.utc_s() == pytest.approx(EPOCH_S + one.now_s())


def test_a_read_returns_as_soon_as_the_node_speaks(bench, wire):
    one = bench()
    port = one.open_port()
    port.read(1.0)
    port.write(wire.frame(m.WHO, 0, 0, m.WHO.struct.pack(m.PROTOCOL_VERSION, 5)))
    before = one.now_s()
    ((message, session, _, payload), *_) = wire.parse(port.read(60.0))
    assert (message, session) == (m.HELLO, 5)
    assert one.now_s() - before < 0.3
    hello = m.HELLO.unpack(payload)
    assert hello["protocol"] == m.PROTOCOL_VERSION
    assert hello["boot"] == 1
    assert hello["board"].rstrip(b"\0") == b"sim"
    assert hello["period_us"] == 100_000


def test_the_same_seed_gives_the_same_samples_and_another_does_not(site):
    runs = []
    for seed in (3, 3, 4):
        one = site(seed=seed)
        one.log()
        one.run(60)
        one.logger.finish()
        runs.append(one.complete())
    assert np.array_equal(runs[0].p_q8, runs[1].p_q8)
    assert np.array_equal(runs[0].t_q16, runs[1].t_q16)
    assert not np.array_equal(runs[0].p_q8, runs[2].p_q8)


def test_the_node_is_named_by_the_seed_and_each_run_is_a_spool_of_its_own(site):
    keys = []
    for seed in (3, 3, 4):
        one = site(seed=seed)
        one.log()
        one.run(5)
        one.logger.finish()
        (key,) = one.boots()
        keys.append(key)
    assert keys[0].node == keys[1].node != keys[2].node
    assert keys[0].epoch != keys[1].epoch


def test_truth_is_the_leak_that_was_asked_for_and_additive(bench):
    one = bench(chamber=ChamberSpec(leak_pa_m3_s=2e-4, seed=1), seed=1)
    one.open_port().read(700.0)
    whole = one.truth_pa_m3_s(0, 600_000)
    parts = [one.truth_pa_m3_s(k * 60_000, (k + 1) * 60_000) for k in range(10)]
    assert parts[0] == pytest.approx(2e-4, rel=2e-3)
    assert sum(parts) / 10 == pytest.approx(whole, rel=1e-9)
    assert all(a > b > 0 for a, b in pairwise(parts))


def test_samples_scatter_as_the_data_sheet_says_and_follow_the_leak(site):
    quiet = ChamberSpec(
        leak_pa_m3_s=0.0, day_amplitude_k=0.0, weather_rms_k=0.0, seed=2, pressure_pa=101_325.0
    )
    one = site(chamber=quiet, profile="none", seed=2)
    one.log()
    one.run(120)
    one.logger.finish()
    raw = one.complete()
    steps = np.diff(raw.p_q8 / 256)
    # BMP581 noise by oversampling, 0.78 Pa at x1 to 0.08 Pa at x128; what fits 10 Hz is x64 or more
    assert 0.06 < np.std(steps) / np.sqrt(2) < 0.16
    assert abs(raw.p_q8[-1] - raw.p_q8[0]) / 256 < 2


@pytest.mark.parametrize("sensor", ["bmp581", "bmp280", "ms5837"])
def test_every_sensor_starts_and_delivers_without_a_fault(site, sensor):
    one = site(sensor=sensor, chamber=ChamberSpec(pressure_pa=105_000.0))
    one.log()
    one.run(30)
    one.logger.finish()
    raw = one.complete()
    assert np.mean(raw.p_q8) / 256 == pytest.approx(105_000, abs=400)
    assert np.mean(raw.t_q16) / 65536 == pytest.approx(293.15, abs=3)
    with one.store.reader() as reader:
        assert {e.event for e in reader.events()} == {"BOOT", "NEW_SPOOL"}
        (config,) = reader.configs()
    assert config.sensor == sensor


def test_a_wrong_chip_is_a_fault_and_the_right_one_cures_it(site):
    one = site()
    one.log()
    one.run(5)
    one.bench.world.bus.set_chip_id(0x47, 0x00)
    one.logger.ask(m.REBOOT, b"", lambda reply: None)
    one.run(20)
    fault = one.status()
    one.bench.world.bus.set_chip_id(0x47, 0x50)
    one.run(40)
    one.logger.finish()
    with one.store.reader() as reader:
        events = [e for e in reader.events() if e.boot == 2]
    assert [e.event for e in events] == ["BOOT", "SENSOR_FAULT", "SENSOR_BACK"]
    assert events[1].a < 0  # an error of the sensor, not of the bus
    assert fault["state"] == 1
    assert one.status()["state"] == 0
    assert len(one.raw().sample) > 200


@pytest.mark.parametrize("fault", ["hold_sda_low", "stall"])
def test_a_stuck_bus_or_chip_is_a_fault_that_ends(site, fault):
    one = site()
    one.log()
    one.run(10)
    bus = one.bench.world.bus
    if fault == "stall":
        bus.stall(0x47)
    else:
        bus.hold_sda_low()
    one.run(20)
    if fault == "stall":
        bus.stall(0x47, on=False)
    else:
        bus.release_sda()
    one.run(30)
    one.logger.finish()
    with one.store.reader() as reader:
        events = {e.event: e for e in reader.events()}
        node = reader.nodes()[0].node
        gaps = [g for g in reader.gaps(node) if g.stream == "raw"]
    assert events["SENSOR_FAULT"].a == (0 if fault == "stall" else 110)
    assert events["SENSOR_BACK"].a == sum(g.past - g.first for g in gaps)
    assert 190 <= events["SENSOR_BACK"].a <= 220
    assert one.status()["state"] == 0


def test_a_chip_cut_off_while_it_holds_the_bus_is_clocked_out_while_measuring(site):
    one = site()
    one.log()
    one.run(10)
    one.bench.world.bus.hold_sda_low(by_chip=True)
    one.run(20)
    one.logger.finish()
    with one.store.reader() as reader:
        events = {e.event: e for e in reader.events()}
        boots = {e.boot for e in reader.events()}
    assert events["SENSOR_FAULT"].a == 110
    assert 10 <= events["SENSOR_BACK"].a <= 11  # of 100 ms each
    assert len(boots) == 1
    assert one.status()["state"] == 0


def test_a_pressure_beyond_the_data_sheet_is_told_and_no_sample(site):
    """125 kPa is a BMP581's end: cold gas that warms up leaves its range."""
    chamber = ChamberSpec(
        pressure_pa=124_500.0, fill_excess_k=-5.0, day_amplitude_k=0.0, weather_rms_k=0.0
    )
    one = site(chamber=chamber)
    one.log()
    while one.bench.now_s() < 60:
        one.logger.step(1.0)
    with one.store.reader() as reader:
        (told,) = [e for e in reader.events() if e.event == "PRESSURE"]
    assert told.a > 125_000 * 256
    raw = one.raw()
    assert 20 < told.c < 500
    assert raw.p_q8.max() <= 125_000 * 256
    assert raw.sample[-1] < told.c + 100  # at its end noise lets some samples back in
    assert one.status()["missed"] > 100


@pytest.mark.parametrize("sensor", CATALOGUE)
def test_a_node_measures_with_every_sensor(bench, sensor):
    kind = CATALOGUE[sensor].kind
    pascal = 105000.0 if kind == "abs" else 150000.0
    one = bench(sensor=sensor, chamber=ChamberSpec(pressure_pa=pascal))
    one.open_port().read(20.0)
    sampler = one.node.sampler
    assert sampler.healthy
    assert sampler.taken_count >= 199  # some chips are not awake yet at the first
    lsb_pa = sampler._driver.pressure_lsb_q8 / 256
    expected = pascal - (0.0 if kind == "abs" else one.world.spec.chamber.p_out_pa)
    assert one.node.pipeline.p_q8 / 256 == pytest.approx(expected, abs=60.0 + 8 * lsb_pa)


def test_closing_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    one = SimBench(BenchSpec())
    one.open_port().read(1.0)
    assert list(tmp_path.iterdir())
    one.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        ({"sensor": "bmp999"}, UnknownSensor),
        ({"period_us": 1}, InputError),
        ({"period_us": 10**9}, InputError),
        ({"compensation": "magic"}, InputError),
        ({"chamber": ChamberSpec(pressure_pa=9e5)}, InputError),
        ({"chamber": ChamberSpec(volume_m3=0.0)}, AbsurdValue),
        ({"chamber": ChamberSpec(leak_pa_m3_s=1e6)}, AbsurdValue),
        ({"extra": {"windows_s": (10, 25)}}, InputError),
        ({"extra": {"wurst": 1}}, InputError),
        ({"profile": "smooth"}, InputError),
    ],
)
def test_what_cannot_be_built_is_refused_before_anything_starts(tmp_path, monkeypatch, spec, error):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(error) as caught:
        SimBench(BenchSpec(**spec))
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []
