"""Independent confirmation: do results of the same quantity agree, and what do they say together.

Each pair by the normalised error E_n = |x₁ − x₂| / √(U₁² + U₂²) with 95 % half-widths (ISO 13528,
ISO/IEC 17043): agreement for E_n ≤ 1. More than two also by χ² about the weighted mean. The joint
value is the weighted mean with weights 1/u²; its uncertainty is that of the weights, or larger by
the Birge ratio √(χ²/(n − 1)) where that exceeds 1 (R. T. Birge, Physical Review 40 (1932) 207).

What the results share (one volume, one temperature error) cannot show in their difference. It is
given apart, as `common_u`, and joins the uncertainty afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from hullwatch.analysis.budget import Quantity
from hullwatch.analysis.distributions import chi2_tail, t_quantile
from hullwatch.errors import InputError

_TWO_SIDED = 0.975
_LEAST_P = 0.05


@dataclass(frozen=True)
class Pair:
    """Two results: their difference, its 95 % half-width, and E_n; they agree for E_n ≤ 1."""

    names: tuple[str, str]
    difference: float
    u95: float
    e_n: float

    @property
    def agree(self) -> bool:
        """Whether the difference is within its uncertainty."""
        return self.e_n <= 1


@dataclass(frozen=True)
class Joint:
    """What results say together.

    `value` ± `u95` are None where they do not agree: a mean of results that contradict each other
    is none. `chi2_p` is the probability of a χ² this large by chance.
    """

    agree: bool
    value: float | None
    u: float | None
    u95: float | None
    chi2: float
    chi2_p: float
    birge: float
    pairs: tuple[Pair, ...]

    def verdict(self, limit: float | None = None) -> str:
        """`disagree`; `below`, `above` or `undetermined` against a limit; else `agree`."""
        if self.value is None or self.u95 is None:
            return "disagree"
        if limit is None:
            return "agree"
        if self.value + self.u95 < limit:
            return "below"
        return "above" if self.value - self.u95 > limit else "undetermined"


def joint(results: Sequence[Quantity], common_u: float = 0.0) -> Joint:
    """Compare two or more results of one unit, each with u > 0; InputError otherwise.

    ``common_u``: standard uncertainty that all of them share, not part of theirs.
    """
    if len(results) < 2 or any(not 0 < x.u < math.inf for x in results):
        raise InputError("a comparison needs two results with uncertainties", "u above zero")
    if len({x.name for x in results}) < len(results):
        raise InputError("a result is compared with itself", "name different nodes")
    weights = [1 / x.u**2 for x in results]
    mean = sum(w * x.value for w, x in zip(weights, results, strict=True)) / sum(weights)
    chi2 = sum(w * (x.value - mean) ** 2 for w, x in zip(weights, results, strict=True))
    dof = len(results) - 1
    p = chi2_tail(chi2, dof)
    pairs = tuple(_pair(a, b) for a, b in combinations(results, 2))
    birge = math.sqrt(chi2 / dof)
    # two results: E_n is the same question, and knows of their degrees of freedom
    agree = all(pair.agree for pair in pairs) and (len(results) == 2 or p >= _LEAST_P)
    if not agree:
        return Joint(False, None, None, None, chi2, p, birge, pairs)
    own = max(1.0, birge) / math.sqrt(sum(weights))
    k = t_quantile(_TWO_SIDED, min(x.dof for x in results))
    u = math.hypot(own, common_u)
    return Joint(True, mean, u, k * u, chi2, p, birge, pairs)


def paired(
    first: Sequence[float], second: Sequence[float], names: tuple[str, str], common_u: float = 0.0
) -> Joint:
    """Two series of the same moments: five results or more each, whose noise they may share.

    The difference is taken pair by pair, so that what both share does not hide a disagreement; the
    joint value is the mean of both with u = s/√k of the pairs' means. Intervals are Student's t
    with k − 1 degrees of freedom: exact for independent normal pairs.
    """
    k = len(first)
    if k != len(second) or k < 2:
        raise InputError(f"{k} and {len(second)} results", "as many of both, at the same moments")
    t = t_quantile(_TWO_SIDED, k - 1)
    mean, u = _mean([(a + b) / 2 for a, b in zip(first, second, strict=True)])
    apart, u_apart = _mean([a - b for a, b in zip(first, second, strict=True)])
    if not u_apart > 0:
        raise InputError("both series are the same", "are these two sensors?")
    pair = Pair(names, apart, t * u_apart, abs(apart) / (t * u_apart))
    chi2 = (apart / u_apart) ** 2
    p, birge = chi2_tail(chi2, 1), math.sqrt(chi2)
    if not pair.agree:
        return Joint(False, None, None, None, chi2, p, birge, (pair,))
    whole = math.hypot(u, common_u)
    return Joint(True, mean, whole, t * whole, chi2, p, birge, (pair,))


def _mean(values: Sequence[float]) -> tuple[float, float]:
    k = len(values)
    mean = math.fsum(values) / k
    return mean, math.sqrt(math.fsum((x - mean) ** 2 for x in values) / (k - 1) / k)


def _pair(a: Quantity, b: Quantity) -> Pair:
    u95 = math.hypot(*(t_quantile(_TWO_SIDED, x.dof) * x.u for x in (a, b)))
    difference = a.value - b.value
    return Pair((a.name, b.name), difference, u95, abs(difference) / u95)
