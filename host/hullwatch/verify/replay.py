"""The samples of one boot through the window cascade again, as they went through the node's.

Blocks whose samples are all ordinary are summed by numpy and merged by the node's own cascade;
every other block, and one in which the sensor seems stuck, goes through the node's `Estimator`
sample by sample. Both give the same windows (a property test holds them together).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

import numpy as np

from hullcore.auxestimator import ReferenceCascade
from hullcore.cascade import Cascade
from hullcore.estimator import estimator_for
from hullcore.measurement import Measurement
from hullcore.plan import WindowPlan
from hullcore.scatter import Scatter
from hullcore.sums import Sums
from hullwatch.store import RawSamples
from hullwatch.verify.blocksums import (
    ABSENT,
    LATE,
    PRESENT,
    BlockSums,
    Ints,
    fill,
    plain,
    roles,
    runs_of,
)

OnWindow = Callable[[int, int, int, Sums, Scatter], None]
OnBlock = Callable[[Sums, int, int], None]
"""Sums of a block, its length, the number of its last sample."""

_VALUES = ("p_q8", "t_q16", "aux")

SLAB = 1 << 18
"""Samples handled at a time, about."""


class BlockCascade(Cascade):
    """A `Cascade` that also takes the sums of a whole block at once."""

    _given = False

    def put(self, row: list[int]) -> None:
        """The block that is due, as a row of `BlockSums.of`; no sample of it was added before."""
        fill(self._block, row)
        self._given = True
        self._close_block()
        self._given = False

    def _take_block(self) -> None:
        if not self._given:
            super()._take_block()


class ReferenceBlockCascade(BlockCascade, ReferenceCascade):
    """The same for windows that know the mean of a reference chamber's pressure."""


