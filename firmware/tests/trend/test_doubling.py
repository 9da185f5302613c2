"""DOUBLED: Fieller's bound, and a share of false calls as stated."""

import math
import random
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hullcore.doubling import ratio_low_ppm
from hullcore.trendevents import (
    ABOVE,
    CEASED,
    DOUBLED,
    FADED,
    RESURGED,
    RISING,
    STEADY,
    TWICE,
)

SIGMA = 10**6
LIMIT = 5 * 10**6


def test_doubled_is_called_in_the_window_after_the_alarm(make):
    bench = make(learn=100).learned(rate=10 * SIGMA, windows=100)
    bench.feed(30 * SIGMA)
    assert bench.state == RISING
    old, new, cause, chart, low, twice, rate, reference = bench.feed(30 * SIGMA)
    assert (old, new, cause, chart, twice) == (RISING, DOUBLED, TWICE, 0, 2_000_000)
    assert 2_500_000 < low < 3_000_000
    assert (rate, reference) == (30 * SIGMA, 10 * SIGMA)
    assert bench.feed(*[30 * SIGMA] * 100) is None
    assert bench.feed(*[10 * SIGMA] * 700)[:3] == (DOUBLED, STEADY, FADED)


def test_doubled_is_called_at_once_when_a_slow_rise_becomes_a_jump(make, noisy):
    bench = make(learn=200)
    bench.feed(*noisy(6, 20 * SIGMA, 200))
    bench.feed(*noisy(7, 23 * SIGMA, 300))
    assert bench.state == RISING
    event = bench.feed(60 * SIGMA)  # in the middle of a long look
    assert event[1:3] == (DOUBLED, TWICE)
    assert event[6] == 60 * SIGMA


def test_less_than_double_is_never_called_doubled(make, noisy):
    for seed in range(5):
        bench = make(learn=200)
        bench.feed(*noisy(seed, 20 * SIGMA, 200))
        bench.feed(*noisy(seed + 100, 39 * SIGMA, 1500))
        assert [e[1] for e in bench.events] == [STEADY, RISING]


def test_twice_a_baseline_that_may_be_zero_means_nothing(make):
    bench = make(learn=20)
    bench.feed(*[SIGMA // 2, -SIGMA // 4] * 10)
    assert bench.trend.change.baseline.mean() == SIGMA // 8
    bench.feed(*[20 * SIGMA] * 200)
    assert bench.state == RISING


def test_systematic_bounds_count_against_doubling(make):
    bench = make(learn=100).learned(rate=10 * SIGMA, windows=100)
    bench.feed(*[30 * SIGMA] * 200, systematic=10 * SIGMA)
    assert bench.state == RISING  # 30 − 10 is not above 2 · 10
    bench.trend.relearn()
    bench.feed(*[10 * SIGMA] * 100, systematic=11 * SIGMA)
    bench.feed(*[60 * SIGMA] * 200)
    assert bench.state == RISING  # the baseline itself may be zero


def test_a_ratio_of_exactly_two_is_called_doubled_in_at_most_the_stated_share(make):
    called = 0
    for seed in range(400):
        rng = random.Random(seed)
        bench = make(learn=50)
        bench.feed(*[round(rng.gauss(12 * SIGMA, SIGMA)) for _ in range(50)])
        bench.feed(*[round(rng.gauss(24 * SIGMA, SIGMA)) for _ in range(60)])
        called += bench.state == DOUBLED
    assert called <= 0.025 * 400 + 3 * math.sqrt(0.025 * 400)


@given(
    st.integers(1, 10**14), st.integers(0, 10**24), st.integers(1, 10**14), st.integers(0, 10**24)
)
def test_the_ratios_bound_is_fiellers_root(r, v_r, b, v_b):
    z2 = Fraction(503, 100)
    low = ratio_low_ppm(r, v_r, b, v_b, 503)
    if b * b <= z2 * v_b:
        assert low == -1
        return

    def inside(theta):
        return (r - theta * b) ** 2 <= z2 * (v_r + theta * theta * v_b)

    assert low <= Fraction(r, b) * 10**6
    assert inside(Fraction(low + 2, 10**6)) or Fraction(low + 2, 10**6) >= Fraction(r, b)
    if low > 0:
        assert (
            not inside(Fraction(low, 10**6)) or low == 0 or Fraction(low, 10**6) == Fraction(r, b)
        )


def test_ceased_from_doubled_and_resurged_by_one_window(make):
    bench = make(learn=100).learned(windows=100)
    bench.feed(*[30 * SIGMA] * 3)
    assert bench.state == DOUBLED
    bench.trend.known_leak_recovered()
    bench.feed(*[0] * 10)
    assert bench.events[-1][1] == CEASED
    assert bench.feed(LIMIT + 1_960_000) is None
    event = bench.feed(LIMIT + 1_960_001)
    assert event == (
        CEASED, RESURGED, ABOVE, 0, LIMIT + 1, LIMIT, LIMIT + 1_960_001, LIMIT,
    )  # fmt: skip
    bench.feed(*[0] * 100)
    assert bench.state == RESURGED  # another proof takes another known leak
    bench.trend.known_leak_recovered()
    assert bench.feed(0)[1] == CEASED
