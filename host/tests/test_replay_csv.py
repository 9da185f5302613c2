"""Recorded files: the even grid, gaps that stay gaps, and one-line refusals."""

import random
from itertools import pairwise
from pathlib import Path

import pytest

from hullwatch.errors import InputError
from hullwatch.sim.replay import Replay, ReplayFrontEnd
from hullwatch.sim.slots import even_slots

DATA = Path(__file__).parents[3] / "shared" / "data" / "normalised"
HEADER = "t_s,p_pa,temp_c\n"


def csv_file(tmp_path: Path, times: list[float], row: str = "{t},101325,20.5") -> Path:
    path = tmp_path / "log.csv"
    path.write_text(HEADER + "".join(row.format(t=t) + "\n" for t in times))
    return path


def test_rows_and_gaps_are_where_the_file_has_them(tmp_path: Path) -> None:
    times = [100.0 + 0.1 * k for k in range(30) if k not in (4, 5, 20)]
    replay = Replay.load(csv_file(tmp_path, times))
    assert replay.period_us == 100_000
    assert (replay.first_slot, replay.last_slot, replay.count) == (0, 29, 27)
    missing = [slot for slot in range(30) if replay.row(slot) is None]
    assert missing == [4, 5, 20]
    assert replay.row(-1) is replay.row(30) is None
    assert [slot for slot, _ in replay.rows()] == [s for s in range(30) if s not in (4, 5, 20)]
    assert replay.row(7) == (101325.0, 20.5)
    assert replay.absolute
    assert replay.has_temperature
    assert replay.compensable


@pytest.mark.parametrize("drift", [0.95, 0.997, 1.003, 1.05])
@pytest.mark.parametrize("jitter", [0.0, 0.2])
def test_slow_or_fast_clock_with_jitter_invents_no_gap(drift: float, jitter: float) -> None:
    draw = random.Random(1)
    nominal_s = 0.1
    times = [
        k * nominal_s * drift + draw.uniform(-jitter, jitter) * nominal_s for k in range(20_000)
    ]
    period_us, slots = even_slots(times, "file")
    assert slots == list(range(20_000))
    assert period_us == pytest.approx(100_000 * drift, rel=2e-3)


def test_clock_that_changes_its_rate_invents_no_gap() -> None:
    times = [0.1 * k for k in range(5000)]
    times += [times[-1] + 0.103 * (k + 1) for k in range(5000)]
    assert even_slots(times, "file")[1] == list(range(10_000))


def test_whole_second_stamps_of_a_slow_logger() -> None:
    """5, 5, 5, 6 s apart: truncated stamps of rows really 5.116 s apart."""
    times = [float(int(5.116 * k)) for k in range(5000)]
    period_us, slots = even_slots(times, "file")
    assert slots == list(range(5000))
    assert period_us == pytest.approx(5_116_000, rel=1e-4)


def test_rows_written_late_keep_their_slots() -> None:
    times = [0.1 * k for k in range(200)]
    times[50] += 0.08
    times[120] += 0.03
    # A stalled logger writes three rows at once when it comes back.
    times[150:153] = [times[152] + 0.01, times[152] + 0.02, times[152] + 0.03]
    assert even_slots(times, "file")[1] == list(range(200))


def test_random_drop_outs_keep_every_row_in_its_own_slot() -> None:
    draw = random.Random(2)
    kept = [k for k in range(2000) if k == 0 or draw.random() < 0.7]
    period_us, slots = even_slots([0.0125 * k for k in kept], "file")
    assert period_us == 12_500
    assert slots == kept


