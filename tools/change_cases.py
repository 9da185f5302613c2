"""The cases in which the trend's charts are measured: delays and false-alarm intervals.

One false alarm a year is asked of the node, whatever its window lengths. Seeded.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hullcore import cusum
from run_length import best_delay
from trend_simulation import Chains, Draw, Learning, delays, run_length

YEAR_S = 365 * 86400
TRIALS = 4000
QUIET = 400  # windows without change before the change: the charts have settled
MARGIN = 1.2


@dataclass(frozen=True)
class Delay:
    """Mean delays in windows for one change, baseline known, and their yardsticks.

    aligned: the change comes at the start of a window; phased: anywhere in one; five: the same on a
    node that watches five lengths; margin: the same with one length and σ taken 20 % larger. bound:
    ln(ARL)/KL; best: the least possible.
    """

    aligned: float
    phased: float
    five: float
    margin: float
    bound: float
    best: float

    @property
    def permitted(self) -> float:
        """1.5 × ln(ARL)/KL + 1 window."""
        return 1.5 * self.bound + 1


@dataclass(frozen=True)
class Interval:
    """A false-alarm interval: what was simulated, and what came out, in windows."""

    case: str
    windows: float
    alarms: int


def limits(length_s: int, lengths: int = 1) -> tuple[int, ...]:
    """Thresholds for one false alarm a year on a node that watches `lengths` window lengths."""
    found = cusum.thresholds(cusum.chart_windows(YEAR_S, lengths, length_s))
    return tuple(int(x) for x in found)


def delay(length_s: int, rho: float, trials: int = TRIALS, seed: int = 7) -> Delay:
    """Mean delays for a change of `rho` σ, baseline known."""
    rng = np.random.default_rng(seed)
    asked = YEAR_S / length_s
    bound = math.log(asked) / (rho * rho / 2)
    at_start, anywhere = np.zeros(trials), rng.random(trials)

    def mean(phase: np.ndarray, lengths: int = 1, sigma: float = 1.0) -> float:
        chains = Chains(trials, limits(length_s, lengths), None)
        patience = int(20 * bound) + 20
        draw = _scaled(rng, 1 / sigma)
        return float(delays(chains, draw, rho / sigma, QUIET, patience, phase).mean())

    return Delay(
        mean(at_start), mean(anywhere), mean(anywhere, lengths=5), mean(anywhere, sigma=MARGIN),
        bound, best_delay(rho, asked),
    )  # fmt: skip


def learned_delay(length_s: int, rho: float, before: int, seed: int = 7) -> tuple[float, float]:
    """(share found within three times the permitted delay, their mean delay): learned baseline."""
    rng = np.random.default_rng(seed)
    permitted = 1.5 * math.log(YEAR_S / length_s) / (rho * rho / 2) + 1
    chains = Chains(TRIALS, limits(length_s), Learning(10))
    phase = rng.random(TRIALS)
    found = delays(chains, rng.standard_normal, rho, before, int(3 * permitted) + 1, phase)
    share = float(np.isfinite(found).mean())
    return share, float(np.nanmean(found)) if share else math.nan


def _scaled(rng: np.random.Generator, sigma: float) -> Draw:
    return lambda n: sigma * rng.standard_normal(n)


def _student(rng: np.random.Generator, dof: int, t95: float) -> Draw:
    """Slopes over U95/1.96 with U95 from `dof` degrees of freedom of the window itself."""
    return lambda n: rng.standard_t(dof, n) * 1.96 / t95


def intervals(length_s: int, windows: int, chains: int, seed: int = 3) -> Iterator[Interval]:
    """False-alarm intervals of a node that watches one window length, from its first `windows`.

    Means over the time simulated: with a baseline that stopped learning the chains whose baseline
    is bad alarm often and those whose baseline is good hardly ever.
    """
    rng = np.random.default_rng(seed)
    normal = rng.standard_normal
    wide = _scaled(rng, MARGIN)
    cases: tuple[tuple[str, Learning | None, Draw, float], ...] = (
        ("baseline known", None, normal, 1),
        ("learned, goes on learning", Learning(10), normal, 1),
        ("learned, stops at 10 000 windows", Learning(10, 10_000), normal, 1),
        ("learned, stops at 1 000 windows", Learning(10, 1_000), normal, 1),
        ("learned, stops at 100 windows", Learning(10, 100), normal, 0.2),
        ("learned, stops at 10 windows", Learning(10, 10), normal, 0.2),
        ("known, σ 20 % larger than stated", None, wide, 0.2),
        ("goes on learning, σ 20 % larger", Learning(10), wide, 0.2),
        ("known, U95 from t with 15 degrees of freedom", None, _student(rng, 15, 2.131), 0.2),
        ("known, U95 from t with 5 (cold start)", None, _student(rng, 5, 2.571), 0.2),
    )
    for case, learning, draw, share in cases:
        run = Chains(int(chains * share), limits(length_s), learning)
        yield Interval(case, *run_length(run, draw, windows))
