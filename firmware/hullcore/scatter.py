"""What the sub-windows of a window tell: scatter, curvature, temperature rates, correlation.

The scatter gives the cold-start interval U = t(0.975, k − 1)·s/√k over k sub-window slopes: it
needs no noise profile and is never too narrow for white and random-walk noise, at the price of
width (six sub-windows: 7 × too wide for white noise, 1.4 × for a walk).
"""

from hullcore.compat import const
from hullcore.intmath import isqrt_up
from hullcore.student import T95_SCALE, t95

MIN_SLOPES = 2
NO_SERIAL = -32768
_MIN_SERIAL = const(4)
_MIN_CURVE = const(3)


class Scatter:
    """Gathers one sub-window after another; cleared with the window."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all sub-windows."""
        self.count = 0
        self.total = 0
        self.squares = 0
        self.moment = 0
        self.rate_nk_s = 0
        self.means: list = []

    def add(self, slope_ppa_s: int, rate_nk_s: int) -> None:
        """Take slope and temperature rate of one sub-window."""
        self.moment += self.count * slope_ppa_s
        self.count += 1
        self.total += slope_ppa_s
        self.squares += slope_ppa_s * slope_ppa_s
        self.rate_nk_s = max(self.rate_nk_s, abs(rate_nk_s))

    def keep(self, sums, offset: int) -> None:
        """Keep the centre of one sub-window: (index, pressure), each times 2^12."""
        n = sums.n
        self.means.append((((sums.sj + n * offset) << 12) // n, (sums.sy << 12) // n))

    def half_width(self) -> int:
        """U in pPa/s, rounded up; −1 with fewer than two sub-windows."""
        k = self.count
        if k < MIN_SLOPES:
            return -1
        ss = k * self.squares - self.total * self.total  # k²(k−1) · variance of the mean
        t = t95(k - 1)
        return isqrt_up(-(-t * t * ss // (k * k * (k - 1) * T95_SCALE * T95_SCALE)))

    def curvature_bound(self, span_us: int) -> int:
        """Upper 95 % bound of |d(slope)/dt| in pPa/s² · 10^3; −1 with fewer than three.

        Least squares of the slopes over their order, its error from their scatter about the line.
        """
        k = self.count
        if k < _MIN_CURVE:
            return -1
        si = k * (k - 1) // 2
        den = k * ((k - 1) * k * (2 * k - 1) // 6) - si * si  # k·Σi² − (Σi)²
        num = k * self.moment - si * self.total
        # residual sum of squares · k·den, exact
        rss = (k * self.squares - self.total * self.total) * den - num * num
        t = t95(k - 2)
        # u(num/den)² = rss/(k·den)/(k−2) · k/den
        half = isqrt_up(-(-t * t * rss // ((k - 2) * den * den * T95_SCALE * T95_SCALE)))
        return (-(-abs(num) // den) + half) * k * 1000000000 // span_us + 1

    def serial_e4(self, sums) -> int:
        """Lag-1 autocorrelation · 10^4 of the sub-windows' residuals from the window's line.

        About −1/k for white noise, positive for a walk or a curve; NO_SERIAL with fewer than four
        sub-windows or no residual at all.
        """
        if len(self.means) < _MIN_SERIAL:
            return NO_SERIAL
        num = sums.slope_y()
        den = sums.spread()
        j_mean = (sums.sj << 12) // sums.n
        y_mean = (sums.sy << 12) // sums.n
        previous = 0
        products = squares = 0
        for j, y in self.means:
            r = y - y_mean - num * (j - j_mean) // den
            products += r * previous
            squares += r * r
            previous = r
        return products * 10000 // squares if squares else NO_SERIAL
