"""The leak rate's budget: noise, and what no averaging removes (JCGM 100; see `budget`).

    Q = −V·(1 + gain)·(slope + temperature + tempco + drift + settling + reference)

each of the last with the value zero and the uncertainty of a declared bound, rectangular. The false
slope of anything within ± D over a time T is at most 3·D/T for least squares; gas and thermometer
differ by at most D = lag·|dT/dt| + gradient.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from hullwatch.analysis.budget import Budget, Quantity, combine, rectangular
from hullwatch.analysis.chamber import Chamber
from hullwatch.analysis.result import Result
from hullwatch.analysis.series import Series

_DAY_S = 86400.0
_PARTS = 16
UNIT = "Pa·m³/s"


@dataclass(frozen=True)
class LeakBudget:
    """`budget` of the leak rate; `full` when everything was bounded, `missing` says what was not.

    `u_slope_pa_s`: what all bounds together add to the slope.
    """

    budget: Budget
    full: bool
    missing: tuple[str, ...]
    u_slope_pa_s: float


def fastest_k_s(series: Series) -> float:
    """The largest |dT/dt| seen: of the whole series, and of its sixteenths."""
    rates = [0.0]
    pieces = [np.arange(len(series)), *np.array_split(np.arange(len(series)), _PARTS)]
    for piece in pieces:
        if len(piece) >= 3:
            t = series.t_s[piece] - series.t_s[piece].mean()
            rates.append(abs(float(t @ series.temperature_k[piece] / (t @ t))))
    return max(rates)


def bounds(series: Series, chamber: Chamber, curvature_pa_s2: float = 0.0) -> list[Quantity]:
    """What may be wrong with the slope, each as zero ± u in Pa/s.

    ``curvature_pa_s2``: upper bound of |d²y/dt²|, for what has not settled.
    """
    found = []
    rate, length = fastest_k_s(series), series.length_s
    per_k = float((series.p_pa / series.temperature_k).mean())
    if chamber.temp_lag_s is not None:
        apart_k = chamber.temp_lag_s * rate + chamber.temp_gradient_k
        false = per_k * 3 * apart_k / length
        if chamber.compensation == "none":
            false += per_k * rate  # nothing takes the temperature out
        found.append(Quantity("gas against thermometer", 0.0, rectangular(false), "Pa/s"))
    if chamber.tempco_pa_k:
        found.append(Quantity("tempco", 0.0, rectangular(chamber.tempco_pa_k * rate), "Pa/s"))
    if chamber.drift_pa_day:
        drift = rectangular(chamber.drift_pa_day / _DAY_S)
        found.append(Quantity("sensor drift", 0.0, drift, "Pa/s"))
    if chamber.settling_s:
        left = rectangular(chamber.settling_s * curvature_pa_s2)
        found.append(Quantity("settling", 0.0, left, "Pa/s"))
    if chamber.reference_drift_pa_day:
        drift = rectangular(chamber.reference_drift_pa_day / _DAY_S)
        found.append(Quantity("reference chamber", 0.0, drift, "Pa/s"))
    return found


def leak_budget(
    slope: Result, series: Series, chamber: Chamber, curvature_pa_s2: float = 0.0
) -> LeakBudget:
    """Of a slope that was found; the chamber's volume must be known.

    What cannot be bounded is said in `missing`, and is not in the budget.
    """
    assert slope.value is not None
    assert slope.u is not None
    assert slope.dof is not None
    assert chamber.volume_m3 is not None
    extra = bounds(series, chamber, curvature_pa_s2)
    u_volume = chamber.u_volume or 0.0
    inputs = [
        Quantity("noise", slope.value, slope.u, "Pa/s", slope.dof),
        Quantity("volume", chamber.volume_m3, u_volume * chamber.volume_m3, "m³"),
        Quantity("gain", 1.0, chamber.u_gain, "1"),
        *extra,
    ]
    names = [x.name for x in extra]

    def model(x: Mapping[str, float]) -> float:
        return -x["volume"] * x["gain"] * (x["noise"] + sum(x[name] for name in names))

    missing = []
    if chamber.temp_lag_s is None:
        missing.append("no bound on gas against thermometer is declared: noise only")
    if chamber.u_volume is None:
        missing.append("the volume's uncertainty is not known")
    if chamber.compensation == "reference" and chamber.reference_drift_pa_day is None:
        missing.append("no bound on the reference chamber's own leak is declared")
    return LeakBudget(
        combine(model, inputs), not missing, tuple(missing), math.hypot(*(x.u for x in extra))
    )  # fmt: skip
