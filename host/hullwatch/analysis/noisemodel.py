"""Covariance of block means under white, flicker and random-walk noise.

Flicker noise and a random walk have no variance, only variances of differences: their generalised
covariances are right for every combination of means whose weights sum to zero, such as a slope
beside an intercept (G. Matheron, Adv. Appl. Prob. 5 (1973) 439). Spectral densities (one-sided) and
Allan variances at the averaging time τ are those of IEEE Std 1139, for a pressure in place of a
frequency:

    white         S(f) = 2·white             σ²(τ) = white/τ
    flicker       S(f) = flicker/f           σ²(τ) = 2·ln 2·flicker
    random walk   S(f) = walk/(2π²f²)        σ²(τ) = walk·τ/3
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hullwatch.analysis.twofold import Floats

KINDS = ("white", "flicker", "walk")
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Noise:
    """White: variance of a mean times its time. Flicker. Walk: variance gained a second.

    The units are those of a pressure; for another quantity they are its square instead of Pa².
    """

    white_pa2_s: float
    flicker_pa2: float
    walk_pa2_s: float

    @property
    def parts(self) -> Floats:
        """The three in the order of `KINDS`."""
        return np.array([self.white_pa2_s, self.flicker_pa2, self.walk_pa2_s])

    def allan_variance(self, lag_s: float) -> float:
        """Of means over `lag_s`, Pa²."""
        return (
            self.white_pa2_s / lag_s
            + 2 * math.log(2) * self.flicker_pa2
            + self.walk_pa2_s * lag_s / 3
        )

    def slope_variance(self, length_s: float) -> float:
        """Of an ordinary least-squares slope over many samples in `length_s`, (Pa/s)².

        12·white/T³ + 9·flicker/T² + 1.2·walk/T.
        """
        return (
            12 * self.white_pa2_s / length_s**3
            + 9 * self.flicker_pa2 / length_s**2
            + 1.2 * self.walk_pa2_s / length_s
        )


def kernels(position: Ints, bin_s: float, share: Floats) -> tuple[Floats, Floats, Floats]:
    """n × n covariances of the means of bins, a unit of each kind of noise.

    `position` counts bins of `bin_s` seconds; `share` is how much of each bin is there, (0, 1].
    """
    k = np.abs(np.subtract.outer(position, position)).astype(np.float64)
    white = np.diag(1 / (bin_s * share))
    # −ln|t| averaged over both bins
    flicker = -0.5 * (_square_log(k + 1) - 2 * _square_log(k) + _square_log(k - 1)) + 1.5
    # −|t|/2 averaged over both bins
    walk = -0.5 * bin_s * np.where(k == 0, 1 / 3, k)
    return white, flicker, walk


def _square_log(x: Floats) -> Floats:
    size = np.abs(x)
    found: Floats = size * size * np.log(np.where(size > 0, size, 1.0))
    return found


def covariance(noise: Noise, parts: tuple[Floats, Floats, Floats]) -> Floats:
    """The covariance matrix of `kernels` for a noise, made positive definite.

    The constant that is added is common to all bins: it changes no combination of weights that sum
    to zero, so nothing beside an intercept.
    """
    found = sum(
        (size * part for size, part in zip(noise.parts.tolist(), parts, strict=True)),
        np.zeros_like(parts[0]),
    )
    return found + 2 * float(np.abs(found).max(initial=0.0))
