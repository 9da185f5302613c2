"""Rapid loss and pressure steps, from the shortest windows, at once.

Two signs, each judged by its lower bound: the slope of a window, and the fall of the mean from the
window before. The second catches what is over within a window, whose slope then is lost in its own
scatter. The half-width of a slope covers the difference of neighbouring means over the same time
as well: white noise 12σ²/(f·T³) against 2σ²/(f·T³), random walk 1.2·q/T against 0.67·q/T.
"""

from hullcore.compat import const
from hullcore.intmath import div_round

SLOPE = 1
STEP = 2
_PPA_S = const(3906250000000000)  # 10^18 / 256: 1/256 Pa per µs in pPa/s


class Rapid:
    """One chamber. `limit_ppa_s` (> 0): the loss of pressure in 10^-12 Pa/s that is an alarm.

    active: the alarm stands. It ends when the loss is below the limit including its uncertainty.
    """

    def __init__(self, period_us: int, limit_ppa_s: int) -> None:
        if limit_ppa_s <= 0:
            raise ValueError("the limit of a rapid loss must be above zero")
        self._period_us = period_us
        self._limit = limit_ppa_s
        self.active = False
        self.restart()

    def restart(self) -> None:
        """Sample numbers begin again: the next window has no predecessor."""
        self._last = -1
        self._centre2 = self._mean_q8 = self._half = 0

    def window(
        self, slope_ppa_s: int, half_ppa_s: int, mean_q8: int, first: int, last: int
    ) -> "tuple | None":
        """Take a closed window; (was active, is active, cause, bound, limit) on a change, or None.

        `slope_ppa_s` with the half-width of its interval (below 0: unknown, and the slope is not
        judged), the mean pressure in 1/256 Pa, first and last sample number. A window that
        overlaps the one before is ignored. cause: SLOPE or STEP; bound: the lower bound of the
        loss in 10^-12 Pa/s, or its upper bound when the alarm ends.
        """
        if first <= self._last or first > last:
            return None
        slope_loss = -slope_ppa_s
        low = slope_loss - half_ppa_s if half_ppa_s >= 0 else 0
        high = slope_loss + half_ppa_s if half_ppa_s >= 0 else self._limit
        cause = SLOPE
        if self._last >= 0:
            step_low = self._step_loss(mean_q8, first + last) - self._half
            if step_low > low:
                low = step_low
                cause = STEP
        self._last = last
        self._centre2 = first + last
        self._mean_q8 = mean_q8
        if half_ppa_s >= 0:
            self._half = half_ppa_s
        if low > self._limit and not self.active:
            self.active = True
            return False, True, cause, low, self._limit
        if self.active and low <= self._limit and high < self._limit:
            self.active = False
            return True, False, SLOPE, high, self._limit
        return None

    def _step_loss(self, mean_q8: int, centre2: int) -> int:
        """Loss in pPa/s from the mean before to this one, between the middles of the windows."""
        apart_us = (centre2 - self._centre2) * self._period_us  # twice; > 0: no overlap
        return div_round((self._mean_q8 - mean_q8) * 2 * _PPA_S, apart_us)
