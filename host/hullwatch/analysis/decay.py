"""Decay constants of a volume that empties in proportion to what is in it.

p − p_out = (p₀ − p_out)·exp(−λt): exact for choked flow into vacuum at constant temperature
(p_out = 0), and for small pressure differences. Not for a leak that changes: compare intervals.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from hullwatch.analysis import linear
from hullwatch.errors import InputError


@dataclass(frozen=True)
class Decay:
    """A decay constant per unit of the times given, and its standard error."""

    constant: float
    standard_error: float

    @property
    def time_constant(self) -> float:
        """Time to fall to 1/e of the start; infinite where nothing decays."""
        return 1 / self.constant if self.constant else math.inf


def decay_constant(start: float, end: float, duration: float, outside: float = 0.0) -> float:
    """λ from two absolute pressures of any one unit, per unit of `duration`.

    Negative when the pressure moved away from `outside`. InputError where it reached or crossed
    `outside`: a logarithm of nothing.
    """
    if not duration > 0:
        raise InputError(f"a duration of {duration}", "the second pressure is the later one")
    ratio = (start - outside) / (end - outside) if end != outside else math.nan
    if not 0 < ratio < math.inf:
        message = f"from {start} to {end} with {outside} outside is no decay"
        raise InputError(message, "absolute pressures, both on one side of the outside's")
    return math.log(ratio) / duration


def fit_decay(times: ArrayLike, pressures: ArrayLike, outside: float = 0.0) -> Decay:
    """λ of at least three absolute pressures by a line through their logarithms.

    Each logarithm weighs the same, as for readings of equal relative error.
    """
    above = np.asarray(pressures, dtype=np.float64) - outside
    if not ((above > 0).all() or (above < 0).all()):
        message = "pressures on both sides of the outside's are no decay"
        raise InputError(message, "absolute pressures")
    fit = linear.line(times, np.log(np.abs(above)))
    return Decay(-float(fit.coefficients[1]), float(fit.standard_errors[1]))
