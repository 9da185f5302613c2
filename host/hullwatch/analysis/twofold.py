"""Sums and products of floats with their rounding errors kept: about 106 bits from doubles.

Error-free transformations: Knuth, The Art of Computer Programming 2, 4.2.2 (two_sum); Dekker,
Numer. Math. 18 (1971) 224–242 (two_product). Pure IEEE 754 doubles, so every machine gives the
same; `longdouble` is a plain double on some. A twofold number is a pair (high, low), value
high + low.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SPLIT = 134217729.0  # 2^27 + 1: cuts 53 bits into 26 and 26, and a sign


def two_sum(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """a + b exactly, as a twofold number."""
    high = a + b
    from_b = high - a
    return high, (a - (high - from_b)) + (b - from_b)


def two_product(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """a · b exactly, as a twofold number; |a|, |b| < 2^996."""
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    high = a * b
    low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low
    return high, low


def _split(a: Floats) -> tuple[Floats, Floats]:
    scaled = _SPLIT * a
    high = scaled - (scaled - a)
    return high, a - high


class Twofold:
    """An array of twofold numbers that is added to."""

    def __init__(self, size: int) -> None:
        self.high: Floats = np.zeros(size)
        self.low: Floats = np.zeros(size)

    def add(self, change: Floats) -> None:
        """Add doubles."""
        self.high, error = two_sum(self.high, change)
        self.high, self.low = two_sum(self.high, self.low + error)


def misfit(y: Floats, rest: Twofold, design: Floats, weights: Twofold) -> Floats:
    """y − rest − design · weights, rounded once; `design` is n × p."""
    high, low = two_sum(y, -rest.high)
    low = low - rest.low
    for column, weight, weight_low in zip(design.T, weights.high, weights.low, strict=True):
        product, error = two_product(column, np.full_like(column, -weight))
        high, carry = two_sum(high, product)
        low += carry + error - column * weight_low
    return high + low


def projection(design: Floats, rest: Twofold) -> Floats:
    """Designᵀ · rest, each element rounded once."""
    sums = []
    for column in design.T:
        product, error = two_product(column, rest.high)
        sums.append(math.fsum(np.concatenate((product, error + column * rest.low))))
    return np.array(sums)
