"""Everything that a stretch of readings says about a leak: all methods, and what cannot be said."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hullwatch.analysis import reserve
from hullwatch.analysis.allandev import AllanPoint, Octaves
from hullwatch.analysis.chamber import Chamber
from hullwatch.analysis.changes import Change, changes
from hullwatch.analysis.compensating import REFUSED, Compensation, judged
from hullwatch.analysis.fitting import SLOPE, Fitting
from hullwatch.analysis.leakbudget import UNIT, LeakBudget, bounds, leak_budget
from hullwatch.analysis.methods import Work, choice, methods, straightness
from hullwatch.analysis.noiseallan import NoiseFit
from hullwatch.analysis.repair import Repair, compared, shifted
from hullwatch.analysis.result import Result
from hullwatch.analysis.series import Series
from hullwatch.analysis.straight import Parts
from hullwatch.errors import InputError

SPLITTING = ("repair", "open", "fill")
"""Marks across which a slope does not go on."""

MASKING = (*SPLITTING, "docking", "known-leak")
"""Marks during which the pressure says nothing of the leak."""

_FEWEST = 2
_SETTLED = 5.0  # time constants after a mark
_GAP = 0.1


@dataclass(frozen=True)
class Mark:
    """Something that happened to the chamber, from `utc_s` to `until_s` (None: a moment).

    Slopes do not go on across the kinds in `SPLITTING`; what those in `MASKING` touch is left out;
    others change nothing.
    """

    kind: str
    utc_s: float
    until_s: float | None = None
    note: str = ""


@dataclass(frozen=True)
class _Split:
    """A mark that splits, or hides, in seconds after the start of the series."""

    kind: str
    from_s: float
    to_s: float


@dataclass(frozen=True)
class Reserve:
    """Time to `limit_pa` from the end of the series; `choked` is None where `why_not_choked` says.

    From the quoted rate; from an exponential's rate at the end.
    """

    limit_pa: float
    linear: reserve.ReserveTime
    choked: reserve.ReserveTime | None
    why_not_choked: str


@dataclass(frozen=True, eq=False)
class Analysis:
    """What was found. Rates are leak rates in Pa·m³/s at the reference temperature, positive = gas
    lost; with an unknown volume slopes in Pa/s (`unit` says which).

    `methods` side by side carry the noise part of their intervals; `best` is the one to quote, with
    the whole budget where `budget.full`. `stretch_s`: the part of the series that methods work on,
    from the last mark that splits it. `notes`: what cannot be said, and why. Times `_s` count from
    `series` start.
    """

    chamber: Chamber
    series: Series
    stretch_s: tuple[float, float]
    unit: str
    methods: tuple[Result, ...]
    best: Result
    why_best: str
    budget: LeakBudget | None
    noise: NoiseFit | None
    allan: tuple[AllanPoint, ...]
    compensation: Compensation | None
    parts: Parts | None
    changes: tuple[Change, ...]
    repairs: tuple[Repair, ...]
    reserve: Reserve | None
    marks: tuple[Mark, ...] = ()
    notes: tuple[str, ...] = ()

    def method(self, name: str) -> Result:
        """By its name; KeyError for one there is not."""
        return {result.name: result for result in self.methods}[name]


def analyse_series(
    fine: Series,
    chamber: Chamber,
    marks: Sequence[Mark] = (),
    short: Octaves | None = None,
    *,
    real_gas: bool = False,
) -> Analysis:
    """Analyse a series in its finest bins.

    ``short``: Allan sums of the samples themselves, for lags below a bin. InputError for fewer than
    two bins and for readings that are none.
    """
    notes: list[str] = []
    compensation, fine, chamber = _judged(fine, chamber, notes)
    marked = _splits(marks, fine, notes)
    fine = _masked(fine, marked)
    splits = [split for split in marked if split.kind in SPLITTING]
    begin, end = _stretch(fine, splits, chamber)
    stretch = fine.between(begin, end).coarser()
    if len(stretch) < _FEWEST:
        raise InputError(
            f"{len(stretch)} values since the last mark", "a longer span, or an earlier one"
        )
    work = Work(chamber, stretch, _quantisation(fine, stretch, chamber, short), notes)
    _told_gaps(stretch, notes)
    fitting = _fitting(work)
    found = methods(work, fitting, real_gas)
    chosen, why = choice(work, found)
    straight = straightness(work, chosen.name)
    factor, unit = _factor(chamber, notes)
    best, budget = _budgeted(work, chosen, straight, compensation)
    slope, noise, whole = chosen.value or 0.0, fitting.noise if fitting else None, fine.coarser()
    return Analysis(
        chamber, whole, (begin, end), unit,
        tuple(method.scaled(factor, unit) for method in found),
        best, why, budget, noise, _allan(fine, short, slope, noise),
        compensation, straight, _changes(whole, notes),
        tuple(_repairs(work, fine, splits, factor, unit)), _reserve(work, best, factor),
        tuple(marks), tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def _physical(series: Series) -> None:
    if len(series) < _FEWEST:
        raise InputError(f"{len(series)} values are no series", "a longer span")
    for name, values, most in (
        ("pressure", series.p_pa, 1e8), ("temperature", series.temperature_k, 2000.0),
        ("normalised pressure", series.y_pa, 1e8),
    ):  # fmt: skip
        if not (np.isfinite(values).all() and float(values.min()) > 0 and values.max() < most):
            raise InputError(
                f"{name} from {values.min():.4g} to {values.max():.4g}: no gas has that",
                "absolute, in Pa and K; leave out what the sensor did not measure",
            )


def _compensation(fine: Series, chamber: Chamber, notes: list[str]) -> Compensation | None:
    if chamber.compensation == "none":
        notes.append("no temperature compensation: the temperature's part of the slope is in it")
        return None
    try:
        found = judged(fine, chamber.t_ref_k, chamber.lsb_k)
    except InputError as error:
        notes.append(f"the compensation cannot be judged: {error.message}")
        return None
    if found.verdict == REFUSED:
        notes.append(
            f"compensation by {chamber.compensation} is refused, rates are of the pressure alone"
        )
    return found


def _judged(
    fine: Series, chamber: Chamber, notes: list[str]
) -> tuple[Compensation | None, Series, Chamber]:
    """The verdict on the compensation, and what to work on if it is refused."""
    _physical(fine)
    found = _compensation(fine, chamber, notes)
    if found is None or found.verdict != REFUSED:
        return found, fine, chamber
    return found, _uncompensated(fine, chamber), replace(chamber, compensation="none")


def _uncompensated(fine: Series, chamber: Chamber) -> Series:
    return replace(fine, y_pa=fine.p_pa * (chamber.t_ref_k / float(fine.temperature_k.mean())))


def _splits(marks: Sequence[Mark], fine: Series, notes: list[str]) -> list[_Split]:
    """The marks that hide or split something within the series, in order of their ends."""
    chosen = [mark for mark in marks if mark.kind in MASKING]
    if chosen and fine.start_utc_s is None:
        notes.append("the clock is not known: marks have no place in the series")
        return []
    start = fine.start_utc_s or 0.0
    end = float(fine.t_s[-1]) + fine.bin_s / 2
    found = []
    for mark in chosen:
        past = mark.utc_s if mark.until_s is None else mark.until_s
        found.append(_Split(mark.kind, mark.utc_s - start, past - start))
    inside = [split for split in found if split.to_s > 0 and split.from_s < end]
    return sorted(inside, key=lambda split: split.to_s)


def _masked(fine: Series, splits: list[_Split]) -> Series:
    """Without the bins that a mark touches; a moment touches none."""
    keep = np.ones(len(fine), np.bool_)
    begin = fine.position * fine.bin_s
    for split in splits:
        if split.to_s > split.from_s:
            keep &= (begin + fine.bin_s <= split.from_s) | (begin >= split.to_s)
    if not keep.any():
        raise InputError("marks cover all of the span", "a longer span")
    return fine.chosen(keep)


def _stretch(fine: Series, splits: list[_Split], chamber: Chamber) -> tuple[float, float]:
    begin, end = float(fine.t_s[0]) - fine.bin_s / 2, float(fine.t_s[-1]) + fine.bin_s / 2
    if splits:
        begin = max(begin, splits[-1].to_s + _SETTLED * (chamber.settling_s or 0.0))
    return begin, end


def _quantisation(
    fine: Series, stretch: Series, chamber: Chamber, short: Octaves | None
) -> float:  # fmt: skip
    """1.5·LSB/T where the noise is below half a step, see docs/measurement.md; Pa/s."""
    points = short.points() if short else ()
    noise = points[0].deviation_pa if points else float(np.std(np.diff(fine.p_pa))) / math.sqrt(2)
    return 1.5 * chamber.lsb_pa / stretch.length_s if noise < 0.5 * chamber.lsb_pa else 0.0


def _told_gaps(stretch: Series, notes: list[str]) -> None:
    gap = float(np.diff(stretch.position).max(initial=1) - 1) * stretch.bin_s
    if gap > _GAP * stretch.length_s:
        notes.append(f"a gap of {gap:.3g} s: what happened in it is taken as nothing")


def _fitting(work: Work) -> Fitting | None:
    try:
        return Fitting.of_line(work.stretch, work.beyond)
    except InputError as error:
        work.notes.append(f"no noise model: {error.message}")
        return None


def _factor(chamber: Chamber, notes: list[str]) -> tuple[float, str]:
    if chamber.volume_m3 is None:
        notes.append("the volume is not known: slopes of the pressure only, no leak rate")
        return 1.0, SLOPE
    return -chamber.volume_m3, UNIT


def _budgeted(
    work: Work, chosen: Result, straight: Parts | None, compensation: Compensation | None
) -> tuple[Result, LeakBudget | None]:
    flags = []
    if straight is not None:
        flags.append(straight.said())
    if compensation is not None and compensation.verdict == REFUSED:
        flags.append("compensation refused")
    chosen = chosen.with_flags(*flags)
    if chosen.value is None or work.chamber.volume_m3 is None:
        return chosen, None
    found = leak_budget(chosen, work.stretch, work.chamber, _curvature(work, straight))
    work.notes.extend(found.missing)
    best = chosen.scaled(-work.chamber.volume_m3, UNIT)
    assert best.low is not None
    assert best.high is not None
    assert best.value is not None
    if not found.budget.u:
        return best, found
    # what the method's interval has beyond k·u (a bound, a profile) stays, on its own side
    noise = (chosen.k or 0.0) * (chosen.u or 0.0) * work.chamber.volume_m3
    more = [max(0.0, side - noise) for side in (best.value - best.low, best.high - best.value)]
    whole = found.budget.u95
    return replace(
        best, low=best.value - whole - more[0], high=best.value + whole + more[1],
        u=found.budget.u, k=found.budget.k, dof=found.budget.dof,
    ), found  # fmt: skip


def _curvature(work: Work, straight: Parts | None) -> float:
    """Upper bound of |d²y/dt²|, Pa/s², from the trend of the parts' slopes."""
    if straight is None:
        return 0.0
    return straight.curvature_bound(work.stretch.length_s)


