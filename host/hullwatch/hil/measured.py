"""Values that a test measured, beside their limits."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pytest


@dataclass(frozen=True)
class Value:
    """One measured value; ``u95`` is the half-width of its 95 % interval, None where none is known.

    It is within its limits when the value itself is: the interval stands beside it, and is not
    added to the limits.
    """

    name: str
    value: float
    unit: str
    low: float | None
    high: float | None
    u95: float | None

    @property
    def within(self) -> bool:
        """Whether it keeps its limits."""
        above = self.low is None or self.value >= self.low
        return above and (self.high is None or self.value <= self.high)

    def describe(self) -> str:
        """`1.02e-04 ± 3e-06 Pa·m³/s (limits 9e-05 to 1.1e-04)`."""
        told = f"{self.value:.4g}" + ("" if self.u95 is None else f" ± {self.u95:.2g}")
        return f"{told} {self.unit}".strip() + self.limits(" (", ")")

    def limits(self, before: str = "", after: str = "") -> str:
        """The limits in words; empty without any."""
        if self.low is None and self.high is None:
            return ""
        if self.low is None:
            words = f"at most {self.high:.4g}"
        elif self.high is None:
            words = f"at least {self.low:.4g}"
        else:
            words = f"limits {self.low:.4g} to {self.high:.4g}"
        return before + words + after


class Measured:
    """The `measured` of a test: keeps a value for the report, then fails when it is out of limits.

    ``kept`` takes plain dictionaries, which travel between processes.
    """

    def __init__(self, kept: list[dict[str, object]]) -> None:
        self._kept = kept

    def __call__(
        self, name: str, value: float, unit: str = "", low: float | None = None,
        high: float | None = None, u95: float | None = None,
    ) -> float:  # fmt: skip
        """Returns the value."""
        # plain floats: numpy's cannot travel between processes
        limits = [None if number is None else float(number) for number in (low, high, u95)]
        one = Value(name, float(value), unit, *limits)
        self._kept.append({**asdict(one), "within": one.within, "told": one.describe()})
        if not one.within:
            pytest.fail(f"{name}: {one.describe()}", pytrace=False)
        return one.value