def test_front_end_serves_the_row_of_the_slot(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(HEADER + "".join(f"{k},{1000 + k},{k}\n" for k in range(10) if k != 3))
    front_end = ReplayFrontEnd(Replay.load(path))
    start_us = 7_123_456
    assert front_end.measure(start_us, 9.0, 9.0) == (1000.0, 0.0)
    assert front_end.origin_us == start_us
    for late_us in (-250_000, 0, 20_000, 749_999):
        assert front_end.measure(start_us + 2_000_000 + late_us, 0.0, 0.0) == (1002.0, 2.0)
        assert front_end.measure(start_us + 3_000_000 + late_us, 0.0, 0.0) is None
    assert front_end.measure(start_us + 9_000_000, 0.0, 0.0) == (1009.0, 9.0)
    assert not front_end.ended(start_us + 9_400_000)
    assert front_end.ended(start_us + 9_600_000)
    assert front_end.measure(start_us + 10_000_000, 0.0, 0.0) is None
    assert front_end.measure(start_us - 1_000_000, 0.0, 0.0) is None


def test_origin_can_be_set(tmp_path: Path) -> None:
    replay = Replay.load(csv_file(tmp_path, [float(k) for k in range(9)], "{t},1{t:02.0f}000,"))
    front_end = ReplayFrontEnd(replay, origin_us=5_000_000)
    assert front_end.measure(7_000_000, 0.0, 0.0) == (102_000.0, 20.0)


def test_no_temperature_means_a_constant_and_no_compensation(tmp_path: Path) -> None:
    replay = Replay.load(csv_file(tmp_path, [0.1 * k for k in range(9)], "{t},101325,"))
    assert replay.row(0) == (101325.0, None)
    assert not replay.has_temperature
    assert not replay.compensable
    assert ReplayFrontEnd(replay).measure(0, 0.0, 0.0) == (101325.0, 20.0)


def test_gauge_with_and_without_ambient(tmp_path: Path) -> None:
    path = csv_file(tmp_path, [0.1 * k for k in range(9)], "{t},-500,20.5")
    replay = Replay.load(path, "gauge", 101_325.0)
    assert replay.row(0) == (100_825.0, 20.5)
    assert replay.compensable
    with pytest.raises(InputError, match="line 2: pressure -500 Pa") as caught:
        Replay.load(path, "gauge")
    assert "ambient" in caught.value.hint
    path = csv_file(tmp_path, [0.1 * k for k in range(9)], "{t},7500,20.5")
    replay = Replay.load(path, "gauge")
    assert replay.row(0) == (7500.0, 20.5)
    assert not replay.absolute
    assert not replay.compensable


def test_byte_order_mark_windows_line_ends_and_trailing_blank_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    text = HEADER + "".join(f"{k}, 101325 ,20\n" for k in range(8)) + "\n \n"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert Replay.load(path).count == 8


GOOD = [f"{k},101325,20" for k in range(12)]


@pytest.mark.parametrize(
    ("line", "text", "told"),
    [
        (1, "time;p;T", "header is 'time;p;T'"),
        (1, "t_s,p_pa", "header is 't_s,p_pa'"),
        (5, "3,101325", "2 fields instead of 3"),
        (5, "3;101325;20", "1 fields instead of 3"),
        (5, "", "1 fields instead of 3"),
        (5, "3,1013,25,20", "4 fields instead of 3"),
        (5, "3,abc,20", "could not convert string to float: 'abc'"),
        (5, "3,,20", "could not convert string to float: ''"),
        (5, "3,101325,warm", "could not convert string to float: 'warm'"),
        (5, "nan,101325,20", "not a finite number"),
        (5, "3,inf,20", "not a finite number"),
        (5, "3,101325,nan", "not a finite number"),
        (5, "2,101325,20", "time 2 s does not come after 2 s"),
        (5, "1.5,101325,20", "time 1.5 s does not come after 2 s"),
        (5, "3,-1,20", "pressure -1 Pa is outside"),
        (5, "3,5e6,20", r"pressure 5e\+06 Pa is outside"),
        (5, "3,101325,293.15", "293.15 degC is outside"),
        (5, "3,101325,-41", "-41 degC is outside"),
    ],
)
def test_malformed_lines_are_named(tmp_path: Path, line: int, text: str, told: str) -> None:
    lines = [HEADER.strip(), *GOOD]
    lines[line - 1] = text
    path = tmp_path / "log.csv"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=f"line {line}: .*{told}") as caught:
        Replay.load(path)
    assert caught.value.hint
    assert caught.value.exit_code == 51
    assert "\n" not in caught.value.message + caught.value.hint


