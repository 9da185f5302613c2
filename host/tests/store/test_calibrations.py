"""Calibrations in the store: added, never changed, and which one is in force when."""

import sqlite3
from dataclasses import asdict, replace

import pytest

from hullwatch.calibration import State, in_force, standings
from hullwatch.errors import CalibrationExpired, CalibrationMissing, InputError
from hullwatch.store import CalibrationRow

DAY_US = 86_400_000_000
T0 = 1_700_000_000_000_000


@pytest.fixture
def volume(uid):
    return CalibrationRow(
        node=uid.hex(), sensor="", kind="volume", value=1e-3, u=1e-6, dof=12.0, unit="m³",
        t_ref_k=None, calibrated_utc_us=T0, valid_until_utc_us=T0 + 365 * DAY_US,
        recorded_utc_us=T0 + 5, method="known leak", certificate="K-1", instrument="CL 1e-4",
        note="", budget="[]",
    )  # fmt: skip


@pytest.fixture
def known(store, hello, now_us):
    """A store that knows the node."""
    with store.atomic() as batch:
        batch.node(hello(), now_us)
    return store


def test_what_is_added_comes_back_in_order_of_its_date(known, volume, uid):
    later = replace(volume, calibrated_utc_us=T0 + DAY_US, value=2e-3)
    zero = replace(volume, kind="zero", unit="Pa", value=-3.0, dof=None, sensor="bmp581@0x47")
    for row in (later, zero, volume):
        known.add_calibration(row)
    with known.reader() as reader:
        assert reader.calibrations(uid.hex(), "volume") == [volume, later]
        assert reader.calibrations(kind="zero") == [zero]
        assert reader.calibrations() == [zero, volume, later]
        assert reader.calibrations("other") == []


def test_nothing_can_be_changed_or_removed(known, volume, path):
    known.add_calibration(volume)
    known.close()
    connection = sqlite3.connect(path)
    for statement in ("UPDATE calibrations SET value = 3", "DELETE FROM calibrations"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    assert connection.execute("SELECT value FROM calibrations").fetchall() == [(1e-3,)]
    connection.close()


def test_the_newest_before_a_time_counts_also_when_it_has_expired(known, volume, uid):
    node = uid.hex()
    short = replace(
        volume, value=2e-3, calibrated_utc_us=T0 + 10 * DAY_US, valid_until_utc_us=T0 + 20 * DAY_US
    )
    known.add_calibration(volume)
    known.add_calibration(short)
    with known.reader() as reader:
        before = in_force(reader, node, "volume", T0 - 1)
        assert (before.state, before.row) == (State.MISSING, None)
        assert in_force(reader, node, "volume", T0).required() == volume
        assert in_force(reader, node, "volume", T0 + 10 * DAY_US).required() == short
        expired = in_force(reader, node, "volume", T0 + 20 * DAY_US)
        assert (expired.state, expired.row) == (State.EXPIRED, short)
        with pytest.raises(CalibrationExpired, match="2023-12-04"):
            expired.required()
        with pytest.raises(CalibrationMissing, match="no calibration of its background"):
            in_force(reader, node, "background", T0).required()
        with pytest.raises(CalibrationMissing) as told:
            in_force(reader, node, "gain", T0).required()
        assert told.value.hint == "make one: hullwatch calibrate enter gain"
        with pytest.raises(KeyError):
            in_force(reader, node, "colour", T0)
        assert {s.kind: s.state for s in standings(reader, node, T0)} == {
            "volume": State.IN_FORCE, "noise": State.MISSING, "background": State.MISSING,
            "zero": State.MISSING, "gain": State.MISSING, "leak": State.MISSING,
        }  # fmt: skip


def test_a_sensor_that_was_exchanged_is_not_calibrated(known, volume, uid):
    zero = replace(volume, kind="zero", unit="Pa", sensor="bmp581@0x47", valid_until_utc_us=None)
    known.add_calibration(zero)
    with known.reader() as reader:
        ask = [
            in_force(reader, uid.hex(), "zero", 2 * T0, s) for s in ("bmp581@0x47", "ms5611@0x77")
        ]
        assert [s.state for s in ask] == [State.IN_FORCE, State.MISSING]
        assert ask[0].ended == ""


def test_a_calibrated_noise_profile_is_known_by_its_record(known, uid, profile_record, now_us):
    with known.atomic() as batch:
        batch.record(uid.hex(), profile_record(0, source=0, utc_s=0), now_us)
        batch.record(uid.hex(), profile_record(1, source=1, utc_s=T0 // 10**6), now_us)
    with known.reader() as reader:
        assert in_force(reader, uid.hex(), "noise", T0 - 1).state is State.MISSING
        row = in_force(reader, uid.hex(), "noise", T0).required()
        assert (row.value, row.u) == (pytest.approx(5e-4), pytest.approx(2e-5))
        assert row.method == "record 1"


def test_refusals(known, volume, uid):
    with pytest.raises(InputError, match="no node"):
        known.add_calibration(replace(volume, node="00"))
    for change in ({"unit": "L"}, {"kind": "colour"}, {"u": -1.0}, {"value": float("nan")},
                   {"valid_until_utc_us": T0}):  # fmt: skip
        with pytest.raises(InputError):
            replace(volume, **change)
    message = asdict(volume)
    assert CalibrationRow.from_message(message) == volume
    with pytest.raises(InputError, match="not a calibration"):
        CalibrationRow.from_message({**message, "more": 1})
    del message["note"]
    with pytest.raises(InputError, match="not a calibration"):
        CalibrationRow.from_message(message)
