"""Ordinary least squares with standard errors, right to the last digits of hard problems too.

The columns are centred and scaled, solved by Householder QR, and the solution is refined with
residuals formed in twofold precision (Björck, BIT 7 (1967) 257–278). The way back to the caller's
columns is a small matrix of exact rationals. Checked against NIST's Statistical Reference Datasets.

Standard errors are those of independent errors of one size. Under a random walk they are too small,
by sqrt(1.5 · n) for a slope: they describe the scatter about the line, no more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from hullwatch.analysis.twofold import Floats, Twofold, misfit, projection
from hullwatch.errors import InputError

_PASSES = 3  # the first is plain QR; each further one adds 16 digits less those of the condition
_Matrix = list[list[Fraction]]


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model.

    `coefficients` and `covariance` in the order of the model's terms, the intercept first;
    `residuals` observed minus fitted. `r_squared` is about the mean, or about zero in a model
    without intercept; NaN when the observations do not vary.
    """

    coefficients: Floats
    covariance: Floats
    residuals: Floats
    residual_sd: float
    r_squared: float

    @property
    def dof(self) -> int:
        """Observations minus coefficients."""
        return len(self.residuals) - len(self.coefficients)

    @property
    def standard_errors(self) -> Floats:
        """Standard error of each coefficient."""
        return np.sqrt(np.diag(self.covariance))


def line(x: ArrayLike, y: ArrayLike) -> Fit:
    """Fit y = c0 + c1·x."""
    return polynomial(x, y, 1)


def polynomial(x: ArrayLike, y: ArrayLike, degree: int) -> Fit:
    """Fit y = c0 + c1·x + … to the power `degree`."""
    xs = _finite(x, 1)
    middle = (xs.min() + xs.max()) / 2
    step = _power_of_two(float(np.abs(xs - middle).max()))
    design = np.vander((xs - middle) / step, degree + 1, increasing=True)
    c, h = Fraction(float(middle)), Fraction(step)
    back = [
        [math.comb(j, i) * (-c) ** (j - i) / h**j if j >= i else Fraction(0)
         for j in range(degree + 1)]
        for i in range(degree + 1)
    ]  # fmt: skip
    return _fit(design, _finite(y, 1), back, centred=True)


def least_squares(columns: ArrayLike, y: ArrayLike, intercept: bool = True) -> Fit:
    """Fit y = [c0 +] Σ c_j · columns[:, j]; `columns` is n × k.

    All functions of this module raise InputError for values that are not finite, unequal lengths,
    too few observations, and columns that depend on each other.
    """
    given = _finite(columns, 2)
    middles = given.mean(axis=0) if intercept else np.zeros(given.shape[1])
    centred = given - middles
    steps = [_power_of_two(float(size)) for size in np.abs(centred).max(axis=0)]
    design = centred / steps
    back = [
        [Fraction(int(i == j)) / Fraction(step) for j, step in enumerate(steps)]
        for i in range(len(steps))
    ]
    if intercept:
        design = np.column_stack((np.ones(len(design)), design))
        shifts = (-Fraction(float(m)) / Fraction(s) for m, s in zip(middles, steps, strict=True))
        back = [[Fraction(1), *shifts]] + [[Fraction(0), *row] for row in back]
    return _fit(design, _finite(y, 1), back, centred=intercept)


def _finite(values: ArrayLike, dimensions: int) -> Floats:
    array: Floats = np.asarray(values, dtype=np.float64)
    if array.ndim != dimensions or not array.size or not np.isfinite(array).all():
        raise InputError(
            "a fit needs finite numbers", f"in {dimensions} dimension(s), at least one"
        )
    return array


def _power_of_two(size: float) -> float:
    """Scale by it: exact, and the largest of a column ends between 1/2 and 1."""
    return math.ldexp(1.0, math.frexp(size)[1]) if size else 1.0


def _fit(design: Floats, y: Floats, back: _Matrix, centred: bool) -> Fit:
    n, terms = design.shape
    if len(y) != n:
        raise InputError(f"{n} positions but {len(y)} observations", "give as many of both")
    if n <= terms:
        hint = f"at least {terms + 1}, for a standard error"
        raise InputError(f"{n} observations for {terms} coefficients", hint)
    weights, rest, r_inverse = _solve(design, y)
    residuals = rest.high
    spread = y - math.fsum(y) / n if centred else y
    squares, total = float(residuals @ residuals), float(spread @ spread)
    variance = squares / (n - terms)
    exact = [Fraction(h) + Fraction(low) for h, low in zip(weights.high, weights.low, strict=True)]
    scale = np.array([_row(line_, column) for line_ in back for column in r_inverse.T])
    factor = scale.reshape(terms, terms)
    return Fit(
        np.array([float(sum(map(Fraction.__mul__, row, exact))) for row in back]),
        variance * (factor @ factor.T),
        residuals,
        math.sqrt(variance),
        1 - squares / total if total else math.nan,
    )


def _row(row: list[Fraction], column: Floats) -> float:
    return float(sum(a * Fraction(float(b)) for a, b in zip(row, column, strict=True)))


def _solve(design: Floats, y: Floats) -> tuple[Twofold, Twofold, Floats]:
    """(coefficients, residuals, R⁻¹) of `design` = QR.

    Both unknowns of the system rest + design·weights = y, designᵀ·rest = 0 are refined.
    """
    q, r = np.linalg.qr(design)
    diagonal = np.abs(np.diag(r))
    if diagonal.min() <= len(y) * np.finfo(np.float64).eps * diagonal.max():
        raise InputError("the columns of the fit depend on each other", "leave one out")
    r_inverse: Floats = np.linalg.solve(r, np.eye(len(r)))
    weights, rest = Twofold(design.shape[1]), Twofold(len(y))
    for _ in range(_PASSES):
        gap = misfit(y, rest, design, weights)
        along = q.T @ gap + r_inverse.T @ projection(design, rest)
        weights.add(r_inverse @ along)
        rest.add(gap - q @ along)
    return weights, rest, r_inverse
