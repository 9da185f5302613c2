"""Device time: milliseconds since boot across the 2^30 ms wrap of the tick counter."""

from hullcore import ticks


class DeviceClock:
    """Extends a wrapping `ticks_ms`; `poll` must run at least every six days.

    `wraps` and `ms` are small ints: device time = wraps · 2^30 + ms, from the tick counter's zero.
    """

    def __init__(self, ticks_ms) -> None:
        self._ticks_ms = ticks_ms
        self._last = ticks_ms()
        self.wraps = 0
        self.ms = self._last

    def poll(self) -> None:
        """Bring `wraps` and `ms` up to date; allocates nothing."""
        now = self._ticks_ms()
        step = ticks.diff(now, self._last)
        if step <= 0:
            return
        self._last = now
        before = self.ms
        self.ms = ticks.add(before, step)
        if self.ms < before:
            self.wraps += 1

    def total_ms(self) -> int:
        """Device time in one integer (allocates once beyond 2^30 ms)."""
        self.poll()
        return (self.wraps << 30) + self.ms
