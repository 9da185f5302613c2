"""One node followed: hullcore's trend fed with the windows that marks leave, in order of time.

Sample numbers begin anew with each boot; here they are counted on through all boots by UTC, so that
what is missing between two windows is known.
"""

from __future__ import annotations

from hullcore.trendevents import CAUSES, STATES
from hullcore.windowtrend import WindowTrend
from hullwatch.link.recordview import Record
from hullwatch.store import MarkRow, Reader
from hullwatch.store.marks import KINDS
from hullwatch.vigil.knownleak import judged
from hullwatch.vigil.states import Call, Criteria, LeakCheck
from hullwatch.vigil.windows import TimedWindow, key_of, timed_windows, trend_of

_FPA = 1e-15
_KNOWN_LEAK = "known-leak"


class Followed:
    """The trend of one node from its first window to its newest, at ``now_utc_us``.

    used: the windows that were fed; calls, checks; masked, untimed: windows left out; watched: the
    trend as it is now, None when no window could be used.
    """

    def __init__(self, reader: Reader, node: str, criteria: Criteria, now_utc_us: int) -> None:
        self.criteria = criteria
        self.watched: WindowTrend | None = None
        self.calls: list[Call] = []
        self.checks: list[LeakCheck] = []
        self.used: list[TimedWindow] = []
        self.masked = self.ignored = 0
        self._reader = reader
        self._node = node
        self._key: tuple[object, ...] = ()
        self._config: Record | None = None
        self._offset = self._boot = 0
        self._past = -1  # the trend's own sample number after the last window
        windows, self.untimed = timed_windows(reader, node, criteria.window_s)
        marks = [mark for mark in reader.marks(node) if mark.from_utc_us <= now_utc_us]
        self._masks = [mark for mark in marks if KINDS[mark.kind].masks]
        # what is void is void from the begin, a known leak can be judged at its end
        self._due = sorted(
            ((m.to_utc_us if m.kind == _KNOWN_LEAK else m.from_utc_us, m.number, m) for m in marks),
        )
        for window in windows:
            if window.latest_us <= now_utc_us:
                self._take(window)
        self._marks_until(now_utc_us)

    @property
    def state(self) -> str:
        """The state now."""
        return STATES[self.watched.trend.state] if self.watched else STATES[0]

    def _take(self, window: TimedWindow) -> None:
        self._configured(window)
        self._marks_until(window.latest_us)
        if self.watched is None:
            self.ignored += 1
            return
        if any(mark.touches(window.earliest_us, window.latest_us) for mark in self._masks):
            self.masked += 1
            return
        first, last = self._numbered(window)
        value = window.record.integer
        before = self.watched.trend.ignored
        self.watched.take(
            window.record.flags, value("profile"), (first, last),
            (value("p_mean_q8"), value("t_mean_q16")),
            (value("u95_slope_ppa_s"), value("leak_rate_fpa_m3_s")), value("u_b_fpa_m3_s"),
        )  # fmt: skip
        if self.watched.trend.ignored > before:
            self.ignored += 1
            return
        self.used.append(window)
        self._past = last + 1
        self._called(self.watched.event, window.latest_us, "")

    def _numbered(self, window: TimedWindow) -> tuple[int, int]:
        """(first, last) counted through all boots: by UTC where a boot begins."""
        assert self.watched is not None
        first, last = window.record.integer("first"), window.record.integer("last")
        boot = hash((window.record.epoch, window.record.boot))
        if boot != self._boot or self._past < 0:
            period_us = max(1, window.config.integer("period_us"))
            middle_us = (window.earliest_us + window.latest_us) // 2
            start = middle_us // period_us - (last - first) // 2
            self._offset = max(start, self._past) - first
            self._boot = boot
        return first + self._offset, last + self._offset

    def _configured(self, window: TimedWindow) -> None:
        """Take up the configuration of a window; another chamber or sensor: begin anew."""
        if self._config is not None and self._config.data == window.config.data:
            return
        self._config = window.config
        made = trend_of(window.config, self.criteria)
        old, key = self.watched, key_of(window.config)
        if made is not None and old is not None and key == self._key:
            made.trend.restore(old.trend.snapshot())
        elif old is not None:
            self._said(window.latest_us, STATES[old.trend.state], STATES[0], "the settings changed")
            self._past = -1
        self.watched, self._key = made, key

    def _marks_until(self, utc_us: int) -> None:
        while self._due and self._due[0][0] <= utc_us:
            self._apply(self._due.pop(0)[2])

    def _apply(self, mark: MarkRow) -> None:
        """What a mark does to the trend when its time has come."""
        kind = KINDS[mark.kind]
        if mark.kind == _KNOWN_LEAK:
            check = judged(self._reader, self._node, mark)
            self.checks.append(check)
            if check.recovered and self.watched is not None:
                self.watched.trend.known_leak_recovered()
        elif self.watched is None:
            return
        elif kind.voids:
            self._called(self.watched.trend.relearn(), mark.from_utc_us, mark.label)
        elif kind.rated and mark.rate_pa_m3_s is not None:
            values = (mark.rate_pa_m3_s, mark.u_pa_m3_s or 0.0, mark.bound_pa_m3_s or 0.0)
            rate, u, bound = (round(value / _FPA) for value in values)
            self._called(
                self.watched.trend.declare(rate, u * u, bound), mark.from_utc_us, mark.label
            )

    def _called(self, event: tuple[int, ...] | None, utc_us: int, mark: str) -> None:
        if event is None or (event[0] == event[1] and not mark):
            return
        old, new, cause, _, value, threshold, rate, reference = event
        words = _words(CAUSES[cause], value, threshold, rate * _FPA, reference * _FPA)
        numbers = (value, threshold, rate * _FPA, reference * _FPA)
        call = Call(utc_us, STATES[old], STATES[new], CAUSES[cause], *numbers, f"{words}{mark}")
        self.calls.append(call)

    def _said(self, utc_us: int, old: str, new: str, words: str) -> None:
        self.calls.append(Call(utc_us, old, new, "TOLD", 0, 0, 0.0, 0.0, words))


def _words(cause: str, value: int, threshold: int, rate: float, reference: float) -> str:
    """A cause as a person reads it; see `hullcore.trendevents`."""
    if cause == "LEARNED":
        return f"baseline {rate:.3g} Pa·m³/s from {value} windows"
    if cause in ("ROSE", "FELL"):
        sums = f"{value / 1024:.1f} σ, threshold {threshold / 1024:.1f}"
        return f"{cause.lower()} to {rate:.3g} from {reference:.3g} Pa·m³/s ({sums})"
    if cause == "TWICE":
        return f"at least {value / 1e6:.2f} × the baseline {reference:.3g} Pa·m³/s"
    if cause == "QUIET":
        return f"highest bound {rate:.3g} below {reference:.3g} Pa·m³/s, known leak recovered"
    if cause == "ABOVE":
        return f"lower bound {value * _FPA:.3g} above {reference:.3g} Pa·m³/s"
    return {"FADED": "the evidence faded", "TOLD": "mark "}.get(cause, cause)
