"""How sample numbers are grouped into windows: a pure function of period and window lengths.

The shortest window that holds at least 8 samples is the base; it is cut into blocks whose slopes
give the scatter. Every longer window is a whole number of its predecessor. Window k of a length of
N samples holds samples k·N … (k + 1)·N − 1 of the boot, so a record that names its first and last
sample names everything that went into it.
"""

from hullcore.compat import const

MIN_SAMPLES = const(8)  # fewer: the window is withheld
_MIN_BLOCK = const(3)  # samples that make a slope with one degree of freedom
_MAX_BLOCKS = const(6)  # sub-windows behind the interval of the base window
MAX_BLOCK = const(181)  # Σ j·limb ≤ 180·181/2·(2^15 − 1) < 2^29


class WindowPlan:
    """Sample counts of blocks and windows for one period.

    Attributes: period_us; lengths_s; base, the index in lengths_s of the shortest window reported
    (len(lengths_s) when none holds 8 samples); blocks, samples per block of the base window;
    samples, per window from the base on (empty when none is reported); ratios, how many of the
    predecessor make each window from base + 1 on.
    """

    def __init__(self, period_us: int, lengths_s: tuple) -> None:
        self.period_us = period_us
        self.lengths_s = lengths_s
        base = 0
        count = 0
        while base < len(lengths_s):
            count = (lengths_s[base] * 1000000 + (period_us >> 1)) // period_us
            if count >= MIN_SAMPLES:
                break
            base += 1
        self.base = base
        parts = min(_MAX_BLOCKS, count // _MIN_BLOCK) if count >= MIN_SAMPLES else 1
        while count > parts * MAX_BLOCK:
            parts += 1
        self.blocks = (
            tuple([(i + 1) * count // parts - i * count // parts for i in range(parts)])
            if base < len(lengths_s)
            else (MAX_BLOCK,)
        )
        samples = [count] if base < len(lengths_s) else []
        ratios = []
        for i in range(base + 1, len(lengths_s)):
            ratio = lengths_s[i] // lengths_s[i - 1]
            ratios.append(ratio)
            samples.append(samples[-1] * ratio)
        self.samples = tuple(samples)
        self.ratios = tuple(ratios)
