"""Likelihood × consequence, 5 × 5, from a TOML table that the user may edit.

The shipped `ratings.toml` is an example; it is nobody's official matrix. A rating names its table,
the version and the numbers that chose its cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

from hullcore.trendevents import STATES
from hullwatch import tomlrows
from hullwatch.errors import InputError
from hullwatch.vigil.states import NodeVigil, Rating

LEVELS = 5
_HINT = "start from: hullwatch vigil --print-ratings"
_SHIPPED = files("hullwatch.vigil") / "ratings.toml"


@dataclass(frozen=True)
class RatingTable:
    """``likelihood`` by state; ``multiples`` of the limit that part consequences; ``cells`` by
    (likelihood, consequence).
    """

    name: str
    version: str
    likelihood: dict[str, int]
    multiples: tuple[float, ...]
    cells: dict[tuple[int, int], str]

    def rate(self, vigil: NodeVigil) -> Rating | None:
        """The cell of one node; None while it has no leak rate with an uncertainty."""
        if vigil.rate_pa_m3_s is None or vigil.u95_pa_m3_s is None:
            return None
        likelihood = self.likelihood[vigil.state]
        limit = vigil.criteria.cease_limit_pa_m3_s
        times = (vigil.rate_pa_m3_s + vigil.u95_pa_m3_s) / limit
        consequence = 1 + sum(times >= bound for bound in self.multiples)
        why = (
            f"likelihood {likelihood}: {vigil.state}; "
            f"consequence {consequence}: upper bound {times:.2g} × the limit"
        )
        cell = self.cells[likelihood, consequence]
        return Rating(likelihood, consequence, cell, why, self.name, self.version)


def shipped_text() -> str:
    """The table in the package, as TOML."""
    return _SHIPPED.read_text("utf-8")


def load_table(path: Path | None = None) -> RatingTable:
    """A table, the shipped one without a path; InputError names what is missing in it."""
    if path is None:
        import tomllib

        return table_of(tomllib.loads(shipped_text()), "ratings.toml")
    return table_of(tomlrows.read_toml(path, "rating", _HINT), str(path))


def table_of(data: dict[str, Any], source: str) -> RatingTable:
    """A parsed table, every state and cell checked."""

    def fault(words: str) -> InputError:
        return InputError(f"{source}: {words}", _HINT)

    name, version = data.get("name"), data.get("version")
    if not (isinstance(name, str) and name and isinstance(version, str) and version):
        raise fault("name or version is missing")
    likelihood = data.get("likelihood", {})
    if not isinstance(likelihood, dict):
        raise fault("likelihood is no table")
    for state in STATES:
        if likelihood.get(state) not in range(1, LEVELS + 1):
            raise fault(f"likelihood of {state} is missing, or not 1 to {LEVELS}")
    return RatingTable(
        name, version, {state: likelihood[state] for state in STATES},
        _multiples(data.get("consequence"), fault), _cells(data.get("cells"), fault),
    )  # fmt: skip


def _multiples(table: object, fault: Any) -> tuple[float, ...]:
    bounds = table.get("multiples") if isinstance(table, dict) else None
    if not isinstance(bounds, list) or len(bounds) != LEVELS - 1:
        raise fault(f"consequence.multiples needs {LEVELS - 1} numbers")
    if not all(isinstance(x, int | float) and x > 0 for x in bounds):
        raise fault("consequence.multiples are not all numbers above zero")
    if any(a >= b for a, b in pairwise(bounds)):
        raise fault("consequence.multiples do not rise")
    return tuple(float(x) for x in bounds)


def _cells(table: object, fault: Any) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    for likelihood in range(1, LEVELS + 1):
        row = table.get(str(likelihood)) if isinstance(table, dict) else None
        for consequence in range(1, LEVELS + 1):
            cell = row[consequence - 1] if isinstance(row, list) and len(row) >= consequence else ""
            if not (isinstance(cell, str) and cell):
                raise fault(f"no cell for likelihood {likelihood}, consequence {consequence}")
            found[likelihood, consequence] = cell
    return found
