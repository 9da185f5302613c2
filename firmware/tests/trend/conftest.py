"""A trend on its bench: windows in, events out."""

import random

import pytest

from hullcore.cusum import chart_windows
from hullcore.trend import Trend
from hullcore.trendevents import (
    STEADY,
)

SIGMA = 10**6
LIMIT = 5 * 10**6
CHART = chart_windows(365 * 86400, 5, 3600)  # hourly windows, one false alarm a year
N = 100  # samples in a window


class Bench:
    """A trend fed window after window; events as they come."""

    def __init__(self, learn=20, most=10**9, limit=LIMIT, cease=10, margin=0, **kwargs):
        self.trend = Trend(learn, most, CHART, limit, cease * N, N, 1000, margin)
        self.first = 0
        self.events = []
        self.defaults = {"sigma": SIGMA, "systematic": 0, "varying": 0, "drive": 1000,
                         "noise_only": False} | kwargs  # fmt: skip

    def feed(self, *rates, **changes):
        """Windows of these rates; the last event among them, or None."""
        got = None
        for rate in rates:
            v = self.defaults | changes
            event = self.trend.window(
                rate, v["sigma"] ** 2, v["systematic"], v["varying"],
                self.first, self.first + N - 1, v["drive"], v["noise_only"],
            )  # fmt: skip
            self.first += N
            if event is not None:
                self.events.append(event)
                got = event
        return got

    def learned(self, rate=10 * SIGMA, windows=20):
        """A baseline of exactly `rate`."""
        event = self.feed(*[rate] * windows)
        assert event is not None
        assert self.trend.state == STEADY
        return self

    @property
    def state(self):
        return self.trend.state


def _noisy(seed, mean, count, sigma=SIGMA):
    rng = random.Random(seed)
    return [round(rng.gauss(mean, sigma)) for _ in range(count)]


@pytest.fixture(scope="session")
def make():
    """Makes a bench; the arguments are those of `Bench`."""
    return Bench


@pytest.fixture(scope="session")
def noisy():
    """Rates with noise: (seed, mean, count)."""
    return _noisy
