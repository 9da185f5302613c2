"""`hullwatch test` beside a logger, on a real MicroPython VM with simulated valves."""

from __future__ import annotations

import json
import time

import pytest

import capability
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.leaktest.follow import EXIT_CODES
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.plumbing import PlumbingSpec
from hullwatch.store import Reader

RECIPE = """name = "jar"
kind = "pressure_decay"
[valves]
use = ["supply", "dump"]
[pressure]
target_pa = 117000
tolerance_pa = 5000
gross_pa = 6000
[limit]
leak_pa_m3_s = 1e-3
[fill]
time_s = 20
[stabilise]
time_s = 40
[measure]
time_s = 60
[vent]
time_s = 5
[supply]
vented = true
"""


@pytest.fixture
def valved():
    """A node with valves on a MicroPython VM, six times as fast as a clock on the wall."""
    capability.executable("micropython")
    capability.module("littlefs")
    chamber = ChamberSpec(
        leak_pa_m3_s=1e-4, seed=3, day_amplitude_k=0.0, weather_rms_k=0.0, gas_tau_s=2.0,
        probe_tau_s=2.0, wall_j_m2_k=1e6, self_heat_k=0.0,
    )  # fmt: skip
    plumbing = PlumbingSpec("16:supply:fill:nc:60:dump;17:dump:vent:nc:0", vented=True)
    extra = {
        "overpressure_pa": 123_000, "temp_lag_ms": 3_000, "temp_gradient_uk": 100,
        "settling_ms": 3_000, "u_volume_ppm": 2_000,
    }  # fmt: skip
    spec = BenchSpec(
        chamber=chamber, seed=3, plumbing=plumbing, extra=extra, period_us=200_000
    )  # fmt: skip
    bench = VmBench(spec, 6.0)  # slow enough that a busy machine makes no sample late
    yield bench
    bench.close()


@pytest.fixture
def recipe(home):
    path = home / "jar.toml"
    path.write_text(RECIPE)
    return path


def calibrated(json_of, home):
    """Enter the volume, once the logger has stored the node; without --db: into its database."""
    nodes = []
    while not nodes:
        with Reader.open(home / "a.db") as reader:
            nodes = reader.nodes()
    json_of("calibrate", "enter", "volume", "1 ± 0.002 L", "--json")


@pytest.mark.timeout(300)
def test_a_part_is_tested_beside_a_logger_kept_listed_and_refused_again(
    valved, recipe, start, hullwatch, json_of, home
):
    log = start("log", valved.port_path, "--db", "a.db")
    log.until("node ", where="err")
    moved = len(valved.world.pins.log)
    code, _, err = hullwatch("test", "run", recipe, "--part", "A-1")
    assert (code, "no calibration of its volume" in err) == (65, True)
    assert len(valved.world.pins.log) == moved
    calibrated(json_of, home)
    code, out, err = hullwatch("test", "run", recipe, "--part", "A-1", "--json")
    done = json.loads(out)
    assert (done["part"], done["attempt"]) == ("A-1", 1)
    # six times as fast on a busy machine samples come late: that must be what it says then
    verdict = done["verdict"]
    assert (verdict, done["reasons"]) in (("PASS", []), ("INVALID", ["gaps"])), err
    assert code == EXIT_CODES[verdict]
    assert valved.world.pins.opened() == frozenset()
    row = None
    while row is None:
        with Reader.open(home / "a.db") as reader:
            row = next(iter(reader.tests(None, "A-1")), None)
    assert (row.number, row.verdict) == (done["record"], verdict)
    assert (row.leak_rate_pa_m3_s or 0.0) == done["leak_rate_pa_m3_s"]
    (listed,) = json_of("test", "list", "--json")["tests"]
    assert (listed["part"], listed["verdict"]) == ("A-1", verdict)
    moved = len(valved.world.pins.log)
    code, _, err = hullwatch("test", "run", recipe, "--part", "A-1")
    assert (code, f"A-1 was tested: {verdict}" in err) == (2, True)
    assert len(valved.world.pins.log) == moved


def wait_for(condition):
    while not condition():
        time.sleep(0.02)


@pytest.mark.timeout(300)
def test_power_cut_in_the_middle_of_a_test_releases_the_valves(
    valved, recipe, start, json_of, home
):
    log = start("log", valved.port_path, "--db", "a.db")
    log.until("node ", where="err")
    calibrated(json_of, home)
    start("test", "run", str(recipe), "--part", "A-2")
    wait_for(lambda: valved.world.pins.log[-1][1])  # something is open
    boots = valved.boots
    valved.cut_power()
    wait_for(lambda: valved.boots > boots)
    assert valved.world.pins.opened() == frozenset()
    moved = len(valved.world.pins.log)
    log.until(r"boot 2\b", where="err")
    assert len(valved.world.pins.log) == moved  # the new run moved nothing


def test_what_is_wrong_is_told_before_a_port_is_looked_for(recipe, refused):
    recipe.write_text(RECIPE.replace("tolerance_pa", "tolerence_pa"))
    assert "line 7: pressure.tolerence_pa: no such key" in refused(
        53, "test", "run", recipe, "--part", "A-1"
    )
    refused(2, "test", "run", recipe.with_name("none.toml"), "--part", "A-1")
    refused(2, "test", "run", recipe, "--part", " A")
    refused(2, "test", "run", recipe, "--part", "x" * 33)
