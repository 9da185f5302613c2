"""Which calibrations stand behind a leak rate, and where its volume is not the calibrated one."""

import binascii
import csv
import io
import struct
from dataclasses import replace

import pytest

from hullwatch.calibration import Book, State, VolumeUsed
from hullwatch.errors import CalibrationExpired, CalibrationMissing, InputError
from hullwatch.export import csvfile
from hullwatch.link import recordview
from hullwatch.link.recordkinds import CONFIG, HEADER
from hullwatch.store import CalibrationRow, ClockFit

DAY_US = 86_400_000_000


@pytest.fixture
def volume(uid, now_us):
    """One litre ± 0.1 %, valid for a year from a day before now."""
    return CalibrationRow(
        node=uid.hex(), sensor="", kind="volume", value=1e-3, u=1e-6, dof=12.0, unit="m³",
        t_ref_k=None, calibrated_utc_us=now_us - DAY_US,
        valid_until_utc_us=now_us + 364 * DAY_US, recorded_utc_us=now_us, method="known leak",
        certificate="K-1", instrument="", note="", budget="[]",
    )  # fmt: skip


@pytest.fixture
def measured(store, hello, now_us, config_record, window_record):
    """A node set to one litre ± `u_ppm`, with one window."""

    def make(u_ppm):
        record = config_record(0)
        values = list(CONFIG.struct.unpack_from(record.data, HEADER.size))
        values[[field.name for field in CONFIG.fields].index("u_volume_ppm")] = u_ppm
        head = record.data[: HEADER.size]
        data = (head + CONFIG.struct.pack(*values)).ljust(172, b"\0")
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
            batch.clock(key, ClockFit(0, now_us, 0.0, 250, 10.0))
            whole = data + struct.pack("<I", binascii.crc32(data))
            batch.record(key.node, recordview.parse(whole), now_us)
            batch.record(key.node, window_record(1), now_us)
        return store

    return make


def behind(store, at_us):
    with store.reader() as reader:
        (row,) = reader.windows()
        return Book(reader, row.node).behind(row.epoch, row.config, at_us)


def test_a_volume_nobody_calibrated_is_said_to_be_none(measured, now_us):
    found = behind(measured(2000), now_us)
    assert {one.state for one in found.standings} == {State.MISSING}
    assert (found.used.volume_m3, found.used.u_relative) == pytest.approx((1e-3, 2e-3))
    assert "1 L ± 0.2 % (k = 1), not calibrated" in found.remark
    with pytest.raises(CalibrationMissing, match="no calibration of its volume"):
        found.used.required(found.volume)


def test_the_calibrated_volume_needs_no_remark_until_it_expires(measured, volume, now_us):
    store = measured(1000)
    store.add_calibration(volume)
    found = behind(store, now_us)
    assert (found.volume.state, found.remark) == (State.IN_FORCE, "")
    assert found.volume.row == volume
    found.used.required(found.volume)
    late = behind(store, now_us + 365 * DAY_US)
    assert late.volume.state is State.EXPIRED
    with pytest.raises(CalibrationExpired):
        late.used.required(late.volume)


@pytest.mark.parametrize(
    ("u_ppm", "value", "words"),
    [
        (1000, 1.002e-3, "the node uses 1 L ± 0.1 % (k = 1), calibrated is 1.002 L ± 0.0998 %"),
        (900, 1e-3, "the node counts with ± 0.09 %, calibrated is 1 L ± 0.1 % (k = 1)"),
    ],
)
def test_another_volume_than_the_calibrated_is_stated(
    measured, volume, now_us, u_ppm, value, words
):
    store = measured(u_ppm)
    store.add_calibration(replace(volume, value=value))
    found = behind(store, now_us)
    assert found.remark.startswith(words[:60])
    with pytest.raises(InputError) as caught:
        found.used.required(found.volume)
    assert f"volume_ul={round(value * 1e9)}" in caught.value.hint


def test_the_volume_of_a_recipe_is_the_recipes(volume, now_us):
    used = VolumeUsed(2e-3, 0.01, of_recipe=True)
    used.required(None)  # whatever is calibrated


def test_a_calibration_of_another_sensor_does_not_stand_behind(measured, volume, now_us):
    store = measured(1000)
    zero = replace(volume, kind="zero", unit="Pa", value=3.0, u=1.0)
    store.add_calibration(replace(zero, sensor="ms5611@0x77"))
    assert {s.kind for s in behind(store, now_us).standings if s.row} == set()
    store.add_calibration(replace(zero, sensor="bmp581@0x47"))
    assert {s.kind for s in behind(store, now_us).standings if s.row} == {"zero"}


def test_exported_windows_say_what_stands_behind_them(measured, volume, now_us):
    store = measured(1000)
    store.add_calibration(volume)
    store.add_calibration(replace(
        volume, kind="zero", unit="Pa", value=3.0, u=1.5, sensor="bmp581@0x47", certificate="Z-9"
    ))  # fmt: skip
    out = io.StringIO()
    with store.reader() as reader:
        csvfile.write_windows(reader, out)
    (row,) = csv.DictReader(io.StringIO(out.getvalue()))
    assert float(row["volume_m3"]) == pytest.approx(1e-3)
    assert float(row["u_volume_m3"]) == pytest.approx(1e-6)
    assert [row[f"volume_{name}"] for name in ("state", "calibrated", "valid_until")] == [
        "in force", "2023-11-13", "2024-11-12"
    ]  # fmt: skip
    assert (row["volume_certificate"], row["volume_remark"]) == ("K-1", "")
    assert row["calibrations"] == "zero 3.0 ± 1.5 Pa 2023-11-13..2024-11-12 Z-9"
    out = io.StringIO()
    with store.reader() as reader:
        assert csvfile.write_calibrations(reader, out) == 2
    assert [row["kind"] for row in csv.DictReader(io.StringIO(out.getvalue()))] == [
        "volume", "zero"
    ]  # fmt: skip
