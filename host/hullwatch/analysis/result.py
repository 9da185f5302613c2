"""What a method says: one shape for all, a refusal included."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hullwatch.analysis.distributions import t_quantile

TWO_SIDED = 0.975


@dataclass(frozen=True)
class Result:
    """A value with its 95 % interval, or why there is none.

    `value`, `low`, `high`, `u` (standard), `k` and `dof` are None where `refusals` say why.
    `assumptions`: what has to hold for the interval to be one. `flags`: what was seen that speaks
    against it. `details`: the method's own numbers by name, the unit at the end of the name.
    """

    name: str
    unit: str
    value: float | None
    low: float | None
    high: float | None
    u: float | None
    k: float | None
    dof: float | None
    assumptions: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def u95(self) -> float | None:
        """Half-width of the interval, of its longer side."""
        if self.value is None or self.low is None or self.high is None:
            return None
        return max(self.high - self.value, self.value - self.low)

    def scaled(self, factor: float, unit: str) -> Result:
        """In another unit; a negative factor turns the interval over. Details stay as they are."""
        if self.value is None or self.low is None or self.high is None:
            return replace(self, unit=unit)
        low, high = sorted((self.low * factor, self.high * factor))
        u = None if self.u is None else self.u * abs(factor)
        return replace(self, unit=unit, value=self.value * factor, low=low, high=high, u=u)

    def with_flags(self, *flags: str) -> Result:
        """With more flags; empty ones are none."""
        return replace(self, flags=(*self.flags, *(flag for flag in flags if flag)))


def measured(
    name: str,
    unit: str,
    value: float,
    u: float,
    dof: float = math.inf,
    *,
    beyond: float = 0.0,
    assumptions: tuple[str, ...] = (),
    flags: tuple[str, ...] = (),
    details: Mapping[str, float] | None = None,
) -> Result:
    """value ± (k·u + beyond), k of Student's t; `beyond` is a bound that is added as it is."""
    k = t_quantile(TWO_SIDED, dof)
    half = k * u + beyond
    return Result(
        name, unit, value, value - half, value + half, u, k, dof, assumptions, flags, (),
        dict(details or {}),
    )  # fmt: skip


def refused(name: str, unit: str, *why: str) -> Result:
    """A method that cannot say anything here."""
    return Result(name, unit, None, None, None, None, None, None, refusals=why)
