"""The time in which a growing leak doubles, with its interval.

Rates of windows fitted with r·exp(λ·t) by weighted least squares (Gauss–Newton); the covariance is
scaled by χ²/dof where that is above one, Student's t. T₂ = ln 2/λ; bounds of λ give bounds of T₂.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from hullwatch.analysis.distributions import chi2_tail, t_quantile
from hullwatch.vigil.states import Doubling

FEWEST = 5
_TWO_SIDED = 0.975
_ROUNDS = 50
_LEAST_P = 1e-3


def doubling_time(time_s: ArrayLike, rate: ArrayLike, u: ArrayLike) -> Doubling | None:
    """From window middles, rates and standard uncertainties (> 0, one unit).

    None with fewer than five windows, or where no growing exponential fits (χ², p < 0.001).
    """
    t, r, sigma = (np.asarray(x, np.float64) for x in (time_s, rate, u))
    if len(t) < FEWEST or not float(r.mean()) > 0:
        return None
    t = t - t.mean()
    span = float(np.ptp(t)) or 1.0
    x = t / span
    line = np.polynomial.polynomial.polyfit(x, r, 1, w=1 / sigma)
    a, growth = float(line[0]), float(np.clip(line[1] / line[0], -5.0, 5.0))
    for _ in range(_ROUNDS):
        curve = np.exp(growth * x)
        jacobian = np.column_stack((curve, a * x * curve)) / sigma[:, None]
        step, *_ = np.linalg.lstsq(jacobian, (r - a * curve) / sigma, rcond=None)
        a, growth = a + float(step[0]), growth + float(np.clip(step[1], -1.0, 1.0))
        if abs(float(step[1])) < 1e-9:
            break
    dof = len(t) - 2
    rest = (r - a * np.exp(growth * x)) / sigma
    chi2 = float(rest @ rest)
    if chi2_tail(chi2, dof) < _LEAST_P:
        return None
    scale = max(1.0, chi2 / dof)
    variance = float(np.linalg.pinv(jacobian.T @ jacobian)[1, 1]) * scale
    half = t_quantile(_TWO_SIDED, dof) * math.sqrt(variance)
    if not (a > 0 and growth > 0 and math.isfinite(half)):
        return None
    time_of = math.log(2) * span
    high = time_of / (growth - half) if growth > half else None
    return Doubling(time_of / growth, time_of / (growth + half), high, len(t))
