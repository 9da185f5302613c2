"""The stored samples around a test, by number, as the node's sequencer met them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

import numpy as np

from hullcore import stale
from hullcore.estimator import Estimator
from hullwatch.link.recordview import Record
from hullwatch.store import BootKey, Reader


class TestSamples:
    """Samples of a boot from `first` to before `past`; what is not among them was not taken."""

    def __init__(self, reader: Reader, boot: BootKey, first: int, past: int) -> None:
        taken = reader.raw(boot, first, past)
        self._numbers: list[int] = taken.sample.tolist()
        self._late: list[bool] = (taken.late_us > 0).tolist()
        self._p_q8: list[int] = taken.p_q8.tolist()
        self._t_q16: list[int] = taken.t_q16.astype(np.int64).tolist()
        self._aux: list[int] = taken.aux.tolist()

    def last_before(self, number: int) -> int:
        """The pressure that was read last before a sample number, late or not, in Pa/256."""
        at = bisect_left(self._numbers, number) - 1
        return self._p_q8[at] if at >= 0 else 0

    def in_time(self, first: int, past: int) -> Iterator[tuple[int, int]]:
        """(number, pressure) of what was sampled in time."""
        for at in range(bisect_left(self._numbers, first), bisect_left(self._numbers, past)):
            if not self._late[at]:
                yield self._numbers[at], self._p_q8[at]

    def feed(self, estimator: Estimator, first: int, past: int) -> Iterator[int]:
        """Give samples first … past − 1 to an estimator; each number once it has had it."""
        at = bisect_left(self._numbers, first)
        for number in range(first, past):
            here = at < len(self._numbers) and self._numbers[at] == number
            if not here:
                estimator.missing()
            elif self._late[at]:
                estimator.late()
            else:
                estimator.sample(self._p_q8[at], self._t_q16[at], self._aux[at])
            at += here
            yield number

    def stuck_so_far(self, before: int, into: stale.Stale) -> None:
        """The run of equal readings that ends before a number, into a fresh `Stale`."""
        at = bisect_left(self._numbers, before)
        run = 0
        for k in range(at - 1, -1, -1):
            if self._late[k]:
                continue
            if run and self._p_q8[k] != into.p_q8:
                break
            into.p_q8 = self._p_q8[k]
            run += 1
        into.run = max(1, run)


def permitted_run(profiles: Iterable[Record], before_sample: int, period_us: int) -> int:
    """Equal readings in a row that a node permits then: by its newest profile that knows."""
    limit = stale.blind_limit(period_us)
    for record in profiles:
        learned = not record.integer("source")
        if record.integer("run") and not (learned and record.integer("last") >= before_sample):
            limit = record.integer("run")
    return limit
