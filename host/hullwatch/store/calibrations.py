"""Calibrations in the store: added, never changed; a newer one supersedes the older.

The table refuses UPDATE and DELETE itself (see `schema`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

from hullwatch.errors import InputError

if TYPE_CHECKING:
    import sqlite3

KINDS = {
    "volume": "m³", "noise": "Pa²·s", "background": "Pa·m³/s", "zero": "Pa", "gain": "1",
    "leak": "Pa·m³/s",
}  # fmt: skip
"""Kinds of calibration and the SI unit of each one's value; `leak` is a leak standard."""


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """One calibration. `u` is a standard uncertainty; `dof` None means infinitely many.

    Valid from `calibrated_utc_us` to before `valid_until_utc_us` (None: no end). `sensor` is model
    and address, `bmp581@0x47`, or empty for what belongs to the chamber. `t_ref_k`: reference
    temperature of a background or leak in Pa·m³/s. `certificate`, `instrument`: traceability.
    `budget` is JSON: a list of {name, value, u, unit, dof, contribution}.
    """

    node: str
    sensor: str
    kind: str
    value: float
    u: float
    dof: float | None
    unit: str
    t_ref_k: float | None
    calibrated_utc_us: int
    valid_until_utc_us: int | None
    recorded_utc_us: int
    method: str
    certificate: str
    instrument: str
    note: str
    budget: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.unit != KINDS[self.kind]:
            known = ", ".join(f"{kind} in {unit}" for kind, unit in KINDS.items())
            raise InputError(f"a calibration of {self.kind} in {self.unit}", f"there are: {known}")
        if not (math.isfinite(self.value) and 0 <= self.u < math.inf):
            raise InputError(f"a calibration of {self.value} ± {self.u}", "finite, u not negative")
        if self.valid_until_utc_us is not None and (
            self.valid_until_utc_us <= self.calibrated_utc_us
        ):
            raise InputError("a calibration that ends before it begins", "check its dates")

    @classmethod
    def from_message(cls, values: Mapping[str, Any]) -> Self:
        """From a JSON object with exactly these fields; InputError for another."""
        try:
            return cls(**values)
        except TypeError as error:
            raise InputError(
                f"not a calibration: {error}", "are both programs of one version?"
            ) from error


_COLUMNS = ", ".join(field.name for field in fields(CalibrationRow))


def insert(connection: sqlite3.Connection, row: CalibrationRow) -> None:
    """Add one, inside the caller's transaction; InputError for a node the store does not know."""
    known = connection.execute("SELECT 1 FROM nodes WHERE node = ?", (row.node,)).fetchone()
    if known is None:
        raise InputError(f"no node {row.node} in this database", "log it once, or see: nodes")
    values = tuple(getattr(row, field.name) for field in fields(row))
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO calibrations ({_COLUMNS}) VALUES ({marks})", values)


def select(
    connection: sqlite3.Connection, node: str | None = None, kind: str | None = None
) -> list[CalibrationRow]:
    """Calibrations in order of their dates, of one node or kind or of all."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM calibrations WHERE ? IN ('', node) AND ? IN ('', kind)"
        " ORDER BY calibrated_utc_us, number",
        (node or "", kind or ""),
    )
    return [CalibrationRow(*row) for row in rows]
