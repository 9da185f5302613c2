"""The day in a series: sine and cosine of 24 h and 12 h beside the line.

A day cycle of temperature leaves a false slope even over whole days, 1.9·A/T for an amplitude A; it
falls with the square of their number. As columns of the fit it is taken out instead.
"""

from __future__ import annotations

import math

import numpy as np

from hullwatch.analysis.fitting import SLOPE, Fitting
from hullwatch.analysis.result import Result, refused
from hullwatch.analysis.series import DAY_S, Series
from hullwatch.analysis.twofold import Floats

LEAST_DAYS = 1.0
"""Below, line and day cannot be told apart."""


def columns(series: Series, harmonics: int = 2) -> Floats:
    """n × 2·harmonics."""
    angle = 2 * math.pi / DAY_S * series.t_s
    waves = [wave(k * angle) for k in range(1, harmonics + 1) for wave in (np.cos, np.sin)]
    return np.column_stack(waves)


def with_day(series: Series, beyond: float = 0.0) -> Result:
    """The slope beside a day cycle, Pa/s, by generalised least squares; refused below one day."""
    days = series.length_s / DAY_S
    if days < LEAST_DAYS:
        return refused("diurnal", SLOPE, f"{days:.2g} days: a day cycle needs one at least")
    if series.bin_s > DAY_S / 4:
        return refused("diurnal", SLOPE, f"means of {series.bin_s / DAY_S:.2g} days have no day")
    fitting = Fitting.of_line(series, beyond, columns(series))
    found = fitting.generalised("diurnal")
    fit = np.linalg.lstsq(fitting.design, series.y_pa, rcond=None)[0]
    details = {**found.details, "day_amplitude_pa": float(np.hypot(fit[2], fit[3]))}
    return Result(**{**vars(found), "details": details})
