"""The interval of a ratio of two estimates, after E. C. Fieller (J. R. Stat. Soc. B 16 (1954) 175).

The ratio r of y to x is every number for which y − r·x is not distinguishable from zero. Exact for
normal estimates; none where x itself is not distinguishable from zero.
"""

from __future__ import annotations

import math

from hullwatch.errors import InputError


def fieller(
    y: float, x: float, var_y: float, var_x: float, cov: float, k: float
) -> tuple[float, float]:
    """(low, high) of y/x at coverage factor k; InputError where the interval has no end."""
    a = x * x - k * k * var_x
    b = x * y - k * k * cov
    c = y * y - k * k * var_y
    if a <= 0:
        raise InputError(
            "the rate before is not known from zero: a ratio to it says nothing",
            "a longer span before, or a quieter one",
        )
    # real: with a > 0 the estimate y/x itself is within
    root = math.sqrt(max(0.0, b * b - a * c))
    return (b - root) / a, (b + root) / a
