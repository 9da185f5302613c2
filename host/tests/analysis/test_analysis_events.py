"""Repairs, changes and thermometers: what happened, and what a temperature is worth."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hullwatch.analysis.changes import changes
from hullwatch.analysis.compensating import judged
from hullwatch.analysis.noisemodel import Noise
from hullwatch.analysis.ratio import fieller
from hullwatch.analysis.repair import compared
from hullwatch.errors import InputError

LEVEL_PA = 101_325.0


def _falling(t):
    return -0.01 * t


# --- before and after -----------------------------------------------------------------------------


def test_fieller_is_the_set_of_ratios_that_are_not_refuted():
    y, x, vy, vx, c, k = 3.0, 10.0, 0.25, 0.64, 0.1, 2.0
    low, high = fieller(y, x, vy, vx, c, k)
    for r in (low, high):
        z = (y - r * x) / math.sqrt(vy - 2 * r * c + r * r * vx)
        assert abs(z) == pytest.approx(k)
    assert low < 0.3 < high
    with pytest.raises(InputError, match="not known from zero"):
        fieller(3.0, 1.0, 0.25, 0.64, 0.0, 2.0)


def _patched(t):
    return np.where(t < 1800, -0.1 * t, -180.0 - 0.02 * (t - 1800))


def test_a_patch_is_told_with_its_interval(make):
    series = make(_patched, Noise(1.0, 0, 1e-5))
    found = compared(series, 1800.0)
    assert found.cut.low < 80 < found.cut.high
    assert found.before.low < -0.1 < found.before.high
    assert found.after.low < -0.02 < found.after.high
    assert found.said().startswith("the repair cut the leak by ")
    value, low, high = (round(x) for x in (found.cut.value, found.cut.low, found.cut.high))
    assert found.said().endswith(f"by {value} % [{low}, {high}]")


def test_what_temperature_adds_to_both_sides_widens_the_cut(make):
    series = make(_patched)
    plain, wide = compared(series, 1800.0), compared(series, 1800.0, u_systematic=(0.01, 0.01))
    assert wide.cut.u95 > 3 * plain.cut.u95
    first = math.hypot(1, 0.2) * 0.01 / 0.1 * 100 * wide.cut.k
    assert wide.cut.u95 == pytest.approx(first, rel=0.15)


def test_a_repair_that_made_it_worse_is_said_as_such(make):
    found = compared(make(lambda t: _patched(3600 - t) - _patched(3600.0 - 0 * t)), 1800.0)
    assert found.cut.value < 0
    assert "larger by" in found.said()


def test_no_leak_before_no_ratio(make):
    found = compared(make(lambda t: 0 * t, Noise(0, 0, 1e-3)), 1800.0)
    assert "not known from zero" in found.said()
    short = compared(make(_patched), 100.0)
    assert "12 of each" in short.cut.refusals[0]
    assert short.before.value is None


def test_a_change_of_driving_pressure_is_flagged(make):
    series = make(_patched)
    found = compared(series, 1800.0, outside_pa=LEVEL_PA - 500)
    assert "driving pressure" in found.cut.flags[0]


def test_a_repair_without_effect_is_no_cut(make):
    said = compared(make(_falling, Noise(1.0, 0, 1e-5)), 1800.0).said()
    assert said.startswith("the repair shows no effect: cut by ")


# --- is the temperature the gas's -----------------------------------------------------------------


def _warm(make, gas_k, shown_k, noise=None):
    """A gas that swings, a thermometer that shows something else; both functions of t."""
    series = make(lambda t: LEVEL_PA * gas_k(t) / 293.15, noise)
    shown = 293.15 + shown_k(series.t_s)
    return replace(series, temperature_k=shown, y_pa=series.p_pa * 293.15 / shown)


def _swing(size):
    return lambda t: size * np.sin(2 * np.pi * t / 2000)


def test_a_thermometer_in_the_gas_helps(make):
    found = judged(_warm(make, _swing(0.1), _swing(0.1)), 293.15)
    assert found.verdict == "helps"
    assert found.follow[-1] == pytest.approx(1.0, abs=0.05)
    assert found.causes == ()


def test_a_thermometer_that_warms_itself_is_refused(make):
    found = judged(_warm(make, _swing(0.0), _swing(0.1)), 293.15)
    assert found.verdict == "refused"
    assert "the board's own heating" in found.causes[-1]


def test_a_thermometer_that_is_only_noisy_or_at_rest_is_not_refused(make):
    rng = np.random.default_rng(3)
    noisy = judged(_warm(make, _swing(0.0), lambda t: rng.normal(0, 0.01, len(t))), 293.15)
    assert noisy.verdict == "makes no difference"
    still = judged(_warm(make, _swing(0.0), lambda t: 0 * t), 293.15)
    assert still.verdict == "makes no difference"


# --- changes --------------------------------------------------------------------------------------


def test_a_change_of_slope_is_found_where_it_was(make):
    (found,) = changes(make(_patched))
    assert found.kind == "slope"
    assert found.low_s <= 1800 <= found.high_s
    assert found.before_pa_s == pytest.approx(-0.1, rel=0.02)
    assert found.after_pa_s == pytest.approx(-0.02, rel=0.05)
    assert found.p < 1e-4


def test_a_fill_is_a_jump_and_not_a_slope(make):
    (found,) = changes(make(lambda t: -0.01 * t + 500.0 * (t > 1200)))
    assert found.kind == "jump"
    assert found.at_s == pytest.approx(1200, abs=30)
    assert found.size_pa == pytest.approx(500, rel=0.01)


def test_a_steady_leak_has_no_changes_and_a_walk_no_more_than_it_may(make):
    assert changes(make(_falling)) == ()
    walks = [bool(changes(make(_falling, Noise(0, 0, 1e-5), seed))) for seed in range(60)]
    assert sum(walks) <= 6  # 5 % of 60, and two more
