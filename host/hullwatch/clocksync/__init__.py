"""Device time to UTC: regression over the round trips that took least, with a bound.

No I/O. Each PING gives (UTC at half the round trip, device ms, round-trip time); the answer left
the node at some moment of the round trip, so UTC is known to ± half of it. Samples whose round
trip is much longer than the shortest say little and are dropped (the method of NTP and Klipper).

When the host's clock is stepped, what was collected no longer fits: it is dropped and a new fit
begins, as soon as two samples in a row say so. One alone is an outlier.
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
WANDER_PPM = 10.0
"""How far the rate at another time can be from the one measured: a crystal's cut over the
temperatures of a room and a shed. A typical figure, as the one above."""

STEP_S = 0.1
"""A sample this far beyond all bounds is a step of the host's clock, or an outlier."""

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
        """Round trips taken since the last step, those that gave way included."""
        self.steps_s: list[float] = []
        """By how much the host's clock was stepped, each time."""
        self._last: ClockFit | None = None
        self._odd: tuple[float, float, float] | None = None

    def add(self, device_ms: float, sent_utc_s: float, rtt_s: float) -> None:
        """One unrepeated round trip; negative or absurd ones are ignored."""
        if not 0 <= rtt_s < 5:
            return
        sample = (device_ms, sent_utc_s + rtt_s / 2, rtt_s)
        if self._expected(sample):
            self._odd = None
            self._keep(sample)
        elif self._odd is None or abs(_step(self._odd, sample)) > STEP_S + self._odd[2] + rtt_s:
            self._odd = sample
        else:
            self._begin_anew(sample)

    def _keep(self, sample: tuple[float, float, float]) -> None:
        self._samples.append(sample)
        del self._samples[:-KEEP]
        self.taken += 1

    def _expected(self, sample: tuple[float, float, float]) -> bool:
        """Whether a sample agrees with the last fit, as far as both can be trusted."""
        fit = self._last
        if fit is None:
            return True
        device_ms, utc_s, rtt_s = sample
        return abs(utc_s - fit.utc_at(device_ms)) <= STEP_S + fit.bound_at(device_ms) + rtt_s / 2

    def _begin_anew(self, sample: tuple[float, float, float]) -> None:
        """Two samples in a row agree with each other and not with what was before."""
        assert self._last is not None
        assert self._odd is not None
        self.steps_s.append(sample[1] - self._last.utc_at(sample[0]))
        self._samples.clear()
        self._last = None
        self.taken = 0
        self._keep(self._odd)
        self._keep(sample)
        self._odd = None

    def fit(self) -> ClockFit | None:
        """The present fit, None without samples."""
        self._last = self._fitted() if self._samples else None
        return self._last

    def _fitted(self) -> ClockFit:
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
        ppm, ppm_bound = _rate(float(slope) * 1e6, 2e6 * bound / span_s)
        return ClockFit(ref, base + float(offset), ppm, bound, ppm_bound + WANDER_PPM)


def _rate(ppm: float, bound: float) -> tuple[float, float]:
    """A measured rate and its bound together with what a crystal can be, in ppm.

    A crystal that is measured to be worse is believed.
    """
    low, high = max(-CRYSTAL_PPM, ppm - bound), min(CRYSTAL_PPM, ppm + bound)
    if low > high:
        return ppm, bound
    rate = min(max(ppm, low), high)
    return rate, max(high - rate, rate - low)


def _step(one: tuple[float, float, float], two: tuple[float, float, float]) -> float:
    """Seconds by which UTC and device time passed differently from one sample to the other."""
    return two[1] - one[1] - (two[0] - one[0]) / 1000
