"""A stored record against what was recomputed, field by field."""

from __future__ import annotations

from hullwatch.link.recordkinds import HEADER, RecordKind
from hullwatch.link.recordview import Record

NOT_RECOMPUTED: dict[str, frozenset[str]] = {
    "WINDOW": frozenset(),
    "PROFILE": frozenset(),
    "TREND": frozenset(),
    "TEST": frozenset({"recipe", "config", "number", "attempt", "part"}),
}
"""By kind: fields of the body that are no function of the samples and snapshots a record names.

Of a TEST also the missing reason `seat` is taken for a wiring with block and bleed, which no record
has, and so is the length of a phase of fixed time. Of every header: number, epoch and boot (they
say which record it is) and the device time at which it was made. All else is compared.
"""


def first_difference(
    kind: RecordKind, record: Record, flags: int, body: tuple[object, ...]
) -> tuple[str, str, str] | None:
    """(field, stored, recomputed) of the first field that differs; None when all are equal.

    `body` holds the values in the order of the kind's layout.
    """
    end = HEADER.size + kind.struct.size
    if flags == record.flags and kind.struct.pack(*body) == record.data[HEADER.size : end]:
        return None
    if flags != record.flags:
        return "flags", f"{record.flags:#x}", f"{flags:#x}"
    for layout, value in zip(kind.fields, body, strict=True):
        stored = record.body[layout.name]
        if stored != value and layout.name not in NOT_RECOMPUTED[kind.name]:
            return layout.name, str(stored), str(value)
    return None
