"""Garbage collection at a chosen moment: with time to spare before the next deadline."""

from hullcore import ticks
from hullcore.compat import const

_EVERY_US = const(1000000)
_AT_LAST_US = const(1500000)  # when no slot is ever long enough, a sample has to be late for it
_COUNT_EVERY = const(10)
_ASSUMED_US = const(50000)  # twice a long one, before the first is measured


class Collector:
    """`longest_us` is the longest collection so far. While the slots leave time for it, a deadline
    is never nearer than twice what the last one took.

    `free` is the free heap after a collection, in bytes, counted after every tenth: counting walks
    the whole heap and takes as long as collecting (9 ms on the chip), so where slots are short it
    has one of its own.
    """

    def __init__(self, board) -> None:
        self._board = board
        self._done = board.ticks_us()
        self._uncounted = _COUNT_EVERY - 1  # the first one is counted: it ends the start's garbage
        self._need = _ASSUMED_US
        self.longest_us = 0
        self.free = board.heap_free()

    def poll(self, sampler) -> None:
        """Collect when a second has passed and the sampler leaves time for it."""
        board = self._board
        now = board.ticks_us()
        waited = ticks.diff(now, self._done)
        count = self._uncounted >= _COUNT_EVERY
        if waited < _EVERY_US and not count:
            return
        slack = sampler.slack_us() if sampler else _EVERY_US
        if slack < self._need and (slack <= 0 or waited < _AT_LAST_US):
            return
        if not count:
            board.collect()
            took = ticks.diff(board.ticks_us(), now)
            self.longest_us = max(self.longest_us, took)
            self._need = took * 2
            self._done = now
            self._uncounted += 1
            count = self._uncounted >= _COUNT_EVERY and slack > self._need * 2
        if count:
            self._uncounted = 0
            self.free = board.heap_free()
