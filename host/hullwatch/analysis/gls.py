"""Generalised least squares with a known covariance (A. C. Aitken, Proc. R. Soc. Edinb. 55 (1935)).

The covariance is taken as known: standard errors do not come from the residuals. What not knowing
it is worth is said by the degrees of freedom of the noise fit (`noiseallan`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hullwatch.analysis import linear
from hullwatch.analysis.twofold import Floats
from hullwatch.errors import InputError


@dataclass(frozen=True, eq=False)
class Generalised:
    """`weights` (p × n) give the coefficients: coefficients = weights · values."""

    coefficients: Floats
    covariance: Floats
    weights: Floats
    chi2: float


class Whitening:
    """The Cholesky factor L of a covariance; InputError for a matrix that is none."""

    def __init__(self, covariance: Floats) -> None:
        try:
            root = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError as error:
            raise InputError("this noise has no covariance", "is there any noise?") from error
        # used dozens of times: the inverse of a factor this small and this regular loses nothing
        self._inverse = np.linalg.solve(root, np.eye(len(root)))

    def of(self, values: Floats) -> Floats:
        """L⁻¹ · values, a vector or columns."""
        found: Floats = self._inverse @ values
        return found

    def back(self, values: Floats) -> Floats:
        """L⁻ᵀ · values."""
        found: Floats = self._inverse.T @ values
        return found


def solve(design: Floats, values: Floats, covariance: Floats) -> Generalised:
    """Fit values = design · coefficients; n × p columns, n × n covariance."""
    whitening = Whitening(covariance)
    return solve_white(whitening, whitening.of(design), whitening.of(values))


def solve_white(whitening: Whitening, design: Floats, values: Floats) -> Generalised:
    """The same from columns and values that are whitened already."""
    fit = linear.least_squares(design, values, intercept=False)
    inverse = np.linalg.pinv(design.T @ design, rcond=1e-15)
    own = np.asarray(fit.covariance / fit.residual_sd**2 if fit.residual_sd else inverse)
    weights = whitening.back((own @ design.T).T).T
    return Generalised(fit.coefficients, own, weights, float(fit.residuals @ fit.residuals))
