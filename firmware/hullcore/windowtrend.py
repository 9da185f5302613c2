"""The trend of one window length, fed from the numbers of its WINDOW records.

Everything that goes in stands in the record or in the configuration snapshot it names, so the same
trend can be followed anywhere. Rates are leak rates in fPa·m³/s at T_ref.

    variance    (U/1.96)², U the half-width of the slope's interval as a leak rate: noise alone
    systematic  2·u_B, the expanded uncertainty of what no averaging removes
    varying     the same without the part that volume and gain have in u_B: those are the same in
                every window
    drive       |p − p_out|, or |p| of a gauge sensor

Not fed with windows whose interval is no noise profile's (a chart needs its tail), nor with those
that are stale or saturated.
"""

from hullcore.compat import const
from hullcore.cusum import chart_windows
from hullcore.intmath import isqrt_up
from hullcore.leakrate import leak_rate_fpa_m3_s
from hullcore.messages import FLAG_SATURATED, FLAG_STALE, NO_RECORD
from hullcore.trend import Trend
from hullcore.trendevents import DOUBLED, RISING

_MOST = const(1000000)  # windows of a baseline: it goes on learning for good
_DAY_S = const(86400)
_APA = const(1000000000000)  # fPa·m³/s per µL = 10^-6 Pa/s = 10^12 aPa/s


class WindowTrend:
    """One trend, `trend`, with what feeds it; made from the settings in force.

    `samples` per window of `length_s`. After `take`: event, what the window changed (as
    `Trend.window`) or None; growth_apa_s2, upper bound of the growth of the loss at T_ref while it
    is RISING or DOUBLED, else 0, in 10^-18 Pa/s².
    """

    def __init__(self, m, values: dict, length_s: int, samples: int) -> None:
        self._m = m
        self.length_s = length_s
        self.samples = samples
        windows = chart_windows(values["alarm_days"] * _DAY_S, len(values["trend_s"]), length_s)
        span = -(-values["cease_s"] * 1000000 // m.period_us)
        self._settings = (
            values["trend_learn"], _MOST, windows, values["cease_limit_fpa_m3_s"], span, samples,
            values["drive_pa"] << 8, values["trend_margin_percent"],
        )  # fmt: skip
        self.event: "tuple | None" = None
        self.renew()

    def renew(self) -> None:
        """Begin with nothing learned."""
        self.trend = Trend(*self._settings)
        self.growth_apa_s2 = 0

    def take(
        self, flags: int, profile: int, span: tuple, means: tuple, rates: tuple, u_b: int
    ) -> None:
        """Feed one window: its flags and the record of its profile; (first, last); mean (p_q8,
        T_q16); (half-width of the slope in pPa/s, leak rate in fPa·m³/s); u_B in fPa·m³/s.
        """
        trend = self.trend
        self.event = None
        self.growth_apa_s2 = 0
        if profile == NO_RECORD or flags & (FLAG_STALE | FLAG_SATURATED):
            trend.ignored += 1
            return
        rate = rates[1]
        half = self._amount(rates[0], means[1])
        systematic = varying = 0
        if u_b >= 0:
            systematic = 2 * u_b
            varying = 2 * self._varying(u_b, rate)
        drive = abs(means[0] - (0 if self._m.pressure_kind else self._m.p_out_q8))
        self.event = trend.window(
            rate, half * half * 10000 // 38416 + 1, systematic, varying, span[0], span[1], drive,
            u_b < 0,
        )  # fmt: skip
        if trend.state == RISING or trend.state == DOUBLED:
            self._grow(rate + half + systematic)

    def code(self) -> int:
        """The state as a WINDOW record tells it."""
        return self.trend.state + 1

    def _amount(self, half_ppa_s: int, t_mean_q16: int) -> int:
        m = self._m
        ref, actual = (1, 1) if m.compensation else (m.t_ref_q16, t_mean_q16)
        return leak_rate_fpa_m3_s(-half_ppa_s, m.volume_ul, ref, actual) + 1

    def _varying(self, u_b: int, rate: int) -> int:
        m = self._m
        scale = m.u_volume_ppm * m.u_volume_ppm + m.u_gain_ppm * m.u_gain_ppm
        return isqrt_up(max(0, u_b * u_b - rate * rate * scale // 1000000000000))

    def _grow(self, upper: int) -> None:
        excess, halves = self.trend.change.risen(upper)
        if excess > 0:
            den = self._m.volume_ul * halves * self.length_s
            self.growth_apa_s2 = -(-2 * excess * _APA // den)
