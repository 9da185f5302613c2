"""The doubling time's interval covers, by simulation; and what has none."""

import math

import numpy as np
import pytest

from hullwatch.vigil.growth import doubling_time

DAY_S = 86_400.0


@pytest.mark.parametrize("doublings", [0.3, 1.0, 3.0])
def test_the_interval_covers(doublings):
    """300 exponentials of 40 windows with 10 % noise: 95 % of 300 is 285 ± 3.8."""
    rng = np.random.default_rng(7)
    t = np.arange(40) * DAY_S
    true_s = t[-1] / doublings
    sigma = np.full(40, 0.1)
    covered = 0
    for _ in range(300):
        rates = np.exp2(t / true_s) + rng.normal(0, sigma)
        found = doubling_time(t, rates, sigma)
        assert found is not None
        covered += found.low_s <= true_s <= (found.high_s or math.inf)
    assert 270 <= covered <= 297


def test_without_noise_it_is_the_closed_form():
    t = np.arange(20) * DAY_S
    found = doubling_time(t, 3e-6 * np.exp2(t / (7 * DAY_S)), np.full(20, 1e-12))
    assert found.time_s == pytest.approx(7 * DAY_S, rel=1e-6)
    assert found.low_s < found.time_s < found.high_s


def test_what_is_no_exponential_has_no_doubling_time():
    """Growth that has ended: no interval of a wrong model."""
    t = np.arange(40) * DAY_S
    rates = np.exp2(np.minimum(t, 20 * DAY_S) / (10 * DAY_S))
    assert doubling_time(t, rates, np.full(40, 0.05)) is None


@pytest.mark.parametrize("rates", [[1.0] * 4, [-1.0] * 10, [10.0 - k for k in range(10)]])
def test_nothing_that_grows(rates):
    t = np.arange(len(rates)) * DAY_S
    assert doubling_time(t, rates, np.full(len(rates), 0.01)) is None
