"""Estimators of the compensations that need a second sensor. Loaded only for those.

`probe`: y = p · T_ref / T, T from a thermometer of its own. `reference`: y = p · P_ref,0 / P_ref,
P_ref the pressure in a second, sealed chamber: a ratio, because the pressures of two chambers of
one temperature rise in proportion, not by the same amount.
"""

from hullcore.cascade import Cascade
from hullcore.compat import const
from hullcore.compensate import T_MAX_Q16
from hullcore.estimator import (
    AUX_ABSENT,
    BAD_AUX,
    BAD_PRESSURE,
    BAD_TEMPERATURE,
    NO_AUX,
    P_LIMIT_Q8,
    Estimator,
)
from hullcore.refratio import by_reference
from hullcore.sums import Sums

_LOW15 = const(0x7FFF)


class ProbeEstimator(Estimator):
    """As with `sensor`, with the probe's temperature: that is the T of the windows."""

    def sample(self, p_q8: int, t_q16: int, aux: int = NO_AUX) -> int:
        """Take the sample that is due; AUX_ABSENT or BAD_AUX when the probe's value is no use."""
        if aux == NO_AUX:
            self.cascade.skip(0)
            return AUX_ABSENT
        verdict = Estimator.sample(self, p_q8, aux)
        return BAD_AUX if verdict == BAD_TEMPERATURE else verdict


class ReferenceSums(Sums):
    """Sums that also hold ΣP_ref."""

    def clear(self) -> None:
        """Back to the empty run."""
        Sums.clear(self)
        self.sa = 0

    def add_shifted(self, other, offset: int) -> None:
        """Add a run of ReferenceSums whose index 0 lies `offset` samples later. Exact."""
        Sums.add_shifted(self, other, offset)
        self.sa += other.sa


class ReferenceCascade(Cascade):
    """A cascade whose windows also know the mean of P_ref."""

    def _new_sums(self):
        return ReferenceSums()

    def _reset_block(self) -> None:
        Cascade._reset_block(self)
        self._a_lo = self._a_hi = 0

    def _take_block(self) -> None:
        Cascade._take_block(self)
        self._block.sa = (self._a_hi << 15) + self._a_lo

    def add_with(self, p_q8: int, y_q8: int, t_q16: int, ref_q8: int) -> None:
        """As `add`, with P_ref below 2^30."""
        self._a_lo += ref_q8 & _LOW15  # sums < 181·2^15 < 2^23
        self._a_hi += ref_q8 >> 15
        self.add(p_q8, y_q8, t_q16)


class ReferenceEstimator(Estimator):
    """P_ref must stay within |P_ref,0 − P_ref| < P_ref / 2, where the ratio is right to one unit.

    The T of the windows is that of the pressure sensor's chip.
    """

    def __init__(self, m, plan, on_window, first: int = 0, on_block=None) -> None:
        Estimator.__init__(self, m, plan, on_window, first, on_block)
        self._zero = m.aux.zero_q8
        self._low = 2 * self._zero // 3 + 1
        self._high = min(2 * self._zero - 1, P_LIMIT_Q8)

    def new_cascade(self, plan, on_window, first, on_block):
        """What the samples go into: windows that know the mean of P_ref."""
        return ReferenceCascade(plan, on_window, first, on_block)

    def sample(self, p_q8: int, t_q16: int, aux: int = NO_AUX) -> int:
        """Take the sample that is due; AUX_ABSENT or BAD_AUX when P_ref is no use."""
        verdict = BAD_PRESSURE
        if t_q16 < 1 or t_q16 > T_MAX_Q16:
            verdict = BAD_TEMPERATURE
        elif aux < self._low or aux > self._high:
            verdict = AUX_ABSENT if aux == NO_AUX else BAD_AUX
        elif 0 <= p_q8 <= P_LIMIT_Q8:
            y_q8 = by_reference(p_q8, aux, self._zero)
            if y_q8 >= 0:
                verdict = self._moving(p_q8)
                self.cascade.add_with(p_q8, y_q8, t_q16, aux)
                return verdict
        self.cascade.skip(0)
        return verdict
