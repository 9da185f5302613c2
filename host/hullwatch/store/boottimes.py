"""When a boot without a clock fit can have started: after the boot before it, before the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hullwatch.store.clocktime import CRYSTAL_PPM, UNKNOWN, DeviceClock, StartLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hullwatch.store.rows import ClockFit


@dataclass(frozen=True, slots=True)
class BootFacts:
    """What the database says of one boot's time.

    ``last_ms``: largest device time known of it. ``received_us``: the smallest (UTC of receipt −
    device time) of its records: device time 0 was not later. None when it has no record.
    """

    fits: Sequence[ClockFit]
    last_ms: int
    received_us: int | None


def clocks(boots: Sequence[BootFacts]) -> list[DeviceClock]:
    """The clock of every boot of one node, given in order of time."""
    earliest = _earliest(boots)
    latest = _latest(boots)
    return [
        DeviceClock(boot.fits, StartLimits(earliest[k], latest[k])) for k, boot in enumerate(boots)
    ]


def _earliest(boots: Sequence[BootFacts]) -> list[int | None]:
    """Earliest start of each boot: the one before had to be over."""
    found: list[int | None] = []
    over: int | None = None  # earliest end of the boot before
    for boot in boots:
        found.append(over)
        if boot.fits:
            over = int(DeviceClock(boot.fits).limits_us(_one(boot.last_ms))[0][0])
        elif over is not None:
            over += _shortest_us(boot.last_ms)
    return found


def _latest(boots: Sequence[BootFacts]) -> list[int | None]:
    """Latest start of each boot: it had to be over when the next began, and before its receipt."""
    found: list[int | None] = []
    next_start: int | None = None
    for boot in reversed(boots):
        start = None if next_start is None else next_start - _shortest_us(boot.last_ms)
        limits = [limit for limit in (start, boot.received_us) if limit is not None]
        found.append(min(limits, default=None))
        if boot.fits:
            next_start = int(DeviceClock(boot.fits).limits_us(_one(0))[1][0])
        else:
            next_start = found[-1]
    assert next_start != UNKNOWN
    return found[::-1]


def _shortest_us(last_ms: int) -> int:
    """Least true duration of so much device time."""
    return int(last_ms * 1000 * (1 - CRYSTAL_PPM * 1e-6)) - 1


def _one(device_ms: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([device_ms * 1000], np.int64)