class Replay:
    """Takes the stored samples of a boot in order; numbers not given count as not taken.

    `on_window` as in `hullcore.cascade.Cascade`. Only for plans that report a window at all.
    """

    def __init__(
        self, m: Measurement, plan: WindowPlan, on_window: OnWindow, on_block: OnBlock | None = None
    ) -> None:
        self._m = m
        self._role = roles(m)
        self._plan = plan
        self._on_window = on_window
        self._on_block = on_block
        self._base = plan.samples[0]
        self._top = plan.samples[-1]
        self._sums = BlockSums(m, plan)
        self._waiting: list[RawSamples] = []
        self._permitted = 0
        self._begin(0)
        self._due_from: list[int] = []
        self._due_ms: list[int] = []

    def _begin(self, first: int) -> None:
        """A fresh estimator at sample `first`, a multiple of the longest window."""
        block = self._block if self._on_block is not None else None
        self._estimator = estimator_for(self._m, self._plan, self._on_window, first)
        self.permit(self._permitted)
        kind = ReferenceBlockCascade if self._role.mean else BlockCascade
        self._cascade = kind(self._plan, self._on_window, first, block)
        self._estimator.cascade = self._cascade
        self._at = first

    def _block(self, sums: Sums, length: int) -> None:
        assert self._on_block is not None
        self._on_block(sums, length, self._cascade.number + length - 1)

    def permit(self, readings: int) -> None:
        """So many equal readings in a row are a stuck sensor from now on; 0: no profile says."""
        self._permitted = readings
        if readings:
            self._estimator.stale.limit = readings

    def due_ms(self, number: int) -> int:
        """Device time at which a sample of a window that closed was due, as the node counts it."""
        known = bisect_right(self._due_from, number) - 1
        period_us: int = self._m.period_us
        return self._due_ms[max(0, known)] + number * period_us // 1000

    def take(self, chunk: RawSamples) -> None:
        """The next samples; windows they complete are told before this returns."""
        if not len(chunk.sample):
            return
        self._note_due(chunk)
        self._waiting.append(chunk)
        past = int(chunk.sample[-1]) + 1
        if past - self._at >= self._base:
            self._run(past // self._base * self._base)

    def _note_due(self, chunk: RawSamples) -> None:
        """Device time of sample 0: the node cuts k·period to ms, a block counts on from its own."""
        zero_us = chunk.due_us - chunk.sample * self._m.period_us
        zero_ms = -(-zero_us // 1000)
        changes = np.flatnonzero(np.diff(zero_ms)) + 1
        for at in [0, *changes.tolist()]:
            if not self._due_ms or self._due_ms[-1] != int(zero_ms[at]):
                self._due_from.append(int(chunk.sample[at]))
                self._due_ms.append(int(zero_ms[at]))

    def _run(self, end: int) -> None:
        """Everything below `end`, a multiple of the base window, that has come."""
        sample, late, *values = (
            np.concatenate([getattr(chunk, name) for chunk in self._waiting])
            for name in ("sample", "late_us", *_VALUES)
        )
        while self._at < end:
            low = int(np.searchsorted(sample, self._at))
            if low == len(sample) or int(sample[low]) >= end:
                self._pass_by(end)
                break
            self._pass_by(int(sample[low]) // self._base * self._base)
            past = min(end, self._at + max(self._base, SLAB // self._base * self._base))
            high = int(np.searchsorted(sample, past))
            part = slice(low, high)
            self._slab(past, sample[part], late[part], [column[part] for column in values])
        # what is left is of the newest chunk: those before it did not reach `end`
        last = self._waiting[-1]
        cut = int(np.searchsorted(last.sample, end))
        self._waiting = [
            RawSamples(
                last.sample[cut:], last.due_us[cut:], last.late_us[cut:],
                last.p_q8[cut:], last.t_q16[cut:], last.aux[cut:],
            )
        ]  # fmt: skip

    def _pass_by(self, to: int) -> None:
        """No sample between here and `to`, a multiple of the base window: empty blocks.

        Whole longest windows of nothing close nothing and are left out.
        """
        edge = -(-self._at // self._top) * self._top
        landing = to // self._top * self._top
        if edge < landing:
            self._empty(edge)
            if self._on_block is not None:
                self._block(Sums(), self._plan.blocks[0])  # the chain of blocks is broken
            self._begin(landing)
        self._empty(to)

    def _empty(self, to: int) -> None:
        nothing = [0] * 13
        while self._at < to:
            for _ in self._plan.blocks:
                self._cascade.put(nothing)
            self._at += self._base

    def _slab(self, past: int, sample: Ints, late: Ints, values: list[Ints]) -> None:
        size = past - self._at
        where = sample - self._at
        state = np.full(size, ABSENT, np.int8)
        state[where] = np.where(late > 0, LATE, PRESENT)
        columns = {name: np.zeros(size, np.int64) for name in _VALUES}
        for name, column in zip(_VALUES, values, strict=True):
            columns[name][where] = column
        odd = (state == PRESENT) & ~plain(self._role, columns)
        rows, edges = self._sums.of(np.where(odd, ABSENT, state), columns)
        singly = np.add.reduceat(odd.astype(np.int64), edges) > 0
        runs = runs_of((state == PRESENT) & ~odd, columns["p_q8"], edges)
        lengths = np.diff(edges, append=size)
        for row, single, run, at, length in zip(
            rows.tolist(), singly.tolist(), runs.tolist(), edges.tolist(), lengths.tolist(),
            strict=True,
        ):  # fmt: skip
            if single or not self._repeat(row[0], run):
                block = slice(at, at + length)
                self._singly(
                    state[block].tolist(), *(columns[name][block].tolist() for name in _VALUES)
                )
            else:
                self._cascade.put(row)
        self._at = past

    def _repeat(self, n: int, run: list[int]) -> bool:
        """Count equal readings through a block of n ordinary ones; False: the sensor is stuck."""
        stale = self._estimator.stale
        first, last, leading, trailing, longest = run
        if not n:
            return True
        carried = leading + (stale.run if first == stale.p_q8 else 0)
        if max(carried, longest) >= stale.limit:
            return False
        stale.p_q8 = last
        stale.run = carried if leading == n else trailing
        return True

    def _singly(
        self, state: list[int], p_q8: list[int], t_q16: list[int], aux_of: list[int]
    ) -> None:
        estimator = self._estimator
        for what, p, t, aux in zip(state, p_q8, t_q16, aux_of, strict=True):
            if what == PRESENT:
                estimator.sample(p, t, aux)
            elif what == LATE:
                estimator.late()
            else:
                estimator.missing()
