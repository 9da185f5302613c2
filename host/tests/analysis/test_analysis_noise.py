"""Noise: covariances and slopes against closed forms and numeric integrals, fits against truth."""

import math

import numpy as np
import pytest
from scipy import integrate

from hullwatch.analysis.allandev import Octaves
from hullwatch.analysis.noiseallan import AllanDesign
from hullwatch.analysis.noisemodel import Noise, covariance, kernels
from hullwatch.analysis.noiserange import Mixtures
from hullwatch.errors import InputError

BIN_S = 2.5
N = 64


@pytest.fixture
def bins():
    return np.arange(N), BIN_S, np.ones(N)


@pytest.fixture
def line(bins):
    t = (bins[0] - (N - 1) / 2) * BIN_S
    return np.column_stack((np.ones(N), t))


def _drawn(rng, noise, bins, count):
    root = np.linalg.cholesky(covariance(noise, kernels(*bins)))
    return (root @ rng.normal(size=(N, count))).T


def test_a_walk_s_kernel_is_the_mean_of_minus_half_the_distance(bins):
    walk = kernels(*bins)[2]
    for k in (0, 1, 5):
        expected, _ = integrate.dblquad(
            lambda u, v, k=k: -abs(u - v + k) / 2 * BIN_S, 0, 1, 0, 1, epsabs=1e-9
        )
        assert walk[0, k] == pytest.approx(expected, abs=1e-7)


def test_flicker_s_kernel_is_the_mean_of_minus_the_logarithm(bins):
    flicker = kernels(*bins)[1]
    for k in (2, 3, 20):
        expected, _ = integrate.dblquad(lambda u, v, k=k: -math.log(abs(u - v + k)), 0, 1, 0, 1)
        assert flicker[0, k] == pytest.approx(expected, abs=1e-7)
    # E ln|u − v| = −3/2 for independent uniform u, v
    assert flicker[0, 0] == pytest.approx(1.5)


@pytest.mark.parametrize(
    # IEEE Std 1139: white S/τ, flicker 2 ln 2, walk qτ/3 for means that follow each other
    ("noise", "law"),
    [
        (Noise(3.0, 0, 0), lambda tau: 3.0 / tau),
        (Noise(0, 2.0, 0), lambda tau: 4 * math.log(2)),
        (Noise(0, 0, 0.7), lambda tau: 0.7 * tau / 3),
    ],
)
def test_allan_variances_of_the_covariance_are_those_of_the_standard(noise, law, bins):
    matrix = covariance(noise, kernels(*bins))
    for lag in (1, 2, 8):
        weights = np.zeros(N)
        weights[lag : 2 * lag] = 1 / lag
        weights[:lag] = -1 / lag
        assert float(weights @ matrix @ weights) / 2 == pytest.approx(law(lag * BIN_S), rel=1e-9)
        assert noise.allan_variance(lag * BIN_S) == pytest.approx(law(lag * BIN_S))


def test_slope_variances_are_12_9_and_six_fifths():
    """12·S/T³ and 1.2·q/T (Barnes 1983); 9·h/T² for flicker, from the same integral."""
    many = 1000
    t = np.arange(many) - (many - 1) / 2
    weights = t / (t @ t)
    parts = kernels(np.arange(many), 1.0, np.ones(many))
    for unit, part in zip(np.eye(3), parts, strict=True):
        expected = Noise(*unit).slope_variance(many)
        assert float(weights @ part @ weights) == pytest.approx(expected, rel=2e-3)


def test_expected_allan_variances_allow_for_the_line_that_was_taken_out(bins, line):
    """Against 4,000 simulated series: without the allowance the longest lag is off by half."""
    rng = np.random.default_rng(1)
    noise = Noise(1.0, 0.05, 0.02)
    design = AllanDesign(*bins, line)
    simulated = np.mean([design.variances(y) for y in _drawn(rng, noise, bins, 4000)], axis=0)
    expected = design.expected @ noise.parts
    assert simulated == pytest.approx(expected, rel=0.03)
    naive = [noise.allan_variance(lag) for lag in design.lags_s]
    assert expected[-1] < 0.7 * naive[-1]


def test_covariances_of_allan_variances_are_those_of_simulation(bins, line):
    rng = np.random.default_rng(2)
    noise = Noise(1.0, 0.0, 0.02)
    design = AllanDesign(*bins, line)
    drawn = _drawn(rng, noise, bins, 4000)
    spread = np.cov(np.array([design.variances(y) for y in drawn]).T)
    exact = np.einsum("klij,i,j->kl", design._cross, noise.parts, noise.parts)
    assert np.diag(spread) == pytest.approx(np.diag(exact), rel=0.12)
    assert spread[0, 1] == pytest.approx(exact[0, 1], rel=0.25)


