"""A gauge study: who measured which part how often, read from a table and checked.

Columns `part`, `operator`, `trial`, `value`, in any order; others are ignored. The unit is that of
the values.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hullwatch.errors import InputError

COLUMNS = ("part", "operator", "trial", "value")


@dataclass(frozen=True)
class Reading:
    """One measurement of one part."""

    part: str
    operator: str
    trial: str
    value: float


@dataclass(frozen=True, eq=False)
class Study:
    """Every operator has measured every part equally often; `values` is part × operator × trial."""

    parts: tuple[str, ...]
    operators: tuple[str, ...]
    values: NDArray[np.float64]


def read_csv(path: Path) -> list[Reading]:
    """The readings of a file; InputError names the line that is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise InputError(
                    f"{path}: no column {missing[0]}", f"columns: {', '.join(COLUMNS)}"
                )
            return [_reading(row, f"{path}, line {rows.line_num}") for row in rows]
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "name a CSV file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: no CSV in UTF-8 ({error})", "export it again") from error


def _reading(row: Mapping[str, str | None], where: str) -> Reading:
    part, operator, trial, text = ((row[name] or "").strip() for name in COLUMNS)
    if not (part and operator and trial):
        raise InputError(f"{where}: an empty part, operator or trial", "every reading has all")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{where}: {text!r} is no number", "with a decimal point")
    return Reading(part, operator, trial, value)


def crossed(readings: Iterable[Reading]) -> Study:
    """The study of readings that are complete: InputError names the first that is missing.

    At least 2 parts, 2 operators and 2 trials. Trials are counted for each operator and part, so
    their names may be anything that does not repeat.
    """
    cells: dict[tuple[str, str], dict[str, float]] = {}
    for reading in readings:
        cell = cells.setdefault((reading.part, reading.operator), {})
        if reading.trial in cell:
            raise InputError(
                f"part {reading.part}, operator {reading.operator}: trial {reading.trial} twice",
                "number the trials of each operator and part",
            )
        cell[reading.trial] = reading.value
    parts = tuple(dict.fromkeys(part for part, _ in cells))
    operators = tuple(dict.fromkeys(operator for _, operator in cells))
    trials = max(map(len, cells.values()), default=0)
    if len(parts) < 2 or len(operators) < 2 or trials < 2:
        raise InputError(
            f"{len(parts)} parts, {len(operators)} operators, {trials} trials are no gauge study",
            "at least 2 of each; usual are 10, 3 and 3",
        )
    for part in parts:
        for operator in operators:
            if len(cells.get((part, operator), ())) != trials:
                raise InputError(
                    f"part {part}, operator {operator}: not {trials} trials",
                    "every operator measures every part equally often",
                )
    rows = [[list(cells[part, operator].values()) for operator in operators] for part in parts]
    return Study(parts, operators, np.array(rows))
