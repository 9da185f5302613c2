"""Sections that every report about a node has: who measured, with what calibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hullwatch
from hullwatch.calibration import standings
from hullwatch.report.facts import FORMAT
from hullwatch.units.instants import utc

if TYPE_CHECKING:
    from hullwatch.assess.setup import Settings
    from hullwatch.calibration import Standing
    from hullwatch.store import BootKey, Reader

PROBABILITY = 0.95
"""Coverage of every interval in a report."""


def document() -> dict[str, Any]:
    """What made the report."""
    return {"format": FORMAT, "software": f"hullwatch {hullwatch.__version__}"}


def identity(reader: Reader, node: str, boots: list[BootKey]) -> dict[str, Any]:
    """Node, board, firmware of every boot concerned."""
    boards = {row.node: row.board for row in reader.nodes()}
    known = [row for row in reader.boots(node) if row.key in boots]
    return {
        "node": node,
        "board": boards.get(node, ""),
        "boots": [{"epoch": row.key.epoch, "boot": row.key.boot} for row in known],
        "firmware": sorted({row.firmware for row in known if row.firmware}),
        "core_hash": sorted({row.core_hash for row in known if row.core_hash}),
    }


def setup(settings: Settings | None) -> dict[str, Any]:
    """The configuration in force, by the record's own field names."""
    if settings is None:
        return {}
    body = {
        key: value.split(b"\0", 1)[0].decode(errors="replace")
        if isinstance(value, bytes)
        else value
        for key, value in settings.record.body.items()
    }
    row = settings.row
    return {
        "record": row.number, "chamber": row.name, "sensor": f"{row.sensor}@{row.address:#x}",
        "compensation": row.compensation, "pressure_kind": row.pressure_kind, "settings": body,
    }  # fmt: skip


def calibrations(reader: Reader, node: str, at_utc_us: int | None) -> list[dict[str, Any]]:
    """Every kind with what was in force at the time of the measurement, not of the report."""
    if at_utc_us is None:
        return []
    return [_standing(one) for one in standings(reader, node, at_utc_us)]


def _standing(one: Standing) -> dict[str, Any]:
    row = one.row
    return {
        "kind": one.kind, "state": str(one.state),
        "sensor": row.sensor if row else "", "value": row.value if row else None,
        "u": row.u if row else None, "unit": row.unit if row else "",
        "dof": row.dof if row else None, "date": utc(row.calibrated_utc_us) if row else None,
        "valid_until": utc(row.valid_until_utc_us) if row else None,
        "method": row.method if row else "", "certificate": row.certificate if row else "",
        "instrument": row.instrument if row else "", "note": row.note if row else "",
    }  # fmt: skip
