"""Learns the noise profile from the blocks that pass, and says when it is worth a new snapshot.

A profile is used only through a numbered PROFILE record, so every window can name what it used.
Snapshots are made when the number of blocks has doubled: seldom, and more seldom as it gets old.
"""

from hullcore import noisefit
from hullcore.allan import LEVELS, AllanLevels
from hullcore.compat import const
from hullcore.stale import blind_limit

_FIRST_BLOCKS = const(24)
_MIN_COUNT = const(3)


class Learner:
    """Takes every block of the cascade; while `due` is set, `renew` is to be called once a block.

    `raw` keeps the same sums of the uncompensated pressure, for the verdict on compensation and for
    how long its readings may repeat; `lsb_q8` is the resolution of the sensor.
    """

    def __init__(self, plan, lsb_q8: int) -> None:
        total = 0
        for length in plan.blocks:
            total += length
        self._plan = plan
        self._lsb_q8 = lsb_q8
        self.block_us = total * plan.period_us // len(plan.blocks)
        self.levels = AllanLevels()
        self.raw = AllanLevels()
        self.blocks = 0
        self._next = _FIRST_BLOCKS
        self._turn = -1  # index of the length whose profile is renewed next
        self.due = False

    def take(self, sums, length: int) -> None:
        """One closed block of `length` samples; an incomplete or stale one breaks the chain."""
        if sums.n != length or sums.stale:
            self.levels.gap()
            self.raw.gap()
        else:
            self.levels.add(sums.sy, sums.n)
            self.raw.add(sums.sp, sums.n)
            self.blocks += 1
            if self.blocks >= self._next:
                self._next *= 2
                self._turn = 0
        self.due = self._turn >= 0

    def renew(self) -> "tuple | None":
        """`row` of the length whose turn it is: one at a time, a fit takes long; None: no more."""
        self.due = False
        row = self.row(self._turn)
        self._turn += 1
        if row is None or self._turn == len(self._plan.samples):
            self._turn = -1
        return row

    def row(self, k: int) -> "tuple | None":
        """The profile of the k-th length of the plan as `hullcore.profilerow` has it.

        None before lags of 1.5 windows were seen. The shortest length also says from how many equal
        readings on the sensor is stuck: the larger of what the noise of y and that of p permits.
        """
        plan = self._plan
        span_us = plan.samples[k] * plan.period_us
        profile = self.learn(span_us)
        if profile is None:
            return None
        return (
            plan.lengths_s[plan.base + k], self.blocks, self.block_us, profile.lag_us,
            profile.white, profile.walk, profile.sd_white, profile.sd_walk,
            profile.correlation_ppm, self.worse(), 0 if k else self._run(profile, span_us),
        )  # fmt: skip

    def _run(self, profile, span_us: int) -> int:
        from hullcore.runlimit import profile_limit

        period_us = self._plan.period_us
        raw = noisefit.fit(self.raw, self.block_us, span_us)
        if raw is None:
            return blind_limit(period_us)
        return max(
            profile_limit(profile, self._lsb_q8, period_us),
            profile_limit(raw, self._lsb_q8, period_us),
        )

    def learn(self, span_us: int):
        """The profile for windows of `span_us`, or None before lags of 1.5 windows were seen."""
        profile = noisefit.fit(self.levels, self.block_us, span_us)
        if profile is None or 2 * profile.lag_us < 3 * span_us:
            return None
        return profile

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