def _allan(
    fine: Series, short: Octaves | None, slope_pa_s: float, noise: NoiseFit | None
) -> tuple[AllanPoint, ...]:  # fmt: skip
    """Of the samples, of the fine bins, and from the coarse ones on of those: gaps do no harm."""
    octaves = Octaves(fine.bin_s, max(1, int(math.log2(max(2, len(fine))))))
    level = fine.y_pa - slope_pa_s * fine.t_s
    for piece in np.split(level, np.flatnonzero(np.diff(fine.position) > 1) + 1):
        octaves.add(piece)
    found = [p for p in (short.points(slope_pa_s) if short else ()) if p.lag_s < 0.9 * fine.bin_s]
    coarse = noise.points(fine.length_s) if noise else ()
    longest = coarse[0].lag_s if coarse else math.inf
    found += [point for point in octaves.points() if point.lag_s < 0.9 * longest]
    return (*found, *coarse)


def _changes(whole: Series, notes: list[str]) -> tuple[Change, ...]:
    try:
        return changes(whole)
    except InputError as error:
        notes.append(f"change points cannot be looked for: {error.message}")
        return ()


def _repairs(
    work: Work, fine: Series, splits: list[_Split], factor: float, unit: str
) -> list[Repair]:  # fmt: skip
    """Each repair with what is stored up to the marks on both sides of it."""
    found = []
    settle = _SETTLED * (work.chamber.settling_s or 0.0)
    for i, split in enumerate(splits):
        if split.kind != "repair":
            continue
        begin = splits[i - 1].to_s + settle if i else 0.0
        end = splits[i + 1].from_s if i + 1 < len(splits) else math.inf
        around = fine.between(begin, end)
        if not len(around):
            continue
        coarse = around.coarser()
        repair = compared(
            coarse, split.from_s, settle_s=split.to_s - split.from_s + settle,
            u_systematic=_systematic_slopes(work, coarse, split.from_s),
            outside_pa=work.chamber.outside_pa, beyond=work.beyond,
        )  # fmt: skip
        found.append(shifted(repair, factor, unit))
    return found


