"""UTC of device times: always within its bound, and unknown rather than invented."""

import random

import numpy as np
import pytest

from hullwatch.clocksync import ClockSync
from hullwatch.store import ClockFit, DeviceClock
from hullwatch.store.boottimes import BootFacts, clocks
from hullwatch.store.clocktime import BEFORE, CLOCK, NEIGHBOURS, NOTHING, UNKNOWN

UTC0_US = 1_767_225_600_000_000
HOUR_US = 3_600_000_000


def at(*device_us):
    return np.array(device_us, np.int64)


def test_a_single_fit_is_its_formula():
    clock = DeviceClock([ClockFit(10_000, 1_000_000_000, 20.0, 300, 5.0)])
    utc_us, bound_us = clock.utc_us(at(6_000_000, 10_000_000, 1_010_000_000, -1))
    assert utc_us.tolist() == [
        1_000_000_000 - 4_000_080,  # 4 s before, 20 ppm more UTC than device time
        1_000_000_000,
        2_000_000_000 + 20_000,
        UNKNOWN,
    ]
    assert bound_us.tolist() == [300 + 20, 300, 300 + 5_000, -1]
    assert (clock.source, clock.steps_us) == (CLOCK, [])


def test_between_two_fits_both_must_hold():
    clock = DeviceClock(
        [ClockFit(0, UTC0_US, 0.0, 1000, 10.0), ClockFit(1000, UTC0_US + 1_000_900, 0.0, 1000, 0)]
    )
    low, high = clock.limits_us(at(500_000))
    assert (low[0], high[0]) == (UTC0_US + 499_900, UTC0_US + 501_005)  # right's low, left's high
    utc, bound = clock.utc_us(at(500_000))
    assert utc[0] - bound[0] <= low[0]
    assert utc[0] + bound[0] >= high[0]


def test_fits_that_exclude_each_other_are_a_step_and_between_them_is_doubt():
    fits = [
        ClockFit(0, UTC0_US, 0.0, 1000, 10.0),
        ClockFit(60_000, UTC0_US + 60_000_000, 0.0, 1000, 10.0),
        ClockFit(120_000, UTC0_US + 3_720_000_000, 0.0, 1000, 10.0),  # an hour was put on
        ClockFit(180_000, UTC0_US + 3_780_000_000, 0.0, 1000, 10.0),
    ]
    clock = DeviceClock(fits)
    assert clock.steps_us == pytest.approx([HOUR_US], abs=2)
    utc, bound = clock.utc_us(at(30_000_000, 90_000_000, 150_000_000, 999_000_000))
    assert bound[0] < 2000
    assert bound[1] == pytest.approx(HOUR_US / 2, rel=1e-3)
    assert bound[2] < 2000
    assert utc[2] == pytest.approx(UTC0_US + 3_750_000_000, abs=2000)
    assert utc[3] == pytest.approx(UTC0_US + 4_599_000_000, abs=20_000)


def crystal(draw, hours):
    """UTC in µs of a device ms, whose rate follows the weather: ± 8 ppm around its own."""
    own, phase = draw.uniform(-40, 40), draw.uniform(0, 6.28)
    t = np.arange(0, hours * 3600 + 60, 10.0)
    rate = 1e-6 * (own + 8 * np.sin(2 * np.pi * t / 86_400 + phase))
    grown = np.concatenate([[0], np.cumsum(rate[:-1] * 10)])
    return lambda ms: UTC0_US + 1000.0 * ms + 1e6 * np.interp(np.asarray(ms) / 1000, t, grown)


@pytest.mark.parametrize("seed", range(12))
def test_before_between_and_after_the_sessions_the_truth_is_within_the_bound(seed):
    """A host looks in for some minutes now and then; jitter on both ways; days in between."""
    draw = random.Random(seed)
    hours = 96
    utc_us = crystal(draw, hours)
    fits = []
    begins = sorted(draw.uniform(20, hours - 10) for _ in range(3))
    for begin_h in begins:
        sync = ClockSync()
        trips = draw.choice([3, 20, 300])
        for n in range(trips):
            there, back = draw.expovariate(300), draw.expovariate(100)
            ms = begin_h * 3.6e6 + 2000.0 * n
            sync.add(ms, float(utc_us(ms)) / 1e6 - there, there + back)
            if n in (0, 1, 5, 60, 120, trips - 1):
                fit = sync.fit()
                fits.append(
                    ClockFit(
                        round(fit.ref_ms), round(fit.utc_at(round(fit.ref_ms)) * 1e6), fit.ppm,
                        round(fit.bound_s * 1e6) + 1, fit.ppm_bound,
                    )
                )  # fmt: skip
    clock = DeviceClock(fits)
    ms = np.arange(0, hours * 3_600_000, 60_000)
    got, bound = clock.utc_us(ms * 1000)
    error = np.abs(got - utc_us(ms))
    assert np.all(error <= bound + 1)
    assert clock.steps_us == []
    assert bound.max() <= 96 * 3600 * 110  # never worse than twice a crystal's tolerance, in µs
    (known,) = clock.utc_us(at(round(begins[0] * 3.6e9)))[1]
    assert known < 100_000 < bound[0]  # the bound grows with the distance


