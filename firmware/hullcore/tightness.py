"""Is the reference chamber itself tight? Its own pressure, normalised with its own sensor's
temperature, must not change by more than is declared and than its error explains.

Beside the measurement, not in it: windows of P_ref · T_ref / T of the same plan, judged from the
second length on. A window tells when

    |slope| > 2·U95 + temperature bound + declared leak + tempco·|dT/dt| + drift

with U95 the scatter's half-width (Student t: twice it has P = 0.4 % with six parts) and the
temperature bound of `hullcore.systematic` for `reference_lag_ms`, the lag of that sensor behind its
gas. Two such windows in a row, of one length, are a leak: by chance about one in 10^5 windows.
"""

from hullcore import systematic
from hullcore.cascade import Cascade
from hullcore.compat import const
from hullcore.compensate import in_range, normalise
from hullcore.intmath import div_round
from hullcore.leakrate import rate_nk_s, slope_ppa_s

_DAY_S = const(86400)


class Tightness:
    """`on_leak(slope_ppa_s, half_width_ppa_s, last sample number)` is called once per leak.

    One of `sample`, `missing` is called for every sample number in turn.
    """

    def __init__(self, m, plan, on_leak) -> None:
        self._m = m
        self._plan = plan
        self._on_leak = on_leak
        self._lag_ms = m.aux.lag_ms
        per_day = max(0, m.aux.leak_mpa_day) + m.drift_mpa_day
        self._allowed = per_day * 1000000000 // _DAY_S + 1
        self._running: dict = {}  # by window length, s: windows in a row
        self._cascade = Cascade(plan, self._window)

    def sample(self, ref_q8: int, t_q16: int) -> None:
        """P_ref, 0 … 2^30 − 1, and what its sensor says of the temperature."""
        t_ref = self._m.t_ref_q16
        if ref_q8 >= 0 and in_range(t_q16, t_ref):
            y_q8 = normalise(ref_q8, t_q16, t_ref)
            if y_q8 >= 0:
                self._cascade.add(ref_q8, y_q8, t_q16)
                return
        self._cascade.skip(0)

    def missing(self) -> None:
        """There is no P_ref for this sample number."""
        self._cascade.skip(0)

    def _window(self, length_s: int, first: int, last: int, sums, scatter) -> None:
        half = scatter.half_width()
        if length_s == self._plan.lengths_s[self._plan.base] or half < 0:
            return
        m = self._m
        den = sums.spread()
        slope = slope_ppa_s(sums.slope_y(), den, m.period_us)
        rate = max(abs(rate_nk_s(sums.slope_t(), den, m.period_us)), scatter.rate_nk_s)
        span_us = (last - first + 1) * m.period_us
        bound = systematic.temperature_bound(
            self._lag_ms * rate // 1000 + m.temp_gradient_uk * 1000,
            div_round(sums.sp, sums.n), div_round(sums.st, sums.n), span_us,
        )  # fmt: skip
        bound += self._allowed + m.tempco_mpa_k * rate
        if abs(slope) <= 2 * half + bound:
            self._running[length_s] = 0
            return
        self._running[length_s] = self._running.get(length_s, 0) + 1
        if self._running[length_s] == 2:
            self._on_leak(slope, half, last)
