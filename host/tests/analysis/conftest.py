"""Series of a known course with known noise."""

import numpy as np
import pytest

from hullwatch.analysis.noisemodel import Noise, covariance, kernels
from hullwatch.analysis.series import Series

LEVEL_PA = 101_325.0
N = 128


@pytest.fixture
def make():
    """A series of a course (function of t) and noise; 3,600 s unless said otherwise."""

    def series(course, noise=None, seed=1, length_s=3600.0, temperature_k=293.15, n=N):
        position, bin_s = np.arange(n), length_s / n
        t = (position + 0.5) * bin_s
        noise = noise or Noise(1e-3, 0.0, 1e-9)
        root = np.linalg.cholesky(covariance(noise, kernels(position, bin_s, np.ones(n))))
        rng = np.random.default_rng(seed)
        random = root @ rng.normal(size=n)
        y = LEVEL_PA + course(t) + random - random[0]
        return Series(position, bin_s, np.ones(n), y, np.full(n, temperature_k), y)

    return series