def test_short_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends after line 8: 7 rows") as caught:
        Replay.load(csv_file(tmp_path, [float(k) for k in range(7)]))
    assert "8 rows" in caught.value.hint
    with pytest.raises(InputError, match=r"cannot read .*nowhere\.csv"):
        Replay.load(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="cannot read"):
        Replay.load(tmp_path)
    (tmp_path / "photo.csv").write_bytes(b"\xff\xd8\xff\xe0" * 10)
    with pytest.raises(InputError, match="not a text file"):
        Replay.load(tmp_path / "photo.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="line 1: header is ''"):
        Replay.load(tmp_path / "empty.csv")


def test_faster_than_100_hz_and_uneven_files_are_refused(tmp_path: Path) -> None:
    assert Replay.load(csv_file(tmp_path, [0.01 * k for k in range(50)])).period_us == 10_000
    with pytest.raises(InputError, match="125 rows a second"):
        Replay.load(csv_file(tmp_path, [0.008 * k for k in range(50)]))
    draw = random.Random(3)
    times = sorted(draw.uniform(0.0, 500.0) for _ in range(500))
    with pytest.raises(InputError, match="do not fit a grid"):
        even_slots(times, "file")


@pytest.mark.parametrize(
    ("kind", "ambient_pa", "told"),
    [
        ("relative", None, "unknown pressure kind"),
        ("abs", 101_325.0, "given for absolute"),
        ("gauge", -1.0, "ambient pressure -1 Pa"),
        ("gauge", float("nan"), "ambient pressure nan Pa"),
    ],
)
def test_kind_and_ambient_must_make_sense(
    tmp_path: Path, kind: str, ambient_pa: float | None, told: str
) -> None:
    with pytest.raises(InputError, match=told):
        Replay.load(csv_file(tmp_path, [0.1 * k for k in range(9)]), kind, ambient_pa)


@pytest.mark.parametrize(
    ("name", "kind", "period_us", "rows", "gaps"),
    [
        # Stamps are whole seconds of rows 5.116 s apart: nothing is missing.
        ("iss_astropi_mk2", "abs", 5_116_018, 13_723, {}),
        ("ms5611_80hz", "abs", 12_500, 31_991, {}),
        # Row number (from 0) before the gap: slots without a row. From the files' own times.
        ("tudelft_aluminium", "gauge", 100_290, 1508, {26: 2}),
        ("tudelft_prusa", "gauge", 100_206, 1435, {}),
        ("tudelft_ultimaker_006", "gauge", 100_322, 1427, {3: 1, 362: 1}),
        ("tudelft_ultimaker_015", "gauge", 100_232, 1426, {25: 2, 66: 5, 116: 4}),
    ],
)
def test_real_recordings(
    name: str, kind: str, period_us: int, rows: int, gaps: dict[int, int]
) -> None:
    path = DATA / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"real recordings are not beside this checkout ({path.name})")
    replay = Replay.load(path, kind)
    assert replay.period_us == period_us
    assert replay.count == rows
    slots = [slot for slot, _ in replay.rows()]
    found = {at: b - a - 1 for at, (a, b) in enumerate(pairwise(slots)) if b > a + 1}
    assert found == gaps
    assert replay.compensable == (kind == "abs")
    # Every row comes out of the front end unchanged, at its slot's time and in its order.
    front_end = ReplayFrontEnd(replay)
    lines = path.read_text().splitlines()[1:]
    for slot, line in zip(slots, lines, strict=True):
        pressure, temperature = line.split(",")[1:]
        expected = (float(pressure), float(temperature) if temperature else 20.0)
        assert front_end.measure(slot * period_us, 0.0, 0.0) == expected
