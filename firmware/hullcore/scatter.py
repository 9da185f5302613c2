"""Interval of a slope from the scatter of its sub-windows: the cold-start uncertainty.

U = t(0.975, k − 1) · s / √k over k sub-window slopes. It needs no noise profile and is never too
narrow for white and random-walk noise, at the price of width (uncertainty of six sub-windows:
7 × too wide for white noise, 1.4 × for random walk).
"""

from hullcore.intmath import isqrt_up
from hullcore.student import T95_SCALE, t95

MIN_SLOPES = 2


class Scatter:
    """Count, sum and sum of squares of sub-window slopes in pPa/s (exact integers)."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all slopes."""
        self.count = 0
        self.total = 0
        self.squares = 0

    def add(self, slope_ppa_s: int) -> None:
        """Take the slope of one sub-window."""
        self.count += 1
        self.total += slope_ppa_s
        self.squares += slope_ppa_s * slope_ppa_s

    def half_width(self) -> int:
        """U in pPa/s, rounded up; −1 with fewer than two sub-windows."""
        k = self.count
        if k < MIN_SLOPES:
            return -1
        ss = k * self.squares - self.total * self.total  # k²(k−1) · variance of the mean
        t = t95(k - 1)
        return isqrt_up(-(-t * t * ss // (k * k * (k - 1) * T95_SCALE * T95_SCALE)))
