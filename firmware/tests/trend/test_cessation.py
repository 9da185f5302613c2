"""CEASED and RESURGED: every condition of the proof, and what ends it."""

import pytest

from hullcore.baseline import half_width
from hullcore.trendevents import (
    ABOVE,
    CEASED,
    DOUBLED,
    LEARNING,
    QUIET,
    RESURGED,
    ROSE,
    STEADY,
)

SIGMA = 10**6
LIMIT = 5 * 10**6
N = 100  # samples in a window


def tight(make, **changes):
    bench = make(limit=LIMIT, **changes)
    bench.trend.known_leak_recovered()
    return bench


def test_ceased_after_the_whole_time_and_with_its_numbers(make):
    bench = tight(make)
    assert bench.feed(*[0] * 9) is None
    old, new, cause, chart, span, asked, highest, limit = bench.feed(0)
    assert (old, new, cause, chart) == (LEARNING, CEASED, QUIET, 0)
    assert (span, asked, limit) == (10 * N, 10 * N, LIMIT)
    assert highest == half_width(SIGMA**2) == 1_960_000


@pytest.mark.parametrize(
    "changes",
    [
        {"noise_only": True},
        {"drive": 999},
        {"systematic": LIMIT - 1_960_000},
        {"sigma": 3 * SIGMA},
    ],
)
def test_one_missing_condition_and_it_has_not_ceased(make, changes):
    bench = tight(make)
    bench.feed(*[0] * 300, **changes)
    assert bench.state != CEASED
    bench = tight(make)
    bench.feed(*[0] * 9)
    bench.feed(0, **changes)
    assert bench.state != CEASED
    bench.feed(*[0] * 9)
    assert bench.state != CEASED  # the time begins again
    bench.feed(0)
    assert bench.state == CEASED


def test_not_ceased_without_a_recovered_known_leak(make):
    bench = make()
    bench.feed(*[0] * 100)
    assert bench.state == STEADY
    bench.trend.known_leak_recovered()
    assert bench.feed(0)[1] == CEASED


@pytest.mark.parametrize("rate", [LIMIT - 1_960_000, -LIMIT + 1_960_000])
def test_not_ceased_with_a_bound_at_the_limit_on_either_side(make, rate):
    bench = tight(make, learn=10**6, most=10**6)
    bench.feed(*[rate] * 100)
    assert bench.state == LEARNING
    bench.feed(*[rate - 1 if rate > 0 else rate + 1] * 10)
    assert bench.state == CEASED


def test_a_pause_breaks_the_proof_only_when_longer_than_permitted(make):
    bench = tight(make)
    bench.feed(*[0] * 9)
    bench.first += N
    assert bench.feed(0)[1] == CEASED
    bench = tight(make)
    bench.feed(*[0] * 9)
    bench.first += N + 1
    bench.feed(*[0] * 9)
    assert bench.state != CEASED
    bench.trend.renumbered()
    bench.first = 0
    bench.feed(*[0] * 9)
    assert bench.state != CEASED
    assert bench.feed(0)[1] == CEASED


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


def test_many_windows_a_little_above_the_limit_are_a_resurgence(make):
    bench = tight(make)
    bench.feed(*[0] * 10)
    event = bench.feed(*[LIMIT + SIGMA // 2] * 100)
    assert event[:4] == (CEASED, RESURGED, ROSE, 2)
    bench = tight(make)
    bench.feed(*[0] * 10)
    assert bench.feed(*[LIMIT] * 3000) is None
    event = bench.feed(*[LIMIT + SIGMA] * 60)
    assert event[:3] == (CEASED, RESURGED, ROSE)
    assert event[7] == LIMIT


def test_systematic_terms_alone_resurge_nothing(make):
    bench = tight(make)
    bench.feed(*[0] * 10)
    assert bench.feed(*[LIMIT + 10 * SIGMA] * 300, systematic=11 * SIGMA) is None
