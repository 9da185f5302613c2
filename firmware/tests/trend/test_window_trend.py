"""A trend fed with numbers of WINDOW records: what goes in, growth, from steady to ceased."""

import math
import random
from fractions import Fraction

import pytest

from hullcore import settings
from hullcore.measurement import Measurement
from hullcore.messages import FLAG_SATURATED, FLAG_STALE, NO_RECORD
from hullcore.trendevents import (
    CEASED,
    DOUBLED,
    LEARNING,
    RESURGED,
    RISING,
    STEADY,
)
from hullcore.windowtrend import WindowTrend

FPA = 10**15
N = 36_000  # samples of an hour at 10 Hz
P = 120_000 << 8
T = 19_211_878
BASE = {
    "windows_s": (10, 60, 600, 3600), "trend_s": (3600,), "noise_profile": "learn",
    "trend_learn": 30, "trend_margin_percent": 0, "cease_limit_fpa_m3_s": FPA // 10**6,
    "cease_s": 12 * 3600, "temp_lag_ms": 1000,
}  # fmt: skip


class Bench:
    """Hourly windows of one litre: rates in Pa·m³/s, `half` of the noise, u_B."""

    def __init__(self, half=1e-7, u_b=2e-8, **changes):
        config = settings.defaults() | BASE | changes
        settings.check_together(config)
        self.m = Measurement(config, 4, 0)
        self.watched = WindowTrend(self.m, config, 3600, N)
        self.half, self.u_b = half, u_b
        self.k = 0
        self.events = []
        self.rng = random.Random(5)

    def feed(self, rate, count=1, flags=0, profile=3, u_b=None):
        for _ in range(count):
            x = self.rng.gauss(rate, self.half / 1.96)
            span = (self.k * N, self.k * N + N - 1)
            self.k += 1
            u = self.u_b if u_b is None else u_b
            half_ppa_s = round(self.half * 1e12 / 1e-3)
            self.watched.take(
                flags, profile, span, (P, T), (half_ppa_s, round(x * FPA)),
                round(u * FPA) if u >= 0 else -1,
            )  # fmt: skip
            if self.watched.event is not None:
                self.events.append(self.watched.event)
        return self.state

    @property
    def state(self):
        return self.watched.trend.state


def test_a_life_steady_doubled_patched_ceased_and_back():
    bench = Bench()
    assert bench.feed(2e-6, 40) == STEADY
    bench.feed(5e-6, 6)
    assert [event[1] for event in bench.events] == [STEADY, RISING, DOUBLED]
    assert bench.watched.code() == DOUBLED + 1
    bench.watched.trend.relearn()  # patched
    bench.feed(1e-8, 20)
    assert bench.state in (LEARNING, STEADY)  # quiet, but nobody has shown a leak would be seen
    bench.watched.trend.known_leak_recovered()
    assert bench.feed(1e-8) == CEASED
    quiet = bench.events[-1]
    assert quiet[4] >= quiet[5] == 12 * N
    assert quiet[6] < quiet[7] == FPA // 10**6
    assert bench.feed(3e-6) == RESURGED


def test_nothing_ceases_without_a_declared_bound_or_below_it_but_for_the_bound():
    for u_b in (-1, 6e-7):
        bench = Bench(u_b=u_b)
        bench.watched.trend.known_leak_recovered()
        bench.feed(1e-8, 60)
        assert bench.state == STEADY


def test_what_is_no_basis_for_a_chart_is_left_out():
    bench = Bench()
    bench.feed(2e-6, 40)
    before = bench.watched.trend.snapshot()
    for case in ({"profile": NO_RECORD}, {"flags": FLAG_STALE}, {"flags": FLAG_SATURATED}):
        bench.feed(9e-6, **case)
    after = bench.watched.trend.snapshot()
    assert after[3] == before[3] + 3  # counted as ignored
    assert (*after[:3], *after[4:]) == (*before[:3], *before[4:])
    assert bench.state == STEADY


def test_variance_and_systematic_parts_are_those_stated():
    bench = Bench(half=1e-7, u_b=3e-8, u_volume_ppm=10_000)
    bench.feed(2e-6)
    base = bench.watched.trend.change.baseline
    half = Fraction(1, 10**7) * FPA
    assert abs(base.variance - (half / Fraction(196, 100)) ** 2) <= base.variance / 10**6
    assert base.systematic == 2 * 3 * 10**7
    rate = base.total
    varying = 2 * math.sqrt((3e-8 * FPA) ** 2 - (rate * 0.01) ** 2)
    assert base.varying == pytest.approx(varying, rel=1e-6)


def test_without_compensation_the_half_width_is_taken_to_t_ref():
    bench = Bench(compensation="none", windows_s=(10, 60, 600, 3600))
    warm = T * 11 // 10
    bench.watched.take(0, 1, (0, N - 1), (P, warm), (10**8, 10**9), 10**7)
    half = Fraction(10**8, 10**12) * Fraction(1, 1000) * Fraction(T, warm) * FPA
    variance = bench.watched.trend.change.baseline.variance
    assert abs(variance - (half / Fraction(196, 100)) ** 2) <= variance / 1000


def test_growth_is_the_rise_since_the_baseline_ended():
    """From 2e-6, by 1e-7 an hour: the upper bound of the growth is above that, and comes down."""
    bench = Bench(half=2e-8, u_b=0)
    bench.feed(2e-6, 60)
    assert bench.watched.growth_apa_s2 == 0
    seen = []
    for hour in range(1, 40):
        bench.feed(2e-6 + hour * 1e-7)
        if bench.state in (RISING, DOUBLED):
            seen.append(bench.watched.growth_apa_s2)
    true = 1e-7 / 3600 / 1e-3 * 1e18  # aPa/s²
    assert len(seen) > 30
    assert min(seen) > true
    assert seen[-1] < 1.2 * true


@pytest.mark.parametrize("least_pa", [10_000, 30_000])
def test_drive_is_the_difference_to_the_outside(least_pa):
    bench = Bench(drive_pa=least_pa)  # 120 kPa against 101.325 kPa
    bench.watched.trend.known_leak_recovered()
    assert (bench.feed(1e-8, 60) == CEASED) == (least_pa == 10_000)
