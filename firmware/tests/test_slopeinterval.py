"""The profile's interval: exact variances, and coverage under simulated noise."""

from fractions import Fraction

import numpy as np
import pytest

from hullcore.allan import AllanLevels
from hullcore.intmath import div_round
from hullcore.leakrate import slope_ppa_s
from hullcore.noisefit import NoiseProfile, fit
from hullcore.slopeinterval import half_width, slope_factors

PERIOD_US = 100_000
N = 100
BLOCK = 20


def spread(indices):
    return len(indices) * sum(j * j for j in indices) - sum(indices) ** 2


def test_white_factor_is_the_variance_of_least_squares_weights_with_gaps_too():
    for indices in (list(range(N)), [j for j in range(N) if j % 7 and not 40 < j < 60]):
        n = len(indices)
        white, _ = slope_factors(n, spread(indices), N, PERIOD_US)
        mean = Fraction(sum(indices), n)
        weights2 = 1 / sum((j - mean) ** 2 for j in indices)  # Σw² of the least-squares slope
        dt = Fraction(PERIOD_US, 1_000_000)
        exact = weights2 / dt**2 / dt * 10**9 * 10**6  # S = σ²·dt in fPa²·s, (pPa/s)², per 10^6
        assert abs(white - exact) <= 1


def test_walk_factor_is_the_variance_of_a_summed_walk():
    for samples in (8, 30, 100):
        _, walk = slope_factors(samples, spread(range(samples)), samples, PERIOD_US)
        mean = Fraction(samples - 1, 2)
        ss = sum((j - mean) ** 2 for j in range(samples))
        weights = [(j - mean) / ss for j in range(samples)]
        # step i enters every later sample: its weight is the sum of theirs
        reach = [sum(weights[i:]) for i in range(1, samples)]
        dt = Fraction(PERIOD_US, 1_000_000)
        exact = sum(r * r for r in reach) * dt / dt**2 * 10**9 * 10**6
        assert abs(walk - exact) <= exact / 10**12 + 1


@pytest.mark.parametrize("walk_in_q_eq", [0, 1, 10])
def test_learned_over_ten_windows_it_covers(walk_in_q_eq):
    rng = np.random.default_rng(11)
    sigma, dt, trials = 0.2, 0.1, 400
    seconds = N * dt
    q = walk_in_q_eq * 10 * sigma**2 * dt / seconds**2
    j = np.arange(N)
    covered = 0
    for _ in range(trials):
        n = 11 * N
        y = np.cumsum(rng.normal(0, np.sqrt(q * dt), n)) + rng.normal(0, sigma, n)
        y_q8 = np.rint((101_325 + y - 0.1 * dt * np.arange(n)) * 64).astype(np.int64) * 4
        levels = AllanLevels()
        for total in y_q8[:-N].reshape(-1, BLOCK).sum(axis=1):
            levels.add(int(total), BLOCK)
        profile = fit(levels, BLOCK * PERIOD_US, N * PERIOD_US)
        last = y_q8[-N:]
        num = N * int((j * last).sum()) - int(j.sum()) * int(last.sum())
        den = spread(range(N))
        half, _, limited = half_width(profile, N, den, N, PERIOD_US, 4)
        assert not limited
        covered += abs(slope_ppa_s(num, den, PERIOD_US) + div_round(10**12, 10)) <= half
    # 400 trials of 95 %: four standard errors are 4.4 %
    assert 0.906 <= covered / trials <= 0.994


def test_noise_below_half_an_lsb_adds_the_quantisation_bound():
    quiet = NoiseProfile(1, 0, 1, 1, 0, 10**9)
    lsb_q8 = 2560  # 10 Pa
    half, _, limited = half_width(quiet, N, spread(range(N)), N, PERIOD_US, lsb_q8)
    assert limited
    assert half >= 1.5 * 10 / (N * PERIOD_US / 1e6) * 1e12  # 1.5·LSB/T
    loud = NoiseProfile(10**16, 0, 10**14, 1, 0, 10**9)
    assert not half_width(loud, N, spread(range(N)), N, PERIOD_US, lsb_q8)[2]
