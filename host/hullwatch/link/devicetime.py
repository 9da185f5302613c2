"""Device time: the pair (wraps, ms) of the wire as milliseconds since boot."""

from __future__ import annotations

MS_PER_WRAP = 1 << 30
"""The node counts milliseconds in 30 bits, as MicroPython's `ticks_ms` does, and counts wraps."""


def device_ms(wraps: int, ms: int) -> int:
    """Milliseconds since boot."""
    return wraps * MS_PER_WRAP + ms
