"""`hullwatch demo`: the summary object, its numbers against truth and store, and repeatability."""

import csv
import io
import json
import math

import pytest

import capability
from hullwatch.store import Reader

KEYS = {
    "node", "bench", "samples", "records", "gaps", "duplicates", "crc_errors", "late_samples",
    "db", "windows",
}  # fmt: skip
WINDOW_KEYS = {
    "window_s", "n", "first_sample", "last_sample", "slope_pa_s", "leak_rate_pa_m3_s",
    "u95_pa_m3_s", "u95_kind", "compensation", "truth_pa_m3_s",
}  # fmt: skip
TWO_HOURS = (
    "demo", "--bench", "sim", "--for", "2h", "--volume", "1.0", "--leak", "1e-4", "--seed", "7",
    "--json",
)  # fmt: skip


def numbers_only(windows):
    return [{k: v for k, v in w.items() if k not in ("db", "node")} for w in windows]


@pytest.fixture(scope="module")
def two_hours(tmp_path_factory):
    """The command of the main job, as a process, once for this module."""
    import subprocess
    import sys

    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-c", "from hullwatch.cli import main; main()", *TWO_HOURS],
        capture_output=True, check=False, cwd=folder,
        env={"XDG_DATA_HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "PATH": "/usr/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.decode().splitlines()
    assert done.stderr == b""
    return json.loads(line, parse_constant=pytest.fail)


def test_the_summary_has_what_is_promised(two_hours):
    assert two_hours.keys() >= KEYS
    assert all(w.keys() >= WINDOW_KEYS for w in two_hours["windows"])
    assert two_hours["bench"] == "sim"
    assert len(bytes.fromhex(two_hours["node"])) == 8
    assert two_hours["samples"] == 72_000
    for key in ("gaps", "duplicates", "crc_errors", "late_samples"):
        assert two_hours[key] == 0


def test_every_window_of_the_two_hours_is_there_once(two_hours):
    for window_s, count in ((10, 720), (60, 120), (600, 12), (3600, 2)):
        found = [w for w in two_hours["windows"] if w["window_s"] == window_s]
        n = 10 * window_s
        spans = sorted((w["first_sample"], w["last_sample"]) for w in found)
        assert spans == [(k * n, (k + 1) * n - 1) for k in range(count)]
        assert {w["n"] for w in found} == {n}
    assert {w["window_s"] for w in two_hours["windows"]} == {10, 60, 600, 3600}


def test_the_leak_is_positive_for_lost_gas_and_near_the_truth(two_hours):
    for w in two_hours["windows"]:
        assert w["leak_rate_pa_m3_s"] == pytest.approx(-w["slope_pa_s"] * 1e-3, rel=1e-9)
        assert 9e-5 < w["truth_pa_m3_s"] <= 1.0001e-4
        assert w["compensation"] == "sensor"
        assert w["u95_kind"].startswith("noise_only")
        assert w["u95_pa_m3_s"] > 0
    hours = [w for w in two_hours["windows"] if w["window_s"] == 3600]
    for w in hours:
        assert abs(w["leak_rate_pa_m3_s"] - w["truth_pa_m3_s"]) < 3e-6
        assert abs(w["leak_rate_pa_m3_s"] - w["truth_pa_m3_s"]) <= 2 * w["u95_pa_m3_s"]
    truths = [w["truth_pa_m3_s"] for w in hours]
    assert truths[1] < truths[0]  # the pressure that drives it sinks
    missed = [
        w for w in two_hours["windows"]
        if abs(w["leak_rate_pa_m3_s"] - w["truth_pa_m3_s"]) > w["u95_pa_m3_s"]
    ]  # fmt: skip
    assert len(missed) <= 0.1 * len(two_hours["windows"])


def test_truth_is_the_mean_of_what_the_shorter_windows_lost(two_hours):
    short = [w["truth_pa_m3_s"] for w in two_hours["windows"] if w["window_s"] == 600][:6]
    (hour,) = [
        w["truth_pa_m3_s"] for w in two_hours["windows"]
        if w["window_s"] == 3600 and w["first_sample"] == 0
    ]  # fmt: skip
    assert math.fsum(short) / 6 == pytest.approx(hour, rel=1e-9)


def test_what_the_summary_says_is_what_the_database_holds(two_hours):
    with Reader.open(two_hours["db"]) as reader:
        summary = reader.summary(two_hours["node"])
        rows = reader.windows()
    assert two_hours["samples"] == summary.samples
    assert two_hours["records"] == summary.records
    stored = {(r.window_s, r.first_sample): r for r in rows}
    for w in two_hours["windows"]:
        row = stored[w["window_s"], w["first_sample"]]
        assert (w["slope_pa_s"], w["leak_rate_pa_m3_s"]) == (row.slope_pa_s, row.leak_rate_pa_m3_s)
        assert w["u95_pa_m3_s"] == row.u95_pa_m3_s


SHORT = ("demo", "--bench", "sim", "--for", "10min", "--json")


def test_a_seed_repeats_itself_to_the_last_digit_and_another_does_not(json_of):
    first, again = (json_of(*SHORT, "--seed", "11") for _ in range(2))
    assert numbers_only(first["windows"]) == numbers_only(again["windows"])
    assert first["samples"] == again["samples"]
    assert first["db"] != again["db"]
    other = json_of(*SHORT, "--seed", "12")
    assert numbers_only(first["windows"]) != numbers_only(other["windows"])


@pytest.mark.parametrize("leak", ["0", "-5e-5", "1e-3"])
def test_no_leak_a_leak_inwards_and_a_big_one(json_of, leak):
    pressure = "80000" if leak.startswith("-") else "120000"
    done = json_of(*SHORT, "--seed", "3", "--leak", leak, "--pressure", pressure)
    (window,) = [w for w in done["windows"] if w["window_s"] == 600]
    assert window["truth_pa_m3_s"] == pytest.approx(float(leak), rel=0.03, abs=1e-12)
    assert abs(window["leak_rate_pa_m3_s"] - window["truth_pa_m3_s"]) < 1.5e-5


@pytest.mark.parametrize(
    ("rate", "seconds", "lengths"),
    [("100", "2min", {10, 60}), ("1", "20min", {10, 60, 600}), ("0.5", "20min", {60, 600})],
)
def test_windows_of_under_eight_samples_are_withheld_at_any_rate(json_of, rate, seconds, lengths):
    done = json_of("demo", "--bench", "sim", "--for", seconds, "--rate", rate, "--json")
    assert {w["window_s"] for w in done["windows"]} == lengths
    for w in done["windows"]:
        assert w["n"] == round(w["window_s"] * float(rate)) >= 8
    assert done["gaps"] == 0


@pytest.mark.parametrize("sensor", ["bmp581", "bmp280", "ms5837"])
@pytest.mark.parametrize("compensation", ["none", "sensor"])
def test_each_sensor_measures_with_and_without_compensation(json_of, sensor, compensation):
    pressure = "105000" if sensor == "bmp280" else "120000"
    done = json_of(
        *SHORT, "--seed", "4", "--sensor", sensor, "--compensation", compensation,
        "--pressure", pressure, "--leak", "1e-3",
    )  # fmt: skip
    (window,) = [w for w in done["windows"] if w["window_s"] == 600]
    assert window["compensation"] == compensation
    assert window["leak_rate_pa_m3_s"] == pytest.approx(window["truth_pa_m3_s"], rel=0.25)
    assert done["gaps"] == done["late_samples"] == 0


def test_a_single_second_is_a_summary_without_windows(json_of):
    done = json_of("demo", "--bench", "sim", "--for", "1s", "--json")
    assert done["windows"] == []
    assert done["samples"] == 10


def test_for_people_it_shows_a_table_and_the_database(hullwatch):
    code, out, err = hullwatch("demo", "--bench", "sim", "--for", "2min", "--db", "jar.db")
    assert (code, err) == (0, "")
    for word in ("10 s", "1 min", "Pa·m³/s", "±", "jar.db", "positive = gas lost"):
        assert word in out, word


def test_a_demo_can_go_on_in_a_database_it_made(json_of):
    first = json_of(*SHORT, "--seed", "5", "--db", "a.db")
    second = json_of(*SHORT, "--seed", "6", "--db", "a.db")
    assert first["node"] != second["node"]
    again = json_of(*SHORT, "--seed", "5", "--db", "a.db")
    for key in ("samples", "records", "gaps", "duplicates"):
        assert first[key] == second[key] == again[key]
    assert numbers_only(again["windows"]) == numbers_only(first["windows"])


def test_export_gives_the_windows_and_a_raw_file_that_can_be_replayed(json_of, hullwatch, home):
    demo = json_of(*SHORT, "--seed", "8", "--db", "a.db", "--compensation", "none")
    code, out, err = hullwatch("export", "--db", "a.db")
    assert (code, err) == (0, "")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [float(r["slope_pa_s"]) for r in rows if float(r["window_s"]) == 60][:10] == [
        w["slope_pa_s"] for w in demo["windows"] if w["window_s"] == 60
    ]
    made = json_of("export", "--db", "a.db", "--what", "raw", "--out", "raw.csv", "--json")
    assert made["rows"] >= demo["samples"] == 6000
    text = (home / "raw.csv").read_text().splitlines()
    (home / "again.csv").write_text("\n".join(",".join(x.split(",")[:3]) for x in text) + "\n")
    replayed = json_of(
        "demo", "--bench", "sim", "--replay", "again.csv", "--compensation", "none", "--json",
        "--db", "b.db",
    )  # fmt: skip
    old = {w["first_sample"]: w["slope_pa_s"] for w in demo["windows"] if w["window_s"] == 60}
    new = {w["first_sample"]: w["slope_pa_s"] for w in replayed["windows"] if w["window_s"] == 60}
    assert old.keys() <= new.keys()
    # 1/64 Pa of the registers again, at worst at both ends of each window
    assert all(new[k] == pytest.approx(old[k], abs=1.5 / 64 / 60) for k in old)


def test_the_same_from_a_micropython_vm(json_of):
    capability.executable("micropython")
    capability.module("littlefs")
    done = json_of("demo", "--bench", "mpy", "--for", "90s", "--speed", "10", "--json")
    assert done.keys() >= KEYS
    assert done["bench"] == "mpy"
    assert {w["window_s"] for w in done["windows"]} == {10, 60}
    tens = [w for w in done["windows"] if w["window_s"] == 10]
    assert [w["first_sample"] for w in tens] == list(range(0, 900, 100))
    for w in done["windows"]:
        assert w["last_sample"] - w["first_sample"] + 1 == 10 * w["window_s"]
        # a busy machine makes samples late or lets them pass: told, and left out
        assert 8 <= w["n"] <= 10 * w["window_s"]
        assert w["truth_pa_m3_s"] == pytest.approx(1e-4, rel=0.01)
    assert done["crc_errors"] == 0
    with Reader.open(done["db"]) as reader:
        assert {gap.reason for gap in reader.gaps(done["node"])} <= {"no sample was taken"}


def test_a_node_in_a_section_of_a_scenario(json_of, refused, home):
    """The section's loss is the truth; what the file says is not said again by options."""
    (home / "jar.toml").write_text(
        '[[section]]\nname = "jar"\nvolume_m3 = 1e-3\npressure_pa = 120000.0\n'
        '[[path]]\nname = "leak"\nends = ["jar", "outside"]\nsize = 5e-12\n'
    )
    made = json_of(
        "demo", "--bench", "sim", "--scenario", "jar.toml", "--for", "15min", "--rate", "2",
        "--seed", "3", "--json",
    )  # fmt: skip
    minutes = [w for w in made["windows"] if w["window_s"] == 60][5:]
    assert len(minutes) >= 8
    # subsonic orifice of 5e-12 m2 from 120 to 101.325 kPa: St Venant and Wantzel, gamma 1.4
    ratio = 101_325.0 / 120_000.0
    psi = (7.0 * (ratio ** (2 / 1.4) - ratio ** (2.4 / 1.4))) ** 0.5
    loss = 5e-12 * psi * 120_000.0 * (8.314462618 * 293.15 / 0.0289652) ** 0.5
    for window in minutes:
        assert window["truth_pa_m3_s"] == pytest.approx(loss, rel=0.01)
    inside = sum(
        abs(w["leak_rate_pa_m3_s"] - w["truth_pa_m3_s"]) <= w["u95_pa_m3_s"] for w in minutes
    )
    assert inside >= len(minutes) - 2
    common = ("demo", "--bench", "sim", "--scenario", "jar.toml")
    assert "--leak does not go with --scenario" in refused(2, *common, "--leak", "1e-4")
    assert "sits in another section" in refused(2, *common, "--compensation", "probe")
    assert "no section 'lid'" in refused(2, *common, "--section", "lid")
    assert "--section needs --scenario" in refused(2, "demo", "--bench", "sim", "--section", "jar")
    (home / "jar.toml").write_text("[[section]]\nname = 3\n")
    assert "section 1" in refused(2, *common)
