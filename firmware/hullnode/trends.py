"""The trends of a node: which lengths have one, what is told of them, and how they survive a reset.

Loaded when `trend_s` names window lengths. A trend is stored, and told as a TREND record, whenever
its state changes and with the first window that ends an hour or more after it was last stored.
After a reset it goes on from there, if the settings it depends on are the same. What it saw since
is lost: at most an hour, or one window. Windows count as not following the last one then, so a
proof of cessation begins anew.
"""

from hullcore.compat import const
from hullcore.intmath import saturate_i64
from hullcore.messages import NO_RECORD
from hullcore.moremessages import EVENT_TREND, EVENT_TREND_ALARM, EVENT_TREND_VOID
from hullcore.morerecords import trend_record, watch_record
from hullcore.trendevents import CAUSES, DOUBLED, RESURGED, RISING, STATES
from hullcore.varint import pack
from hullcore.windowtrend import WindowTrend

_FILE = "trend"
_STORE_US = const(3600000000)
_CHUNK = const(100)  # bytes of a snapshot in one record
_SETTINGS = const(1)
_DAMAGED = const(2)
_WATCH = (
    "alarm_days", "trend_learn", "trend_margin_percent", "cease_limit_fpa_m3_s", "cease_s",
    "drive_pa",
)  # fmt: skip
_KEY = ("sensor", "period_us", "compensation", "pressure_kind", "volume_ul", "t_ref_mk", "gas")


class Trends:
    """`of`: the `WindowTrend` of each watched length that is reported."""

    def __init__(self, pipeline, values: dict, root: str) -> None:
        self._root = root
        self._key = [values[name] for name in _KEY]
        self.of: dict = {}
        self._stored: dict = {}  # sample number up to which it is stored
        plan = pipeline.plan
        for k in range(len(plan.samples)):
            length_s = plan.lengths_s[plan.base + k]
            if length_s in values["trend_s"]:
                self.of[length_s] = WindowTrend(pipeline.m, values, length_s, plan.samples[k])
                self._stored[length_s] = -1
        self._every = _STORE_US // plan.period_us
        lengths = values["trend_s"]
        body = (
            (pipeline.m.record,)
            + tuple([lengths[k] if k < len(lengths) else 0 for k in range(5)])
            + tuple([values[name] for name in _WATCH])
        )
        pipeline.record(watch_record, body)
        self._resume(pipeline)

    def _resume(self, pipeline) -> None:
        from hullnode import twocopies

        stored, _, damaged = twocopies.load(self._root, _FILE)
        if stored is None:
            if damaged:
                pipeline.event(EVENT_TREND_VOID, _DAMAGED, 0, 0, "")
            return
        try:
            key, snapshots = stored
            if key != self._key:
                pipeline.event(EVENT_TREND_VOID, _SETTINGS, 0, 0, "")
                return
            for length_s, values in snapshots:
                if length_s in self.of:
                    trend = self.of[length_s].trend
                    trend.restore(tuple(values))
                    trend.renumbered()
                    self._record(pipeline, self.of[length_s], None, NO_RECORD)
        except (TypeError, ValueError):
            for watched in self.of.values():
                watched.renew()
            pipeline.event(EVENT_TREND_VOID, _DAMAGED, 0, 0, "")

    def look(self, pipeline, watched, last: int, number: int) -> None:
        """Tell and store what the window in record `number`, up to sample `last`, has changed."""
        event = watched.event
        if event is None and last - self._stored[watched.length_s] < self._every:
            return
        self.changed(pipeline, watched, event, number)
        self._stored[watched.length_s] = last
        self.store()

    def changed(self, pipeline, watched, event, number: int) -> None:
        """An event with the numbers that caused it, if there is one, and the TREND record."""
        if event is not None:
            old, new, cause, chart, value, threshold, rate, _ = event
            code = EVENT_TREND_ALARM if new in (RISING, DOUBLED, RESURGED) else EVENT_TREND
            names = (watched.length_s, STATES[old], STATES[new], CAUSES[cause], chart)
            pipeline.event(
                code, saturate_i64(value), saturate_i64(threshold), saturate_i64(rate),
                "%d s %s to %s, %s, chart %d" % names,
            )  # fmt: skip
        self._record(pipeline, watched, event, number)

    def _record(self, pipeline, watched, event, number: int) -> None:
        trend = watched.trend
        state = trend.state
        if event is None:
            event = (state, state, 0, 0, 0, 0, 0, 0)
        numbers = tuple([saturate_i64(v) for v in event[4:]])
        head = (watched.length_s * 1000, pipeline.m.record, number) + event[:4] + numbers
        data = pack(trend.snapshot())
        parts = (len(data) + _CHUNK - 1) // _CHUNK
        for part in range(parts):
            chunk = data[part * _CHUNK : (part + 1) * _CHUNK]
            pipeline.record(trend_record, head + (part, parts, chunk))

    def store(self) -> None:
        """Write all trends to the board's file system."""
        from hullnode import twocopies

        snapshots = [(s, watched.trend.snapshot()) for s, watched in self.of.items()]
        try:
            twocopies.save(self._root, _FILE, (self._key, snapshots))
        except OSError:
            pass  # holds for this boot; the TREND records tell it all the same
