"""UTC of device times from the clock fits of a boot, with the error bound that goes with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hullwatch.store.rows import ClockFit

UNKNOWN = np.iinfo(np.int64).min
"""In place of a UTC that no fit gives."""


class DeviceClock:
    """Turns device times of one boot into UTC with the fit nearest to each."""

    def __init__(self, fits: Sequence[ClockFit]) -> None:
        fits = sorted(fits, key=lambda fit: fit.ref_ms)
        self._ref_us = np.array([fit.ref_ms * 1000 for fit in fits], np.int64)
        self._utc_us = np.array([fit.utc_us for fit in fits], np.int64)
        self._rate = np.array([fit.ppm * 1e-6 for fit in fits])
        self._rate_bound = np.array([fit.ppm_bound * 1e-6 for fit in fits])
        self._bound_us = np.array([fit.bound_us for fit in fits], np.int64)

    def utc_us(self, device_us: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """(UTC, error bound) in µs of device times in µs since boot.

        UNKNOWN and −1 where the boot has no fit or the device time is negative. The bound grows
        with the distance from the fit, see `ClockFit`.
        """
        if not len(self._ref_us):
            return np.full(device_us.shape, UNKNOWN), np.full(device_us.shape, -1)
        nearest = self._nearest(device_us)
        elapsed = device_us - self._ref_us[nearest]
        corrected = elapsed + np.rint(elapsed * self._rate[nearest]).astype(np.int64)
        growth = np.ceil(np.abs(elapsed) * self._rate_bound[nearest]).astype(np.int64)
        bound = self._bound_us[nearest] + growth
        known = device_us >= 0
        return (
            np.where(known, self._utc_us[nearest] + corrected, UNKNOWN),
            np.where(known, bound, -1),
        )

    def _nearest(self, device_us: NDArray[np.int64]) -> NDArray[np.intp]:
        right = np.searchsorted(self._ref_us, device_us).clip(0, len(self._ref_us) - 1)
        left = (right - 1).clip(0)
        nearer = np.abs(device_us - self._ref_us[left]) <= np.abs(self._ref_us[right] - device_us)
        return np.where(nearer, left, right)
