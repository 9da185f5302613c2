"""A rise that is leak and outgassing: y = y₀ + b·t + a·(1 − exp(−t/τ)); b is the leak's slope.

A leak goes on, what comes off the walls slows down. τ is not known and hardly told by the data when
it is about the length of the series, so b's interval is that of the profile likelihood: every b for
which some τ fits well enough. It is as wide as that makes it.
"""

from __future__ import annotations

import math

import numpy as np

from hullwatch.analysis import gls
from hullwatch.analysis.distributions import t_quantile
from hullwatch.analysis.fitting import SLOPE, Fitting
from hullwatch.analysis.result import TWO_SIDED, Result, refused
from hullwatch.analysis.series import Series
from hullwatch.analysis.twofold import Floats

_RATES = 40
_LONGEST = 2.0
"""τ up to so many lengths: beyond, the curve is a parabola to 1 %, and b cannot be told."""


def with_outgassing(
    series: Series, slowest_s: float | None = None, beyond: float = 0.0
) -> Result:  # fmt: skip
    """The slope that stays when what settles has settled, Pa/s.

    ``slowest_s``: longest time constant there can be; without one, twice the length. Refused where
    no noise was seen.
    """
    t = series.t_s - series.t_s[0]
    length = series.length_s
    longest = min(slowest_s or _LONGEST * length, _LONGEST * length)
    shortest = min(2 * series.bin_s, longest)
    taus = np.geomspace(shortest, longest, _RATES)
    columns = [-np.expm1(-t / tau) for tau in taus]
    best = min(columns, key=lambda column: _misfit(series, column))
    fitting = Fitting.of_line(series, beyond, best[:, None])
    if fitting.silent:
        return refused("outgassing", SLOPE, "no noise was seen: no interval")
    white = fitting.whitening
    values, line = white.of(series.y_pa), white.of(fitting.design[:, :2])
    fits = []
    for column in columns:
        found = gls.solve_white(white, np.column_stack((line, white.of(column))), values)
        fits.append((found.chi2, found, column))
    least, chosen, _ = min(fits, key=lambda one: one[0])
    straight = gls.solve_white(white, line, values)
    u, dof = fitting.spread(chosen.weights[1])
    known = math.sqrt(float(chosen.covariance[1, 1]))
    k = t_quantile(TWO_SIDED, dof) * (u / known if known else 1.0)
    low, high = _profile([(chi2, found) for chi2, found, _ in fits], least, k)
    tau = float(taus[[one[1] is chosen for one in fits].index(True)])
    value = float(chosen.coefficients[1])
    return Result(
        "outgassing", SLOPE, value, low - beyond, high + beyond, u, k, dof,
        ("what settles does so with one time constant", f"of {shortest:.3g} to {longest:.3g} s"),
        () if straight.chi2 - least > k * k else ("no settling was seen beside the line",),
        (),
        {
            "amplitude_pa": float(chosen.coefficients[2]), "tau_s": tau,
            "settling_chi2": straight.chi2 - least,
        },
    )  # fmt: skip


def _misfit(series: Series, column: Floats) -> float:
    design = np.column_stack((np.ones(len(column)), series.centred_s, column))
    rest = series.y_pa - design @ np.linalg.lstsq(design, series.y_pa, rcond=None)[0]
    return float(rest @ rest)


def _profile(
    fits: list[tuple[float, gls.Generalised]], least: float, k: float
) -> tuple[float, float]:
    """Ends of all b with χ²(b, τ) ≤ χ²_min + k² for some τ."""
    low, high = math.inf, -math.inf
    for chi2, found in fits:
        room = k * k - (chi2 - least)
        if room >= 0:
            half = math.sqrt(room * float(found.covariance[1, 1]))
            b = float(found.coefficients[1])
            low, high = min(low, b - half), max(high, b + half)
    return low, high
