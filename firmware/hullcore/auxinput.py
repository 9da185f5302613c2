"""What a second sensor brings into a measurement: its estimator, its resolution, its errors.

Loaded only for the compensations that need one. `sums` are those of a window or block.
"""

from hullcore.auxestimator import ProbeEstimator, ReferenceEstimator
from hullcore.compat import const
from hullcore.intmath import div_round

_DAY_S = const(86400)


class ProbeInput:
    """A thermometer of its own, with a resolution of `lsb_q16`. `lag_ms`: no tightness to watch."""

    estimator = ProbeEstimator
    lag_ms = -1

    def __init__(self, config: dict, lsb_q16: int) -> None:
        self._lsb = lsb_q16

    def mean(self, sums) -> int:
        """Mean of what the probe said, 1/65536 K."""
        return div_round(sums.st, sums.n)

    def lsb_q8(self, own_q8: int, sums) -> int:
        """Steps of y in 1/256 Pa, rounded up: those of p, and y/T times those of T."""
        return own_q8 - (-sums.sy * self._lsb // sums.st)

    def bounded(self) -> bool:
        """Whether every bound is declared that only this compensation needs."""
        return True

    def bounds2(self, tempco: int, drift: int, sums) -> int:
        """Sum of the squares of its own bounds on the slope of y, (pPa/s)²."""
        return 0


class ReferenceInput:
    """A sealed chamber with a pressure sensor of its own, whose resolution is `lsb_q8`.

    `lag_ms` bounds the lag of that sensor's temperature, `leak_mpa_day` the chamber's own leak; −1
    is not declared.
    """

    estimator = ReferenceEstimator

    def __init__(self, config: dict, lsb_q8: int) -> None:
        self._lsb = lsb_q8
        self.leak_mpa_day = config["reference_leak_mpa_day"]
        self.lag_ms = config["reference_lag_ms"]
        self.zero_q8 = config["reference_pa"] << 8

    def mean(self, sums) -> int:
        """Mean of P_ref, 1/256 Pa."""
        return div_round(sums.sa, sums.n)

    def lsb_q8(self, own_q8: int, sums) -> int:
        """Steps of y in 1/256 Pa, rounded up: P_0/P_ref times those of p, y/P_ref times its own."""
        return -(-(own_q8 * self.zero_q8 * sums.n + sums.sy * self._lsb) // sums.sa)

    def bounded(self) -> bool:
        """Whether every bound is declared that only this compensation needs."""
        return self.leak_mpa_day >= 0

    def bounds2(self, tempco: int, drift: int, sums) -> int:
        """Sum of the squares of its own bounds on the slope of y, (pPa/s)².

        `tempco` and `drift`, pPa/s, hold for either sensor; together with the chamber's own leak
        they count y/P_ref times.
        """
        leak = self.leak_mpa_day * 1000000000 // _DAY_S + 1
        total = tempco * tempco + drift * drift + leak * leak
        return -(-total * sums.sy * sums.sy // (sums.sa * sums.sa))
