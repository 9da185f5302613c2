"""95 % confidence intervals of a gauge study by analysis of variance.

Repeatability: exact, from χ². All others: generalised confidence intervals (M. Hamada and
S. Weerahandi, Measurement system assessment via generalized inference, Journal of Quality
Technology 32 (2000) 241-253): each expected mean square is drawn as dof · mean square / χ², the
components are computed from the draws, and the interval lies between their quantiles. The draws
are seeded: the same study gives the same digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hullwatch.analysis.distributions import chi2_quantile
from hullwatch.analysis.gaugerr import Variance

_DRAWS = 40_000  # the ends move by less than 1 % of the width from seed to seed
_TAILS = (0.025, 0.975)

Interval = tuple[float, float]


@dataclass(frozen=True)
class Intervals:
    """Lower and upper 95 % limits, standard deviations in the unit of the values.

    `reproducibility` is operators and interaction together. `gauge_percent` is GRR in % of the
    total variation.
    """

    equipment: Interval
    reproducibility: Interval
    gauge: Interval
    part: Interval
    gauge_percent: Interval


def sd_interval(squares: float, dof: int) -> Interval:
    """Of a standard deviation from a sum of squares: √(squares / χ²), exact for normal errors."""
    low, high = (chi2_quantile(p, dof) for p in reversed(_TAILS))
    return math.sqrt(squares / low), math.sqrt(squares / high)


def intervals(analysis: Variance) -> Intervals:
    """Intervals of the components of an analysis."""
    parts, operators, trials = analysis.parts, analysis.operators, analysis.trials
    operator, part, interaction, _ = analysis.sources
    rng = np.random.default_rng(1)

    def drawn(squares: float, dof: int) -> NDArray[np.float64]:
        return squares / rng.chisquare(dof, _DRAWS)

    error = drawn(analysis.error.squares, analysis.error.dof)
    between = error if analysis.pooled else drawn(interaction.squares, interaction.dof)
    of_operator = drawn(operator.squares, operator.dof)
    of_part = drawn(part.squares, part.dof)
    reproducibility = np.maximum(0, of_operator - between) / (parts * trials)
    reproducibility += np.maximum(0, between - error) / trials
    gauge = error + reproducibility
    spread = np.maximum(0, of_part - between) / (operators * trials)
    return Intervals(
        sd_interval(analysis.error.squares, analysis.error.dof),
        _middle(np.sqrt(reproducibility)),
        _middle(np.sqrt(gauge)),
        _middle(np.sqrt(spread)),
        _middle(100 * np.sqrt(gauge / (gauge + spread))) if gauge.any() else (math.nan, math.nan),
    )


def _middle(draws: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(draws, _TAILS)
    return float(low), float(high)
