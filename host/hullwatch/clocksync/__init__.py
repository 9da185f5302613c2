"""Device time to UTC: regression over the round trips that took least, with a bound.

No I/O. Each PING gives (UTC at half the round trip, device ms, round-trip time); the answer left
the node at some moment of the round trip, so UTC is known to ± half of it. Samples whose round
trip is much longer than the shortest say little and are dropped (the method of NTP and Klipper).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KEEP = 256
"""Samples kept; the oldest give way."""

_SLACK = 1.5  # a round trip up to this multiple of the shortest counts
_FEW = 8  # below this many good samples the crystal's nominal rate is used
CRYSTAL_PPM = 50.0
"""Bound on the rate of a Pico's crystal: a typical figure, not confirmed for a given board."""
_QUANTUM_S = 0.0005  # half a millisecond: device times are read to the microsecond within the ms


@dataclass(frozen=True)
class ClockFit:
    """UTC = utc_s + (device_ms − ref_ms) · (1 + ppm · 1e-6) / 1000, within ± bound_s.

    `bound_s` holds at ref_ms; `bound_at` gives it elsewhere.
    """

    ref_ms: float
    utc_s: float
    ppm: float
    bound_s: float
    ppm_bound: float

    def utc_at(self, device_ms: float) -> float:
        """UTC in seconds since 1970 of a device time."""
        return self.utc_s + (device_ms - self.ref_ms) / 1000 * (1 + self.ppm * 1e-6)

    def bound_at(self, device_ms: float) -> float:
        """Bound of the error of `utc_at`, seconds."""
        return self.bound_s + abs(device_ms - self.ref_ms) / 1000 * self.ppm_bound * 1e-6


class ClockSync:
    """Collects round trips of one boot of one node."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, float, float]] = []
        self.taken = 0
        """Round trips taken so far, those that gave way included."""

    def add(self, device_ms: float, sent_utc_s: float, rtt_s: float) -> None:
        """One unrepeated round trip; negative or absurd ones are ignored."""
        if 0 <= rtt_s < 5:
            self._samples.append((device_ms, sent_utc_s + rtt_s / 2, rtt_s))
            del self._samples[:-KEEP]
            self.taken += 1

    def fit(self) -> ClockFit | None:
        """The present fit, None without samples."""
        if not self._samples:
            return None
        table = np.array(self._samples)
        shortest = table[:, 2].min()
        good = table[table[:, 2] <= shortest * _SLACK + 1e-4]
        ref = float(good[-1, 0])
        ms = good[:, 0] - ref
        # UTC minus nominal device time: small numbers, so float64 keeps microseconds
        base = float(good[-1, 1])
        residual = good[:, 1] - base - ms / 1000
        span_s = float(np.ptp(ms)) / 1000
        half = float(good[:, 2].max()) / 2 + _QUANTUM_S
        if len(good) < _FEW or span_s < 10 * half:
            best = int(np.argmin(good[:, 2]))
            drift = abs(float(ms[best])) / 1000 * CRYSTAL_PPM * 1e-6
            return ClockFit(ref, base + float(residual[best]), 0.0, half + drift, CRYSTAL_PPM)
        slope, offset = np.polyfit(ms / 1000, residual, 1)
        worst = float(np.abs(residual - np.polyval((slope, offset), ms / 1000)).max())
        # the truth is within half of every sample, so within half + worst of the line at both ends
        bound = half + worst
        return ClockFit(ref, base + float(offset), float(slope) * 1e6, bound, 2e6 * bound / span_s)
