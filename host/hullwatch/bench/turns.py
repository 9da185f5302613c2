"""Several nodes brought on together, each by its own logger."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

_LEAST_S = 1e-3  # less is no time at all on a virtual clock


class HasUtc(Protocol):
    """A bench's clock."""

    def utc_s(self) -> float:
        """UTC, s since 1970."""
        ...


class Member(Protocol):
    """A node and its logger."""

    @property
    def bench(self) -> HasUtc:
        """Whose clock counts."""
        ...

    def step(self, seconds: float) -> None:
        """Log for at most so long; 0: what has come already."""
        ...


def run_until(
    members: Collection[Member], utc_s: float, step_s: float,
    progress: Callable[[float], None] = lambda _utc_s: None,
) -> None:  # fmt: skip
    """Log all until their clocks have reached a time; virtual ones stay within `step_s`.

    Each has its turn in every round, also where one clock is that of all.
    """
    while (first_s := min(one.bench.utc_s() for one in members)) < utc_s:
        target_s = min(first_s + step_s, utc_s)
        for one in members:
            left_s = target_s - one.bench.utc_s()
            one.step(min(max(left_s, _LEAST_S), step_s) if left_s > 0.0 else 0.0)
        progress(first_s)
