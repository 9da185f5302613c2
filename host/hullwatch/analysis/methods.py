"""Every method on one stretch of a series, side by side, and which of them to quote."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hullwatch.analysis import diurnal, humidity, outgassing, realgas
from hullwatch.analysis.chamber import Chamber
from hullwatch.analysis.exponential import LARGE_LOSS, as_line, exponential, loss_share
from hullwatch.analysis.fitting import SLOPE, Fitting
from hullwatch.analysis.result import Result, refused
from hullwatch.analysis.series import DAY_S, Series
from hullwatch.analysis.straight import Parts, parts
from hullwatch.errors import HullwatchError, InputError


@dataclass
class Work:
    """What an analysis works on; `beyond`: what quantisation may add to a slope, Pa/s."""

    chamber: Chamber
    stretch: Series
    beyond: float
    notes: list[str] = field(default_factory=list)

    def tried(self, name: str, make: Callable[[], Result]) -> Result:
        """A method, or its refusal."""
        try:
            return make()
        except HullwatchError as error:
            return refused(name, SLOPE, error.message)


def methods(work: Work, fitting: Fitting | None, real_gas: bool) -> list[Result]:
    """All of them, refusals included, as slopes in Pa/s; `real_gas` asks for CoolProp's too."""
    series, chamber, beyond = work.stretch, work.chamber, work.beyond
    found = [work.tried("parts", lambda: parts(series).mean)]
    for name in ("line", "generalised", "mass_point", "total_time"):
        shown = "gls" if name == "generalised" else name
        if fitting is None:
            found.append(refused(shown, SLOPE, "no noise model"))
        else:
            found.append(work.tried(shown, getattr(fitting, name)))
    found.append(work.tried("exponential", lambda: _exponential(work)))
    found.append(
        work.tried("outgassing", lambda: outgassing.with_outgassing(
            series, chamber.settling_s, beyond)))  # fmt: skip
    found.append(work.tried("diurnal", lambda: diurnal.with_day(series, beyond)))
    if chamber.relative_humidity is not None:
        found.append(work.tried("dry_gas", lambda: _dry(work)))
    if real_gas:
        found.append(work.tried("real_gas", lambda: _real(work)))
    return found


def _outside(work: Work) -> tuple[float, float] | None:
    """(normalised as y is, its standard uncertainty)."""
    if work.chamber.outside_pa is None:
        return None
    scale = float((work.stretch.y_pa / work.stretch.p_pa).mean())
    return work.chamber.outside_pa * scale, work.chamber.u_outside_pa * scale


def _exponential(work: Work) -> Result:
    outside = _outside(work)
    if outside is None:
        return refused("exponential", SLOPE, "the pressure outside is not known")
    return exponential(work.stretch, *outside, beyond=work.beyond)


def _dry(work: Work) -> Result:
    series, chamber = work.stretch, work.chamber
    assert chamber.relative_humidity is not None
    vapour = humidity.vapour_pa(chamber.relative_humidity, series.temperature_k)
    dry = Fitting.of_line(
        replace(series, y_pa=series.y_pa * (1 - vapour / series.p_pa)), work.beyond
    )
    found = dry.generalised("dry_gas")
    # an error of the humidity that is the same throughout
    at_one = humidity.saturation_pa(series.temperature_k) * series.y_pa / series.p_pa
    t = series.centred_s - series.centred_s.mean()
    extra = abs(float(t @ at_one / (t @ t))) * chamber.u_relative_humidity
    if found.u is None or found.k is None or found.value is None:
        return found
    u = math.hypot(found.u, extra)
    half = found.k * u + work.beyond
    return replace(
        found, u=u, low=found.value - half, high=found.value + half,
        assumptions=(*found.assumptions, "the relative humidity stays as stated"),
    )  # fmt: skip


def _real(work: Work) -> Result:
    series, chamber = work.stretch, work.chamber
    if chamber.compensation in ("reference", "none"):
        return refused("real_gas", SLOPE, "needs a temperature of the gas, from sensor or probe")
    y = realgas.normalised_pa(chamber.gas, series.p_pa, series.temperature_k, chamber.t_ref_k)
    return Fitting.of_line(replace(series, y_pa=y), work.beyond).generalised("real_gas")


def straightness(work: Work, chosen: str) -> Parts | None:
    """Of what should be straight under the method that was chosen."""
    outside = _outside(work)
    try:
        if chosen == "exponential" and outside is not None:
            return parts(as_line(work.stretch, outside[0]))
        return parts(work.stretch)
    except InputError as error:
        work.notes.append(f"straightness cannot be judged: {error.message}")
        return None


def choice(work: Work, methods: list[Result]) -> tuple[Result, str]:
    """(the one to quote, why)."""
    by_name = {method.name: method for method in methods}
    outside = _outside(work)
    if outside is not None:
        share = loss_share(work.stretch, outside[0])
        if share > LARGE_LOSS and by_name["exponential"].value is not None:
            return by_name["exponential"], f"{share:.0%} of the driving pressure was lost"
    if by_name["diurnal"].value is not None and work.stretch.length_s >= 2 * DAY_S:
        return by_name["diurnal"], "two days or more: the day cycle is taken out"
    for name in ("gls", "parts"):
        if by_name[name].value is not None:
            return by_name[name], "the weights that the noise asks for" if name == "gls" else (
                "too few values for a noise model"
            )  # fmt: skip
    return refused("best", SLOPE, *by_name["parts"].refusals), "no method has enough values"
