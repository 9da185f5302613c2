"""Background leak rate: what a test reads of a part that does not leak.

**Tight part**: the reading itself, and the bound that is known of the part's own leak.

**Two windows** on a part that may leak: the first where the test measures, the second later by Δ.
The leak is in both; what settles is B in the first and B·exp(−Δ/τ) in the second. Their difference
d is between B for τ → 0 and B·(1 − exp(−Δ/τ_max)) for the slowest settling there can be, so B lies
between d and d/(1 − exp(−Δ/τ_max)), and is taken as rectangular between these. Makers of testers
wait five test times and take τ as short; here the bound is stated and enters the uncertainty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from hullwatch.analysis.budget import Budget, Quantity, combine, rectangular
from hullwatch.errors import InputError

LARGEST_REST = 0.5
"""Share of the settling that may be left in the second window: beyond, it is not a second one."""


def of_tight_part(reading: Quantity, part_below: float) -> Budget:
    """Background from a part known to leak between 0 and `part_below`, in the unit of `reading`."""
    if not 0 <= part_below < math.inf:
        raise InputError(f"a tight part's leak below {part_below}", "0 or more")
    inputs = [
        replace(reading, name="reading of the tight part"),
        Quantity("leak of the tight part", part_below / 2, rectangular(part_below / 2)),
    ]
    return combine(lambda x: x["reading of the tight part"] - x["leak of the tight part"], inputs)


def of_two_windows(
    first: Quantity, second: Quantity, apart_s: float, slowest_settling_s: float
) -> Budget:
    """Background of the first window; the part's own leak is in neither result nor uncertainty.

    `apart_s` between the middles of the windows, `slowest_settling_s` the longest time constant.
    InputError when more than half could be left in the second window.
    """
    if not (apart_s > 0 and 0 <= slowest_settling_s < math.inf):
        raise InputError(
            f"windows {apart_s} s apart, settling {slowest_settling_s} s", "the second is later"
        )
    rest = math.exp(-apart_s / slowest_settling_s) if slowest_settling_s else 0.0
    if rest > LARGEST_REST:
        raise InputError(
            f"of what settles up to {rest:.0%} is left in the second window",
            f"wait {5 * slowest_settling_s:g} s between the two",
        )
    widest = 1 / (1 - rest)
    inputs = [
        replace(first, name="first window"),
        replace(second, name="second window"),
        Quantity("settling left", (widest + 1) / 2, rectangular((widest - 1) / 2)),
    ]

    def model(x: Mapping[str, float]) -> float:
        return (x["first window"] - x["second window"]) * x["settling left"]

    return combine(model, inputs)
