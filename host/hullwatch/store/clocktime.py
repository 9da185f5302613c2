"""UTC of device times, with the error bound that goes with it, or the limits it lies between.

Every clock fit of a boot gives an interval that contains the truth, provided that the host's clock
was right at the time. Neighbouring fits are intersected. Where they exclude each other the host's
clock was stepped between them: what lies there is known only to the span of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hullwatch.store.rows import ClockFit

    Ints = NDArray[np.int64]

UNKNOWN = np.iinfo(np.int64).min
"""In place of a UTC that nothing tells."""

CLOCK, NEIGHBOURS, BEFORE, NOTHING = "clock", "neighbours", "before", ""
"""Where a boot's times come from: fits of its own; the boots around it; only when it was received;
nothing at all."""

CRYSTAL_PPM = 50.0
"""Bound on the rate of a Pico's crystal: a typical figure, not confirmed for a given board."""

_FAR = 64  # fits looked at for times before the first or after the last


@dataclass(frozen=True, slots=True)
class StartLimits:
    """UTC in µs before and after which a boot's device time 0 cannot lie; None: no such limit."""

    earliest_us: int | None = None
    latest_us: int | None = None


class DeviceClock:
    """Turns device times of one boot into UTC.

    From the fits of the boot, or, where it has none, from what bounds its start. `source` says
    which; `steps_us` lists by how much the host's clock was stepped between fits.
    """

    def __init__(self, fits: Sequence[ClockFit], start: StartLimits | None = None) -> None:
        fits = sorted(fits, key=lambda fit: fit.ref_ms)
        self._start = start or StartLimits()
        self._ref_us = np.array([fit.ref_ms * 1000 for fit in fits], np.int64)
        self._utc_us = np.array([fit.utc_us for fit in fits], np.int64)
        self._rate = np.array([fit.ppm * 1e-6 for fit in fits])
        self._rate_bound = np.array([fit.ppm_bound * 1e-6 for fit in fits])
        self._bound_us = np.array([fit.bound_us for fit in fits], np.int64)
        self._stepped, self.steps_us = self._find_steps()
        self.source = self._source()

    def _source(self) -> str:
        if len(self._ref_us):
            return CLOCK
        if self._start.latest_us is None:
            return NOTHING
        return BEFORE if self._start.earliest_us is None else NEIGHBOURS

    def utc_us(self, device_us: Ints) -> tuple[Ints, Ints]:
        """(UTC, error bound) in µs of device times in µs since boot.

        UNKNOWN and −1 where the device time is negative, or where not both limits are known.
        """
        low, high = self.limits_us(device_us)
        known = (low != UNKNOWN) & (high != UNKNOWN)
        bound = np.where(known, (np.where(known, high - low, 0) + 1) // 2, -1)
        return np.where(known, low + bound, UNKNOWN), bound

    def limits_us(self, device_us: Ints) -> tuple[Ints, Ints]:
        """(earliest, latest) UTC in µs of device times; UNKNOWN where there is no such limit."""
        device_us = np.asarray(device_us, np.int64)
        if not len(self._ref_us):
            low, high = self._from_start(device_us)
        else:
            low, high = self._between(device_us)
        known = device_us >= 0
        return np.where(known, low, UNKNOWN), np.where(known, high, UNKNOWN)

    def _from_start(self, device_us: Ints) -> tuple[Ints, Ints]:
        drift = np.ceil(device_us * (CRYSTAL_PPM * 1e-6)).astype(np.int64)
        unknown = np.full(device_us.shape, UNKNOWN)
        earliest, latest = self._start.earliest_us, self._start.latest_us
        return (
            unknown if earliest is None else earliest + device_us - drift,
            unknown if latest is None else latest + device_us + drift,
        )

    def _between(self, device_us: Ints) -> tuple[Ints, Ints]:
        last = len(self._ref_us) - 1
        right = np.searchsorted(self._ref_us, device_us)
        low, high = self._interval(right.clip(0, last), device_us)
        other_low, other_high = self._interval((right - 1).clip(0, last), device_us)
        stepped = (right > 0) & (right <= last) & self._stepped[(right - 1).clip(0)]
        low, high = (
            np.where(stepped, np.minimum(low, other_low), np.maximum(low, other_low)),
            np.where(stepped, np.maximum(high, other_high), np.minimum(high, other_high)),
        )
        for outside, choice in (
            (device_us < self._ref_us[0], self._choice(range(min(_FAR, last + 1)))),
            (device_us > self._ref_us[-1], self._choice(range(last, max(-1, last - _FAR), -1))),
        ):
            if outside.any():
                far = self._narrowest(choice, device_us[outside])
                low[outside], high[outside] = far
        return low, high

    def _choice(self, order: range) -> list[int]:
        """Fits in order from the nearest on, up to a step of the host's clock."""
        chosen: list[int] = []
        for k in order:
            if chosen and self._stepped[min(k, chosen[-1])]:
                break
            chosen.append(k)
        return chosen

    def _narrowest(self, choice: list[int], device_us: Ints) -> tuple[Ints, Ints]:
        low, high = self._interval(np.full(device_us.shape, choice[0]), device_us)
        for k in choice[1:]:
            other_low, other_high = self._interval(np.full(device_us.shape, k), device_us)
            low, high = np.maximum(low, other_low), np.minimum(high, other_high)
        swapped = low > high  # bounds that just miss each other
        return np.where(swapped, high, low), np.where(swapped, low, high)

    def _interval(self, fit: NDArray[np.intp], device_us: Ints) -> tuple[Ints, Ints]:
        """What one fit each says; its bound grows with the distance, see `ClockFit`."""
        elapsed = device_us - self._ref_us[fit]
        corrected = elapsed + np.rint(elapsed * self._rate[fit]).astype(np.int64)
        growth = np.ceil(np.abs(elapsed) * self._rate_bound[fit]).astype(np.int64)
        middle, bound = self._utc_us[fit] + corrected, self._bound_us[fit] + growth
        return middle - bound, middle + bound

    def _find_steps(self) -> tuple[NDArray[np.bool_], list[int]]:
        """Whether fit k and fit k + 1 exclude each other, and the steps of those that do."""
        n = len(self._ref_us)
        if n < 2:
            return np.zeros(n, np.bool_), []
        here, there = np.arange(n - 1), np.arange(1, n)
        low, high = self._interval(here, self._ref_us[1:])
        other_low, other_high = self._interval(there, self._ref_us[1:])
        stepped = (low > other_high) | (other_low > high)
        steps = ((other_low + other_high) // 2 - (low + high) // 2)[stepped]
        return np.append(stepped, False), steps.tolist()
