"""The alarm for rapid loss, fed with every shortest window; loaded when a limit is set."""

from hullcore.compat import const
from hullcore.messages import FLAG_SATURATED, FLAG_STALE
from hullcore.moremessages import EVENT_RAPID, EVENT_RAPID_END, EVENT_STEP
from hullcore.rapid import SLOPE, Rapid

_PPA_PER_MPA = const(1000000000)
# places in a WINDOW body
_FIRST = const(2)
_LAST = const(3)
_Y_MEAN = const(7)
_SLOPE = const(11)
_HALF = const(13)


class RapidAlarm:
    """`look` at each window; `limit_mpa_s` > 0."""

    def __init__(self, period_us: int, limit_mpa_s: int) -> None:
        self._rapid = Rapid(period_us, limit_mpa_s * _PPA_PER_MPA)

    def look(self, pipeline, flags: int, body: tuple, number: int) -> None:
        """Tell the pipeline of an alarm that begins or ends with the window in record `number`.

        A stuck sensor ends no alarm. A saturated slope is judged at its limit, with no interval.
        """
        if flags & FLAG_STALE:
            return
        half = -1 if flags & FLAG_SATURATED else body[_HALF]
        seen = self._rapid.window(body[_SLOPE], half, body[_Y_MEAN], body[_FIRST], body[_LAST])
        if seen is None:
            return
        _, active, cause, bound, limit = seen
        event = EVENT_RAPID_END
        if active:
            event = EVENT_RAPID if cause == SLOPE else EVENT_STEP
        pipeline.event(event, bound, limit, body[_LAST], "window %d" % number)
