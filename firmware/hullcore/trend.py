"""What becomes of a leak: one state machine for node and host, fed with windows of one length.

LEARNING → STEADY → RISING → DOUBLED, back to STEADY when the evidence fades and to LEARNING when
the rate falls (`change`); CEASED from any state, by proof (`cessation`); RESURGED after it. Rates
are positive when gas leaves the chamber (a pressure slope is fed negated), all in one unit. Every
change of state returns an event (`trendevents`).
"""

from hullcore.baseline import half_width, standard_q10, widened
from hullcore.cessation import Cessation
from hullcore.change import Change
from hullcore.compat import const
from hullcore.cusum import CLIP_Q10
from hullcore.trendevents import ABOVE, CEASED, LEARNING, QUIET, RESURGED, ROSE, STATES

_FORMAT = const(1)
_SNAPSHOT = const(28)


class Trend:
    """The trend of one window length.

    `learn`: windows of a baseline; `most`: the baseline stops learning at so many (≥ learn; large,
    see `baseline`); `windows`: average run length of one chart (`cusum.chart_windows`); `limit`:
    the rate below which a leak counts as ceased (> 0); `cease_span`, `gap_span`: samples, as in
    `Cessation`; `drive_least`: driving pressure that a proof of cessation takes; `margin_percent`:
    the charts keep their false-alarm interval with a true σ so much larger than stated. ValueError
    for what contradicts itself.

    Attributes: state; change and cessation with what they have learned; last, sample number at the
    end of the last window; ignored, windows that could not be used.
    """

    def __init__(
        self,
        learn: int,
        most: int,
        windows: int,
        limit: int,
        cease_span: int,
        gap_span: int,
        drive_least: int,
        margin_percent: int = 0,
    ) -> None:
        if limit <= 0:
            raise ValueError("the limit of cessation must be above zero")
        self._limit = limit
        self._cease_span = cease_span
        self._drive_least = drive_least
        self.state = LEARNING
        self.change = Change(learn, most, windows, margin_percent)
        self.cessation = Cessation(cease_span, gap_span)
        self.last = -1
        self.ignored = 0

    def window(
        self,
        rate: int,
        variance: int,
        systematic: int,
        varying: int,
        first: int,
        last: int,
        drive: int,
        noise_only: bool,
    ) -> "tuple | None":
        """Take the next closed window; the event it caused, or None.

        `variance`: of the rate, standard uncertainty squared, from a noise profile ((U95 / 1.96)²;
        a cold-start interval is no basis for charts, see `change_detection.md`); `systematic`:
        bound of what noise does not explain; `varying`: the part of it that may differ between
        windows (temperature; not volume); `first`, `last`: sample numbers, one counter for all
        windows; `drive`: pressure inside minus outside, in the unit of `drive_least`;
        `noise_only`: no systematic bound was declared. A window that overlaps what came before, or
        without an uncertainty (variance ≤ 0), is ignored and counted.
        """
        if variance <= 0 or systematic < 0 or varying < 0 or first > last or first <= self.last:
            self.ignored += 1
            return None
        missed = first - self.last - 1
        self.last = last
        half = half_width(variance)
        bound = abs(rate) + half + systematic
        quiet = not noise_only and drive >= self._drive_least and bound < self._limit
        self.cessation.add(quiet, bound, missed, last - first + 1)
        if self.state == CEASED:
            event = self._watch(rate, variance, systematic, rate - half - systematic)
        elif self.cessation.proven():
            event = self._ceased()
        elif self.state == RESURGED:
            event = None
        else:
            event = self.change.window(self.state, rate, variance, systematic, varying)
        return self._follow(event)

    def _follow(self, event: "tuple | None") -> "tuple | None":
        if event is not None:
            self.state = event[1]
        return event

    def _ceased(self) -> tuple:
        proof = self.cessation
        proof.recovered = False
        self.change.forget()
        numbers = (0, proof.samples, self._cease_span, proof.highest, self._limit)
        return (self.state, CEASED, QUIET) + numbers

    def _watch(self, rate: int, variance: int, systematic: int, lower: int) -> "tuple | None":
        """After cessation: one window above the limit, or many that add up to it."""
        limit = self._limit
        spread = widened(variance, self.change.margin_percent)
        chart = self.change.bank.add(standard_q10(rate - systematic - limit, spread), -CLIP_Q10)
        if lower > limit:
            event = (CEASED, RESURGED, ABOVE, 0, lower, limit, rate, limit)
        elif chart:
            event = (CEASED, RESURGED, ROSE) + self.change.charted(chart, rate, limit)
        else:
            return None
        self.cessation.broken()
        self.change.forget()
        return event

    def known_leak_recovered(self) -> None:
        """A known leak imposed on the chamber was found with its size: one proof may use it."""
        self.cessation.recovered = True

    def renumbered(self) -> None:
        """Sample numbers begin again (a boot): what was quiet before is not known to go on."""
        self.last = -1
        self.cessation.broken()

    def relearn(self) -> "tuple | None":
        """The chamber was opened, filled or repaired: everything learned is void. The event."""
        self.cessation.broken()
        self.cessation.recovered = False
        return self._follow(self.change.relearn(self.state))

    def declare(self, rate: int, variance: int, systematic: int) -> "tuple | None":
        """Compare with a known rate instead of a learned one (variance ≥ 0). The event."""
        return self._follow(self.change.declare(self.state, rate, variance, systematic))

    def snapshot(self) -> tuple:
        """Everything learned, as ints; the sums are of any size, the rest fits 31 bits."""
        head = (_FORMAT, self.state, self.last, self.ignored)
        return head + self.cessation.values() + self.change.values()

    def restore(self, values: tuple) -> None:
        """Continue from a snapshot; ValueError when it is none, and the trend is not to be used."""
        if len(values) != _SNAPSHOT or values[0] != _FORMAT or not 0 <= values[1] < len(STATES):
            raise ValueError("no snapshot of a trend")
        self.state, self.last, self.ignored = values[1:4]
        self.cessation.take(values[4:7])
        self.change.take(values[7:])
