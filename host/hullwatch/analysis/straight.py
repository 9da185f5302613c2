"""Slopes of equal parts of a series: their scatter, and whether they follow a trend.

The mean of the parts' slopes with Student's t needs no model of the noise: batch means (B.
Schmeiser, Operations Research 30 (1982) 556). It is wider than need be for white noise, 7 × with
six parts. Parts that do not scatter about one value but change one way are no straight line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hullwatch.analysis import linear
from hullwatch.analysis.distributions import t_quantile, t_tail
from hullwatch.analysis.result import Result, measured
from hullwatch.analysis.series import Series
from hullwatch.errors import InputError

PARTS = 6
LEAST_P = 0.05
"""A trend of the parts' slopes that chance gives this often or less is called one."""

_FEWEST = 3  # bins in a part


@dataclass(frozen=True)
class Parts:
    """Slopes of the parts in order, Pa/s; `trend_p`: how often chance gives such a trend."""

    slopes_pa_s: tuple[float, ...]
    mean: Result
    trend_p: float

    @property
    def straight(self) -> bool:
        """Whether nothing speaks against one slope throughout."""
        return self.trend_p > LEAST_P

    def curvature_bound(self, length_s: float) -> float:
        """Upper 95 % bound of |d²y/dt²| over a series of that length, Pa/s²."""
        fit = linear.line(np.arange(len(self.slopes_pa_s)), self.slopes_pa_s)
        most = abs(float(fit.coefficients[1]))
        most += t_quantile(0.95, fit.dof) * float(fit.standard_errors[1])
        return most * len(self.slopes_pa_s) / length_s

    def said(self) -> str:
        """Why it is not straight; empty if it is."""
        if self.straight:
            return ""
        shown = ", ".join(f"{slope:.3g}" for slope in self.slopes_pa_s)
        return f"not straight: slopes of the parts {shown} Pa/s (p = {self.trend_p:.2g})"


def parts(series: Series, count: int = PARTS) -> Parts:
    """Of `count` parts of equal length; InputError where one has fewer than 3 bins."""
    edges = np.linspace(0.0, series.length_s, count + 1) + series.position[0] * series.bin_s
    slopes = []
    for begin, end in pairwise(edges.tolist()):
        inside = (series.t_s >= begin) & (series.t_s < end)
        if inside.sum() < _FEWEST:
            raise InputError(
                f"one of {count} parts has {inside.sum()} values", "a longer span, without gaps"
            )
        fit = linear.line(series.t_s[inside] - begin, series.y_pa[inside])
        slopes.append(float(fit.coefficients[1]))
    scatter = float(np.std(slopes, ddof=1)) / math.sqrt(count)
    mean = measured(
        "parts", "Pa/s", float(np.mean(slopes)), scatter, count - 1,
        assumptions=(f"slopes of {count} parts scatter independently about one value",),
    )  # fmt: skip
    return Parts(tuple(slopes), mean, _trend_p(slopes))


def _trend_p(slopes: list[float]) -> float:
    fit = linear.line(np.arange(len(slopes)), slopes)
    se = float(fit.standard_errors[1])
    if not se:
        return 1.0 if not fit.coefficients[1] else 0.0
    return 2 * t_tail(abs(float(fit.coefficients[1])) / se, fit.dof)
