"""The first interval of a node that has learned nothing yet: wide, but honest."""

import math

import pytest
from scipy import stats

from coverage_cold_start import COVERED_OF_200, RATIO_AT_MOST, SEEDS, covered, hours, ratio


@pytest.mark.timeout(600)
def test_a_slice_of_the_seeds_agrees_with_the_claim():
    found = hours(SEEDS[::25])
    n = len(found)
    assert n == 8
    # what a method that just meets the claim for 200 would give for 8, but for 1 in 1000
    fewest = stats.binom.ppf(0.001, n, COVERED_OF_200 / len(SEEDS))
    assert covered(found) >= fewest
    spread = math.sqrt(stats.chi2.ppf(0.01, n - 1) / (n - 1))
    assert ratio(found) <= RATIO_AT_MOST / spread
    assert all(9e-5 < hour.truth < 1.01e-4 for hour in found)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_two_hundred_seeds():
    found = hours(SEEDS)
    assert len(found) == 200
    assert covered(found) >= COVERED_OF_200
    assert ratio(found) <= RATIO_AT_MOST
