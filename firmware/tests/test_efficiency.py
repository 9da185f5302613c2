"""The slope's weights against the Cramér–Rao bound of white noise, at every rate and window.

The weights are the estimator's own: what the slope of a closed window gains from one unit in one
sample. For n samples at times t the bound of an unbiased slope's variance is σ²/Σ(t − t̄)² (S. M.
Kay, Fundamentals of statistical signal processing: estimation theory, 1993, example 3.7 and 4.5).
"""

from fractions import Fraction

import pytest

from hullcore import settings
from hullcore.estimator import Estimator
from hullcore.leakrate import slope_ppa_s
from hullcore.measurement import Measurement
from hullcore.plan import WindowPlan

IMPULSE_Q8 = 1 << 29  # rounding to 1 pPa/s is then worth less than 1e-9 of a weight
PERIODS_US = (10_000, 20_000, 100_000, 1_000_000, 5_000_000, 60_000_000)
LIMIT = 1.05


def slopes(m: Measurement, plan: WindowPlan, at: int, absent: set[int], most: int) -> dict:
    """Slope of the first window of each length, pPa/s, for an impulse in sample `at`."""
    found: dict[int, int] = {}

    def on_window(length_s, first, last, sums, scatter):
        if first == 0:
            found[length_s] = slope_ppa_s(sums.slope_y(), sums.spread(), m.period_us)

    estimator = Estimator(m, plan, on_window)
    for k in range(most):
        if k in absent:
            estimator.missing()
        else:
            estimator.sample(IMPULSE_Q8 if k == at else 0, m.t_ref_q16)
    return found


def bound(present: list[int], period_us: int) -> Fraction:
    """1/Σ(t − t̄)² in 1/s²."""
    mean = Fraction(sum(present), len(present))
    return 1 / sum((Fraction(period_us, 10**6) * (k - mean)) ** 2 for k in present)


def arrangement(period_us: int, most: int):
    config = settings.defaults() | {"period_us": period_us, "compensation": "none"}
    plan = WindowPlan(period_us, config["windows_s"])
    sizes = {plan.lengths_s[plan.base + i]: n for i, n in enumerate(plan.samples) if n <= most}
    assert sizes, "no window is short enough to be looked at"
    return Measurement(config, 4, 0), plan, sizes


@pytest.mark.parametrize("every", [0, 7], ids=["complete", "each 7th sample missing"])
@pytest.mark.parametrize("period_us", PERIODS_US)
def test_sum_of_squared_weights(period_us, every):
    m, plan, sizes = arrangement(period_us, 600 if period_us >= 100_000 else 1000)
    longest = min(max(sizes.values()), 600) if len(sizes) > 1 else max(sizes.values())
    sizes = {length_s: n for length_s, n in sizes.items() if n <= longest}
    absent = set(range(3, longest, every)) if every else set()
    squares = dict.fromkeys(sizes, 0.0)
    sums = dict.fromkeys(sizes, 0.0)
    moments = dict.fromkeys(sizes, 0.0)
    for at in range(longest):
        if at in absent:
            continue
        for length_s, slope in slopes(m, plan, at, absent, longest).items():
            weight = slope / 1e12 / (IMPULSE_Q8 / 256)
            squares[length_s] += weight * weight
            sums[length_s] += weight
            moments[length_s] += weight * at * period_us / 1e6
    for length_s, n in sizes.items():
        present = [k for k in range(n) if k not in absent]
        least = float(bound(present, period_us))
        assert least * (1 - 1e-6) <= squares[length_s] <= least * LIMIT
        assert sums[length_s] == pytest.approx(0, abs=1e-6 / (n * period_us / 1e6))  # no offset
        assert moments[length_s] == pytest.approx(1, abs=1e-6)  # unbiased for a true slope


@pytest.mark.parametrize("period_us", [10_000, 100_000, 1_000_000])
def test_weights_of_long_windows_are_those_of_the_bound(period_us):
    m, plan, sizes = arrangement(period_us, 6000)
    length_s, n = max(sizes.items())
    least = bound(list(range(n)), period_us)
    for at in (0, 1, n // 3, n // 2, n - 1):
        weight = slopes(m, plan, at, set(), n)[length_s] / 1e12 / (IMPULSE_Q8 / 256)
        exact = float(Fraction(period_us, 10**6) * (at - Fraction(n - 1, 2)) * least)
        assert weight == pytest.approx(exact, rel=1e-6, abs=1e-12)
