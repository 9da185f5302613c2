"""Samples in, windows out: the whole measurement between sensor and record.

The node drives it sample by sample, `verify` replays the same samples through it; there is no
second path. `sample`, `late` and `missing` allocate nothing unless a block closes.
"""

from hullcore.cascade import Cascade
from hullcore.compensate import T_MAX_Q16, normalise
from hullcore.measurement import Measurement
from hullcore.plan import WindowPlan
from hullcore.stale import Stale

P_LIMIT_Q8 = 0x3FFFFFFF  # 2^30 − 1: 41.9 bar

ACCEPTED = 0
BAD_PRESSURE = 1
BAD_TEMPERATURE = 2
BAD_AUX = 3
AUX_ABSENT = 4
STALE = 5

NO_AUX = -0x40000000  # there is no second value: no driver's value is that large


def estimator_for(m: Measurement, plan: WindowPlan, on_window, first: int = 0, on_block=None):
    """The estimator of the compensation in force; arguments as for `Estimator`."""
    if m.aux is None:
        return Estimator(m, plan, on_window, first, on_block)
    return m.aux.estimator(m, plan, on_window, first, on_block)


class Estimator:
    """Compensation `none` or `sensor` in front of the window cascade.

    `on_window` and `on_block` as in `Cascade`. One of `sample`, `late`, `missing` is called for
    every sample number in turn, starting at `first`. `stale` looks for a stuck sensor.
    """

    def __init__(
        self, m: Measurement, plan: WindowPlan, on_window, first: int = 0, on_block=None
    ) -> None:
        self.cascade = self.new_cascade(plan, on_window, first, on_block)
        self.stale = Stale(m.period_us)
        self._compensated = m.compensation != 0
        self._t_ref = m.t_ref_q16
        # compensated: |T_ref − T| < T / 2, the range in which `normalise` is right to one unit;
        # else any that exists: the window's mean must be one that T_ref can be divided by
        self._t_low = 2 * m.t_ref_q16 // 3 + 1 if self._compensated else 1
        self._t_high = min(2 * m.t_ref_q16 - 1, T_MAX_Q16) if self._compensated else T_MAX_Q16

    def new_cascade(self, plan, on_window, first, on_block):
        """What the samples go into."""
        return Cascade(plan, on_window, first, on_block)

    def sample(self, p_q8: int, t_q16: int, aux: int = NO_AUX) -> int:
        """Take the sample that is due; returns ACCEPTED, or why it counts as missing.

        `aux` is what a second sensor said, for the compensations that use one.
        STALE: it counts, and its windows are flagged, because the sensor seems to be stuck.
        """
        if p_q8 < 0 or p_q8 > P_LIMIT_Q8:
            self.cascade.skip(0)
            return BAD_PRESSURE
        if t_q16 < self._t_low or t_q16 > self._t_high:
            self.cascade.skip(0)
            return BAD_TEMPERATURE
        if self._compensated:
            y_q8 = normalise(p_q8, t_q16, self._t_ref)
            if y_q8 < 0:  # p below the limit, y above it
                self.cascade.skip(0)
                return BAD_PRESSURE
        else:
            y_q8 = p_q8
        verdict = self._moving(p_q8)
        self.cascade.add(p_q8, y_q8, t_q16)
        return verdict

    def _moving(self, p_q8: int) -> int:
        """ACCEPTED, or STALE for a pressure that has repeated for too long."""
        stale = self.stale
        if p_q8 != stale.p_q8:
            stale.p_q8 = p_q8
            stale.run = 1
        elif stale.again():
            self.cascade.stale += 1
            return STALE
        return ACCEPTED

    def late(self) -> None:
        """The sample that is due came late: kept as raw data, out of every window."""
        self.cascade.skip(1)

    def missing(self) -> None:
        """The sample that is due does not exist."""
        self.cascade.skip(0)

    def next_number(self) -> int:
        """Sample number that is due next."""
        return self.cascade.number + self.cascade.j
