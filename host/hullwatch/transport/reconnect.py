"""When to try again: soon at first, then less often, and for ever."""

from __future__ import annotations

FIRST_S = 0.2
LIMIT_S = 5.0


class Backoff:
    """Doubles the pause after each failure, from `first_s` to `limit_s`; never gives up.

    Does not sleep: the owner of the loop asks `due` and has its other work between. Time is any
    monotonic clock in seconds.
    """

    def __init__(self, first_s: float = FIRST_S, limit_s: float = LIMIT_S) -> None:
        self._first_s = first_s
        self._limit_s = limit_s
        self._pause_s = first_s
        self._next_s = float("-inf")
        self.failures = 0

    def due(self, now_s: float) -> bool:
        """Whether to try now; True before the first try."""
        return now_s >= self._next_s

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next try, 0 when it is due."""
        return max(0.0, self._next_s - now_s)

    def failed(self, now_s: float) -> None:
        """A try failed, or the connection was lost: schedule the next one."""
        self._next_s = now_s + self._pause_s
        self._pause_s = min(self._pause_s * 2, self._limit_s)
        self.failures += 1

    def succeeded(self) -> None:
        """The node has answered; a port that merely opens is no success yet."""
        self._pause_s = self._first_s
        self._next_s = float("-inf")
        self.failures = 0