@pytest.mark.parametrize("noise", [Noise(1.0, 0, 0), Noise(0, 1.0, 0), Noise(0, 0, 0.1)])
def test_the_fit_finds_what_there_is(noise, bins, line):
    rng = np.random.default_rng(3)
    design = AllanDesign(*bins, line)
    fits = [design.fit(y).noise for y in _drawn(rng, noise, bins, 100)]
    lag = 8 * BIN_S
    found = np.median([fit.allan_variance(lag) for fit in fits])
    assert found == pytest.approx(noise.allan_variance(lag), rel=0.2)


def test_the_widest_noise_that_is_not_rejected_is_wider_than_the_truth(bins, line):
    """In 90 of 100 series at least, and in the median by no more than tenfold."""
    rng = np.random.default_rng(4)
    tried = Mixtures(*bins, line)
    weights = np.linalg.pinv(line)[1]
    gains = np.array([float(weights @ part @ weights) for part in kernels(*bins)])
    for noise in (Noise(1.0, 0, 0), Noise(1.0, 0, 1e-3), Noise(0, 0, 0.1)):
        true = float(gains @ noise.parts)
        got = [tried.of(y).spread(gains) / true for y in _drawn(rng, noise, bins, 200)]
        assert np.mean(np.array(got) > 0.75) > 0.9
        assert np.median(got) < 30


def test_a_level_or_a_slope_changes_no_fitted_noise(bins, line):
    rng = np.random.default_rng(5)
    (y,) = _drawn(rng, Noise(1.0, 0, 0.01), bins, 1)
    design, tried = AllanDesign(*bins, line), Mixtures(*bins, line)
    moved = y + line @ np.array([1e5, -3.0])
    assert design.fit(moved).noise.parts == pytest.approx(design.fit(y).noise.parts, rel=1e-4)
    assert tried.of(moved).sizes == pytest.approx(tried.of(y).sizes, rel=1e-3)


def test_gaps_are_left_out_of_the_differences(line):
    """White noise with a third missing: the same noise, not that of a step over the gap."""
    rng = np.random.default_rng(6)
    position = np.concatenate([np.arange(40), np.arange(60, 120)])
    design = np.column_stack((np.ones(100), position - 60.0))
    allan = AllanDesign(position, 1.0, np.ones(100), design)
    found = [allan.fit(rng.normal(size=100)).noise.allan_variance(1.0) for _ in range(100)]
    assert np.mean(found) == pytest.approx(1.0, rel=0.05)


def test_no_noise_is_no_noise(bins, line):
    y = line @ np.array([5.0, 0.25])
    assert AllanDesign(*bins, line).fit(np.zeros(N)).noise.parts.tolist() == [0, 0, 0]
    assert AllanDesign(*bins, line).fit(y).noise.parts.max() < 1e-24


def test_too_few_bins_and_too_many_gaps_are_refused():
    few = np.arange(10)
    with pytest.raises(InputError, match="10 values are too few"):
        AllanDesign(few, 1.0, np.ones(10), np.column_stack((np.ones(10), few)))
    holes = np.arange(0, 60, 3)
    with pytest.raises(InputError, match="too many gaps"):
        AllanDesign(holes, 1.0, np.ones(20), np.column_stack((np.ones(20), holes)))


def test_octaves_are_allan_variances_whatever_the_pieces():
    rng = np.random.default_rng(7)
    y = rng.normal(size=4096)
    whole, pieces = Octaves(0.1, 5), Octaves(0.1, 5)
    whole.add(y)
    pieces.add(y[:2048])
    other = Octaves(0.1, 5)
    other.add(y[2048:])
    pieces.merge(other)
    for lag, a, b in zip((1, 2, 4, 8, 16), whole.points(), pieces.points(), strict=True):
        means = y.reshape(-1, lag).mean(axis=1)
        exact = math.sqrt(float((np.diff(means) ** 2).mean()) / 2)
        assert a.deviation_pa == pytest.approx(exact, rel=1e-12)
        assert b.deviation_pa == pytest.approx(exact, rel=0.02)
        assert a.lag_s == pytest.approx(0.1 * lag)


def test_the_interval_of_an_octave_covers():
    rng = np.random.default_rng(9)
    held = []
    for _ in range(200):
        octaves = Octaves(1.0, 4)
        octaves.add(rng.normal(size=512))
        held += [p.low_pa < 1 / math.sqrt(p.lag_s) < p.high_pa for p in octaves.points()]
    assert np.mean(held) > 0.9


def test_a_steady_slope_is_taken_off_the_octaves():
    octaves = Octaves(1.0, 6)
    octaves.add(np.random.default_rng(8).normal(size=5000) + 0.5 * np.arange(5000))
    plain, level = octaves.points(), octaves.points(slope_pa_s=0.5)
    assert plain[-1].deviation_pa > 10
    assert level[-1].deviation_pa == pytest.approx(1 / math.sqrt(32), rel=0.3)
