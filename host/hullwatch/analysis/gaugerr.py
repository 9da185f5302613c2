"""Gauge repeatability and reproducibility: average-and-range method, and analysis of variance.

Both as in AIAG, Measurement Systems Analysis, 4th edition (2010), chapter III and appendix A. The
constants K are computed (`ranges`), not copied; those of the manual are rounded to four digits.
`gaugeintervals` has the confidence intervals of the second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hullwatch.analysis.distributions import f_tail
from hullwatch.analysis.gaugestudy import Study
from hullwatch.analysis.ranges import mean_range_divisor

POOL_ABOVE = 0.25
"""p of the interaction above which it is taken as none: high, so that a real one is kept."""

_CATEGORIES = 1.41  # AIAG chapter II: √2 as printed; categories are cut off to a whole number


@dataclass(frozen=True)
class Components:
    """Standard deviations in the unit of the values.

    `equipment` EV: repeatability; `appraiser` AV: between operators; `interaction`: operators
    differ from part to part (0 where pooled, and in the average-and-range method); `part` PV.
    """

    equipment: float
    appraiser: float
    interaction: float
    part: float

    @property
    def gauge(self) -> float:
        """GRR: repeatability and reproducibility together."""
        return math.hypot(self.equipment, self.appraiser, self.interaction)

    @property
    def total(self) -> float:
        """TV."""
        return math.hypot(self.gauge, self.part)

    def percent(self, component: float) -> float:
        """A component in % of the total variation; NaN where nothing varies."""
        return 100 * component / self.total if self.total else math.nan

    @property
    def categories(self) -> int | None:
        """Ndc, number of distinct categories; None for a gauge without any variation."""
        return int(_CATEGORIES * self.part / self.gauge) if self.gauge else None

    def percent_of_tolerance(self, tolerance: float) -> float:
        """6·GRR in % of a tolerance (upper minus lower limit)."""
        return 600 * self.gauge / tolerance


@dataclass(frozen=True)
class Source:
    """A line of the analysis of variance; `f` and `p` are None where nothing is tested."""

    name: str
    dof: int
    squares: float
    f: float | None = None
    p: float | None = None

    @property
    def mean_square(self) -> float:
        """Sum of squares per degree of freedom."""
        return self.squares / self.dof


@dataclass(frozen=True)
class Variance:
    """An analysis of variance. `sources` in full; `pooled`: the interaction went to the error.

    `error` is the line that repeatability comes from: trials, or trials and interaction.
    """

    parts: int
    operators: int
    trials: int
    sources: tuple[Source, Source, Source, Source]
    error: Source
    pooled: bool
    components: Components


def average_and_range(study: Study) -> Components:
    """EV, AV and PV from mean ranges; the customary method, without interaction and interval."""
    parts, operators, trials = study.values.shape
    equipment = float(np.ptp(study.values, axis=2).mean()) / mean_range_divisor(trials)
    between = np.ptp(study.values.mean(axis=(0, 2))) / mean_range_divisor(operators, 1)
    spread = np.ptp(study.values.mean(axis=(1, 2))) / mean_range_divisor(parts, 1)
    appraiser = max(0.0, float(between) ** 2 - equipment**2 / (parts * trials))
    return Components(equipment, math.sqrt(appraiser), 0.0, float(spread))


def variance(study: Study, pool_above: float = POOL_ABOVE) -> Variance:
    """Two-way analysis with random parts and operators.

    Parts and operators are tested against the interaction; the interaction is pooled with the
    error when its p exceeds `pool_above`, and they are then tested against that. Negative
    components are zero.
    """
    values = study.values
    parts, operators, trials = values.shape
    mean = values.mean()
    of_part, of_operator = values.mean(axis=(1, 2)), values.mean(axis=(0, 2))
    cells = values.mean(axis=2)
    lines = (
        ("operator", operators - 1, parts * trials * ((of_operator - mean) ** 2).sum()),
        ("part", parts - 1, operators * trials * ((of_part - mean) ** 2).sum()),
        (
            "operator × part",
            (operators - 1) * (parts - 1),
            trials * ((cells - of_part[:, None] - of_operator + mean) ** 2).sum(),
        ),
        ("repeatability", parts * operators * (trials - 1),
         ((values - cells[:, :, None]) ** 2).sum()),
    )  # fmt: skip
    operator, part, interaction, repeats = (Source(n, dof, float(ss)) for n, dof, ss in lines)
    interaction = _tested(interaction, repeats)
    pooled = interaction.p is not None and interaction.p > pool_above
    error = repeats
    if pooled:
        error = Source(
            "repeatability, pooled",
            repeats.dof + interaction.dof,
            repeats.squares + interaction.squares,
        )
    against = error if pooled else interaction
    sources = (_tested(operator, against), _tested(part, against), interaction, repeats)
    shape = (parts, operators, trials)
    squares = (operator.mean_square, part.mean_square, against.mean_square, error.mean_square)
    return Variance(*shape, sources, error, pooled, components(shape, *squares))


def components(
    shape: tuple[int, int, int], operator: float, part: float, between: float, error: float
) -> Components:
    """From mean squares; `between` is that of the interaction, or of the pooled error."""
    parts, operators, trials = shape
    return Components(
        math.sqrt(error),
        math.sqrt(max(0.0, (operator - between) / (parts * trials))),
        math.sqrt(max(0.0, (between - error) / trials)),
        math.sqrt(max(0.0, (part - between) / (operators * trials))),
    )


def _tested(source: Source, against: Source) -> Source:
    if not against.mean_square:
        return source
    f = source.mean_square / against.mean_square
    return Source(source.name, source.dof, source.squares, f, f_tail(f, source.dof, against.dof))
