"""The sums of many blocks at once: numpy instead of one Python call per sample, bit for bit.

int64 throughout. The largest magnitudes stand beside the products; they hold because a block has
at most `hullcore.plan.MAX_BLOCK` = 181 samples, and because what is outside the ranges below goes
the way of single samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hullcore.auxestimator import ReferenceSums
from hullcore.measurement import Measurement
from hullcore.plan import WindowPlan
from hullcore.settings import COMPENSATIONS
from hullcore.sums import Sums

Ints = NDArray[np.int64]

PRESENT, LATE, ABSENT = 0, 1, 2
"""State of a sample number."""

_P_BELOW = 1 << 28  # y = p·T_ref/T < 2^28 / 0.7 < 2^29
_T_BELOW = 0x1FFFFFF  # hullcore.compensate.T_MAX_Q16
_LOW15 = 0x7FFF
_SUMS = 13  # of every sample; that of a further column follows


@dataclass(frozen=True)
class Roles:
    """What the columns of a sample are for: by the compensation in force.

    ``temperature``: the column that is the T of the windows. ``divisor``: the one that the
    pressure is divided by, "" = none; ``zero`` what it is multiplied by. ``mean``: the column whose
    sum is kept besides, "" = none.
    """

    temperature: str = "t_q16"
    divisor: str = ""
    zero: int = 0
    mean: str = ""


def roles(m: Measurement) -> Roles:
    """The roles of the columns under these settings."""
    name = COMPENSATIONS[m.compensation]
    if name == "none":
        return Roles()
    if name == "sensor":
        return Roles(divisor="t_q16", zero=m.t_ref_q16)
    if name == "probe":
        return Roles(temperature="aux", divisor="aux", zero=m.t_ref_q16)
    assert m.aux is not None
    return Roles(divisor="aux", zero=m.aux.zero_q8, mean="aux")


def plain(role: Roles, columns: Mapping[str, Ints]) -> NDArray[np.bool_]:
    """Samples that any node accepts and whose sums fit; the rest is left to `Estimator`."""
    p_q8, t_q16 = columns["p_q8"], columns[role.temperature]
    fits = (p_q8 >= 0) & (p_q8 < _P_BELOW) & (t_q16 > 0) & (t_q16 < _T_BELOW)
    if role.divisor:
        divisor = columns[role.divisor]
        fits &= (divisor * 10 > role.zero * 7) & (divisor * 10 < role.zero * 19)
        fits &= (divisor > 0) & (divisor < _T_BELOW)
    return fits


def normalised(p_q8: Ints, t_q16: Ints, t_ref_q16: int) -> Ints:
    """`hullcore.compensate.normalise` of `plain` samples: the same roundings in the same places."""
    change = t_ref_q16 - t_q16
    num = np.abs(change)  # < 2^25
    r = (num << 30) // t_q16  # < 2^55 before the division, < 2^29 after
    r += 2 * ((num << 30) - r * t_q16) >= t_q16
    p_hi, p_lo = p_q8 >> 15, p_q8 & _LOW15
    r_hi, r_lo = r >> 15, r & _LOW15
    mid = ((p_hi * r_lo) >> 1) + ((p_lo * r_hi) >> 1) + ((p_lo * r_lo) >> 16)  # < 2^30
    part = p_hi * r_hi + ((mid + 8192) >> 14)
    y_q8: Ints = np.where(change < 0, p_q8 - part, p_q8 + part)
    return y_q8


class BlockSums:
    """Sums of every block of whole base windows, in the order of `hullcore.plan`."""

    def __init__(self, m: Measurement, plan: WindowPlan) -> None:
        self._role = roles(m)
        self._lengths = np.array(plan.blocks, np.int64)
        self._starts = np.cumsum(self._lengths) - self._lengths
        self._inside = np.arange(plan.samples[0]) - np.repeat(self._starts, self._lengths)

    def of(self, state: NDArray[np.int8], columns: Mapping[str, Ints]) -> tuple[Ints, Ints]:
        """(a row of sums for each block, first index of each block) of whole base windows.

        The sums are those of `fill`. What is not PRESENT may be anything.
        """
        windows = len(state) // len(self._inside)
        base = np.arange(windows)[:, None] * len(self._inside)
        edges = (base + self._starts).ravel()
        here = state == PRESENT
        j = np.where(here, np.tile(self._inside, windows), 0)  # ≤ 180
        role = self._role
        p = np.where(here, columns["p_q8"], 0)
        t = np.where(here, columns[role.temperature], 0)
        y = p
        if role.divisor:
            y = normalised(p, np.where(here, columns[role.divisor], role.zero), role.zero)
        extra = (np.where(here, columns[role.mean], 0),) if role.mean else ()
        hi, lo = y >> 15, y & _LOW15
        sums = (
            here.astype(np.int64), j, j * j, y, j * y, p, j * p, t, j * t,  # < 2^45 summed
            (state == LATE).astype(np.int64), hi * hi, hi * lo, lo * lo,  # < 2^38 summed
            *extra,
        )  # fmt: skip
        return np.stack([np.add.reduceat(x, edges) for x in sums], axis=1), edges


def runs_of(here: NDArray[np.bool_], p_q8: Ints, edges: Ints) -> Ints:
    """Runs of equal pressure among the samples `here`, a row for each block.

    First and last pressure, length of the run at its start and at its end, longest run; zeros for a
    block without samples. A run ends with the block.
    """
    out = np.zeros((len(edges), 5), np.int64)
    at = np.flatnonzero(here)
    if not len(at):
        return out
    p = p_q8[at]
    block = np.searchsorted(edges, at, side="right") - 1
    starts = np.flatnonzero(np.diff(p, prepend=p[0] - 1) | np.diff(block, prepend=-1))
    length = np.diff(starts, append=len(at))
    owner = block[starts]
    new = np.diff(owner, prepend=-1) != 0
    end = np.append(new[1:], True)
    out[owner[new], 0] = p[starts[new]]
    out[owner[end], 1] = p[starts[end]]
    out[owner[new], 2] = length[new]
    out[owner[end], 3] = length[end]
    np.maximum.at(out[:, 4], owner, length)
    return out


def fill(sums: Sums, row: list[int]) -> None:
    """One row of `BlockSums.of` into a `Sums`."""
    sums.n, sums.sj, sums.sjj, sums.sy, sums.sjy, sums.sp, sums.sjp, sums.st, sums.sjt = row[:9]
    sums.late = row[9]
    sums.stale = 0
    sums.syy = (row[10] << 30) + (row[11] << 16) + row[12]  # (hi·2^15 + lo)²
    if isinstance(sums, ReferenceSums):
        sums.sa = row[13] if len(row) > _SUMS else 0
