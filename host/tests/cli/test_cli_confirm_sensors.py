"""`hullwatch confirm NODE`: two pressure sensors of one node, on the simulated bench.

The second chamber loses pressure as fast as the first, at the same temperature: what its sensor
reads is what a second sensor in the first chamber would.
"""

from __future__ import annotations

import contextlib

import pytest

from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.cli.demorun import DemoRun
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.second import ReferenceSpec
from hullwatch.store import Store

SPAN = "2026-01-01T00:02..2026-01-01T00:22"
LEAK = 1e-4


@pytest.fixture
def logged(home):
    """A database of 24 minutes; (path, node)."""

    def make(second_loses, **options):
        spec = BenchSpec(
            chamber=ChamberSpec(
                leak_pa_m3_s=LEAK, pressure_pa=120_000.0, day_amplitude_k=0.0, weather_rms_k=0.0,
                seed=5,
            ),
            second=ReferenceSpec(
                pressure_pa=120_000.0, volume_m3=1e-4, leak_pa_m3_s=second_loses / 10
            ),
            compensation="reference", seed=5, period_us=500_000, **options,
        )  # fmt: skip
        path = home / "two.db"
        with contextlib.closing(SimBench(spec)) as bench, Store.open(path, 0) as store:
            DemoRun(bench, spec, store, 1440).drive(lambda: None)
            (row,) = store.reader().nodes()
        return path, row.node

    return make


def test_two_sensors_that_agree_have_a_joint_rate(logged, json_of, hullwatch):
    path, node = logged(LEAK)
    got = json_of("confirm", node, "--db", path, "--span", SPAN, "--json")
    assert (got["verdict"], got["windows"], got["window_s"]) == ("agree", 9, 120)
    assert list(got["rates_pa_m3_s"]) == ["bmp581@0x47", "bmp581@0x46"]
    assert got["value_pa_m3_s"] == pytest.approx(LEAK, abs=1.5 * got["u95_pa_m3_s"])
    assert got["u95_pa_m3_s"] < 0.2 * LEAK
    short = json_of("confirm", node, "--db", path, "--span", SPAN, "--window", "1min", "--json")
    assert short["windows"] == 19  # what the clock leaves in doubt is left out
    code, out, _ = hullwatch(
        "confirm", node, "--db", path, "--span", SPAN, "--limit", "1e-3 Pa·m³/s at 20C"
    )
    assert code == 0
    assert "bmp581@0x47, bmp581@0x46: E_n" in out
    assert "noise only" in out


def test_two_sensors_that_disagree_have_none(logged, hullwatch):
    path, node = logged(2 * LEAK)
    code, out, _ = hullwatch("confirm", node, "--db", path, "--span", SPAN)
    assert code == 1
    assert "DISAGREE" in out


def test_spans_that_say_too_little_are_refused(logged, refused):
    path, node = logged(LEAK)
    night = "2026-01-02T00:00..2026-01-02T01:00"
    assert "fewer than 5 windows" in refused(2, "confirm", node, "--db", path, "--span", night)
    assert "fewer than 5 windows" in refused(
        2, "confirm", node, "--db", path, "--span", SPAN, "--window", "5min"
    )
