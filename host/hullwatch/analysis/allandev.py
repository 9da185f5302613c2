"""Allan deviations by octaves of the averaging time, from samples as they stream by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hullwatch.analysis.distributions import chi2_quantile
from hullwatch.analysis.twofold import Floats


@dataclass(frozen=True)
class AllanPoint:
    """Allan deviation of means over `lag_s`, its 95 % interval, its degrees of freedom."""

    lag_s: float
    deviation_pa: float
    low_pa: float
    high_pa: float
    dof: float


def point(lag_s: float, variance: float, dof: float) -> AllanPoint:
    """With the interval of χ²/dof."""
    deviation = math.sqrt(variance)
    low, high = (deviation * math.sqrt(dof / chi2_quantile(p, dof)) for p in (0.975, 0.025))
    return AllanPoint(lag_s, deviation, low, high, dof)


class Octaves:
    """Sums of squared differences of neighbouring means of 1, 2, 4, … values.

    Stretches are added one by one, of consecutive values each; what is left over at the end of a
    stretch is not used at longer lags.
    """

    def __init__(self, spacing_s: float, levels: int) -> None:
        self.spacing_s = spacing_s
        self._squares = np.zeros(levels)
        self._pairs = np.zeros(levels, np.int64)

    def add(self, values: Floats) -> None:
        """A stretch of consecutive values."""
        for level in range(len(self._squares)):
            if len(values) < 2:
                return
            differences = values[1:] - values[:-1]
            self._squares[level] += float(differences @ differences)
            self._pairs[level] += len(differences)
            even = len(values) & ~1
            values = 0.5 * (values[:even:2] + values[1:even:2])

    def merge(self, other: Octaves) -> None:
        """Add what another of the same spacing has counted."""
        self._squares += other._squares
        self._pairs += other._pairs

    def points(self, slope_pa_s: float = 0.0, fewest: int = 2) -> tuple[AllanPoint, ...]:
        """By lag; what a steady `slope_pa_s` adds, its square times lag²/2, is taken off."""
        found = []
        for level, (squares, pairs) in enumerate(
            zip(self._squares.tolist(), self._pairs.tolist(), strict=True)
        ):
            lag_s = self.spacing_s * 2**level
            if pairs < fewest:
                break
            variance = squares / (2 * pairs) - (slope_pa_s * lag_s) ** 2 / 2
            if variance < 0:
                continue
            # neighbouring differences share a mean: for white noise 2/3 of them count
            found.append(point(lag_s, variance, max(1.0, 2 * pairs / 3)))
        return tuple(found)
