"""Before and after a repair: both slopes in one fit, and by how much the leak was cut."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hullwatch.analysis.distributions import t_quantile
from hullwatch.analysis.fitting import SLOPE, Fitting
from hullwatch.analysis.ratio import fieller
from hullwatch.analysis.result import TWO_SIDED, Result, measured, refused
from hullwatch.analysis.series import Series
from hullwatch.analysis.twofold import Floats
from hullwatch.errors import InputError

_FEWEST = 12  # bins on each side
_DRIVE = 0.1


@dataclass(frozen=True)
class Repair:
    """`at_s` after the start of the series; rates of both sides; `cut` in % of the leak before.

    `what` it was, as marked. `cut.refusals` say why there is none.
    """

    at_s: float
    what: str
    before: Result
    after: Result
    cut: Result

    def said(self) -> str:
        """`the repair cut the leak by 83 % [71, 92]`."""
        cut = self.cut
        if cut.value is None or cut.low is None or cut.high is None:
            return "; ".join(cut.refusals)
        if cut.low <= 0 <= cut.high:
            interval = f"{cut.value:.0f} % [{cut.low:.0f}, {cut.high:.0f}]"
            return f"the {self.what} shows no effect: cut by {interval}"
        word = "cut the leak by" if cut.value > 0 else "was followed by a leak larger by"
        low, high = sorted((abs(cut.low), abs(cut.high))) if cut.high < 0 else (cut.low, cut.high)
        return f"the {self.what} {word} {abs(cut.value):.0f} % [{low:.0f}, {high:.0f}]"


def compared(
    series: Series,
    at_s: float,
    what: str = "repair",
    *,
    settle_s: float = 0.0,
    u_systematic: tuple[float, float] = (0.0, 0.0),
    outside_pa: float | None = None,
    beyond: float = 0.0,
) -> Repair:
    """Slopes (Pa/s) before `at_s` and from `settle_s` after it on, and what was cut of the first.

    Volume and gain are the same on both sides and cancel in the ratio. ``u_systematic``: standard
    uncertainties of the two slopes that do not, such as that of temperature.
    """
    begin = series.position * series.bin_s
    before, after = begin + series.bin_s <= at_s, begin >= at_s + settle_s
    if min(before.sum(), after.sum()) < _FEWEST:
        why = f"{before.sum()} values before and {after.sum()} after: {_FEWEST} of each are needed"
        return _without(at_s, what, why)
    both = series.chosen(before | after)
    fitting = Fitting(both, _design(both, at_s), beyond)
    if fitting.silent:
        return _without(at_s, what, "no noise was seen: no interval")
    found = fitting.solved()
    slopes = found.coefficients[[1, 3]].tolist()
    rates = []
    for name, slope, weights, extra in zip(
        ("before", "after"), slopes, found.weights[[1, 3]], u_systematic, strict=True
    ):
        u, dof = fitting.spread(weights)
        total = math.hypot(u, extra)
        rates.append(
            measured(name, SLOPE, slope, total, dof * (total / u) ** 4 if u else dof, beyond=beyond)
        )
    cut = _cut(fitting, found.weights[[1, 3]], slopes, u_systematic, beyond)
    drives = _drives(both, at_s, outside_pa)
    if cut.value is not None and drives and abs(drives[1] / drives[0] - 1) > _DRIVE:
        cut = cut.with_flags(f"the driving pressure changed to {drives[1] / drives[0]:.0%} of it")
    return Repair(at_s, what, rates[0], rates[1], cut)


def _without(at_s: float, what: str, why: str) -> Repair:
    none = refused("rate", SLOPE, why)
    return Repair(at_s, what, none, none, refused("cut", "%", why))


def _design(series: Series, at_s: float) -> Floats:
    t = series.t_s - at_s
    early = (t < 0).astype(np.float64)
    late = 1 - early
    return np.column_stack((early, t * early, late, t * late))


def _cut(
    fitting: Fitting, weights: Floats, slopes: list[float],
    u_systematic: tuple[float, float], beyond: float,
) -> Result:  # fmt: skip
    before, after = slopes
    ratio = after / before if before else math.inf
    if not math.isfinite(ratio):
        return refused("cut", "%", "nothing leaked before")
    # the noise, of those that are not rejected, under which the ratio is least certain
    of_ratio = weights[1] - ratio * weights[0]
    kernels = fitting.allan.kernels
    gains = np.array([float(of_ratio @ kernel @ of_ratio) for kernel in kernels])
    worst = fitting.range.sizes[int((fitting.range.sizes @ gains).argmax())].tolist()
    covariance = sum(
        (size * (weights @ k @ weights.T) for size, k in zip(worst, kernels, strict=True)),
        np.zeros((2, 2)),
    )
    dof = fitting.range.dof
    k = t_quantile(TWO_SIDED, dof)
    # a bound counts as what k would make of a standard uncertainty
    add = [u * u + (beyond / k) ** 2 for u in u_systematic]
    try:
        low, high = fieller(
            after, before, float(covariance[1, 1]) + add[1], float(covariance[0, 0]) + add[0],
            float(covariance[0, 1]), k,
        )  # fmt: skip
    except InputError as error:
        return refused("cut", "%", error.message)
    return Result(
        "cut", "%", 100 * (1 - ratio), 100 * (1 - high), 100 * (1 - low), None, k, dof,
        ("one rate before and one after", "the same volume and driving pressure"),
    )  # fmt: skip


def _drives(series: Series, at_s: float, outside_pa: float | None) -> tuple[float, float] | None:
    if outside_pa is None:
        return None
    early = series.t_s < at_s
    first, second = (float(series.p_pa[side].mean()) - outside_pa for side in (early, ~early))
    return (first, second) if first else None


def shifted(repair: Repair, factor: float, unit: str) -> Repair:
    """Rates in another unit, such as −V for a leak rate."""
    return replace(
        repair, before=repair.before.scaled(factor, unit), after=repair.after.scaled(factor, unit)
    )
