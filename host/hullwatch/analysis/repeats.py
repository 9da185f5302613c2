"""Repeatability of one instrument from repeated readings, with its interval and the blank.

For studies with one operator: the standard deviation within each part, and of all parts together
(pooled by degrees of freedom). A blank is what the instrument reads where nothing leaks: a part
whose readings are not farther from zero than the blank has not been measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hullwatch.analysis.gaugeintervals import Interval, sd_interval
from hullwatch.analysis.gaugestudy import Reading
from hullwatch.errors import InputError


@dataclass(frozen=True)
class Repeats:
    """Readings of one part: `sd` and its 95 % interval are None for a single one."""

    part: str
    n: int
    mean: float
    sd: float | None
    sd95: Interval | None


@dataclass(frozen=True)
class Repeatability:
    """Of each part, and pooled over those with more than one reading; the blank apart.

    `within_blank`: parts whose mean is not farther from zero than the blank's.
    """

    parts: tuple[Repeats, ...]
    sd: float
    sd95: Interval
    dof: int
    blank: Repeats | None
    within_blank: tuple[str, ...]


def repeatability(readings: Iterable[Reading], blank: str | None = None) -> Repeatability:
    """Of readings of at least one part, one of them twice; InputError for fewer.

    ``blank`` names the part that is the blank.
    """
    values: dict[str, list[float]] = {}
    for reading in readings:
        values.setdefault(reading.part, []).append(reading.value)
    if blank is not None and blank not in values:
        raise InputError(f"no part {blank}", f"parts: {', '.join(values)}")
    nothing = values.pop(blank, None) if blank is not None else None
    squares = sum(_squares(numbers) for numbers in values.values())
    dof = sum(len(numbers) - 1 for numbers in values.values())
    if not dof:
        raise InputError("no part was read twice", "repeatability needs repeats")
    parts = tuple(_repeats(part, numbers) for part, numbers in values.items())
    empty = _repeats(blank, nothing) if blank is not None and nothing else None
    hidden = tuple(p.part for p in parts if empty and abs(p.mean) <= abs(empty.mean))
    return Repeatability(
        parts, math.sqrt(squares / dof), sd_interval(squares, dof), dof, empty, hidden
    )


def _squares(numbers: list[float]) -> float:
    return float(((np.array(numbers) - np.mean(numbers)) ** 2).sum())


def _repeats(part: str, numbers: list[float]) -> Repeats:
    mean, dof, squares = float(np.mean(numbers)), len(numbers) - 1, _squares(numbers)
    if not dof:
        return Repeats(part, 1, mean, None, None)
    return Repeats(part, dof + 1, mean, math.sqrt(squares / dof), sd_interval(squares, dof))