def _systematic_slopes(work: Work, around: Series, at_s: float) -> tuple[float, float]:
    sides = (around.t_s < at_s, around.t_s >= at_s)
    found = []
    for side in sides:
        if side.sum() < 3:
            found.append(0.0)
            continue
        found.append(math.hypot(*(x.u for x in bounds(around.chosen(side), work.chamber)), 0.0))
    return found[0], found[1]


def _reserve(work: Work, best: Result, factor: float) -> Reserve | None:
    limit = work.chamber.reserve_limit_pa
    if not limit:
        return None
    if best.value is None or best.low is None or best.high is None:
        work.notes.append("no reserve time: there is no rate")
        return None
    series = work.stretch
    last = max(1, len(series) // 20)
    # from the normalised pressure back to that of the gas as it is
    scale = float((series.p_pa / series.y_pa).mean()) / factor
    if "last_slope_pa_s" in best.details:  # of an exponential: what goes on is the end's rate
        scale *= best.details["last_slope_pa_s"] * factor / best.value
    slope, u95 = best.value * scale, (best.u95 or 0.0) * abs(scale)
    ago_s = float(series.t_s[-1] + series.bin_s / 2 - series.t_s[-last:].mean())
    pressure = float(series.p_pa[-last:].mean()) + slope * ago_s
    linear = reserve.linear(pressure, limit, slope, u95)
    outside = work.chamber.outside_pa
    if outside is None:
        return Reserve(limit, linear, None, "the pressure outside is not known")
    try:
        choked = reserve.choked(pressure, limit, slope, u95, outside)
    except InputError as error:
        return Reserve(limit, linear, None, error.message)
    return Reserve(limit, linear, choked, "")
