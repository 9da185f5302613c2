"""Mean range of normal samples: d₂, and d₂* for few ranges, computed instead of copied.

W is the range of m standard normal values; d₂ = E W, and d₂*(m, g)² = d₂² + var(W)/g is the
divisor that makes the square of the mean of g ranges an unbiased estimate of the variance
(A. J. Duncan, Quality Control and Industrial Statistics, appendix D3, which tabulates it).
"""

from __future__ import annotations

from functools import cache
from math import inf, sqrt

import numpy as np

from hullwatch.analysis.distributions import normal_cdf

_FARTHEST = 9.0  # |z| beyond it: 1e-19
_X = np.linspace(-_FARTHEST, _FARTHEST, 601)  # the trapezoid rule is exact here to 1e-12
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(120)


@cache
def _moments(m: int) -> tuple[float, float]:
    """(E W, E W²) from P(W ≤ w) = m·∫ φ(x)·(Φ(x + w) − Φ(x))^(m − 1) dx."""
    w = _FARTHEST * (_NODES + 1)
    weight = _FARTHEST * _WEIGHTS
    density = np.exp(-_X * _X / 2) / sqrt(2 * np.pi)
    between = np.asarray(normal_cdf(_X[:, None] + w)) - np.asarray(normal_cdf(_X))[:, None]
    step = _X[1] - _X[0]
    beyond = 1 - m * step * (density[:, None] * between ** (m - 1)).sum(axis=0)
    return float(weight @ beyond), float(2 * weight @ (w * beyond))


def mean_range_divisor(m: int, ranges: float = inf) -> float:
    """d₂*(m, g) for g `ranges` of m ≥ 2 values each; d₂(m) for infinitely many."""
    first, second = _moments(m)
    return sqrt(first * first + (second - first * first) / ranges)
