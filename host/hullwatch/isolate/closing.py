"""One closed hatch: what each side's slopes would be, and how well the measured ones fit.

With the leak Q on the side of volume V1, the other of V2, and a closed hatch whose seat lets the
two sides equalise at the rate k:

    y1' = -Q/V1 + Q V2/(V1 (V1 + V2)) (1 - exp(-k t))
    y2' = -Q/(V1 + V2) (1 - exp(-k t))

A tight hatch (k = 0): one side falls, the other stands. A leaking one: both fall, the second
the faster the larger the difference has become. Q is Gaussian (from the baseline), noise is
independent, so every likelihood is a Gaussian with one more direction per unknown.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

_Vector = npt.NDArray[np.float64]

MODEL_REL: Final = 0.1
"""Standard uncertainty of the expected effect: volumes as told, a leak that changes meanwhile."""

INVALID: Final = 0.01
"""Chance that a test says nothing: someone moved, a door opened, noise beyond its interval."""

_LEAK_KT: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
_BROAD: Final = 2.0  # unexplained losses of a side, sd in units of the expected rate

FIRST, SECOND, NOWHERE, OTHER = "first", "second", "nowhere", "other"
TIGHT, LEAKY = "tight", "leaky"


class Reading(NamedTuple):
    """One window of one section: slope with its standard uncertainty, mean pressure.

    Times are the site's, s. ``kind`` says what the uncertainty contains, as in window records.
    """

    section: str
    start_s: float
    end_s: float
    slope_pa_s: float
    u_pa_s: float
    mean_pa: float
    kind: str


class Rate(NamedTuple):
    """A leak rate and its standard uncertainty, Pa m3/s."""

    value_pa_m3_s: float
    u_pa_m3_s: float

    @property
    def upper_pa_m3_s(self) -> float:
        """Upper end of its 95 % interval."""
        return self.value_pa_m3_s + 1.96 * self.u_pa_m3_s


@dataclass(frozen=True, slots=True)
class Closed:
    """A hatch while it was closed: ``first`` and ``second`` are the volumes of its sides, m3.

    ``readings`` have the section's side, and times since the closing.
    """

    hatch: str
    first_m3: float
    second_m3: float
    readings: tuple[tuple[bool, Reading], ...]
    """(on the first side, window)."""

    def evidence(self, rate: Rate) -> dict[tuple[str, str], float]:
        """Log-likelihood of every (where the leak is, how the hatch closes).

        Where is FIRST, SECOND, NOWHERE (nothing falls) or OTHER (each side falls as it will:
        two leaks, a temperature); how is TIGHT or LEAKY.
        """
        other = self._log_other(rate)
        found = {}
        last_s = max(row.end_s for _, row in self.readings)
        for how in (TIGHT, LEAKY):
            rates = [0.0] if how == TIGHT else [x / last_s for x in _LEAK_KT]
            for where in (FIRST, SECOND):
                logs = [self._log_leak(where == FIRST, k, rate) for k in rates]
                found[where, how] = _log_mean(logs)
            found[NOWHERE, how] = self._log_normal(self._slopes(), [])
            found[OTHER, how] = other
        return {
            key: float(np.logaddexp(math.log(1 - INVALID) + log, math.log(INVALID) + other))
            for key, log in found.items()
        }

    def means(self) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
        """Weighted mean slope and standard uncertainty of each side, Pa/s; None unmeasured."""
        sides = []
        for first in (True, False):
            rows = [row for side, row in self.readings if side == first]
            sides.append(weighted(rows) if rows else None)
        return sides[0], sides[1]

    def _slopes(self) -> _Vector:
        return np.array([row.slope_pa_s for _, row in self.readings])

    def _log_leak(self, on_first: bool, k_per_s: float, rate: Rate) -> float:
        gain = np.array([self._gain(side == on_first, row, on_first, k_per_s)
                         for side, row in self.readings])  # fmt: skip
        spread = math.hypot(rate.u_pa_m3_s, MODEL_REL * rate.value_pa_m3_s)
        return self._log_normal(self._slopes() - rate.value_pa_m3_s * gain, [spread * gain])

    def _gain(self, leaking: bool, row: Reading, on_first: bool, k_per_s: float) -> float:
        """Mean slope over a window for a leak of 1 Pa m3/s."""
        own, far = self.first_m3, self.second_m3
        if not on_first:
            own, far = far, own
        if k_per_s == 0.0:
            return -1.0 / own if leaking else 0.0
        before, after = math.exp(-k_per_s * row.start_s), math.exp(-k_per_s * row.end_s)
        passed = 1.0 - (before - after) / (k_per_s * (row.end_s - row.start_s))
        if leaking:
            return -1.0 / own + far / (own * (own + far)) * passed
        return -passed / (own + far)

    def _log_other(self, rate: Rate) -> float:
        """Each side's loss drawn by itself, of the order of the expected rate."""
        spread = _BROAD * rate.upper_pa_m3_s
        first = np.array([spread / self.first_m3 if side else 0.0 for side, _ in self.readings])
        second = np.array([0.0 if side else spread / self.second_m3 for side, _ in self.readings])
        return self._log_normal(self._slopes(), [first, second])

    def _log_normal(self, rest: _Vector, directions: list[_Vector]) -> float:
        """Log density of ``rest`` for independent noise plus rank-one terms, up to a constant.

        Divided by the noise the covariance is 1 + D D', whose inverse and determinant need
        only the small matrix 1 + D' D (Woodbury).
        """
        noise = np.array([row.u_pa_s for _, row in self.readings])
        rest = rest / noise
        log = -0.5 * float(rest @ rest) - float(np.log(noise).sum())
        if not directions:
            return log
        columns = np.array(directions) / noise
        small = np.eye(len(columns)) + columns @ columns.T
        along = columns @ rest
        _, log_det = np.linalg.slogdet(small)
        return log + 0.5 * float(along @ np.linalg.solve(small, along)) - 0.5 * float(log_det)


def pooled(rows: list[Reading]) -> list[Reading]:
    """The same windows, each with the rms uncertainty of its section's.

    An interval from one window's own scatter is itself uncertain by a third: as a weight it
    would prefer windows that came out quiet by chance.
    """
    squares: dict[str, list[float]] = {}
    for row in rows:
        squares.setdefault(row.section, []).append(row.u_pa_s**2)
    rms = {name: math.sqrt(math.fsum(all_) / len(all_)) for name, all_ in squares.items()}
    return [row._replace(u_pa_s=rms[row.section]) for row in rows]


def weighted(rows: list[Reading]) -> tuple[float, float]:
    """Mean slope of independent windows weighted by their intervals, standard uncertainty."""
    weights = [1.0 / row.u_pa_s**2 for row in rows]
    total = math.fsum(weights)
    slope = math.fsum(w * row.slope_pa_s for w, row in zip(weights, rows, strict=True)) / total
    return slope, total**-0.5


def _log_mean(logs: list[float]) -> float:
    return float(np.logaddexp.reduce(logs)) - math.log(len(logs))
