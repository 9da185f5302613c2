"""A bank of CUSUMs on standardised windows: sees small changes late and large ones at once.

One CUSUM S ← max(0, S + z − k) is best for the change ρ = 2k, in standard deviations. Five of them
with k = 1/8 … 2 and a limit on single windows look for a rise; four, k = 1/8 … 1, for a fall, where
a window counts for at most 4 σ: nothing is urgent about a fall, and one bad window is none.

Thresholds: Siegmund's approximation of the average run length of a CUSUM that starts at zero,
(e^y − 1 − y) / (2k²) with y = 2k(h + 1.166) (D. Siegmund, Sequential Analysis, Springer 1985), plus
a correction that solving the integral equation of the run length showed to be needed for large k.
The whole node has one false-alarm interval: every window length and every chart gets the same part
of its alarms (Bonferroni). The charts are correlated: the interval is longer than stated.
"""

from hullcore.compat import const

CUSUMS = 5
SINGLE = 6  # number of the chart that judges single windows
_FALLING = const(4)
CHARTS = 10  # all of one window length, both sides
UNIT = 1024  # z, k, h and S are in 1/1024 σ (suffix _q10)
CLIP_Q10 = 4096
Z_MOST_Q10 = 1 << 20  # |z| is limited to 1024 σ: S < 2^17 + 2^20
FEWEST = 1024
_FEWEST_LOG2 = const(10)
_MOST_LOG2 = const(40)

# y of e^y − 1 − y = 2^m for m = 5 … 16; above it is m·ln 2. Rounded up, 1/1024.
_Y_Q10 = (
    3687, 4340, 5015, 5705, 6403, 7106, 7812, 8520, 9229, 9938, 10648, 11357,
)  # fmt: skip
_Y_FIRST = const(5)
_LN2 = const(709783)  # 1024000 · ln 2
_OVERSHOOT_Q10 = const(1194)  # 1.166
_CORRECTION_Q10 = (9, 9, 13, 40, 136)  # ln(1.002, 1.004, 1.012, 1.08, 1.7) / (2k)

# quantile of the normal distribution exceeded once in 2^10 … 2^40, rounded up, 1/1024
_SINGLE_Q10 = (
    3172, 3377, 3571, 3757, 3935, 4105, 4270, 4429, 4583, 4733, 4878, 5019, 5157, 5291, 5422, 5551,
    5676, 5799, 5920, 6038, 6154, 6268, 6380, 6491, 6599, 6706, 6811, 6915, 7017, 7118, 7217,
)  # fmt: skip
_QUARTERS_Q16 = (65536, 77936, 92682, 110218)  # 2^(0, 1/4, 1/2, 3/4), rounded up to the next


def chart_windows(node_alarm_s: int, lengths: int, length_s: int) -> int:
    """Average run length of one chart, in windows of `length_s`.

    Such that a whole node watching `lengths` window lengths raises one false alarm in
    `node_alarm_s` seconds or less often.
    """
    return -(-node_alarm_s * lengths * CHARTS // length_s)


def thresholds(windows: int) -> tuple:
    """Thresholds in 1/1024 σ of the five CUSUMs and of a single window, k increasing.

    `windows`: average run length of each chart (`chart_windows`); below FEWEST it is taken as
    FEWEST. ValueError above 2^40.
    """
    if windows > 1 << _MOST_LOG2:
        raise ValueError("false-alarm interval: more than 2^40 windows")
    log2 = _FEWEST_LOG2
    quarter = 0
    while _QUARTERS_Q16[quarter] << log2 < windows << 16:  # < 2^17 · 2^40
        quarter += 1
        if quarter == len(_QUARTERS_Q16):
            quarter = 0
            log2 += 1
    low = _at(log2)
    if not quarter:
        return low
    high = _at(log2 + 1)  # in between nearly linear in the logarithm; rounded up
    return tuple([low[i] + ((high[i] - low[i]) * quarter + 3) // 4 for i in range(len(low))])


def _at(log2: int) -> tuple:
    """Thresholds of the run length 2^log2."""
    out = []
    for i in range(CUSUMS):
        m = log2 + 2 * i - 5  # 2k² · 2^log2 = 2^m with k = 2^(i − 3)
        y = _Y_Q10[m - _Y_FIRST] if m < _Y_FIRST + len(_Y_Q10) else (m * _LN2 + 999) // 1000
        out.append(-(-(y << 2) >> i) - _OVERSHOOT_Q10 + _CORRECTION_Q10[i])  # y / (2k)
    out.append(_SINGLE_Q10[log2 - _FEWEST_LOG2])
    return tuple(out)


class Bank:
    """The charts of one window length; `limits` from `thresholds`.

    up and down are the sums S of the charts in 1/1024 σ; after `add`, value and threshold are the
    numbers of the chart that it returned.
    """

    def __init__(self, limits: tuple) -> None:
        self.limits = limits
        self.clear()

    def clear(self) -> None:
        """No evidence for anything."""
        self.up = [0] * CUSUMS
        self.down = [0] * _FALLING
        self.value = self.threshold = 0

    def add(self, up_q10: int, down_q10: int) -> int:
        """Take one window: its standardised rise and its standardised fall.

        0, or the chart at its threshold: 1 … 5 a rise, SINGLE a rise within this window, −1 … −4 a
        fall. A sum stays at its threshold while the evidence lasts (`fading`).
        """
        chart = 0
        for i in range(_FALLING):
            if self._step(self.down, i, min(down_q10, CLIP_Q10)):
                chart = -1 - i
        for i in range(CUSUMS):
            if self._step(self.up, i, up_q10):
                chart = i + 1
        if up_q10 >= self.limits[CUSUMS]:
            self.value = up_q10
            self.threshold = self.limits[CUSUMS]
            chart = SINGLE
        return chart

    def _step(self, sums: list, i: int, z_q10: int) -> bool:
        s = sums[i] + z_q10 - (128 << i)  # |s| < 2^17 + 2^20 + 2^11
        limit = self.limits[i]
        if s < limit:
            sums[i] = max(s, 0)
            return False
        sums[i] = limit
        self.value = s
        self.threshold = limit
        return True

    def values(self) -> tuple:
        """For a snapshot: nine small ints."""
        return tuple(self.up + self.down)

    def take(self, values: tuple) -> None:
        """Continue from `values`; ValueError when they are impossible."""
        if len(values) != CUSUMS + _FALLING or min(values) < 0:
            raise ValueError("charts: impossible numbers")
        self.up = list(values[:CUSUMS])
        self.down = list(values[CUSUMS:])

    def fading(self) -> bool:
        """Whether every chart for a rise has lost half of the evidence for one."""
        return all([2 * self.up[i] < self.limits[i] for i in range(CUSUMS)])
