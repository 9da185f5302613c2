"""`hullwatch gauge`: what it prints of a study, of one operator's repeats, and what it refuses."""

import json
from itertools import product

import pytest

HEAD = "part,operator,trial,value\n"


@pytest.fixture
def study(home):
    """Three parts, two operators who differ by 0.2, two trials that differ by 0.1; and a blank."""
    values = {"1": 1.0, "2": 2.0, "3": 3.0, "none": 0.05}
    rows = [
        f"{part},{who},{trial},{value + 0.2 * (who == 'B') + 0.1 * (trial == '2'):.2f}"
        for (part, value), who, trial in product(values.items(), "AB", "12")
    ]
    path = home / "study.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n")
    return path


def test_a_study_as_json(hullwatch, study):
    code, out, err = hullwatch("gauge", study, "--blank", "none", "--tolerance", 4, "--json")
    assert (code, err) == (0, "")
    got = json.loads(out)
    # repeatability 0.1/√2 within each cell of two, no interaction: pooled over 6 + 2 dof
    assert got["anova"]["pooled"] is True
    assert got["anova"]["ev"] == pytest.approx((6 * 0.1**2 / 2 / 8) ** 0.5)
    assert got["anova"]["pv"] == pytest.approx((1 - got["anova"]["ev"] ** 2 / 4) ** 0.5)
    assert got["anova"]["grr_percent_of_tolerance"] == pytest.approx(150 * got["anova"]["grr"])
    assert got["average_and_range"]["ev"] == pytest.approx(0.1 * 0.8862, rel=1e-4)
    assert got["blank_mean"] == pytest.approx(0.05 + 0.1 + 0.05)
    low, high = got["interval95"]["gauge"]
    assert low < got["anova"]["grr"] < high


def test_a_study_as_text(hullwatch, study):
    code, out, _ = hullwatch("gauge", study, "--blank", "none")
    assert code == 0
    for words in ("operator × part", "average and range", "distinct categories", "blank: 0.2"):
        assert words in out


def test_one_operator_gives_repeatability_and_the_blank(hullwatch, home):
    path = home / "repeats.csv"
    path.write_text(HEAD + "jar,A,1,10\njar,A,2,12\ncan,A,1,1\nblank,A,1,-2\n")
    code, out, _ = hullwatch("gauge", path, "--blank", "blank", "--json")
    assert code == 0
    got = json.loads(out)
    assert (got["dof"], got["sd"]) == (1, pytest.approx(2**0.5))
    assert got["blank"]["mean"] == -2
    assert got["within_blank"] == ["can"]
    code, out, _ = hullwatch("gauge", path, "--blank", "blank")
    assert "not more than the blank: can" in out


def test_refusals(refused, study, home):
    assert "no such file" in refused(2, "gauge", home / "nothing.csv").lower()
    assert "no part other" in refused(2, "gauge", study, "--blank", "other")
    assert "tolerance" in refused(2, "gauge", study, "--tolerance", "-1")
    (home / "empty.csv").write_text(HEAD)
    assert "no readings" in refused(2, "gauge", home / "empty.csv")
