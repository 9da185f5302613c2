"""Monte Carlo of the charts of `hullcore.cusum`: many chains at once, in the same integers.

A chain is one window length of one node. Every number is an int64 and every step is the one that
`Trend` takes, so that a chain can be compared with it bit for bit. A rate is in 2^-20 σ.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hullcore.cusum import CLIP_Q10, CUSUMS, Z_MOST_Q10

Ints = NDArray[np.int64]
Draw = Callable[[int], NDArray[np.float64]]

SIGMA = 1 << 20
VARIANCE = SIGMA * SIGMA
FOREVER = 1 << 62


def rates(z: NDArray[np.float64]) -> Ints:
    """Standardised slopes as the integers that the charts are fed with."""
    return np.rint(z * SIGMA).astype(np.int64)


def _divided(num: Ints, den: Ints) -> Ints:
    """`div_round`: to nearest, halves away from zero."""
    quotient: Ints = (np.abs(num) + (den >> 1)) // den
    return np.where(num < 0, -quotient, quotient)


class _Roots:
    """√(m²·variance + m·variance), rounded up, for m = 0, 1, 2, …; made when asked for."""

    def __init__(self) -> None:
        self._table = np.zeros(1, np.int64)

    def at(self, m: Ints) -> Ints:
        have, most = len(self._table), int(m.max())
        if most >= have:
            more = range(have, 2 * most + 1)
            new = [math.isqrt(VARIANCE * n * (n + 1) - 1) + 1 for n in more]
            self._table = np.concatenate([self._table, np.array(new, np.int64)])
        return self._table[m]


_ROOTS = _Roots()


@dataclass(frozen=True)
class Learning:
    """A baseline of at least `learn` windows that goes on learning up to `most`."""

    learn: int
    most: int = FOREVER


class Chains:
    """`count` chains with the thresholds `limits`; without `learning` the baseline is known."""

    def __init__(self, count: int, limits: tuple[int, ...], learning: Learning | None) -> None:
        self.up = np.zeros((CUSUMS, count), np.int64)
        self.down = np.zeros((CUSUMS - 1, count), np.int64)
        self.learning = learning
        self.learned = np.zeros(count, np.int64)
        self.total = np.zeros(count, np.int64)
        limit = np.array(limits, np.int64)
        self._single = limit[CUSUMS]
        self._limit = limit[:CUSUMS, None]
        self._k = np.array([128 << i for i in range(CUSUMS)], np.int64)[:, None]

    def _standardised(self, x: Ints) -> Ints:
        if self.learning is None:
            return _divided(x * 1024, np.full_like(x, SIGMA))
        m = self.learned
        # |m·x − total| < 2^23 · 2^21 for 2 million windows, · 2^10 < 2^63
        z = _divided((m * x - self.total) * 1024, np.maximum(_ROOTS.at(m), 1))
        z[m == 0] = 0
        return z.clip(-Z_MOST_Q10, Z_MOST_Q10)

    def step(self, x: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Feed one window to every chain: (rise found, fall found)."""
        z = self._standardised(x)
        idle = self.learned == 0 if self.learning else np.zeros(len(x), bool)
        up = np.maximum(self.up + z - self._k, 0)
        down = np.maximum(self.down + np.minimum(-z, CLIP_Q10) - self._k[:-1], 0)
        self.up = np.where(idle, self.up, up)
        self.down = np.where(idle, self.down, down)
        rise: NDArray[np.bool_] = np.any(self.up >= self._limit, axis=0)
        rise |= (z >= self._single) & ~idle
        fall: NDArray[np.bool_] = np.any(self.down >= self._limit[:-1], axis=0)
        if self.learning:
            joins = ~rise & ~fall & (self.learned < self.learning.most) & (-z < self._single)
            self.learned += joins
            self.total += np.where(joins, x, 0)
        return rise, fall

    def restart(self, which: NDArray[np.bool_]) -> None:
        """Forget everything in some of the chains."""
        self.up[:, which] = 0
        self.down[:, which] = 0
        self.learned[which] = 0
        self.total[which] = 0


def run_length(chains: Chains, draw: Draw, windows: int) -> tuple[float, int]:
    """Average run length between false alarms, in windows, and how many alarms it is from.

    Each chain runs for `windows` and starts anew after every alarm.
    """
    count = chains.up.shape[1]
    alarms = 0
    for _ in range(windows):
        rise, fall = chains.step(rates(draw(count)))
        ended = rise | fall
        if ended.any():
            alarms += int(ended.sum())
            chains.restart(ended)
    return windows * count / max(1, alarms), alarms


def share_of_first(phase: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the least-squares slope of a window shows of a slope that begins at `phase` of it."""
    return np.asarray((1 - phase) ** 2 * (1 + 2 * phase), np.float64)


def delays(
    chains: Chains, draw: Draw, rho: float, before: int, patience: int, phase: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Windows from a rise of `rho` σ to its discovery, per chain; nan beyond `patience`.

    `before` windows without change come first; a chain with a false alarm among them starts anew
    at once. The change happens at `phase` (0 ≤ phase < 1) of the next window.
    """
    count = len(phase)
    for _ in range(before):
        rise, fall = chains.step(rates(draw(count)))
        ended = rise | fall
        if ended.any() and chains.learning is None:
            chains.restart(ended)
    found = np.full(count, np.nan)
    for j in range(1, patience + 1):
        mean = rho * share_of_first(phase) if j == 1 else rho
        rise, _ = chains.step(rates(draw(count) + mean))
        found = np.where(np.isnan(found) & rise, j - phase, found)
        if not np.isnan(found).any():
            break
    return found
