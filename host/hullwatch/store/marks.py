"""Marks in the store: what people say happened to a chamber, and when.

Added, never changed or removed: the table refuses UPDATE and DELETE itself (see `schema`). What was
entered by mistake is revoked by another mark, which stays as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Self

from hullwatch.errors import InputError

if TYPE_CHECKING:
    import sqlite3

REVOKE: Final = "revoke"
TEXT_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class MarkKind:
    """What a kind of mark does to a trend.

    masks: windows that touch its span say nothing of the leak; voids: what was learned before it
    no longer holds; rated: it carries a leak rate.
    """

    doc: str
    masks: bool = False
    voids: bool = False
    rated: bool = False


KINDS: Final[dict[str, MarkKind]] = {
    "repair": MarkKind("a leak was worked on: what was learned is void", True, True),
    "open": MarkKind("the chamber was opened: what was learned is void", True, True),
    "fill": MarkKind("gas was added or removed on purpose: what was learned is void", True, True),
    "top-up": MarkKind("gas was added to hold the pressure: what was learned holds", True),
    "docking": MarkKind("something disturbed it and is over: what was learned holds", True),
    "known-leak": MarkKind("a known leak was imposed, to be found with its size", True, rated=True),
    "baseline": MarkKind("the known rate that later ones are compared with", rated=True),
    "note": MarkKind("for people: changes nothing"),
    REVOKE: MarkKind("another mark was a mistake"),
}


@dataclass(frozen=True, slots=True)
class MarkRow:
    """One mark; ``number`` is 0 before it is stored.

    It is about one ``node``, about every node of a ``chamber`` (the name in their settings), or,
    with both empty, about all. From ``from_utc_us`` to ``to_utc_us``, inclusive; equal: a moment.
    ``rate_pa_m3_s`` ± ``u_pa_m3_s`` (k = 1) at ``t_ref_k`` and its systematic ``bound_pa_m3_s``: of
    the kinds that carry a rate. ``told``: the node was told too. ``revokes``: number of the mark
    that this one takes back; ``revoked_by``: of the one that takes this back.

    InputError for a kind that is not known, a span that ends before it begins or after it was
    entered, a rate where none belongs or none where one does, an empty text, a known leak without
    a span.
    """

    number: int
    kind: str
    node: str
    chamber: str
    from_utc_us: int
    to_utc_us: int
    text: str
    rate_pa_m3_s: float | None
    u_pa_m3_s: float | None
    bound_pa_m3_s: float | None
    t_ref_k: float | None
    told: bool
    entered_by: str
    entered_utc_us: int
    revokes: int | None
    revoked_by: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"no kind of mark {self.kind!r}", "there are: " + ", ".join(KINDS))
        if self.node and self.chamber:
            raise InputError("a mark of a node and of a chamber", "name one of the two")
        if self.to_utc_us < self.from_utc_us:
            raise InputError("a mark that ends before it begins", "check --from and --to")
        if self.to_utc_us > self.entered_utc_us:
            raise InputError("a mark in the future", "enter it when it has happened")
        if not (self.text.strip() and self.text.isprintable() and len(self.text) <= TEXT_MOST):
            raise InputError(
                f"the text of a mark is one line of 1 to {TEXT_MOST} characters", "say what it was"
            )
        self._check_rate()

    def _check_rate(self) -> None:
        values = (self.rate_pa_m3_s, self.u_pa_m3_s, self.bound_pa_m3_s, self.t_ref_k)
        if not KINDS[self.kind].rated:
            if values != (None,) * len(values):
                raise InputError(f"a {self.kind} has no leak rate", "leave --rate away")
            return
        numbers = [value for value in values if value is not None and math.isfinite(value)]
        if len(numbers) < len(values) or min(numbers[1:]) < 0:
            raise InputError(
                f"a {self.kind} needs a leak rate with its uncertainty",
                'such as --rate "1e-5 ± 2e-7 Pa·m³/s at 20C"',
            )
        if self.kind == "known-leak" and numbers[0] <= 0:
            raise InputError("a known leak of nothing", "its rate is more than zero")
        if self.kind == "known-leak" and self.from_utc_us == self.to_utc_us:
            raise InputError("a known leak of no duration", "say how long with --from and --to")

    @property
    def label(self) -> str:
        """Kind and number, as tables and exports show it."""
        return f"{self.kind} {self.number}"

    def touches(self, earliest_us: int, latest_us: int) -> bool:
        """Whether anything of the mark lies between two times, both inclusive, UTC in µs."""
        return self.from_utc_us <= latest_us and earliest_us <= self.to_utc_us

    @classmethod
    def from_message(cls, values: Mapping[str, Any]) -> Self:
        """From a JSON object with exactly these fields; InputError for another."""
        try:
            return cls(**values)
        except TypeError as error:
            raise InputError(f"not a mark: {error}", "are both programs of one version?") from error


_STORED = tuple(
    field.name for field in fields(MarkRow) if field.name not in ("number", "revoked_by")
)
_COLUMNS = ", ".join(_STORED)


def insert(connection: sqlite3.Connection, row: MarkRow) -> int:
    """Add one, inside the caller's transaction; its number.

    InputError for a node or chamber the store does not know, and for revoking what is not there,
    is revoked already, or is itself a revocation.
    """
    for column, table, value in (("node", "nodes", row.node), ("name", "configs", row.chamber)):
        known = {name for (name,) in connection.execute(f"SELECT DISTINCT {column} FROM {table}")}
        if value and value not in known:
            what = "node" if table == "nodes" else "chamber"
            listed = ", ".join(sorted(known)) or "none"
            raise InputError(f"no {what} {value} in this database", f"it has: {listed}")
    if row.revokes is not None:
        _check_revocation(connection, row.revokes)
    cells = [getattr(row, name) for name in _STORED]
    places = ", ".join("?" * len(cells))
    made = connection.execute(f"INSERT INTO marks ({_COLUMNS}) VALUES ({places})", cells)
    assert made.lastrowid is not None
    return made.lastrowid


def _check_revocation(connection: sqlite3.Connection, number: int) -> None:
    found = [row for row in select(connection) if row.number == number]
    if not found:
        raise InputError(f"there is no mark {number}", "see: hullwatch mark list")
    (row,) = found
    if row.kind == REVOKE:
        raise InputError(f"mark {number} is a revocation", "enter the mark anew instead")
    if row.revoked_by is not None:
        raise InputError(
            f"mark {number} is already revoked by mark {row.revoked_by}", "it stays so"
        )


def select(connection: sqlite3.Connection) -> list[MarkRow]:
    """All marks, revoked and revoking ones too, in order of their time."""
    mine = ", ".join(f"m.{name}" for name in _STORED)
    rows = connection.execute(
        f"SELECT m.number, {mine}, r.number FROM marks m LEFT JOIN marks r"
        " ON r.revokes = m.number ORDER BY m.from_utc_us, m.number"
    )
    names = ("number", *_STORED, "revoked_by")
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [MarkRow(**{**values, "told": bool(values["told"])}) for values in found]
