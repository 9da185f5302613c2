"""Leak tests of sealed volumes from the gas inside: mass-point and total-time.

Mass-point: W = (P − P_vapour)·V/(R·T) at each reading, a line W = A·t + B through them, leak rate
−2400·A/B %/day. Total-time: the leak rate of each reading against the first, a line through those,
its value at the last. The two of ANSI/ANS-56.8 and of the containment tests before it; the text of
the standard was not at hand, so both forms in use of the mass-point standard error are given.

Both lines assume independent errors. Total-time's readings all share the first one, so its limit
is the customary one and no guarantee of coverage.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hullwatch.analysis import linear
from hullwatch.analysis.distributions import t_quantile
from hullwatch.analysis.twofold import Floats
from hullwatch.errors import InputError
from hullwatch.units.constants import R

_PERCENT_DAY = 2400.0  # 100 % · 24 h/day: a rate per hour as percent a day
_ONE_SIDED = 0.95
_HOUR_S = 3600.0


@dataclass(frozen=True)
class MassPoint:
    """Result of a mass-point test; positive rates are gas lost.

    `slope_mol_h` and `start_mol` are the line's A (its standard error `slope_se_mol_h`) and B.
    `se_pct_day` carries the uncertainty of B and its correlation with A (delta method);
    `simple_se_pct_day` is 2400·S_A/B alone. Each `…ucl95_pct_day` is the one-sided 95 % upper
    confidence limit that goes with it.
    """

    slope_mol_h: float
    start_mol: float
    slope_se_mol_h: float
    leak_pct_day: float
    se_pct_day: float
    simple_se_pct_day: float
    t95: float
    ucl95_pct_day: float
    simple_ucl95_pct_day: float

    @property
    def leak_mol_s(self) -> float:
        """Gas lost in mol/s."""
        return -self.slope_mol_h / _HOUR_S


@dataclass(frozen=True)
class TotalTime:
    """Result of a total-time test; positive is gas lost.

    The fitted rate at the last reading, its standard error, and its one-sided 95 % upper
    confidence limit.
    """

    leak_pct_day: float
    se_pct_day: float
    t95: float
    ucl95_pct_day: float


def mass_point(
    time_h: ArrayLike,
    pressure_pa: ArrayLike,
    temperature_k: ArrayLike,
    volume_m3: float,
    *,
    vapour_pa: ArrayLike = 0.0,
    r_j_mol_k: float = float(R),
) -> MassPoint:
    """Evaluate a mass-point test of at least 4 readings at increasing times.

    Absolute pressures; `vapour_pa`, the partial pressure of water, one value or one a reading.
    """
    hours, pressure, temperature = _readings(time_h, pressure_pa, temperature_k)
    dry = pressure - np.broadcast_to(np.asarray(vapour_pa, dtype=np.float64), pressure.shape)
    if not volume_m3 > 0:
        raise InputError(f"a volume of {volume_m3} m³", "give the free volume, positive")
    if not (dry > 0).all():
        raise InputError("no dry gas is left", "a vapour pressure is not below the pressure")
    fit = linear.line(hours, dry * volume_m3 / (r_j_mol_k * temperature))
    b, a = (float(c) for c in fit.coefficients)
    ((var_b, cov), (_, var_a)) = fit.covariance.tolist()
    t95 = t_quantile(_ONE_SIDED, fit.dof)
    leak = -_PERCENT_DAY * a / b
    ratio = a / b
    se = _PERCENT_DAY / b * (var_a - 2 * ratio * cov + ratio * ratio * var_b) ** 0.5
    simple = _PERCENT_DAY / b * var_a**0.5
    return MassPoint(a, b, var_a**0.5, leak, se, simple, t95, leak + t95 * se, leak + t95 * simple)


def total_time(time_h: ArrayLike, pressure_pa: ArrayLike, temperature_k: ArrayLike) -> TotalTime:
    """Evaluate a total-time test of at least 4 readings at increasing times; absolute pressures.

    L_i = 2400/(t_i − t_0)·(1 − T_0·P_i/(T_i·P_0)) from the second reading on, regressed on time.
    """
    hours, pressure, temperature = _readings(time_h, pressure_pa, temperature_k)
    kept = (pressure / temperature) / (pressure[0] / temperature[0])
    since = hours[1:] - hours[0]
    fit = linear.line(since - since[-1], _PERCENT_DAY / since * (1 - kept[1:]))
    t95 = t_quantile(_ONE_SIDED, fit.dof)
    leak, se = float(fit.coefficients[0]), float(fit.standard_errors[0])
    return TotalTime(leak, se, t95, leak + t95 * se)


def _readings(*columns: ArrayLike) -> tuple[Floats, Floats, Floats]:
    hours, pressure, temperature = (np.asarray(c, dtype=np.float64) for c in columns)
    if not hours.ndim == pressure.ndim == temperature.ndim == 1:
        raise InputError("readings are rows of numbers", "time, pressure, temperature")
    if not len(hours) == len(pressure) == len(temperature) >= 4:
        hint = "at least 4 readings of each"
        raise InputError("time, pressure and temperature do not make a leak test", hint)
    if not np.isfinite(np.stack((hours, pressure, temperature))).all():
        raise InputError("a reading is no finite number", "leave it out")
    if not (np.diff(hours) > 0).all():
        raise InputError("the times of a leak test do not increase", "sort, leave out repeats")
    if not ((pressure > 0).all() and (temperature > 0).all()):
        raise InputError("a pressure or temperature is not positive", "absolute: Pa and K")
    return hours, pressure, temperature
