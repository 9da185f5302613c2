"""Learns the noise profile from the blocks that pass, and says when it is worth a new snapshot.

A profile is used only through a numbered PROFILE record, so every window can name what it used.
Snapshots are made when the number of blocks has doubled: seldom, and more seldom as it gets old.
"""

from hullcore import noisefit
from hullcore.allan import LEVELS, AllanLevels
from hullcore.compat import const

_FIRST_BLOCKS = const(24)
_MIN_COUNT = const(3)


class Learner:
    """Takes every block of the cascade; `due` turns True when `learn` should be called.

    `raw` keeps the same sums of the uncompensated pressure, for the verdict on compensation.
    """

    def __init__(self, blocks: tuple, period_us: int) -> None:
        total = 0
        for length in blocks:
            total += length
        self.block_us = total * period_us // len(blocks)
        self.levels = AllanLevels()
        self.raw = AllanLevels()
        self.blocks = 0
        self._next = _FIRST_BLOCKS
        self.due = False

    def take(self, sums, length: int) -> None:
        """One closed block of `length` samples; an incomplete one breaks the chain."""
        if sums.n != length:
            self.levels.gap()
            self.raw.gap()
            return
        self.levels.add(sums.sy, sums.n)
        self.raw.add(sums.sp, sums.n)
        self.blocks += 1
        if self.blocks >= self._next:
            self._next *= 2
            self.due = True

    def learn(self, span_us: int):
        """The profile for windows of `span_us`, or None before lags of 1.5 windows were seen."""
        profile = noisefit.fit(self.levels, self.block_us, span_us)
        if profile is None or 2 * profile.lag_us < 3 * span_us:
            return None
        return profile

    def body(self, profile, config: int, length_s: int, last: int) -> tuple:
        """Body values in the order of the PROFILE layout, learned from samples up to `last`."""
        return (
            config, length_s * 1000, 0, last, self.blocks, self.block_us, profile.lag_us,
            profile.white, profile.walk, profile.sd_white, profile.sd_walk,
            profile.correlation_ppm, self.worse(), 0,
        )  # fmt: skip

    def worse(self) -> int:
        """Bit k: compensation raises the Allan variance (trend removed) at lag 2^k blocks."""
        bits = 0
        y = self.levels
        p = self.raw
        for k in range(LEVELS):
            if y.count[k] < _MIN_COUNT:
                break
            if y.spread(k) > p.spread(k):
                bits |= 1 << k
        return bits
