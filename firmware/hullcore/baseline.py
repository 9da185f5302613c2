"""The rate that later windows are compared with, learned from windows or declared.

A window is compared with the mean of the m windows before it: z = (x − mean) / √(v + Σv/m²), which
for equal variances is x − mean over σ·√(1 + 1/m), the recursive residual of least squares. While
every window also joins the mean these are independent and standard normal although the mean is
only estimated, so a chart keeps its false-alarm interval from the second window on. A mean that
stops learning is wrong by σ/√m for good, and the interval collapses (`change_detection.md`).
"""

from hullcore.compat import const
from hullcore.cusum import UNIT, Z_MOST_Q10
from hullcore.intmath import div_round, isqrt_up

Z95_SQUARED = const(38416)  # 1.96², over 10^4
Z95_SCALE = const(10000)
_FINE = const(1099511627776)  # 2^40: the root of the variance is good to 2^-20


def half_width(variance: int) -> int:
    """1.96 · √variance, rounded up, for variance ≥ 0."""
    return isqrt_up(-(-Z95_SQUARED * variance // Z95_SCALE))


def widened(variance: int, margin_percent: int) -> int:
    """The variance when the standard deviation is `margin_percent` larger than stated."""
    factor = 100 + margin_percent
    return variance * factor * factor // 10000


def standard_q10(excess: int, variance: int) -> int:
    """excess / √variance in 1/1024, limited to ±1024 σ; variance > 0, any magnitude."""
    scale = UNIT
    while variance < _FINE:
        variance <<= 2
        scale <<= 1
    z = div_round(excess * scale, isqrt_up(variance))
    return max(-Z_MOST_Q10, min(Z_MOST_Q10, z))


class Baseline:
    """Exact sums over the windows learned: count, and total of rate, variance and both bounds.

    Units are those of the rates that are fed; fixed once declared.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Nothing is known."""
        self.count = self.total = self.variance = self.systematic = self.varying = 0
        self.fixed = False

    def add(self, rate: int, variance: int, systematic: int, varying: int) -> None:
        """Learn one window."""
        self.count += 1
        self.total += rate
        self.variance += variance
        self.systematic += systematic
        self.varying += varying

    def declare(self, rate: int, variance: int, systematic: int) -> None:
        """Take a known rate (a calibrated background) instead of learning one."""
        self.clear()
        self.add(rate, variance, systematic, 0)
        self.fixed = True

    def mean(self) -> int:
        """Mean rate, rounded; 0 when nothing is known."""
        return div_round(self.total, self.count) if self.count else 0

    def deviation(self) -> int:
        """Standard uncertainty of the mean, rounded up."""
        return isqrt_up(-(-self.variance // (self.count * self.count))) if self.count else 0

    def standardise(self, rate: int, variance: int, varying: int, margin_percent: int) -> tuple:
        """(rise, fall) in 1/1024 σ of a window against the mean of at least one before it.

        What the varying systematic terms may have done is taken off both, so neither is positive
        within it; σ is taken `margin_percent` larger than stated. In units of m: |m·rate − total|
        < 2^64 · m for rates of 64 bits.
        """
        m = self.count
        excess = m * rate - self.total
        dead = m * varying + self.varying
        v = widened(m * m * variance + self.variance, margin_percent)
        return standard_q10(excess - dead, v), standard_q10(-excess - dead, v)

    def values(self) -> tuple:
        """For a snapshot: six ints."""
        return (
            self.count, self.total, self.variance, self.systematic, self.varying, int(self.fixed)
        )  # fmt: skip

    def take(self, values: tuple) -> None:
        """Continue from `values`; ValueError when they are impossible."""
        count, total, variance, systematic, varying, fixed = values
        if count < 0 or variance < 0 or varying < 0:
            raise ValueError("baseline: impossible numbers")
        self.count = count
        self.total = total
        self.variance = variance
        self.systematic = systematic
        self.varying = varying
        self.fixed = fixed != 0
