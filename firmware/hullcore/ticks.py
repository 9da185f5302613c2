"""Differences and sums of wrapping tick counters (period 2^30) in small ints only.

MicroPython on the RP2040 wraps `ticks_ms` after 12.4 days and `ticks_us` after 17.9 minutes; the
VM on a PC does not, so the same wrap is done here for every board. Valid for true differences
below 2^29 (6.2 days, 8.9 minutes).
"""

from hullcore.compat import const

_HALF = const(0x20000000)  # 2^29
_MASK = const(0x3FFFFFFF)  # 2^30 − 1


def diff(a: int, b: int) -> int:
    """a − b on the wrapping circle, in −2^29 … 2^29 − 1. Intermediates stay below 2^30."""
    d = a - b  # |d| ≤ 2^30 − 1
    if d >= _HALF:
        return d - _HALF - _HALF  # in two steps: 2^30 itself is no small int on the chip
    if d < -_HALF:
        return d + _HALF + _HALF
    return d


def add(a: int, delta: int) -> int:
    """a + delta on the circle; 0 ≤ a < 2^30, |delta| < 2^29."""
    if delta >= 0:
        if a < _HALF:
            return a + delta  # < 2^30
        s = a - _HALF + delta  # < 2^30
        return s - _HALF if s >= _HALF else s + _HALF
    s = a + delta
    return s if s >= 0 else (s + _HALF + _HALF) & _MASK
