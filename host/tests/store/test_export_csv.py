"""CSV: every row, every digit, nothing half-written."""

import csv
import io
import subprocess
from datetime import UTC, datetime

import pytest

from hullwatch.errors import DiskFull, InputError
from hullwatch.export import csvfile
from hullwatch.store import ClockFit

EPOCH = 0xE0C4


@pytest.fixture
def reader(store, hello, now_us, window_record, event_record, config_record, raw_block):
    with store.atomic() as batch:
        key = batch.node(hello(), now_us)
        batch.clock(key, ClockFit(0, now_us, 0.0, 250, 10.0))
        batch.record(key.node, config_record(0), now_us)
        batch.record(key.node, window_record(1, ms=15_000), now_us)
        batch.record(key.node, window_record(2, u95=-1, boot=6), now_us)
        batch.record(key.node, event_record(3, text=b'a "quoted", text'), now_us)
        batch.raw(key.node, EPOCH, raw_block(0))
        batch.raw(key.node, EPOCH, raw_block(80, count=1, late_us=1_234))
        batch.raw(key.node, EPOCH, raw_block(0, count=2, boot=6, config=99))
    with store.reader() as opened:
        yield opened


def table(write, reader):
    out = io.StringIO()
    rows = write(reader, out)
    assert "\r" not in out.getvalue()
    listed = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert len(listed) == rows
    return listed


def test_windows(reader):
    known, unknown = table(csvfile.write_windows, reader)
    assert float(known["leak_rate_pa_m3_s"]) == 1e-4
    assert float(known["u95_pa_m3_s"]) == 2.5e-6
    assert known["compensation"] == "sensor"
    utc = datetime.fromisoformat(known["utc"])
    assert utc == datetime.fromtimestamp(1_700_000_015, UTC)
    assert known["utc_bound_s"] == "0.000400"  # 250 µs, and 10 ppm of 15 s
    assert (unknown["utc"], unknown["utc_bound_s"], unknown["u95_pa_m3_s"]) == ("", "", "")


def test_events(reader):
    (event,) = table(csvfile.write_events, reader)
    assert (event["event"], event["text"]) == ("BOOT", 'a "quoted", text')


def test_raw_samples_lose_no_digit(reader):
    listed = table(csvfile.write_raw, reader)
    assert tuple(listed[0]) == csvfile.RAW_COLUMNS
    older, newer = ([row for row in listed if row["boot"] == boot] for boot in ("6", "7"))
    key = reader.boots()[0].key._replace(boot=7)
    samples = reader.raw(key)
    assert [int(row["sample"]) for row in newer] == [*range(40), 80]
    assert [float(row["p_pa"]) * 256 for row in newer] == samples.p_q8.tolist()
    assert [round((float(row["temp_c"]) + 273.15) * 65536) for row in newer] == (
        samples.t_q16.tolist()
    )
    assert [row["t_s"] for row in newer[:3]] == ["0.000000", "0.100000", "0.200000"]
    assert (newer[-1]["t_s"], newer[-1]["late_us"]) == ("8.001234", "1234")
    assert newer[1]["utc"] == "2023-11-14T22:13:20.100Z"
    assert [row["utc"] for row in older] == ["", ""]
    assert {row["node"] for row in listed} == {"e66138528350b42c"}


def test_progress_and_choice_of_node(reader):
    seen = []
    assert csvfile.write_raw(reader, io.StringIO(), "no such node", seen.append) == 0
    assert csvfile.write_raw(reader, io.StringIO(), None, seen.append) == 43
    assert seen[-1] == 43


def test_a_file_appears_only_when_complete(reader, tmp_path):
    target = tmp_path / "windows.csv"
    assert csvfile.to_file(target, reader, csvfile.write_windows) == 2
    before = target.read_text()

    def interrupted(_reader, out):
        out.write("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        csvfile.to_file(target, reader, interrupted)
    assert target.read_text() == before
    assert not list(tmp_path.glob(".*"))


def test_the_database_itself_is_not_overwritten(reader):
    before = reader.path.read_bytes()
    with pytest.raises(InputError, match="the database itself"):
        csvfile.to_file(reader.path, reader, csvfile.write_windows)
    assert reader.path.read_bytes() == before


@pytest.mark.parametrize("where", ["/proc/x.csv", "/nowhere/x.csv", "/tmp"])
def test_an_unwritable_path_is_refused(reader, where):
    with pytest.raises(InputError, match=where) as caught:
        csvfile.to_file(where, reader, csvfile.write_windows)
    assert caught.value.hint


def test_a_full_disk(reader, tmp_path):
    where = tmp_path / "small"
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(where)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root")
    try:

        def much(_reader, out):
            out.write("x" * 100_000)

        with pytest.raises(DiskFull):
            csvfile.to_file(where / "x.csv", reader, much)
        assert list(where.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)
