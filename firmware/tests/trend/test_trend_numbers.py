"""Snapshots, extremes, refusals, and the same numbers on every interpreter."""

import ast
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullcore.baseline import standard_q10
from hullcore.cusum import UNIT, Z_MOST_Q10, Bank, chart_windows, thresholds
from hullcore.trend import Trend
from hullcore.trendevents import (
    CEASED,
    DOUBLED,
    RESURGED,
    RISING,
    STEADY,
)

SIGMA = 10**6
CHART = chart_windows(365 * 86400, 5, 3600)  # hourly windows, one false alarm a year
N = 100  # samples in a window


@given(st.integers(-(2**200), 2**200), st.integers(1, 2**200))
def test_standardising_is_exact_to_a_unit_and_limited(excess, variance):
    got = standard_q10(excess, variance)
    if abs(got) == Z_MOST_Q10:
        assert excess * excess >= (1 - Fraction(1, 1000)) * variance * 2**20
    else:
        # |got| − 1 ≤ 1024·|excess|/√variance ≤ |got| + 1, and 1e-6 for the root
        low, high = max(0, abs(got) - 1), abs(got) + 1
        square = Fraction(excess * excess * UNIT * UNIT, variance)
        assert (
            low * low * (1 - Fraction(1, 10**5)) <= square <= high * high * (1 + Fraction(1, 10**5))
        )


def test_numbers_as_large_as_a_record_holds(make):
    most = 2**63 - 1
    bench = make(learn=2, sigma=1)
    for rate in (most, -most, most, -most, 0, 0, 0, 0) * 50:
        bench.feed(rate)
        assert max(bench.trend.change.bank.values()) < 2**30
    bench = make(learn=2, sigma=most, systematic=most, varying=most)
    bench.feed(*[most, -most] * 20)
    assert bench.state == STEADY
    assert abs(bench.trend.change.baseline.mean()) <= most


def test_a_bank_holds_its_evidence_at_the_threshold_and_loses_it_by_half():
    limits = thresholds(CHART)
    bank = Bank(limits)
    for _ in range(100):
        bank.add(Z_MOST_Q10, -Z_MOST_Q10)
    assert bank.up == list(limits[:-1])
    assert bank.down == [0] * 4
    steps = 0
    while not bank.fading():
        bank.add(0, 0)
        steps += 1
    assert steps == math.floor(limits[0] / 2 / 128) + 1


def life(noisy, seed):
    """Rates of a leak that is steady, jumps, is repaired, stays tight and comes back."""
    parts = ((20, 60), (23, 60), (70, 40), (8, 60), (0, 40), (30, 20))
    return [x for i, (m, n) in enumerate(parts) for x in noisy(seed + i, m * SIGMA, n)]


@pytest.mark.parametrize("seed", range(4))
def test_a_snapshot_at_any_moment_changes_nothing(make, noisy, seed):
    plain, interrupted = make(), make()
    for j, rate in enumerate(life(noisy, 10 * seed)):
        if j in (5, 240):
            plain.trend.known_leak_recovered()
            interrupted.trend.known_leak_recovered()
        assert plain.feed(rate) == interrupted.feed(rate)
        values = interrupted.trend.snapshot()
        assert all(type(v) is int for v in values)
        interrupted.trend = make().trend
        interrupted.trend.restore(values)
        assert interrupted.trend.snapshot() == values == plain.trend.snapshot()
    assert {RISING, DOUBLED, CEASED, RESURGED} <= {e[1] for e in plain.events}


@pytest.mark.parametrize(
    ("index", "value"),
    [(0, 2), (1, 6), (1, -1), (4, -1), (7, -1), (9, -1), (13, 0), (14, -1), (16, -1), (18, -1)],
)
def test_a_snapshot_that_cannot_be_is_refused(make, index, value):
    values = list(make().learned().trend.snapshot())
    values[index] = value
    with pytest.raises(ValueError, match=r"snapshot|impossible"):
        make().trend.restore(tuple(values))


def test_a_snapshot_of_another_length_is_refused(make):
    values = make().trend.snapshot()
    for wrong in ((), values[:-1], (*values, 0)):
        with pytest.raises(ValueError, match="no snapshot"):
            make().trend.restore(wrong)


PROGRAM = """
import gc
from hullcore.trend import Trend
def new():
    return Trend(12, 40, 20000, 5000000000, 900, 100, 1000, 10)
def level(i):
    late = (i > 520) * 20 + (i > 560) * i // 32
    return 8 + (i > 150) * 9 + (i > 200) * 24 - (i > 260) * 41 + late
def window(trend, i, x):
    rate = level(i) * 2000000000 + ((x >> 8) - 4194304) * 200
    sigma = 900000000 + (x >> 4)
    event = trend.window(
        rate, sigma * sigma, 5 << (i % 20), 3, i * 100, i * 100 + 99, 2000, i % 97 == 0
    )
    if event:
        print(i, event)
def again(trend):
    print(trend.snapshot())
    other = new()
    other.restore(trend.snapshot())
    return other
trend = new()
x = 99
for i in range(700):
    x = (x * 1103515245 + 12345) % 2147483648
    if i == 265:
        trend.known_leak_recovered()
    window(trend, i, x)
    if i % 50 == 49:
        trend = again(trend)
        gc.collect()
"""


def test_the_same_on_every_interpreter(all_vms):
    outputs = all_vms(PROGRAM)
    assert len(set(outputs.values())) == 1
    lines = outputs["cpython"].splitlines()
    events = [ast.literal_eval(line.split(" ", 1)[1]) for line in lines if line[0] != "("]
    assert {RISING, CEASED, RESURGED} <= {event[1] for event in events}


@pytest.mark.parametrize(
    "wrong",
    [(1, 10, 10), (10, 9, 10), (10, 10, 0), (10, 10, -5)],
)
def test_settings_that_contradict_themselves_are_refused(wrong):
    learn, most, limit = wrong
    with pytest.raises(ValueError, match=r"baseline|limit"):
        Trend(learn, most, CHART, limit, N, N, 0)
    with pytest.raises(ValueError, match="margin"):
        Trend(10, 10, CHART, 1, N, N, 0, -1)
