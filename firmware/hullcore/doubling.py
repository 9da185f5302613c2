"""Whether a rate has doubled: the lower 95 % bound of rate over baseline, by Fieller's theorem.

Source: E. C. Fieller, J. R. Stat. Soc. B 16 (1954) 175. The bound is the smaller root of
(r − θ·b)² = z²(v_r + θ²·v_b); it exists when b is distinguishable from zero.

Looking again and again would let every ratio just below 2 pass in the end. So the j-th look may
err by α/(j(j + 1)), which adds up to the α = 2.5 % of a one-sided 95 % bound, and each look has
windows of its own: 1, 1, 2, 4, 8, … 256 of them, and no more than the baseline has, whose
uncertainty dominates from there on. A single window far above 2 is called at once, at the level of
the charts.
"""

from hullcore.baseline import Baseline
from hullcore.compat import const
from hullcore.cusum import UNIT
from hullcore.intmath import div_round, isqrt_up

TWICE_PPM = 2000000
_PPM = const(1000000)
_LONGEST = const(256)
# 100 · z² rounded up, z exceeded with the probability 0.025/(j(j + 1)) at look j = 1, 2, 3, …
_Z2_CENTI = (
    503, 697, 821, 915, 989, 1051, 1104, 1151, 1192, 1230, 1264, 1295, 1324, 1351, 1376, 1399, 1422,
    1443, 1462, 1481, 1499, 1516, 1533, 1549,
)  # fmt: skip


def ratio_low_ppm(r: int, v_r: int, b: int, v_b: int, z2_centi: int) -> int:
    """Lower bound of r/b in 10^-6, rounded down; −1 where b is not above zero by z deviations.

    r, b with their variances in one unit, any magnitude.
    """
    a = 100 * b * b - z2_centi * v_b
    if b <= 0 or a <= 0:
        return -1
    if r <= 0:
        return 0
    c = 100 * r * r - z2_centi * v_r
    middle = 100 * r * b
    # middle² − a·c = 100·z²(b²·v_r + r²·v_b) − z⁴·v_r·v_b ≥ 0 because a > 0; 20 bits below the unit
    root = isqrt_up((middle * middle - a * c) << 40)
    return max(0, ((middle << 20) - root) * _PPM // (a << 20))


def _low_ppm(
    k: int, total: int, variance: int, systematic: int, baseline: Baseline, z2_centi: int
) -> int:
    """`ratio_low_ppm` of sums over k windows against a baseline.

    Systematic bounds count in full: taken off the rate and put on the baseline. They also put the
    baseline's own distance from zero in doubt.
    """
    m = baseline.count
    v_b = k * k * baseline.variance
    sure = k * (baseline.total - baseline.systematic)
    if sure <= 0 or 100 * sure * sure <= z2_centi * v_b:
        return -1
    r = m * (total - systematic)
    b = k * (baseline.total + baseline.systematic)
    return ratio_low_ppm(r, m * m * variance, b, v_b, z2_centi)


class Doubling:
    """Looks at the windows that follow an alarm.

    look: number of the next one, 1 …; count, total, variance, systematic: sums since the last.
    """

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """An alarm was raised: look at what follows it."""
        self.look = 1
        self._clear()

    def _clear(self) -> None:
        self.count = self.total = self.variance = self.systematic = 0

    def values(self) -> tuple:
        """For a snapshot: five ints."""
        return self.look, self.count, self.total, self.variance, self.systematic

    def take(self, values: tuple) -> None:
        """Continue from `values`; ValueError when they are impossible."""
        look, count, total, variance, systematic = values
        if look < 1 or count < 0 or variance < 0:
            raise ValueError("doubling: impossible numbers")
        self.look = look
        self.count = count
        self.total = total
        self.variance = variance
        self.systematic = systematic

    def add(
        self, rate: int, variance: int, systematic: int, baseline: Baseline, single_q10: int
    ) -> tuple:
        """Take one window; (lower bound of the ratio in 10^-6 or −1, mean rate) of a look, or ().

        `single_q10`: threshold of the chart for single windows. A window that is above twice the
        baseline by so much needs no look.
        """
        z2 = -(-100 * single_q10 * single_q10 // (UNIT * UNIT))
        low = _low_ppm(1, rate, variance, systematic, baseline, z2)
        if low > TWICE_PPM:
            return low, rate
        self.count += 1
        self.total += rate
        self.variance += variance
        self.systematic += systematic
        k = self.count
        asked = min(1 << max(0, self.look - 2), _LONGEST)
        if k < asked and (baseline.fixed or k < baseline.count):
            return ()
        z2 = _Z2_CENTI[min(self.look, len(_Z2_CENTI)) - 1]
        low = _low_ppm(k, self.total, self.variance, self.systematic, baseline, z2)
        mean = div_round(self.total, k)
        self.look += 1
        self._clear()
        return low, mean
