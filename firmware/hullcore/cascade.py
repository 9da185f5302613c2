"""The window cascade: samples in, closed windows out, slopes exact whatever the length.

`add` and `skip` run once per sample and touch small ints only (no allocation on a 31-bit VM).
Sums of one block are kept in 15-bit limbs; when a block closes they become exact integers and are
merged into the base window, and each window that closes is merged into the next longer one.
"""

from hullcore.compat import const
from hullcore.leakrate import rate_nk_s, slope_ppa_s
from hullcore.plan import MIN_SAMPLES, WindowPlan
from hullcore.scatter import Scatter
from hullcore.sums import Sums

_LOW15 = const(0x7FFF)
_NEAR = const(1024)  # 4 Pa: 181 squares of less stay below 2^28


class _Level:
    """The open window of one length."""

    def __init__(self, sums: Sums) -> None:
        self.sums = sums
        self.scatter = Scatter()
        self.parts = 0


class Cascade:
    """Feeds blocks, windows and their sub-window scatter.

    `on_window(length_s, first, last, sums, scatter)` is called for each window that closes with at
    least 8 samples, after `on_block(sums, length)`, if given, for each block; the objects are
    reused afterwards. `withheld` counts the others.
    `number` is the sample number of the first sample of the open block, `j` the index within it,
    `stale` how many of its samples the caller found to come from a stuck sensor.
    """

    def __init__(self, plan: WindowPlan, on_window, first: int = 0, on_block=None) -> None:
        self.plan = plan
        self.on_window = on_window
        self.on_block = on_block
        self.number = first
        self.withheld = 0
        self.j = 0
        self._levels = [_Level(self._new_sums()) for _ in plan.samples]
        self._block = self._new_sums()
        self._part = 0
        self._length = plan.blocks[0]
        self._reset_block()

    def _new_sums(self):
        return Sums()

    def _reset_block(self) -> None:
        self.j = self.stale = 0
        self._absent = self._absent_j = self._absent_jj = self._late = 0
        self._y_lo = self._y_hi = self._yj_lo = self._yj_hi = 0
        self._p_lo = self._p_hi = self._pj_lo = self._pj_hi = 0
        self._t_lo = self._t_hi = self._tj_lo = self._tj_hi = 0
        self._base = -1  # first normalised pressure of the block: squares are taken from it
        self._near = 0  # squares of distances below 4 Pa
        self._aa_lo = self._aa_hi = self._ab_lo = self._ab_hi = self._bb_lo = self._bb_hi = 0

    def add(self, p_q8: int, y_q8: int, t_q16: int) -> None:
        """Take the sample that is due: pressure, normalised pressure (0 … 2^30 − 1), temperature.

        With blocks of at most 181 samples Σlimb < 181·2^15 < 2^23 and Σj·limb < 2^29.
        """
        j = self.j
        lo = p_q8 & _LOW15
        hi = p_q8 >> 15
        self._p_lo += lo
        self._p_hi += hi
        self._pj_lo += j * lo
        self._pj_hi += j * hi
        lo = y_q8 & _LOW15
        hi = y_q8 >> 15
        self._y_lo += lo
        self._y_hi += hi
        self._yj_lo += j * lo
        self._yj_hi += j * hi
        lo = t_q16 & _LOW15
        hi = t_q16 >> 15
        self._t_lo += lo
        self._t_hi += hi
        self._tj_lo += j * lo
        self._tj_hi += j * hi
        if self._base < 0:
            self._base = y_q8
        else:
            d = y_q8 - self._base
            if -_NEAR < d < _NEAR:
                self._near += d * d  # < 181·2^20 < 2^28
            else:
                self._add_far(d)
        j += 1
        self.j = j
        if j == self._length:
            self._close_block()

    def _add_far(self, d: int) -> None:
        """Square a distance of 4 Pa or more in 15-bit limbs: |d| = a·2^15 + b < 2^30."""
        if d < 0:
            d = -d
        a = d >> 15
        b = d & _LOW15
        product = a * a  # each product < 2^30, each sum of limbs < 181·2^15 < 2^23
        self._aa_lo += product & _LOW15
        self._aa_hi += product >> 15
        product = a * b
        self._ab_lo += product & _LOW15
        self._ab_hi += product >> 15
        product = b * b
        self._bb_lo += product & _LOW15
        self._bb_hi += product >> 15

    def skip(self, late: int) -> None:
        """The sample that is due is absent: 1 because it was late, 0 because there is none."""
        j = self.j
        self._absent += 1
        self._absent_j += j  # < 2^14
        self._absent_jj += j * j  # < 2^21
        self._late += late
        j += 1
        self.j = j
        if j == self._length:
            self._close_block()

    def _take_block(self) -> None:
        b = self._block
        m = self._length
        b.n = m - self._absent
        b.sj = m * (m - 1) // 2 - self._absent_j
        b.sjj = (m - 1) * m * (2 * m - 1) // 6 - self._absent_jj
        b.sy = (self._y_hi << 15) + self._y_lo
        b.sjy = (self._yj_hi << 15) + self._yj_lo
        b.sp = (self._p_hi << 15) + self._p_lo
        b.sjp = (self._pj_hi << 15) + self._pj_lo
        b.st = (self._t_hi << 15) + self._t_lo
        b.sjt = (self._tj_hi << 15) + self._tj_lo
        b.late = self._late
        b.stale = self.stale
        # Σy² = Σ(y − base)² + 2·base·Σy − n·base²
        b.syy = self._squares() + self._base * (2 * b.sy - b.n * self._base) if b.n else 0

    def _squares(self) -> int:
        aa = (self._aa_hi << 15) + self._aa_lo
        ab = (self._ab_hi << 15) + self._ab_lo
        bb = (self._bb_hi << 15) + self._bb_lo
        return self._near + (aa << 30) + (ab << 16) + bb

    def _close_block(self) -> None:
        self._take_block()
        blocks = self.plan.blocks
        length = self._length
        self._part += 1
        last_part = self._part == len(blocks)
        if self.on_block:
            self.on_block(self._block, length)
        if self._levels:
            offset = 0
            for i in range(self._part - 1):
                offset += blocks[i]
            self._merge(0, self._block, offset, 3, last_part)
        self.number += length
        if last_part:
            self._part = 0
        self._length = blocks[self._part]
        self._reset_block()

    def _merge(self, index: int, child: Sums, offset: int, enough: int, complete: bool) -> None:
        level = self._levels[index]
        level.sums.add_shifted(child, offset)
        level.parts += 1
        if child.n >= enough:
            period = self.plan.period_us
            den = child.spread()
            # the temperature rate of a block is mostly noise: only windows bound it
            rate = rate_nk_s(child.slope_t(), den, period) if index else 0
            level.scatter.add(slope_ppa_s(child.slope_y(), den, period), rate)
            level.scatter.keep(child, offset)
        if complete:
            self._close_window(index, level)

    def _close_window(self, index: int, level: _Level) -> None:
        plan = self.plan
        end = self.number + self._length  # `number` is still that of the block being closed
        samples = plan.samples[index]
        if level.sums.n >= MIN_SAMPLES:
            length_s = plan.lengths_s[plan.base + index]
            self.on_window(length_s, end - samples, end - 1, level.sums, level.scatter)
        else:
            self.withheld += 1
        if index + 1 < len(self._levels):
            parent = self._levels[index + 1]
            full = parent.parts + 1 == plan.ratios[index]
            self._merge(index + 1, level.sums, parent.parts * samples, MIN_SAMPLES, full)
        level.sums.clear()
        level.scatter.clear()
        level.parts = 0
