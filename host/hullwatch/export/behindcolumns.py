"""Columns beside a leak rate: the volume it was made with, and the calibrations in force then."""

from __future__ import annotations

from datetime import UTC, datetime

from hullwatch.calibration import Behind
from hullwatch.store import CalibrationRow

BEHIND_COLUMNS = (
    "volume_m3",
    "u_volume_m3",
    "volume_state",
    "volume_calibrated",
    "volume_valid_until",
    "volume_certificate",
    "volume_remark",
    "calibrations",
)
"""volume_m3 and u_volume_m3 (k = 1): as the number was made with them. volume_state: in force,
expired, missing, or recipe. calibrations: all others in force or expired, `KIND VALUE ± u UNIT
DATE..END CERTIFICATE`, separated by `; `."""


def behind_cells(behind: Behind) -> list[object]:
    """In the order of BEHIND_COLUMNS."""
    used, row = behind.used, behind.volume.row
    state = "recipe" if used and used.of_recipe else behind.volume.state.value
    others = [one for one in behind.standings if one.kind != "volume" and one.row]
    return [
        used.volume_m3 if used else "",
        used.u_relative * used.volume_m3 if used else "",
        state,
        day(row.calibrated_utc_us) if row else "",
        day(row.valid_until_utc_us) if row else "",
        row.certificate if row else "",
        behind.remark,
        "; ".join(_in_words(one.row) for one in others if one.row),
    ]


def _in_words(row: CalibrationRow) -> str:
    dates = f"{day(row.calibrated_utc_us)}..{day(row.valid_until_utc_us)}"
    return f"{row.kind} {row.value!r} ± {row.u!r} {row.unit} {dates} {row.certificate}".rstrip()


def day(utc_us: int | None) -> str:
    """2026-03-01; empty for None."""
    return "" if utc_us is None else datetime.fromtimestamp(utc_us / 1e6, UTC).date().isoformat()
