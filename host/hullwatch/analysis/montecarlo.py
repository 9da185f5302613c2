"""Propagation of distributions by Monte Carlo, after JCGM 101:2008: the check of a budget.

An input is drawn from the distribution that fits what is known of it (JCGM 101, table 1): normal
for infinitely many degrees of freedom, scaled and shifted t for ν of them (6.4.9), rectangular
where it was stated as a bound (6.4.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hullwatch.analysis.budget import Quantity
from hullwatch.analysis.twofold import Floats
from hullwatch.errors import InputError

FEWEST = 10_000
_PART = 0.95


@dataclass(frozen=True)
class Propagated:
    """Mean and standard deviation of the drawn results, and their 95 % intervals.

    `low`, `high` are probabilistically symmetric (2.5 % on each side); `shortest` is the shortest.
    """

    value: float
    u: float
    low: float
    high: float
    shortest: tuple[float, float]
    trials: int


def propagate(
    model: Callable[[Mapping[str, Any]], Any],
    inputs: Sequence[Quantity],
    bounds: Collection[str] = (),
    trials: int = 200_000,
    seed: int = 1,
) -> Propagated:
    """Draw `trials` results of a model that works on arrays; `bounds`: names of rectangular inputs.

    InputError for fewer than 10,000 trials, and for names that are no input.
    """
    if trials < FEWEST:
        raise InputError(f"{trials} trials", f"at least {FEWEST} for the ends of an interval")
    unknown = set(bounds) - {x.name for x in inputs}
    if unknown:
        raise InputError(f"no input {', '.join(sorted(unknown))}", "bounds are names of inputs")
    rng = np.random.default_rng(seed)
    drawn = {x.name: _drawn(rng, x, x.name in bounds, trials) for x in inputs}
    results = np.sort(np.broadcast_to(np.asarray(model(drawn), np.float64), (trials,)))
    inside = round(_PART * trials)
    widths = results[inside:] - results[: trials - inside]
    at = int(widths.argmin())
    cut = (trials - inside) // 2
    return Propagated(
        float(results.mean()), float(results.std(ddof=1)), float(results[cut]),
        float(results[cut + inside - 1]), (float(results[at]), float(results[at + inside])), trials,
    )  # fmt: skip


def _drawn(rng: np.random.Generator, x: Quantity, bound: bool, trials: int) -> Floats:
    if bound:
        half = math.sqrt(3) * x.u
        return rng.uniform(x.value - half, x.value + half, trials)
    if math.isinf(x.dof):
        return rng.normal(x.value, x.u, trials)
    return x.value + x.u * rng.standard_t(x.dof, trials)
