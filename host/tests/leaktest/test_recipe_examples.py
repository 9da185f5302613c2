"""The recipes and rigs that the pages offer for copying: each parsed, run, and decided right."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

from hullwatch.bench.rig import load_rig
from hullwatch.cli.app import main
from hullwatch.errors import InputError
from hullwatch.leaktest import recipefile
from hullwatch.store import Reader
from hullwatch.verify.database import verify

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
RIGS = {"decay": "rig", "sealed": "rig", "vacuum": "rig-vacuum", "differential": "rig-reference"}
TIGHT = {"vacuum": -1e-4}


@pytest.fixture
def test_run(tmp_path, monkeypatch, capsys):
    """Runs an example on its rig; (exit code, the JSON object, what was said on stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["hullwatch", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, json.loads(out) if out else None, err

    def run(name, part, *more):
        rig = EXAMPLES / f"{RIGS[name]}.toml"
        return command(
            "test", "run", EXAMPLES / "recipes" / f"{name}.toml", "--part", part, "--bench", "sim",
            "--rig", rig, "--db", "parts.db", "--json", *more,
        )  # fmt: skip

    def calibrate(value="1 ± 0.002 L", *more):
        code, *_ = command(
            "calibrate", "enter", "volume", value, "--date", "2026-01-01", "--db", "parts.db",
            "--json", *more,
        )  # fmt: skip
        assert code == 0

    run.calibrate = calibrate
    run.command = command
    return run


def test_every_example_has_a_rig():
    names = {path.stem for path in (EXAMPLES / "recipes").glob("*.toml")}
    assert names == set(RIGS)
    for name in names:
        assert recipefile.load(EXAMPLES / "recipes" / f"{name}.toml").name


@pytest.mark.parametrize("name", RIGS)
def test_an_example_decides_right_and_its_verdict_is_verified(test_run, name):
    assert test_run(name, "none")[0] == 65  # the node is known now, its volume is not
    test_run.calibrate()
    leak = TIGHT.get(name, 1e-4)
    code, tight, _ = test_run(name, "tight", "--leak", leak)
    assert (code, tight["verdict"]) == (0, "PASS")
    assert abs(tight["leak_rate_pa_m3_s"] - tight["truth_pa_m3_s"]) < tight["guard_pa_m3_s"]
    assert tight["behind"]["calibrations"][0]["calibration"]["value"] == 1e-3
    code, leaky, _ = test_run(name, "leaky", "--leak", 25 * leak)
    assert (code, leaky["verdict"]) == (80, "FAIL")
    with Reader.open("parts.db") as reader:
        outcome = verify(reader, None, lambda done: None)
        assert [row.part for row in reader.tests()] == ["tight", "leaky"]
    assert outcome.different == 0
    assert outcome.tests.equal == 2


def test_what_is_refused_before_anything_moves(test_run):
    code, out, err = test_run("decay", "A")
    assert (code, out) == (65, None)
    assert "no calibration of its volume" in err
    test_run.calibrate("1 ± 0.002 L", "--valid-for", "3min")
    assert test_run("decay", "A")[0] == 0
    code, _, err = test_run("decay", "B")  # minutes later
    assert (code, "expired" in err) == (66, True)
    test_run.calibrate("1.01 ± 0.002 L")
    code, _, err = test_run("decay", "B")
    assert (code, "the node uses 1 L" in err, "volume_ul=1010000" in err) == (2, True, True)
    test_run.calibrate("1 ± 0.01 L")
    code, _, err = test_run("decay", "B")
    assert (code, "counts with ± 0.2 %" in err) == (2, True)
    test_run.calibrate()
    assert test_run("decay", "B")[0] == 0
    code, _, err = test_run("decay", "B")
    assert (code, "part B was tested: PASS" in err) == (2, True)
    with Reader.open("parts.db") as reader:
        assert [row.part for row in reader.tests()] == ["A", "B"]


def test_a_recipe_may_bring_its_own_volume(test_run, tmp_path):
    text = (EXAMPLES / "recipes" / "decay.toml").read_text()
    (tmp_path / "own.toml").write_text(
        text + "\n[vessel]\nvolume_l = 1.0\nu_volume_percent = 0.3\n"
    )
    code, got, _ = test_run.command(
        "test", "run", "own.toml", "--part", "A", "--bench", "sim", "--rig", EXAMPLES / "rig.toml",
        "--db", "parts.db", "--json",
    )  # fmt: skip
    assert (code, got["behind"]["volume_of_recipe"], got["behind"]["remark"]) == (0, True, "")
    assert got["behind"]["u_volume_relative"] == pytest.approx(0.003)


def test_all_that_is_stored_of_one_test(test_run):
    test_run("decay", "none")
    test_run.calibrate("1 ± 0.002 L", "--certificate", "K-9")
    _, ran, _ = test_run("decay", "A-1")
    code, got, _ = test_run.command("test", "show", "A-1", "--db", "parts.db", "--json")
    assert code == 0
    verdict = got["verdict"]
    assert (verdict["part"], verdict["verdict"], verdict["number"]) == (
        "A-1",
        "PASS",
        ran["record"],
    )
    assert verdict["guard_pa_m3_s"] == ran["guard_pa_m3_s"]
    assert 1.9 < got["k"] < 4.5  # Student's t, one-sided, 2.5 % over two tries
    assert [phase["name"] for phase in got["phases"]] == [
        "fill", "stabilise", "measure", "vent", "idle"
    ]  # fmt: skip
    samples = [phase["sample"] for phase in got["phases"]]
    assert samples == sorted(samples)
    assert samples[2] == verdict["first_sample"]
    told = recipefile.load(EXAMPLES / "recipes" / "decay.toml")
    for key in recipefile.KEYS:
        value = got["recipe"][key.path]
        if value is None:
            assert told.fields[key.field] in (0, -1)
        elif not key.choices and key.low is not None:
            assert round(value * key.factor) == told.fields[key.field], key.path
    assert got["recipe"]["supply.seat_bound_pa_m3_s"] is None
    assert (got["recipe"]["kind"], got["recipe"]["supply.vented"]) == ("pressure_decay", True)
    assert got["config"]["volume_ul"] == 1_000_000
    assert got["profile"] is None
    assert got["behind"]["calibrations"][0]["calibration"]["certificate"] == "K-9"
    with Reader.open("parts.db") as reader:
        (row,) = reader.tests()
        (stored,) = reader.records(row.node, row.epoch, row.number - 1, 1)
        heads = [head.chain.hex() for head in reader.chain_heads()]
    assert got["record_sha256"] == hashlib.sha256(stored.data).hexdigest()
    assert got["chain"]["chain"] in heads
    assert test_run.command("test", "show", "A-2", "--db", "parts.db")[0] == 2
    assert test_run.command("test", "show", "A-1", "--attempt", "2", "--db", "parts.db")[0] == 2


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[plumbing]", "[plumbin]", "no table [plumbin]"),
        ("supply_pa", "suply_pa", "unknown key 'suply_pa'"),
        ("supply = 1e-6", "supplier = 1e-6", "no output 'supplier'"),
        ("overpressure_pa = 123000", 'overpressure_pa = "much"', "overpressure_pa"),
        ("volume_m3 = 1e-3", "volume_m3 = 1e9", "volume_m3"),
        ('outputs = "16:supply:fill:nc:60:dump;17:dump:vent:no:0"', "", "no output"),
    ],
)
def test_a_rig_with_a_mistake_is_refused(tmp_path, old, new, why):
    text = (EXAMPLES / "rig.toml").read_text()
    assert old in text
    (tmp_path / "rig.toml").write_text(text.replace(old, new))
    with pytest.raises(InputError) as caught:
        load_rig(tmp_path / "rig.toml", 1)
    assert why in caught.value.message
