"""The rapid alarm: at once, from slope or step, and never from noise or a missing interval."""

import pytest

from hullcore.rapid import SLOPE, STEP, Rapid

PPA = 10**12
PERIOD_US = 100_000
N = 100  # 10 s
LIMIT = 50 * PPA  # 50 Pa/s


def fed(rapid, k, slope_pa_s, half_pa_s, mean_pa):
    return rapid.window(
        round(slope_pa_s * PPA), round(half_pa_s * PPA), mean_pa * 256, k * N, k * N + N - 1
    )


def alarm():
    return Rapid(PERIOD_US, LIMIT)


def test_a_slope_whose_lower_bound_is_beyond_the_limit():
    rapid = alarm()
    assert fed(rapid, 0, -60, 10, 100_000) is None  # 50 exactly
    event = fed(rapid, 1, -61, 10, 99_700)
    assert event == (False, True, SLOPE, 51 * PPA, LIMIT)
    assert rapid.active
    assert fed(rapid, 2, -200, 10, 98_000) is None  # said once


def test_a_loss_that_is_over_within_the_window_is_seen_in_the_means():
    rapid = alarm()
    fed(rapid, 0, 0, 0.1, 101_325)
    # 100 kPa to 2 kPa with τ = 1 s: the slope is lost in its scatter of sub-windows
    event = fed(rapid, 1, -5000, 9000, 12_000)
    assert event == (False, True, STEP, round((101_325 - 12_000) / 10 * PPA - 0.1 * PPA), LIMIT)


def test_over_a_gap_the_step_counts_by_its_time():
    for gap, seen in ((0, True), (9, False)):
        rapid = alarm()
        fed(rapid, 0, 0, 0.1, 101_000)
        event = fed(rapid, 1 + gap, 0, 0.1, 100_000)  # 100 Pa/s or 10 Pa/s
        assert (event is not None) == seen


def test_the_end_is_told_when_the_loss_is_surely_below():
    rapid = alarm()
    fed(rapid, 0, 0, 1, 101_000)
    assert fed(rapid, 1, -200, 10, 100_000)[1]
    assert fed(rapid, 2, -45, 10, 99_500) is None  # may still be 55
    assert fed(rapid, 3, -45, -1, 99_050) is None  # not known
    assert fed(rapid, 4, -30, 10, 98_700) == (True, False, SLOPE, 40 * PPA, LIMIT)
    assert not rapid.active


def test_rising_pressure_noise_and_unknown_intervals_are_no_alarm():
    rapid = alarm()
    for k, (slope, half) in enumerate(((500, 1), (-500, 600), (-500, -1), (0, 0))):
        assert fed(rapid, k, slope, half, 100_000 + 100 * k) is None


def test_overlap_and_restart():
    rapid = alarm()
    fed(rapid, 3, 0, 1, 101_000)
    assert fed(rapid, 3, -500, 1, 90_000) is None
    assert fed(rapid, 2, -500, 1, 90_000) is None
    assert rapid.window(-500 * PPA, 0, 0, 900, 899) is None
    rapid.restart()
    assert fed(rapid, 0, 0, 1, 90_000) is None  # no predecessor: no step
    with pytest.raises(ValueError, match="above zero"):
        Rapid(PERIOD_US, 0)


def test_the_same_on_every_interpreter(all_vms):
    program = """
from hullcore.rapid import Rapid
r = Rapid(100000, 50000000000000)
x = 7
for i in range(80):
    x = (x * 1103515245 + 12345) % 2147483648
    print(r.window(-(x << (i % 20)), x << (i % 12), x >> 1, i * 100, i * 100 + 99), r.active)
"""
    outputs = all_vms(program)
    assert len(set(outputs.values())) == 1
    assert outputs["cpython"].count("(") > 4
