"""Garbage collection at a chosen moment: after a sample, with time to spare before the next."""

from hullcore import ticks
from hullcore.compat import const

_EVERY_US = const(1000000)
_ASSUMED_US = const(30000)  # before the first measurement: longer than any seen on the chip
_LOW_BYTES = const(16384)  # below this it cannot wait for a good moment
_LOOK_US = const(200000)  # how often to ask: counting free bytes walks the whole heap, 3 ms


class Collector:
    """`longest_us` is the longest collection so far; a deadline is never nearer than that."""

    def __init__(self, board) -> None:
        self._board = board
        self._due = self._look = board.ticks_us()
        self.longest_us = 0

    def poll(self, sampler) -> None:
        """Collect when a second has passed and the sampler leaves time for it."""
        board = self._board
        now = board.ticks_us()
        if ticks.diff(self._due, now) > 0:
            return
        need = self.longest_us * 2 if self.longest_us else _ASSUMED_US
        if sampler and sampler.slack_us() < need:
            if ticks.diff(self._look, now) > 0:
                return
            self._look = ticks.add(now, _LOOK_US)
            if board.heap_free() > _LOW_BYTES:
                return
        board.collect()
        took = ticks.diff(board.ticks_us(), now)
        self.longest_us = max(self.longest_us, took)
        self._due = ticks.add(now, _EVERY_US)
