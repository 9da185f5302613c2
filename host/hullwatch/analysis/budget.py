"""Uncertainty budgets after JCGM 100:2008 (GUM): any model, inputs with standard uncertainties.

The sensitivity of an input is taken over its own uncertainty, c = (f(x + u) − f(x − u))/(2u) (GUM
5.1.3 note 2), so a model is written once, as the formula it is. Inputs are independent: what two
of them have in common is an input of its own, or, where both come from one fit, their correlation
is given (GUM 5.2.2). Degrees of freedom after Welch and Satterthwaite (GUM G.4.1), cut off to a
whole number; correlated inputs count as one, with the fewest of theirs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hullwatch.analysis.distributions import t_quantile
from hullwatch.errors import InputError

Model = Callable[[Mapping[str, float]], float]
_TWO_SIDED = 0.975


def rectangular(half_width: float) -> float:
    """Standard uncertainty of a bound ± a: a/√3 (GUM 4.3.7)."""
    return half_width / math.sqrt(3)


@dataclass(frozen=True)
class Quantity:
    """An input: standard uncertainty `u` with its degrees of freedom, infinite for a bound."""

    name: str
    value: float
    u: float
    unit: str = ""
    dof: float = math.inf


@dataclass(frozen=True)
class Line:
    """One input in the budget: `contribution` = |sensitivity|·u, in the unit of the result."""

    quantity: Quantity
    sensitivity: float
    contribution: float


@dataclass(frozen=True)
class Budget:
    """A result with its standard uncertainty `u`, degrees of freedom, and what they come from."""

    value: float
    u: float
    dof: float
    lines: tuple[Line, ...]

    @property
    def k(self) -> float:
        """Coverage factor for 95 %."""
        return t_quantile(_TWO_SIDED, self.dof)

    @property
    def u95(self) -> float:
        """Half-width of the 95 % interval."""
        return self.k * self.u


def combine(
    model: Model,
    inputs: Sequence[Quantity],
    correlations: Mapping[tuple[str, str], float] | None = None,
) -> Budget:
    """The budget of `model`, a function of the inputs' values by name.

    ``correlations``: coefficients of pairs of inputs. InputError for an uncertainty that is none,
    a coefficient beyond ± 1, and where the model has no value near its inputs.
    """
    values = {x.name: x.value for x in inputs}
    for x in inputs:
        if not (math.isfinite(x.value) and 0 <= x.u < math.inf and x.dof > 0):
            raise InputError(f"{x.name}: {x.value} ± {x.u} {x.unit}".rstrip(), "finite, u ≥ 0")
    try:
        lines = tuple(_line(model, values, x) for x in inputs)
        value = model(values)
    except ZeroDivisionError as error:
        raise InputError("nothing follows from these readings", "they do not differ") from error
    groups = _groups(lines, correlations or {})
    u = math.hypot(*(contribution for contribution, _ in groups))
    return Budget(value, u, _effective_dof(u, groups), lines)


def _groups(
    lines: Sequence[Line], correlations: Mapping[tuple[str, str], float]
) -> list[tuple[float, float]]:
    """(contribution, degrees of freedom) of every input, of all correlated ones together."""
    by_name = {line.quantity.name: line for line in lines}
    for pair, r in correlations.items():
        if not (set(pair) <= set(by_name) and len(set(pair)) == 2 and abs(r) <= 1):
            raise InputError(f"a correlation of {r} of {' and '.join(pair)}", "of two inputs")
    joined = {name for pair in correlations for name in pair}
    found = [(x.contribution, x.quantity.dof) for x in lines if x.quantity.name not in joined]
    if not joined:
        return found
    signed = {
        name: math.copysign(by_name[name].contribution, by_name[name].sensitivity)
        for name in joined
    }
    variance = sum(c * c for c in signed.values())
    variance += sum(2 * r * signed[a] * signed[b] for (a, b), r in correlations.items())
    fewest = min(by_name[name].quantity.dof for name in joined)
    return [*found, (math.sqrt(max(0.0, variance)), fewest)]


def _line(model: Model, values: Mapping[str, float], x: Quantity) -> Line:
    if not x.u:
        return Line(x, math.nan, 0.0)
    up, down = (model({**values, x.name: x.value + sign * x.u}) for sign in (1, -1))
    return Line(x, (up - down) / (2 * x.u), abs(up - down) / 2)


def _effective_dof(u: float, groups: Sequence[tuple[float, float]]) -> float:
    """Infinite when nothing with few degrees of freedom contributes."""
    total = sum((contribution / u) ** 4 / dof for contribution, dof in groups) if u else 0.0
    return max(1.0, math.floor(1 / total + 1e-9)) if total else math.inf
