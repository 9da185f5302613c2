"""Raw samples of one boot as they stream by, reduced to means over cells of equal length."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hullcore.estimator import NO_AUX
from hullwatch.analysis.allandev import Octaves
from hullwatch.errors import InputError
from hullwatch.store import RawSamples

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Law:
    """How a sample becomes a normalised pressure.

    `offset_pa` is added to a gauge pressure; `t_ref_k`; `compensation` as in the settings, with
    `reference_pa` for a reference chamber.
    """

    compensation: str
    t_ref_k: float
    offset_pa: float = 0.0
    reference_pa: float = 0.0

    def of(self, raw: RawSamples) -> tuple[Floats, Floats, Floats, NDArray[np.bool_] | None]:
        """(p, T, y, which samples have all of it or None for all of them)."""
        p = raw.p_q8 / 256.0
        if self.offset_pa:
            p += self.offset_pa
        t = raw.t_q16 / 65536.0
        if self.compensation in ("none", "sensor"):
            there = None if bool((raw.t_q16 > 0).all()) else raw.t_q16 > 0
            with np.errstate(divide="ignore"):
                return p, t, p * self.t_ref_k / t, there
        there = raw.aux != NO_AUX
        aux = np.where(there, raw.aux, 1).astype(np.float64)
        if self.compensation == "probe":
            t = aux / 65536.0
            return p, t, p * self.t_ref_k / t, there
        return p, t, p * (256.0 * self.reference_pa) / aux, there


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells in order: numbers, samples in each, means of p, T and y."""

    number: Ints
    count: Ints
    p: Floats
    t: Floats
    y: Floats

    @classmethod
    def of_sums(cls, number: Ints, count: Ints, p: Floats, t: Floats, y: Floats) -> Self:
        """From sums; those of equal neighbouring numbers are one cell."""
        if not len(number):
            return cls(number, count, p, t, y)
        starts = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
        total = np.add.reduceat(count, starts)
        p, t, y = (np.add.reduceat(values, starts) / total for values in (p, t, y))
        return cls(number[starts], total, p, t, y)


@dataclass
class Reduction:
    """Sums by cell of `cell_us` of device time, of one boot.

    Samples come in order; those due before `start_us` or from `past_us` on are left out.
    `octaves`: Allan sums of y below a cell; `step_k`: the smallest change of T that was seen.
    """

    law: Law
    cell_us: int
    period_us: int
    start_us: int = 0
    past_us: int = 1 << 62
    samples: int = 0
    step_k: float = math.inf
    octaves: Octaves | None = None
    _cells: list[tuple[Ints, Ints, Floats, Floats, Floats]] = field(default_factory=list)

    def add(self, raw: RawSamples) -> None:
        """A chunk; InputError where the sample period is not known."""
        if not len(raw.sample):
            return
        if raw.due_us[0] < 0 or raw.due_us[-1] < 0:
            raise InputError("the sample period of these samples is not known", "another span")
        p, t, y, there = self.law.of(raw)
        due = raw.due_us
        if due[0] < self.start_us or due[-1] >= self.past_us:
            inside = (due >= self.start_us) & (due < self.past_us)
            there = inside if there is None else inside & there
        if there is not None:
            p, t, y, due = p[there], t[there], y[there], due[there]
            if not len(due):
                return
        self.samples += len(due)
        if math.isinf(self.step_k):
            self.step_k = _step(t)
        self._short(y, due)
        cell = due // self.cell_us
        starts = np.concatenate([[0], np.flatnonzero(cell[1:] != cell[:-1]) + 1])
        count = np.diff(starts, append=len(cell))
        sums = [np.add.reduceat(values, starts) for values in (p, t, y)]
        self._cells.append((cell[starts], count, sums[0], sums[1], sums[2]))

    def _short(self, y: Floats, due: Ints) -> None:
        if self.octaves is None:
            levels = max(1, int(np.log2(max(2, self.cell_us // self.period_us))) + 1)
            self.octaves = Octaves(self.period_us * 1e-6, levels)
        if int(due[-1] - due[0]) == (len(due) - 1) * self.period_us:
            self.octaves.add(y)
            return
        for piece in np.split(y, np.flatnonzero(np.diff(due) != self.period_us) + 1):
            self.octaves.add(piece)

    def cells(self) -> Cells:
        """What was added so far."""
        if not self._cells:
            none, empty = np.empty(0, np.int64), np.empty(0, np.float64)
            return Cells(none, none, empty, empty, empty)
        number, count, p, t, y = zip(*self._cells, strict=True)
        ints = (np.concatenate(part) for part in (number, count))
        return Cells.of_sums(*ints, *(np.concatenate(part) for part in (p, t, y)))


def _step(values: Floats) -> float:
    changes = np.abs(np.diff(values))
    return float(changes[changes > 0].min(initial=math.inf))
