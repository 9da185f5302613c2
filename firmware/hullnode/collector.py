"""Garbage collection at a chosen moment: after a sample, with time to spare before the next."""

from hullcore import ticks
from hullcore.compat import const

_EVERY_US = const(1000000)
_AT_LAST_US = const(1500000)  # when no slot is ever long enough, a sample has to be late for it
_COUNT_EVERY = const(10)
_ASSUMED_US = const(30000)  # before the first measurement: longer than any seen on the chip


class Collector:
    """`longest_us` is the longest collection so far; a deadline is never nearer than that.

    `free` is the free heap after a collection, in bytes, counted after every tenth: counting walks
    the whole heap and takes as long as collecting (9 ms on the chip), so it has a slot of its own.
    """

    def __init__(self, board) -> None:
        self._board = board
        self._ticks_us = board.ticks_us
        self._done = board.ticks_us()
        self._uncounted = _COUNT_EVERY - 1  # the first one is counted: it ends the start's garbage
        self.longest_us = 0
        self.free = board.heap_free()

    def poll(self, sampler) -> None:
        """Collect when a second has passed and the sampler leaves time for it."""
        now = self._ticks_us()
        waited = ticks.diff(now, self._done)
        count = self._uncounted >= _COUNT_EVERY
        if waited < _EVERY_US and not count:
            return
        board = self._board
        overdue = waited >= _AT_LAST_US
        if sampler:
            slack = sampler.slack_us()
            need = self.longest_us * 2 if self.longest_us else _ASSUMED_US
            if slack < need and (slack <= 0 or not overdue):
                return
        if count and not overdue:
            self._uncounted = 0
            self.free = board.heap_free()
            return
        board.collect()
        took = ticks.diff(board.ticks_us(), now)
        self.longest_us = max(self.longest_us, took)
        self._done = now
        self._uncounted += 1
        if overdue:  # what makes a sample late may as well do both
            self._uncounted = 0
            self.free = board.heap_free()
