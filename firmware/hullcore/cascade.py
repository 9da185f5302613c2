"""The window cascade: samples in, closed windows out, slopes exact whatever the length.

`add` and `skip` run once per sample and touch small ints only (no allocation on a 31-bit VM).
Sums of one block are kept in 15-bit limbs; when a block closes they become exact integers and are
merged into the base window, and each window that closes is merged into the next longer one.
"""

from hullcore.compat import const
from hullcore.leakrate import slope_ppa_s
from hullcore.plan import MIN_SAMPLES, WindowPlan
from hullcore.scatter import Scatter
from hullcore.sums import Sums

_LOW15 = const(0x7FFF)


class _Level:
    """The open window of one length."""

    def __init__(self) -> None:
        self.sums = Sums()
        self.scatter = Scatter()
        self.parts = 0


class Cascade:
    """Feeds blocks, windows and their sub-window scatter.

    `on_window(length_s, first, last, sums, scatter)` is called for each window that closes with at
    least 8 samples; the objects are reused afterwards. `withheld` counts the others.
    `number` is the sample number of the first sample of the open block, `j` the index within it.
    """

    def __init__(self, plan: WindowPlan, on_window, first: int = 0) -> None:
        self.plan = plan
        self.on_window = on_window
        self.number = first
        self.withheld = 0
        self.j = 0
        self._levels = [_Level() for _ in plan.samples]
        self._block = Sums()
        self._part = 0
        self._length = plan.blocks[0]
        self._reset_block()

    def _reset_block(self) -> None:
        self.j = 0
        self._absent = self._absent_j = self._absent_jj = self._late = 0
        self._y_lo = self._y_hi = self._yj_lo = self._yj_hi = 0
        self._p_lo = self._p_hi = self._pj_lo = self._pj_hi = 0
        self._t_lo = self._t_hi = 0

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
        self._t_lo += t_q16 & _LOW15
        self._t_hi += t_q16 >> 15
        j += 1
        self.j = j
        if j == self._length:
            self._close_block()

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
        b.late = self._late

    def _close_block(self) -> None:
        self._take_block()
        blocks = self.plan.blocks
        length = self._length
        self._part += 1
        last_part = self._part == len(blocks)
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
            level.scatter.add(slope_ppa_s(child.slope_y(), child.spread(), period))
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
