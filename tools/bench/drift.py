"""Running sums in single precision drift; the estimator's exact sums do not.

The chip's floats are singles. NumPy's `float32` stands for them here, on the host: the same IEEE
754 operations in the same order (`cumsum` adds one by one). Ours is the node's own code on the
host, which gives the same bits there. Both are compared with the least squares of the very samples
they saw, in exact integers, and with what that slope is uncertain by: its standard error in white
noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hullcore import settings
from hullcore.estimator import Estimator
from hullcore.leakrate import slope_ppa_s
from hullcore.measurement import Measurement
from hullcore.plan import WindowPlan
from hullcore.sums import Sums

PERIOD_US = 100_000
LENGTHS_S = (600, 3600, 21_600, 86_400)
_PERIOD_S = np.float32(0.1)
_NOISE_PA = 0.12
_SLOPE_PA_S = -1e-4
Ints = NDArray[np.int64]
Singles = NDArray[np.float32]


@dataclass(frozen=True)
class Drift:
    """Errors of the slope of one window, Pa/s, and the slope's own standard error."""

    length_s: int
    naive: float
    careful: float
    ours: float
    standard_error: float


def samples(count: int, seed: int = 1) -> Ints:
    """Pressure in 1/256 Pa: a slow loss, white noise, steps of 1/64 Pa."""
    t = np.arange(count) * (PERIOD_US / 1e6)
    noise = np.random.default_rng(seed).normal(0, _NOISE_PA, count)
    p_pa = 101_325 + _SLOPE_PA_S * t + noise
    return 4 * np.rint(p_pa * 64).astype(np.int64)


def exact_slope(p_q8: Ints) -> float:
    """Least-squares slope in Pa/s, rounded once."""
    n = len(p_q8)
    j = np.arange(n)
    low = int(p_q8[0])  # a slope does not depend on it; sums stay below 2^63
    rest = p_q8 - low
    sj, sjj, sp, sjp = int(j.sum()), int((j * j).sum()), int(rest.sum()), int((j * rest).sum())
    return (n * sjp - sj * sp) / (n * sjj - sj * sj) / 256 / (PERIOD_US / 1e6)


def single_slope(t: Singles, p: Singles) -> float:
    """The same from running sums in single precision."""
    st, stt, sp, stp = (np.cumsum(v, dtype=np.float32)[-1] for v in (t, t * t, p, t * p))
    n = np.float32(len(t))
    return float((n * stp - st * sp) / (n * stt - st * st))


def our_slopes(p_q8: Ints, lengths_s: tuple[int, ...]) -> dict[int, float]:
    """Slopes in Pa/s of the first window of each length, from the node's estimator."""
    found: dict[int, float] = {}

    def on_window(length_s: int, _first: int, _last: int, sums: Sums, _scatter: object) -> None:
        slope = slope_ppa_s(sums.slope_p(), sums.spread(), PERIOD_US)
        found.setdefault(length_s, slope / 1e12)

    config = settings.defaults() | {"period_us": PERIOD_US, "compensation": "none"}
    plan = WindowPlan(PERIOD_US, lengths_s)
    estimator = Estimator(Measurement(config, 4, 0), plan, on_window)
    for value in p_q8.tolist():
        estimator.sample(value, 19_539_558)
    return found


def measure(lengths_s: tuple[int, ...] = LENGTHS_S) -> list[Drift]:
    """One row a window length."""
    everything = samples(max(lengths_s) * 1_000_000 // PERIOD_US)
    ours = our_slopes(everything, lengths_s)
    rows = []
    for length_s in lengths_s:
        p_q8 = everything[: length_s * 1_000_000 // PERIOD_US]
        n = len(p_q8)
        right = exact_slope(p_q8)
        t = np.arange(n).astype(np.float32) * _PERIOD_S
        p = (p_q8 / 256).astype(np.float32)
        error = _NOISE_PA * (12 / n) ** 0.5 / length_s
        naive, careful = single_slope(t, p), single_slope(t, p - p[0])
        rows.append(Drift(length_s, naive - right, careful - right, ours[length_s] - right, error))
    return rows


def report() -> None:
    """Measure and print errors in units of the slope's standard error."""
    print("error of the slope over its standard error in white noise; singles: NumPy float32")
    print(f"{'window':>10}{'float32 sums':>16}{'about 1st sample':>18}{'ours':>12}")
    for row in measure():
        errors = [abs(e) / row.standard_error for e in (row.naive, row.careful, row.ours)]
        print(f"{row.length_s:>8} s{errors[0]:>16,.1f}{errors[1]:>18.3f}{errors[2]:>12.6f}")
