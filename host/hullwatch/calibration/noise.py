"""Calibrated noise profiles of a node, from the PROFILE records it has sent.

The profile itself stays on the node, which makes its intervals from it; the store knows it by its
record. `hullwatch calibrate noise` makes one.
"""

from __future__ import annotations

from hullcore.settings import PROFILE_SOURCES
from hullwatch.link.recordkinds import PROFILE
from hullwatch.link.recordview import Record, parse
from hullwatch.store import CalibrationRow, Reader, StoredRecord

_CALIBRATED = PROFILE_SOURCES.index("calibrated")
_PAGE = 1000


def profiles(reader: Reader, node: str) -> list[CalibrationRow]:
    """As calibrations of kind `noise`, in order of their dates: white noise in Pa²·s, no end."""
    found = []
    for epoch in dict.fromkeys(boot.key.epoch for boot in reader.boots(node)):
        after = -1
        while page := reader.records(node, epoch, after, _PAGE, PROFILE.id):
            after = page[-1].number
            rows = ((stored, parse(stored.data)) for stored in page)
            found += [
                _row(node, stored, record)
                for stored, record in rows
                if record.name and record.integer("source") == _CALIBRATED
            ]
    return sorted(found, key=lambda row: row.calibrated_utc_us)


def _row(node: str, stored: StoredRecord, record: Record) -> CalibrationRow:
    return CalibrationRow(
        node=node, sensor="", kind="noise", value=record.integer("white_fpa2s") * 1e-15,
        u=record.integer("sd_white_fpa2s") * 1e-15, dof=None, unit="Pa²·s", t_ref_k=None,
        calibrated_utc_us=record.integer("utc_s") * 1_000_000, valid_until_utc_us=None,
        recorded_utc_us=stored.received_utc_us, method=f"record {record.number}", certificate="",
        instrument="", note=f"windows of {record.integer('window_ms') / 1000:g} s", budget="[]",
    )  # fmt: skip
