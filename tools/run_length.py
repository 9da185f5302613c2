"""Run lengths of a CUSUM from their integral equation: the oracle for thresholds and delays.

L(s) = 1 + L(0)·Φ(k − s − µ) + ∫₀ʰ L(x)·φ(x − s + k − µ) dx is the mean number of windows from the
sum s to the threshold, for windows that are normal with mean µ and variance 1 (E. S. Page,
Biometrika 41 (1954) 100). Solved at Gauss-Legendre nodes; good to 1e-3 up to a run length of 10^10.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

_NODES = 160


def mean_run(k: float, h: float, mean: float = 0.0) -> float:
    """Mean windows until a CUSUM that starts at zero reaches `h`; in σ."""
    x, weight = np.polynomial.legendre.leggauss(_NODES)
    x, weight = (x + 1) * h / 2, weight * h / 2
    at = np.concatenate([[0.0], x])
    step = np.empty((len(at), len(at)))
    step[:, 0] = norm.cdf(k - at - mean)
    step[:, 1:] = norm.pdf(x[None, :] - at[:, None] + k - mean) * weight
    return float(np.linalg.solve(np.eye(len(at)) - step, np.ones(len(at)))[0])


def best_delay(rho: float, windows: float) -> float:
    """Least possible worst-case mean delay, in windows, for a rise of `rho` σ known beforehand.

    One-sided, one false alarm in `windows`: the CUSUM with k = ρ/2 attains it (G. V. Moustakides,
    Ann. Statist. 14 (1986) 1379). The change falls together with the start of a window.
    """
    k = rho / 2
    if mean_run(k, 1e-3) > windows:  # one window above k is rarer than asked for: no sum is needed
        return float(1 / norm.cdf(rho - norm.isf(1 / windows)))
    top = 2 + np.log(windows * 4 * k * k + 10) / (2 * k)
    h = brentq(lambda h: np.log(mean_run(k, h) / windows), 1e-3, top)
    return mean_run(k, float(h), rho)
