"""A sensor that says the same again and again: stuck, unless its resolution explains it.

A reading that repeats is no error by itself: with a coarse step or a slow rate it has to repeat.
`hullcore.runlimit` says for how long, from a noise profile; without one 30 minutes and 600
readings are permitted, twice the longest run in the pressure log of the space station (189
readings in 945 s). Nothing here allocates.
"""

from hullcore.compat import const

MOST = 0x1FFFFFFF  # runs are counted so far
_BLIND_US = const(1800000000)
_BLIND_RUN = const(600)


def blind_limit(period_us: int) -> int:
    """Equal readings in a row that are permitted while the noise is not known."""
    return max(_BLIND_RUN, _BLIND_US // period_us)


class Stale:
    """Counts equal readings; the estimator compares, so that a new value costs no call.

    p_q8: the last pressure. run: how many readings in a row it was. A sensor is stuck when that
    reaches `limit`: a stuck chip repeats its pressure whatever its temperature does.
    """

    def __init__(self, period_us: int) -> None:
        self.p_q8 = -1
        self.run = 1
        self.limit = blind_limit(period_us)

    def again(self) -> bool:
        """Another reading of the same pressure; whether the sensor is stuck."""
        if self.run < MOST:
            self.run += 1
        return self.run >= self.limit
