"""A rise that is leak and outgassing: y = y₀ + b·t + a·(1 − exp(−t/τ)); b is the leak's slope.

A leak goes on, what comes off the walls slows down. τ is not known and hardly told by the data when
it is about the length of the series, so b's interval is that of the profile likelihood: every b for
which some τ fits well enough. It is as wide as that makes it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hullwatch.analysis.distributions import t_quantile
from hullwatch.analysis.fitting import SLOPE, Fitting
from hullwatch.analysis.result import TWO_SIDED, Result, refused
from hullwatch.analysis.series import Series
from hullwatch.analysis.twofold import Floats

_RATES = 40
_FAMILY = 3
_REFINED = 4
_FAR = 40.0
"""χ² above the least: no factor k reaches beyond."""
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
    # the noise is that about all of the family: the one that fits best takes noise with it
    family = [-np.expm1(-t / tau) for tau in np.geomspace(shortest, longest, _FAMILY + 2)[1:-1]]
    fitting = Fitting.of_line(series, beyond, np.column_stack(family))
    if fitting.silent:
        return refused("outgassing", SLOPE, "no noise was seen: no interval")
    taus, profile = _refined(fitting, shortest, longest)
    chosen = int(profile.chi2.argmin())
    u, dof = fitting.spread(profile.weights(fitting, chosen))
    known = math.sqrt(float(profile.variance[chosen]))
    k = t_quantile(TWO_SIDED, dof) * (u / known if known else 1.0)
    low, high = profile.ends(k)
    gained = profile.straight_chi2 - float(profile.chi2[chosen])
    return Result(
        "outgassing", SLOPE, float(profile.slope[chosen]), low - beyond, high + beyond, u, k, dof,
        ("what settles does so with one time constant", f"of {shortest:.3g} to {longest:.3g} s"),
        () if gained > k * k else ("no settling was seen beside the line",),
        (),
        {
            "amplitude_pa": float(profile.amplitude[chosen]), "tau_s": float(taus[chosen]),
            "settling_chi2": gained,
        },
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Profile:
    """By τ: χ², slope and its variance under the fitted noise, amplitude. All in one projection."""

    line: Floats
    bends: Floats
    on_line: Floats
    straight_chi2: float
    chi2: Floats
    slope: Floats
    variance: Floats
    amplitude: Floats

    def ends(self, k: float) -> tuple[float, float]:
        """Ends of all b with χ²(b, τ) ≤ χ²_min + k² for some τ."""
        room = k * k - (self.chi2 - self.chi2.min())
        half = np.sqrt(np.maximum(room, 0.0) * self.variance)
        fits = room >= 0
        return float((self.slope - half)[fits].min()), float((self.slope + half)[fits].max())

    def weights(self, fitting: Fitting, at: int) -> Floats:
        """The slope at one τ as a sum of readings."""
        bend = self.bends[:, at]
        own = self.line[1] - self.on_line[1, at] * bend / float(bend @ bend)
        return fitting.whitening.back(own)


def _refined(fitting: Fitting, shortest: float, longest: float) -> tuple[Floats, _Profile]:
    """The τ that fit, closely spaced, and what they give."""
    t = fitting.series.t_s - fitting.series.t_s[0]
    low, high = shortest, longest
    for _ in range(_REFINED):
        taus = np.geomspace(low, high, _RATES)
        profile = _profiled(fitting, -np.expm1(-t[:, None] / taus))
        fits = np.flatnonzero(profile.chi2 <= profile.chi2.min() + _FAR)
        low = float(taus[max(0, fits[0] - 1)])
        high = float(taus[min(_RATES - 1, fits[-1] + 1)])
    return taus, profile


def _profiled(fitting: Fitting, columns: Floats) -> _Profile:
    white = fitting.whitening
    values, line, bends = (
        white.of(x) for x in (fitting.series.y_pa, fitting.design[:, :2], columns)
    )
    inverse = np.linalg.inv(line.T @ line)
    solving = inverse @ line.T
    straight = solving @ values
    rest = values - line @ straight
    on_line = solving @ bends
    bends = bends - line @ on_line
    sizes = (bends * bends).sum(axis=0)
    amplitude = bends.T @ rest / sizes
    chi2 = float(rest @ rest)
    return _Profile(
        solving, bends, on_line, chi2, chi2 - amplitude * amplitude * sizes,
        straight[1] - on_line[1] * amplitude, inverse[1, 1] + on_line[1] ** 2 / sizes, amplitude,
    )  # fmt: skip
