"""A stuck sensor: limits against the probabilities they promise, flags, events."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erf, erfc

from hullcore import settings
from hullcore.estimator import ACCEPTED, STALE, Estimator
from hullcore.measurement import Measurement, window_body
from hullcore.messages import FLAG_STALE
from hullcore.noisefit import NoiseProfile
from hullcore.plan import WindowPlan
from hullcore.runlimit import profile_limit, run_limit
from hullcore.stale import MOST, blind_limit

DAY_S = 86400
RARE = 1e-6
T = 19_539_558


def fpa(value: float) -> int:
    return round(value * 1e15)


def stay(step_pa: float, variance: float) -> float:
    """−ln of the largest probability that a normal reading stays within one step."""
    x = step_pa / 2 / math.sqrt(2 * variance)
    return -math.log(erf(x)) if x < 1 else -math.log1p(-erfc(x))


def limit_of(step_q8: int, sigma: float, q: float, period_us: int) -> int:
    return run_limit(step_q8, fpa(sigma * sigma * period_us / 1e6), fpa(q), period_us)


@pytest.mark.parametrize("sigma_steps", [0.15, 0.3, 0.5, 1, 2, 5, 12.8, 31])
@pytest.mark.parametrize("period_us", [10_000, 100_000, 1_000_000])
def test_white_noise_alone(sigma_steps, period_us):
    """P(run of n) · samples a day < 10^-6, and no run much shorter has that."""
    limit = limit_of(256, sigma_steps, 0.0, period_us)
    a_day = DAY_S * 1e6 / period_us
    each = stay(1.0, sigma_steps * sigma_steps)
    assert (limit - 1) * each >= math.log(a_day / RARE)
    assert (limit - 2) * each <= 1.9 * math.log(a_day / RARE)


@given(
    st.integers(1, 100_000), st.floats(0, 30), st.floats(0, 10), st.integers(10_000, 60_000_000)
)  # fmt: skip
def test_no_limit_is_shorter_than_the_bound_it_is_made_from(step_q8, sigma, q, period_us):
    limit = limit_of(step_q8, sigma, q, period_us)
    wanted = math.log(DAY_S * 1e6 / period_us / RARE)
    white, walk = fpa(sigma * sigma * period_us / 1e6) / 1e15, fpa(q) / 1e15
    best = math.inf
    for log2 in range(28):
        variance = white * 1e6 / period_us + walk * period_us / 1e6 * 2**log2
        if variance > 0 and (each := stay(step_q8 / 256, variance)) > 0:
            best = min(best, 1 + 2**log2 * wanted / each)
    assert limit >= min(best, MOST) * (1 - 1e-9)


def test_simulated_walks_rarely_stay_as_long_as_an_eighth_of_the_exponent_says():
    """The bound holds at a probability that can be simulated: p(m)^k for k of the limit's m."""
    rng = random.Random(7)
    step, sigma, sd = 1.0, 0.1, 0.1  # a walk of 0.1 steps a reading
    m, k = 16, 4
    each = stay(step, sigma * sigma + m * sd * sd)
    runs = 0
    for _ in range(4000):
        level = rng.uniform(-0.5, 0.5)
        seen = round(level + rng.gauss(0, sigma))
        for _ in range(m * k):
            level += rng.gauss(0, sd)
            if round(level + rng.gauss(0, sigma)) != seen:
                break
        else:
            runs += 1
    assert runs / 4000 <= math.exp(-k * each)


def test_the_log_of_the_station_is_no_stuck_sensor():
    # 10 Pa steps every 5 s, a walk of 0.1 Pa²/s: it repeats one value 189 times, 945 s
    assert 189 < limit_of(2560, 0.5, 0.1, 5_000_000) < MOST
    for period_us in (10_000, 100_000, 1_000_000, 5_000_000, 60_000_000):
        assert blind_limit(period_us) * period_us >= 2 * 945e6 * 0.95
        assert blind_limit(period_us) > 189


def test_a_bmp581_at_10_hz_is_found_out_within_two_seconds():
    assert limit_of(4, 0.08, 0.001, 100_000) <= 20


def test_uncertain_profiles_and_those_without_noise_are_patient():
    sure = NoiseProfile(fpa(0.004), fpa(0.001), 0, 0, 0, 10**9)
    vague = NoiseProfile(fpa(0.004), fpa(0.001), fpa(0.0019), fpa(0.0004), 0, 10**9)
    assert profile_limit(sure, 256, 100_000) < profile_limit(vague, 256, 100_000)
    nothing = NoiseProfile(fpa(0.004), fpa(0.001), fpa(0.003), fpa(0.001), 0, 10**9)
    assert profile_limit(nothing, 256, 100_000) == MOST


class Bench:
    """An estimator whose windows are kept as (length, first, flags, body)."""

    def __init__(self, limit, **changes):
        config = settings.defaults() | {"compensation": "none", "windows_s": (10, 60)} | changes
        m = Measurement(config, 4, 0)
        self.windows = []
        plan = WindowPlan(m.period_us, config["windows_s"])

        def keep(length_s, first, last, sums, scatter):
            flags, body = window_body(m, length_s, first, last, sums, scatter, 0)
            self.windows.append((length_s, first, flags, body))

        self.estimator = Estimator(m, plan, keep)
        self.estimator.stale.limit = limit

    def feed(self, pressures):
        return [self.estimator.sample(p, T) for p in pressures]


def test_readings_are_flagged_from_the_limit_on_and_until_one_differs():
    bench = Bench(5)
    verdicts = bench.feed([1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4])
    assert verdicts == [ACCEPTED] * 5 + [STALE] * 2 + [ACCEPTED] * 5


def test_missing_and_refused_samples_do_not_end_a_run():
    bench = Bench(4)
    assert bench.feed([7, 7, 7]) == [ACCEPTED] * 3
    bench.estimator.missing()
    bench.estimator.late()
    assert bench.estimator.sample(-1, T) not in (ACCEPTED, STALE)
    assert bench.feed([7]) == [STALE]


def test_every_window_that_a_stuck_stretch_reaches_into_is_flagged():
    rng = random.Random(3)
    alive = [25_939_200 + 4 * rng.randint(-40, 40) for _ in range(1200)]
    alive[230:330] = [25_939_200] * 100  # the limit is reached within the third window
    bench = Bench(20)
    bench.feed(alive)
    flagged = {(s, first) for s, first, flags, _ in bench.windows if flags & FLAG_STALE}
    assert flagged == {(10, 200), (10, 300), (60, 0)}


def test_counts_stop_before_they_cost_memory():
    bench = Bench(10)
    bench.estimator.stale.p_q8 = 5
    bench.estimator.stale.run = MOST - 1
    assert bench.feed([5, 5, 5]) == [STALE] * 3
    assert bench.estimator.stale.run == MOST
