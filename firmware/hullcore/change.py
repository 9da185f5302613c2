"""Steady, rising or doubled: a rate against its baseline, from the first window on."""

from hullcore.baseline import Baseline
from hullcore.cusum import CUSUMS, Bank, thresholds
from hullcore.doubling import TWICE_PPM, Doubling
from hullcore.trendevents import (
    DOUBLED,
    FADED,
    FELL,
    LEARNED,
    LEARNING,
    RISING,
    ROSE,
    STEADY,
    TOLD,
    TWICE,
)


class Change:
    """Baseline, charts and looks of one window length; arguments as in `hullcore.trend.Trend`.

    The charts run while learning too: a baseline within which the rate changed is none. A fall that
    they find starts the learning again, at the new level. `after`: windows since the last one that
    joined the baseline.
    """

    def __init__(self, learn: int, most: int, windows: int, margin_percent: int) -> None:
        if learn < 2 or most < learn:
            raise ValueError("a baseline takes at least 2 windows, and no fewer to stop learning")
        if margin_percent < 0:
            raise ValueError("the margin of the standard deviation must not be below zero")
        self._learn = learn
        self._most = most
        self.margin_percent = margin_percent
        self.baseline = Baseline()
        self.bank = Bank(thresholds(windows))
        self.doubling = Doubling()
        self.after = 0

    def window(
        self, state: int, rate: int, variance: int, systematic: int, varying: int
    ) -> "tuple | None":
        """Compare a window in one of the states LEARNING … DOUBLED; the event or None."""
        base = self.baseline
        self.after += 1
        chart = 0
        joins = base.count < self._most and not base.fixed
        if base.count:
            up, down = base.standardise(rate, variance, varying, self.margin_percent)
            chart = self.bank.add(up, down)
            # one window far below is no fall (yet), and nothing to learn from
            joins = joins and down < self.bank.limits[CUSUMS]
        if chart < 0 or (chart and state == LEARNING):
            numbers = self.charted(chart, rate, base.mean())
            self.forget()
            return (state, LEARNING, FELL if chart < 0 else ROSE) + numbers
        if state == LEARNING:
            if joins:
                self._join(rate, variance, systematic, varying)
            if base.count < self._learn:
                return None
            numbers = (0, base.count, self._learn, base.mean(), base.deviation())
            return (state, STEADY, LEARNED) + numbers
        if state == STEADY:
            if chart:
                self.doubling.start()
                return (state, RISING, ROSE) + self.charted(chart, rate, base.mean())
            if joins:
                self._join(rate, variance, systematic, varying)
            return None
        if self.bank.fading():
            return (state, STEADY, FADED, 0, 0, 0, rate, base.mean())
        return self._doubled(state, rate, variance, systematic)

    def _join(self, rate: int, variance: int, systematic: int, varying: int) -> None:
        self.baseline.add(rate, variance, systematic, varying)
        self.after = 0

    def risen(self, upper: int) -> tuple:
        """(most by which the rate is above its baseline, half windows in which it came to that).

        `upper`: upper bound of the rate of the last window. Counted from the end of the baseline to
        the middle of that window: the whole rise is taken to have come since.
        """
        base = self.baseline
        low = base.mean() - 2 * base.deviation() - (-(-base.systematic // max(1, base.count)))
        return upper - low, max(1, 2 * self.after - 1)

    def _doubled(self, state: int, rate: int, variance: int, systematic: int) -> "tuple | None":
        if state == DOUBLED:
            return None
        single = self.bank.limits[CUSUMS]
        seen = self.doubling.add(rate, variance, systematic, self.baseline, single)
        if not seen or seen[0] <= TWICE_PPM:
            return None
        return (state, DOUBLED, TWICE, 0, seen[0], TWICE_PPM, seen[1], self.baseline.mean())

    def charted(self, chart: int, rate: int, reference: int) -> tuple:
        """The numbers of an event that a chart caused."""
        return chart, self.bank.value, self.bank.threshold, rate, reference

    def forget(self) -> None:
        """No baseline and no evidence."""
        self.baseline.clear()
        self.bank.clear()
        self.doubling.start()
        self.after = 0

    def relearn(self, state: int) -> tuple:
        """Everything learned is void. The event."""
        event = (state, LEARNING, TOLD, 0, 0, 0, 0, self.baseline.mean())
        self.forget()
        return event

    def declare(self, state: int, rate: int, variance: int, systematic: int) -> tuple:
        """Compare with a known rate. The event."""
        self.forget()
        self.baseline.declare(rate, variance, systematic)
        return (state, STEADY, TOLD, 0, 0, 0, rate, self.baseline.deviation())

    def values(self) -> tuple:
        """For a snapshot: twenty-one ints."""
        own = (self.after,)
        return self.baseline.values() + self.doubling.values() + self.bank.values() + own

    def take(self, values: tuple) -> None:
        """Continue from `values`; ValueError when they are impossible."""
        self.baseline.take(values[:6])
        self.doubling.take(values[6:11])
        self.bank.take(values[11:20])
        if values[20] < 0:
            raise ValueError("change: impossible numbers")
        self.after = values[20]
