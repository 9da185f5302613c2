"""Change points: when did the slope change, and when did the pressure jump.

Jumps (a fill, an opening) are bin-to-bin differences far outside the others. Changes of slope are
found one by one: for every bin the kink max(0, t − t_i) is tried beside what was found before, in
units of its own uncertainty under the noise of the series. That noise is fitted about a broken
line, so that a change does not pass for a random walk. The best kink counts when its probability by
chance, times the number of bins tried (Bonferroni), is below 5 %.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hullwatch.analysis import gls
from hullwatch.analysis.distributions import chi2_quantile, t_tail
from hullwatch.analysis.fitting import Fitting
from hullwatch.analysis.series import Series
from hullwatch.analysis.twofold import Floats

_MOST = 8
_FINER = 41  # places within a bin of the best one
_KNOTS = 8
_EDGE = 6  # bins: nearer to an end nothing is told from noise
_JUMP = 12.0
"""Robust standard deviations of a difference between bins: beyond, it is a jump."""
_ALONE = 4.0
_LEAST_P = 0.05


@dataclass(frozen=True)
class Change:
    """One change, seconds after the start of the series; `low_s`, `high_s` are its 95 % interval.

    `kind` is `slope` or `jump`. For a slope: Pa/s on both sides. For a jump: `size_pa`.
    `p` is the probability of so large a one anywhere by chance.
    """

    kind: str
    at_s: float
    low_s: float
    high_s: float
    p: float
    before_pa_s: float | None = None
    after_pa_s: float | None = None
    size_pa: float | None = None


def changes(series: Series) -> tuple[Change, ...]:
    """In order of time; none where no noise was seen. InputError for fewer than 16 bins."""
    jumps = _jumps(series)
    steps = [(series.t_s > at).astype(np.float64) for at in (j.at_s for j in jumps)]
    broken = Fitting(series, _columns(series, steps, _knots(series)))
    if broken.silent:
        return tuple(jumps)
    kinks: list[Change] = []
    while len(kinks) < _MOST:
        found = _best(series, broken, steps, [kink.at_s for kink in kinks])
        if found is None:
            break
        kinks.append(found)
    return tuple(sorted([*jumps, *_with_slopes(series, broken, steps, kinks)], key=_time))


def _time(change: Change) -> float:
    return change.at_s


def _jumps(series: Series) -> list[Change]:
    """Differences far outside all others, and outside those near them: a fast fall is no jump."""
    apart = np.diff(series.position).astype(np.float64)  # more than 1 over a gap
    differences = np.diff(series.y_pa)
    usual = float(np.median(differences / apart))
    size = np.abs(differences - usual * apart) / np.sqrt(apart)
    scale = 1.4826 * float(np.median(size))
    padded = np.pad(size, 2)
    beside = np.maximum(padded[:-4], padded[4:])  # two bins off: the one between may share it
    found: list[Change] = []
    for i in np.flatnonzero((size > _JUMP * scale) & (size > _ALONE * beside)) if scale else ():
        low, high = float(series.t_s[i]), float(series.t_s[i + 1])
        if found and low <= found[-1].high_s:
            low = found.pop().low_s
        begin, end = np.searchsorted(series.t_s, (low, high))
        fallen = float(series.y_pa[end] - series.y_pa[begin])
        found.append(Change("jump", (low + high) / 2, low, high, 0.0, size_pa=fallen))
    return found[:_MOST]


def _knots(series: Series) -> list[float]:
    knots = np.linspace(float(series.t_s[0]), float(series.t_s[-1]), _KNOTS + 2)
    return [float(knot) for knot in knots[1:-1]]


def _bends(series: Series, at: Floats) -> Floats:
    """n × k: the mean of max(0, t − at) over each bin, for each of k times."""
    end = (series.position[:, None] + 1) * series.bin_s
    inside = np.clip((end - at) / series.bin_s, 0.0, 1.0)
    return np.asarray(inside * (np.maximum(end - at, 0.0) - inside * series.bin_s / 2))


def _columns(series: Series, steps: list[Floats], kinks: list[float]) -> Floats:
    line = [np.ones(len(series)), series.centred_s, *steps]
    return np.column_stack([*line, _bends(series, np.array(kinks))])


def _best(
    series: Series, broken: Fitting, steps: list[Floats], known: list[float]
) -> Change | None:  # fmt: skip
    places = series.t_s[_EDGE : len(series) - _EDGE]
    if not len(places):
        return None
    white = broken.whitening
    base, _ = np.linalg.qr(white.of(_columns(series, steps, known)))
    values = white.of(series.y_pa)
    values -= base @ (base.T @ values)

    def tried(at: Floats) -> tuple[Floats, Floats, Floats]:
        bends = white.of(_bends(series, at))
        bends -= base @ (base.T @ bends)
        sizes = (bends * bends).sum(axis=0)
        usable = np.where(sizes > 1e-9 * sizes.max(), sizes, np.inf)
        return (bends.T @ values) ** 2 / usable, bends, sizes

    gain, _, _ = tried(places)
    rough = float(places[int(gain.argmax())])
    near = places[gain >= gain.max() - chi2_quantile(0.95, 1)]
    fine = np.linspace(rough - series.bin_s, rough + series.bin_s, _FINER)
    finer, bends, sizes = tried(fine)
    best = int(finer.argmax())
    weights = white.back(bends[:, best]) / sizes[best]
    u, dof = broken.spread(weights)
    p = min(1.0, 2 * len(places) * t_tail(abs(float(weights @ series.y_pa)) / u, dof))
    if p > _LEAST_P:
        return None
    half = series.bin_s / 2
    return Change("slope", float(fine[best]), float(near.min()) - half, float(near.max()) + half, p)


def _with_slopes(
    series: Series, broken: Fitting, steps: list[Floats], kinks: list[Change]
) -> list[Change]:
    kinks = sorted(kinks, key=_time)
    design = _columns(series, steps, [kink.at_s for kink in kinks])
    white = broken.whitening
    fit = gls.solve_white(white, white.of(design), white.of(series.y_pa)).coefficients
    slope, found = float(fit[1]), []
    for kink, bend in zip(kinks, fit[2 + len(steps) :].tolist(), strict=True):
        found.append(replace(kink, before_pa_s=slope, after_pa_s=slope + bend))
        slope += bend
    return found
