"""Calibrations as commands show them: value, uncertainty, dates, certificate, what is missing."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

from hullwatch.calibration import Behind, Standing, State
from hullwatch.cli import figures
from hullwatch.store import CalibrationRow


def lines(behind: Behind) -> list[str]:
    """Behind a result: the volume, every other calibration there is, and what there is none of."""
    found = []
    if behind.used is not None and behind.used.of_recipe:
        found.append(f"volume: {behind.used}, stated in the recipe")
    elif behind.volume.row is None and behind.used is not None:
        found.append(f"volume: NOT CALIBRATED, {behind.remark}")
    missing = []
    for one in behind.standings:
        if one.row is not None:
            found.append(_line(one))
        elif one.kind != "volume":
            missing.append(one.kind)
    if behind.remark and behind.volume.row is not None:
        found.append(f"volume: NOT AS CALIBRATED, {behind.remark}")
    if missing:
        found.append("no calibration of: " + ", ".join(missing))
    return found


def _line(standing: Standing) -> str:
    row = standing.row
    assert row is not None
    value = figures.with_uncertainty(row.value, 2 * row.u, row.unit)
    at = f" {figures.reference(row.t_ref_k)}" if row.t_ref_k is not None else ""
    words = [f"{standing.kind}: {value}{at} (k = 2)", f"calibrated {day(row.calibrated_utc_us)}"]
    if standing.state is State.EXPIRED:
        words.append(f"EXPIRED {standing.ended}")
    elif standing.ended:
        words.append(f"valid until {standing.ended}")
    if row.certificate:
        words.append(f"certificate {row.certificate}")
    return ", ".join(words)


def day(utc_us: int) -> str:
    """2026-03-01."""
    return datetime.fromtimestamp(utc_us / 1e6, UTC).date().isoformat()


def behind_object(behind: Behind) -> dict[str, object]:
    """For JSON: when, the volume used, and the state of every kind."""
    used = behind.used
    return {
        "node": behind.node,
        "at": figures.utc(behind.at_utc_us),
        "volume_m3": used.volume_m3 if used else None,
        "u_volume_relative": used.u_relative if used else None,
        "volume_of_recipe": used.of_recipe if used else None,
        "remark": behind.remark,
        "calibrations": [standing_object(one) for one in behind.standings],
    }


def standing_object(standing: Standing) -> dict[str, object]:
    """For JSON: kind, state and the calibration, null where there is none."""
    return {
        "kind": standing.kind,
        "state": standing.state.value,
        "calibration": row_object(standing.row) if standing.row else None,
    }


def row_object(row: CalibrationRow) -> dict[str, object]:
    """A calibration for JSON, its dates in ISO 8601."""
    times = {
        "calibrated": figures.utc(row.calibrated_utc_us),
        "valid_until": figures.utc(row.valid_until_utc_us),
        "recorded": figures.utc(row.recorded_utc_us),
    }
    kept = {k: v for k, v in asdict(row).items() if not k.endswith("_utc_us")}
    return kept | times | {"budget": json.loads(row.budget)}
