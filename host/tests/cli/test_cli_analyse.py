"""`hullwatch analyse` at the keyboard, over a chamber whose truth is known."""

import math
import re
import shutil

import numpy as np
import pytest

from hullwatch import errors

NODE = "2b1fc4478569a7e9"
TRUE_PA_M3_S = 1e-4


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Half an hour of the simulated litre, made once."""
    return tmp_path_factory.mktemp("analyse") / "jar.db"


@pytest.fixture
def jar(recorded, home, hullwatch):
    if not recorded.exists():
        code, _, err = hullwatch(
            "demo", "--bench", "sim", "--for", "30min", "--db", recorded, "--json"
        )
        assert code == 0, err
    shutil.copy(recorded, home / "jar.db")
    return home / "jar.db"


def test_methods_side_by_side_hold_the_truth(jar, json_of):
    got = json_of("analyse", "--db", jar, "--real-gas", "--json")
    assert (got["node"], got["unit"]) == (NODE, "Pa·m³/s")
    assert 18_000 <= got["samples"] < 19_000
    methods = {method["name"]: method for method in got["methods"]}
    for name in ("parts", "line", "gls", "mass_point", "total_time", "exponential", "real_gas"):
        method = methods[name]
        assert method["low"] < TRUE_PA_M3_S < method["high"], name
        assert method["u95"] < 0.2 * TRUE_PA_M3_S, name
    assert "day cycle needs one" in methods["diurnal"]["refusals"][0]
    assert methods["mass_point"]["details"]["ucl95_pct_day"] > 0
    assert got["best"]["name"] == "gls"
    assert got["full_budget"] is False
    assert [line["name"] for line in got["budget"]["lines"]] == ["noise", "volume", "gain"]
    assert got["noise"]["walk_pa2_s"] == pytest.approx(0.001, rel=0.7)
    assert got["allan"][0]["lag_s"] == pytest.approx(0.1)
    assert got["changes"] == []
    assert got["from"] == "2025-12-31T23:59:59.999Z"


def test_a_person_reads_a_table_and_what_to_quote(jar, hullwatch):
    code, out, _ = hullwatch("analyse", "--db", jar)
    assert code == 0
    assert re.search(r"mass_point.*%/day, customary UCL", out)
    assert re.search(r"to quote: gls, \(.* ± .*\)e-04 Pa·m³/s at 20 °C \(95 %, k = ", out) or (
        re.search(r"to quote: gls, \(.* ± .*\)e-05 Pa·m³/s at 20 °C \(95 %, k = ", out)
    )
    assert "no bound on gas against thermometer is declared" in out
    assert "temperature compensation: makes no difference" in out


def test_what_is_given_is_used(jar, json_of):
    got = json_of(
        "analyse", "--db", jar, "--volume", "2.0 ± 0.02 L", "--temp-lag", "10s",
        "--reserve-limit", "65 ± 0 kPa", "--outside", "1 ± 0.1 kPa", "--json",
    )  # fmt: skip
    assert got["best"]["low"] < 2 * TRUE_PA_M3_S < got["best"]["high"]
    assert got["full_budget"] is True
    volume = next(line for line in got["budget"]["lines"] if line["name"] == "volume")
    assert volume["contribution"] == pytest.approx(0.01 * got["best"]["value"], rel=1e-3)
    # 120 kPa to 65 kPa at 0.1 Pa/s, and the choked form takes longer
    linear, choked = got["reserve"]["linear"], got["reserve"]["choked"]
    assert linear["seconds"] == pytest.approx(55_000 / 0.1, rel=0.1)
    assert choked["seconds"] / linear["seconds"] == pytest.approx(
        120 * math.log(120 / 65) / 55, rel=0.02
    )
    assert linear["shortest_s"] < linear["seconds"] < linear["longest_s"]


def test_the_choked_form_is_refused_where_the_outside_is_too_near(jar, json_of):
    got = json_of("analyse", "--db", jar, "--reserve-limit", "110 ± 0 kPa", "--json")
    assert got["reserve"]["choked"] is None
    assert "not choked" in got["reserve"]["why_not_choked"]


def test_a_repair_that_was_none_is_said_as_such(jar, json_of):
    got = json_of("analyse", "--db", jar, "--repair", "2026-01-01T00:15", "--json")
    (repair,) = got["repairs"]
    assert repair["at_s"] == pytest.approx(900)
    cut = repair["cut_percent"]
    assert cut["low"] < 0 < cut["high"]
    assert "%" in repair["said"]


def test_pictures_are_drawn_and_the_same_twice(jar, json_of, home):
    pytest.importorskip("matplotlib", reason="needs the extra report")
    first = json_of("analyse", "--db", jar, "--plots", "a/b", "--json")
    json_of("analyse", "--db", jar, "--plots", "c", "--json")
    assert first["plots"] == ["a/b/pressure.svg", "a/b/methods.svg", "a/b/allan.svg"]
    for name in ("pressure", "methods", "allan"):
        drawn = (home / "a/b" / f"{name}.svg").read_bytes()
        assert drawn.startswith(b"<svg")
        assert drawn == (home / "c" / f"{name}.svg").read_bytes()
    assert "Allan deviation, Pa" in (home / "c" / "allan.svg").read_text()


def test_bad_input_is_one_line_and_changes_nothing(jar, hullwatch, home):
    before = jar.read_bytes()
    (home / "file").write_text("")
    for options, said, code in (
        (("--node", "ffff"), "no node ffff", errors.InputError),
        (("--from", "2026-01-02", "--to", "2026-01-01"), "not after --from", errors.InputError),
        (("--from", "2031-01-01"), "no samples", errors.InputError),
        (("--from", "2026-01-01T00:00", "--to", "2026-01-01T00:00:00.05"), "no series",
         errors.InputError),
        (("--volume", "-1 ± 0.1 L"), "volume_m3 = -0.001", errors.InputError),
        (("--volume", "1 L"), "no uncertainty", errors.InputError),
        (("--humidity", "140 ± 5 %"), "relative humidity", errors.InputError),
        (("--plots", "file/x"), "file", errors.InputError),
        (("--from", "2026-01-01T00:00", "--to", "2026-01-01T00:00:01"), "no leak rate",
         errors.NotDetermined),
    ):  # fmt: skip
        got, _, err = hullwatch("analyse", "--db", jar, *options)
        assert got == code.exit_code, (options, err)
        assert said in err, options
        assert len(err.strip().splitlines()) == 1, err
    assert jar.read_bytes() == before


def test_a_database_that_is_not_there_is_not_made(hullwatch, home):
    code, _, err = hullwatch("analyse", "--db", "none.db")
    assert code == errors.StoreError.exit_code
    assert "no database there" in err
    assert not (home / "none.db").exists()


def test_json_has_no_infinity(jar, hullwatch):
    _, out, _ = hullwatch("analyse", "--db", jar, "--reserve-limit", "65 ± 0 kPa", "--json")
    assert "Infinity" not in out
    assert "NaN" not in out
    assert np.isfinite(float(re.search(r'"u95": ([0-9.e-]+)', out)[1]))