# --- boots without a host -------------------------------------------------------------------------


def fit(ref_ms, utc_us, bound_us=1000):
    return ClockFit(ref_ms, utc_us, 0.0, bound_us, 50.0)


def test_a_boot_nobody_saw_lies_between_its_neighbours():
    seen = BootFacts([fit(1000, UTC0_US)], 600_000, UTC0_US + 5 * HOUR_US)
    unseen = BootFacts([], 1_800_000, UTC0_US + 9 * HOUR_US)
    later = BootFacts([fit(2000, UTC0_US + 2 * HOUR_US)], 10_000, None)
    first, between, last = clocks([seen, unseen, later])
    assert (first.source, between.source, last.source) == (CLOCK, NEIGHBOURS, CLOCK)
    low, high = between.limits_us(at(0, 1_800_000_000))
    # from the last sign of life of the one before to half an hour before the next began
    assert low[0] == pytest.approx(UTC0_US + 599_000_000, abs=40_000)
    assert high[1] == pytest.approx(UTC0_US + 2 * HOUR_US - 2_000_000, abs=200_000)
    utc, bound = between.utc_us(at(0))
    assert utc[0] - bound[0] == low[0]
    assert abs(int(utc[0] + bound[0] - high[0])) <= 1


def test_several_unseen_boots_in_a_row_push_each_other():
    seen = BootFacts([fit(0, UTC0_US)], 0, None)
    one = BootFacts([], 3_600_000, None)
    two = BootFacts([], 7_200_000, None)
    end = BootFacts([fit(0, UTC0_US + 5 * HOUR_US)], 0, None)
    found = clocks([seen, one, two, end])
    low, high = found[2].limits_us(at(0))
    assert low[0] == pytest.approx(UTC0_US + HOUR_US, abs=2_000_000)
    assert high[0] == pytest.approx(UTC0_US + 3 * HOUR_US, abs=2_000_000)
    low, high = found[1].limits_us(at(0))
    assert low[0] == pytest.approx(UTC0_US, abs=2_000_000)
    assert high[0] == pytest.approx(UTC0_US + 2 * HOUR_US, abs=2_000_000)


def test_without_a_boot_before_only_the_receipt_bounds_it():
    (only,) = clocks([BootFacts([], 5000, UTC0_US)])
    assert only.source == BEFORE
    low, high = only.limits_us(at(1_000_000))
    assert low[0] == UNKNOWN
    assert high[0] == pytest.approx(UTC0_US + 1_000_000, abs=100)
    assert only.utc_us(at(1_000_000))[1].tolist() == [-1]
    (nothing,) = clocks([BootFacts([], 0, None)])
    assert nothing.source == NOTHING
    assert nothing.utc_us(at(5))[0].tolist() == [UNKNOWN]


def test_the_reader_puts_boots_together(store, now_us, event_record, hello):
    with store.atomic() as batch:
        key = batch.node(hello(boot=8), now_us + 10**9)._replace(boot=7)
        batch.record(key.node, event_record(0, boot=6, ms=5000), now_us)
        batch.record(key.node, event_record(1, boot=7, ms=60_000), now_us + 10**9)
        batch.record(key.node, event_record(2, boot=8, ms=1000), now_us + 10**9)
        batch.clock(key._replace(boot=6), fit(5000, now_us))
        batch.clock(key._replace(boot=8), fit(1000, now_us + 10**9))
    with store.reader() as reader:
        found = reader.clocks()
        assert [clock.source for clock in found.values()] == [CLOCK, NEIGHBOURS, CLOCK]
        low, high = found[key].limits_us(at(0))
    assert low[0] == pytest.approx(now_us, abs=2000)
    assert high[0] == pytest.approx(now_us + 10**9 - 61_000_000, abs=10_000)
