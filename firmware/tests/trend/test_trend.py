"""The trend's states: what each change takes, and what its event says."""

import math
import random
from fractions import Fraction

from hullcore.baseline import widened
from hullcore.cusum import SINGLE, UNIT, chart_windows, thresholds
from hullcore.trendevents import (
    CAUSES,
    DOUBLED,
    FADED,
    FELL,
    LEARNED,
    LEARNING,
    RESURGED,
    RISING,
    ROSE,
    STATES,
    STEADY,
    TOLD,
)

SIGMA = 10**6
CHART = chart_windows(365 * 86400, 5, 3600)  # hourly windows, one false alarm a year
N = 100  # samples in a window


def test_learning_ends_with_mean_and_its_uncertainty(make, noisy):
    bench = make()
    rates = noisy(1, 10 * SIGMA, 20)
    event = bench.feed(*rates)
    mean = Fraction(sum(rates), 20)
    assert event[:6] == (LEARNING, STEADY, LEARNED, 0, 20, 20)
    assert abs(event[6] - mean) <= Fraction(1, 2)
    assert event[7] == math.ceil(SIGMA / math.sqrt(20))


def test_a_jump_is_found_in_its_window_and_says_with_which_numbers(make):
    bench = make().learned()
    old, new, cause, chart, value, threshold, rate, reference = bench.feed(18 * SIGMA)
    assert (old, new, cause, chart) == (STEADY, RISING, ROSE, SINGLE)
    assert threshold == thresholds(CHART)[-1]
    assert abs(value - 8 / math.sqrt(1 + 1 / 20) * UNIT) < 1
    assert (rate, reference) == (18 * SIGMA, 10 * SIGMA)


def test_a_small_lasting_change_is_found_by_a_slow_chart(make, noisy):
    bench = make(learn=1000).learned(windows=1000)
    bench.feed(*noisy(3, round(10.5 * SIGMA), 300))
    old, new, cause, chart, *_ = bench.events[1]
    assert (old, new, cause) == (STEADY, RISING, ROSE)
    assert chart in (1, 2, 3)


def test_growth_so_slow_that_the_baseline_learns_it_is_found(make):
    bench = make(learn=100)
    rng = random.Random(4)
    for j in range(3000):  # 1 σ in 300 windows
        bench.feed(round(rng.gauss((10 + max(0, j - 300) / 300) * SIGMA, SIGMA)))
    rose = [e for e in bench.events if e[1] == RISING]
    assert rose
    assert bench.state in (RISING, DOUBLED)


def test_a_fall_starts_learning_at_the_new_level_and_one_bad_window_does_not(make):
    bench = make().learned()
    assert bench.feed(-1000 * SIGMA) is None
    assert bench.feed(*[10 * SIGMA] * 30) is None
    event = bench.feed(*[5 * SIGMA] * 3)
    assert event[:3] == (STEADY, LEARNING, FELL)
    assert event[3] < 0
    assert event[7] > 5 * SIGMA  # the old baseline
    event = bench.feed(*[5 * SIGMA] * 22)
    assert (event[1], event[6]) == (STEADY, 5 * SIGMA)


def test_a_change_while_learning_starts_it_again(make):
    bench = make()
    bench.feed(*[10 * SIGMA] * 15)
    event = bench.feed(20 * SIGMA)
    assert event[:3] == (LEARNING, LEARNING, ROSE)
    assert bench.feed(*[20 * SIGMA] * 20)[6] == 20 * SIGMA  # the new baseline holds no old window


def test_an_alarm_fades_when_the_rate_comes_back_and_the_baseline_is_untouched(make):
    bench = make().learned()
    before = bench.trend.change.baseline.values()
    bench.feed(20 * SIGMA)
    event = bench.feed(*[10 * SIGMA] * 40)
    assert event[:3] == (RISING, STEADY, FADED)
    seen = bench.events[-1]
    assert seen == event
    assert bench.trend.change.baseline.values()[0] > before[0]  # it learns on
    assert bench.trend.change.baseline.mean() == 10 * SIGMA


def test_a_lasting_rise_does_not_flap(make, noisy):
    for rho in (1, 2, 4, 8):
        bench = make(learn=300)
        bench.feed(*noisy(rho, 100 * SIGMA, 300))
        bench.feed(*noisy(rho + 50, (100 + rho) * SIGMA, 2000))
        states = [e[1] for e in bench.events]
        assert states == [STEADY, RISING], rho


def test_what_temperature_may_have_done_is_no_change(make):
    bench = make(learn=48, varying=3 * SIGMA, systematic=3 * SIGMA)
    day = [round((50 + 3 * math.sin(2 * math.pi * j / 24)) * SIGMA) for j in range(24)]
    bench.feed(*day * 40)
    assert [e[1] for e in bench.events] == [STEADY]
    bench.feed(*[57 * SIGMA] * 40)  # 7 σ above, of which 6 may be temperature
    assert bench.events[1][1:3] == (RISING, ROSE)
    undeclared = make(learn=48)
    undeclared.feed(*day * 40)
    assert len(undeclared.events) > 1


def test_the_margin_stands_for_a_larger_sigma(make):
    plain, wide = make(learn=20), make(learn=20, margin=20)
    for bench, scale in ((plain, 5), (wide, 6)):
        bench.feed(*[10 * SIGMA] * 20)
        for step in (1, -1, 2, 0, 1):
            bench.feed(10 * SIGMA + step * scale * SIGMA // 5)
    for a, b in zip(plain.trend.change.bank.values(), wide.trend.change.bank.values(), strict=True):
        assert abs(a - b) <= 5  # a half in 1024 per window
    assert widened(10**12, 20) == 144 * 10**10


def test_relearn_and_declare_say_what_they_replace(make):
    bench = make().learned()
    bench.trend.known_leak_recovered()
    event = bench.trend.relearn()
    assert event == (STEADY, LEARNING, TOLD, 0, 0, 0, 0, 10 * SIGMA)
    bench.feed(*[0] * 10)
    assert bench.state == LEARNING  # the known leak was another chamber's
    event = bench.trend.declare(3 * SIGMA, 4 * SIGMA**2, 0)
    assert event == (LEARNING, STEADY, TOLD, 0, 0, 0, 3 * SIGMA, 2 * SIGMA)
    bench.feed(*[4 * SIGMA] * 100)
    assert bench.trend.change.baseline.mean() == 3 * SIGMA  # learns nothing


def test_windows_that_overlap_repeat_or_know_no_uncertainty_are_ignored(make):
    bench = make().learned()
    seen = bench.trend.snapshot()
    for first, last, variance, systematic in (
        (bench.first - N, bench.first - 1, 1, 0),
        (bench.first - 1, bench.first + N, 1, 0),
        (bench.first + 5, bench.first + 4, 1, 0),
        (bench.first, bench.first + N - 1, 0, 0),
        (bench.first, bench.first + N - 1, -1, 0),
        (bench.first, bench.first + N - 1, 1, -1),
    ):
        assert bench.trend.window(10**9, variance, systematic, 0, first, last, 0, False) is None
    assert bench.trend.ignored == 6
    assert bench.trend.snapshot()[4:] == seen[4:]


def test_names_fit_the_numbers():
    assert STATES[RESURGED] == "RESURGED"
    assert STATES[LEARNING] == "LEARNING"
    assert CAUSES[TOLD] == "TOLD"
    assert CAUSES[LEARNED] == "LEARNED"
