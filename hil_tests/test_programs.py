"""Leak tests that the node runs by itself, and what its valves never do."""

from __future__ import annotations

import pytest

from hullwatch.errors import Refused
from hullwatch.ingest.settings import read_settings
from hullwatch.leaktest import follow, nodebody, recipefile
from hullwatch.link import messages as m
from hullwatch.sim.plumbing import PlumbingSpec

pytestmark = pytest.mark.needs("outputs", "any_chamber")

LIMIT_PA_M3_S = 1e-3
RECIPE = f"""
name = "jar"
kind = "pressure_decay"
[valves]
use = ["supply", "dump"]
[pressure]
target_pa = 117000
tolerance_pa = 5000
gross_pa = 6000
[limit]
leak_pa_m3_s = {LIMIT_PA_M3_S}
[fill]
time_s = 40
[stabilise]
time_s = 20
[measure]
time_s = 30
[vent]
time_s = 5
[supply]
vented = true
"""
SETTINGS = {
    "overpressure_pa": 123_000, "temp_lag_ms": 3_000, "temp_gradient_uk": 100,
    "settling_ms": 3_000, "u_volume_ppm": 2_000,
}  # fmt: skip
QUICK = {
    "day_amplitude_k": 0.0, "weather_rms_k": 0.0, "gas_tau_s": 2.0, "probe_tau_s": 2.0,
    "wall_j_m2_k": 1e6, "self_heat_k": 0.0,
}  # fmt: skip
SUPPLY, DUMP = 0b01, 0b10


@pytest.fixture
def plumbed(bench):
    def start(leak=1e-4, area_m2=1e-8):
        plumbing = PlumbingSpec(
            "16:supply:fill:nc:60:dump;17:dump:vent:nc:0", vented=True, open_area_m2=area_m2
        )
        return bench.start(leak, SETTINGS, chamber=QUICK, plumbing=plumbing)

    return start


def run(node, part):
    body = nodebody.body_of(
        recipefile.parse(RECIPE, "jar.toml"), nodebody.configuration(read_settings(node.logger))
    )
    follow.start(node, follow.load(node, body), part)
    return follow.until_done(node, lambda: node.run(1.0), lambda now: None)


@pytest.mark.parametrize(("leak", "verdict"), [(1e-4, "PASS"), (3e-3, "FAIL"), (2e-1, "GROSS")])
def test_a_part_gets_its_verdict(plumbed, bench, measured, leak, verdict):
    node = plumbed(leak)
    done = run(node, "A-017")
    node.run(5)
    with node.reader() as reader:
        (row,) = reader.tests()
    assert (row.part, row.verdict) == ("A-017", done.verdict)
    # ten times as fast on a busy machine samples come late or stop, and then it must say so
    busy = bench.declared.kind == "mpy" and {"gaps", "outputs", "sensor"} & {*done.reasons}
    assert done.verdict == ("INVALID" if busy else verdict), done.reasons
    if row.leak_rate_pa_m3_s is not None:
        measured("leak rate", row.leak_rate_pa_m3_s, "Pa·m³/s", u95=row.guard_pa_m3_s)
    assert [sorted(names) for _, names in node.bench.world.pins.log][-1] == []


def test_valves_that_exclude_each_other_are_refused(plumbed):
    node = plumbed()
    moved = list(node.bench.world.pins.log)
    with pytest.raises(Refused, match="open together with what it excludes"):
        node.ask(m.TEST_OUTPUTS, m.TEST_OUTPUTS.struct.pack(SUPPLY | DUMP, 1_000))
    assert node.bench.world.pins.log == moved


def test_over_pressure_closes_the_supply(plumbed, measured):
    node = plumbed(area_m2=2e-7)
    node.ask(m.TEST_OUTPUTS, m.TEST_OUTPUTS.struct.pack(SUPPLY, 60_000))
    node.until(lambda: follow.progress(node).fault, 60)
    assert node.bench.world.pins.opened() == frozenset()
    node.run(3)
    highest = node.raw().p_q8.max() / 256
    measured("highest pressure", highest, "Pa", low=123_000, high=128_000)
    assert "OVERPRESSURE" in [row.event for row in node.stored_events()]
    with pytest.raises(Refused, match="outputs are cut after a fault"):
        node.ask(m.TEST_OUTPUTS, m.TEST_OUTPUTS.struct.pack(DUMP, 1_000))


@pytest.mark.needs("power_cut")
def test_without_power_every_valve_is_closed(plumbed):
    node = plumbed()
    node.ask(m.TEST_OUTPUTS, m.TEST_OUTPUTS.struct.pack(DUMP, 600_000))
    assert node.bench.world.pins.opened() == {"dump"}
    boot = node.boot().boot
    node.chamber.power_cut()
    node.until(lambda: node.boot().boot > boot, 60)
    assert node.bench.world.pins.opened() == frozenset()


@pytest.mark.needs("repl")
def test_ctrl_c_closes_every_valve(plumbed):
    node = plumbed()
    node.ask(m.TEST_OUTPUTS, m.TEST_OUTPUTS.struct.pack(DUMP, 600_000))
    assert node.bench.world.pins.opened() == {"dump"}
    node.write(b"\x03")
    node.until(lambda: not node.bench.world.pins.opened(), 60)
