"""Gauge R&R against the worked example of the AIAG manual, closed forms, and simulated studies.

The table below was typed from memory; it is taken for the manual's because every sum that the
manual prints comes out of it (first test: mean ranges, differences, all sums of squares).
"""

import csv
import math
import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from hullwatch.analysis.gaugeintervals import intervals
from hullwatch.analysis.gaugerr import average_and_range, components, variance
from hullwatch.analysis.gaugestudy import Reading, Study, crossed, read_csv
from hullwatch.analysis.ranges import mean_range_divisor
from hullwatch.analysis.repeats import repeatability
from hullwatch.errors import InputError

# AIAG, Measurement Systems Analysis, 4th edition, table III-B 6: appraisers A, B, C with three
# trials each, parts 1 to 10.
AIAG = [
    [0.29, -0.56, 1.34, 0.47, -0.80, 0.02, 0.59, -0.31, 2.26, -1.36],
    [0.41, -0.68, 1.17, 0.50, -0.92, -0.11, 0.75, -0.20, 1.99, -1.25],
    [0.64, -0.58, 1.27, 0.64, -0.84, -0.21, 0.66, -0.17, 2.01, -1.31],
    [0.08, -0.47, 1.19, 0.01, -0.56, -0.20, 0.47, -0.63, 1.80, -1.68],
    [0.25, -1.22, 0.94, 1.03, -1.20, 0.22, 0.55, 0.08, 2.12, -1.62],
    [0.07, -0.68, 1.34, 0.20, -1.28, 0.06, 0.83, -0.34, 2.19, -1.50],
    [0.04, -1.38, 0.88, 0.14, -1.46, -0.29, 0.02, -0.46, 1.77, -1.49],
    [-0.11, -1.13, 1.09, 0.20, -1.07, -0.67, 0.01, -0.56, 1.45, -1.77],
    [-0.15, -0.96, 0.67, 0.11, -1.45, -0.49, 0.21, -0.49, 1.87, -2.16],
]
DATA = Path(os.environ.get("HULLWATCH_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.fixture
def aiag():
    readings = [
        Reading(str(part), "ABC"[row // 3], str(row % 3), value)
        for row, values in enumerate(AIAG)
        for part, value in enumerate(values)
    ]
    return crossed(readings)


def test_the_typed_table_has_the_sums_that_the_manual_prints(aiag):
    ranges = np.ptp(aiag.values, axis=2).mean(axis=0)
    assert ranges == pytest.approx([0.184, 0.513, 0.328], abs=5e-13)
    assert ranges.mean() == pytest.approx(0.3417, abs=5e-5)
    assert np.ptp(aiag.values.mean(axis=(0, 2))) == pytest.approx(0.4446, abs=1e-4)
    assert np.ptp(aiag.values.mean(axis=(1, 2))) == pytest.approx(3.511, abs=5e-4)
    found = variance(aiag)
    squares = [source.squares for source in found.sources]
    assert squares == pytest.approx([3.1673, 88.3619, 0.3590, 2.7589], abs=5e-5)
    assert sum(squares) == pytest.approx(94.6471, abs=5e-5)
    assert [source.dof for source in found.sources] == [2, 9, 18, 60]


def test_average_and_range_of_the_manual(aiag):
    got = average_and_range(aiag)
    # the manual rounds R-bar, the difference of averages and the constants to four digits
    assert got.equipment == pytest.approx(0.20188, abs=4e-5)
    assert got.appraiser == pytest.approx(0.22963, abs=6e-5)
    assert got.gauge == pytest.approx(0.30575, abs=6e-5)
    assert got.part == pytest.approx(1.10456, abs=1.5e-4)
    assert got.total == pytest.approx(1.14610, abs=1.5e-4)
    percents = [got.percent(x) for x in (got.equipment, got.appraiser, got.gauge, got.part)]
    assert percents == pytest.approx([17.62, 20.04, 26.68, 96.38], abs=0.01)
    assert got.categories == 5
    assert got.percent_of_tolerance(10) == pytest.approx(60 * got.gauge)


def test_analysis_of_variance_of_the_manual(aiag):
    found = variance(aiag)
    interaction = found.sources[2]
    assert interaction.f == pytest.approx(0.434, abs=5e-4)
    assert interaction.p == pytest.approx(0.9741, abs=5e-5)
    assert found.pooled
    assert found.error.dof == 78
    got = found.components
    assert got.equipment == pytest.approx(0.199933, abs=1e-6)
    assert got.appraiser == pytest.approx(0.226838, abs=1e-6)
    assert got.interaction == 0
    assert got.gauge == pytest.approx(0.302373, abs=2e-6)
    assert got.part == pytest.approx(1.042327, abs=1e-6)
    assert [got.percent(x) for x in (got.equipment, got.appraiser, got.gauge, got.part)] == (
        pytest.approx([18.4, 20.9, 27.9, 96.0], abs=0.05)
    )
    assert got.categories == 4


def test_without_pooling_the_interaction_is_what_others_are_tested_against(aiag):
    found = variance(aiag, pool_above=1.0)
    assert not found.pooled
    operator, part, interaction, repeats = found.sources
    assert found.error == repeats
    assert operator.f == pytest.approx(operator.mean_square / interaction.mean_square)
    assert operator.p == pytest.approx(stats.f.sf(operator.f, 2, 18), rel=1e-9)
    assert part.p == pytest.approx(stats.f.sf(part.f, 9, 18), rel=1e-9)
    assert found.components.interaction == 0  # its mean square is below that of the error


def test_components_are_what_their_expected_mean_squares_say():
    equipment, appraiser, interaction, part = 0.5, 0.3, 0.2, 2.0
    error = equipment**2
    between = error + 3 * interaction**2
    got = components(
        (10, 4, 3), between + 30 * appraiser**2, between + 12 * part**2, between, error
    )
    assert (got.equipment, got.appraiser, got.interaction, got.part) == pytest.approx(
        (equipment, appraiser, interaction, part)
    )
    assert got.gauge == pytest.approx(math.sqrt(0.25 + 0.09 + 0.04))


@pytest.mark.parametrize(
    ("m", "ranges", "printed"),
    [
        (2, math.inf, 1.12838), (3, math.inf, 1.69257), (5, math.inf, 2.32593),
        (10, math.inf, 3.07751),  # d2: Duncan, table M
        (2, 1, 1.41421), (3, 1, 1.91155), (10, 1, 3.17905),  # d2*: AIAG appendix C
        (3, 5, math.sqrt(1.69257**2 + 0.8884**2 / 5)),  # d3(3) = 0.8884
    ],
)  # fmt: skip
def test_mean_range_divisors(m, ranges, printed):
    assert mean_range_divisor(m, ranges) == pytest.approx(printed, abs=1e-4)


def test_average_and_range_constants_of_the_manual():
    for m, k in ((2, 0.8862), (3, 0.5908)):
        assert 1 / mean_range_divisor(m) == pytest.approx(k, abs=6e-5)
    for m, k in ((2, 0.7071), (3, 0.5231), (4, 0.4467), (7, 0.3534), (10, 0.3146)):
        assert 1 / mean_range_divisor(m, 1) == pytest.approx(k, abs=6e-5)


# --- intervals ------------------------------------------------------------------------------------


def _mls_gauge(found, tail=0.025):
    """Modified large sample interval of GRR² (Graybill and Wang 1980): weights all positive."""
    p, r = found.parts, found.trials
    operator, _, interaction, repeats = found.sources
    terms = [
        (1 / (p * r), operator), ((p - 1) / (p * r), interaction), ((r - 1) / r, repeats),
    ]  # fmt: skip
    middle = sum(weight * source.mean_square for weight, source in terms)
    down = up = 0.0
    for weight, source in terms:
        share = weight * source.mean_square
        down += ((1 - source.dof / stats.chi2.ppf(1 - tail, source.dof)) * share) ** 2
        up += ((source.dof / stats.chi2.ppf(tail, source.dof) - 1) * share) ** 2
    return math.sqrt(middle - math.sqrt(down)), math.sqrt(middle + math.sqrt(up))


def test_the_interval_of_repeatability_is_the_exact_one(aiag):
    found = variance(aiag)
    low, high = intervals(found).equipment
    squares = 0.3590 + 2.7589
    assert low == pytest.approx(math.sqrt(squares / stats.chi2.ppf(0.975, 78)), rel=1e-4)
    assert high == pytest.approx(math.sqrt(squares / stats.chi2.ppf(0.025, 78)), rel=1e-4)


def test_the_interval_of_the_gauge_agrees_with_the_modified_large_sample_one():
    rng = np.random.default_rng(5)
    study = _study(rng, (10, 6, 3), 0.2, 0.3, 0.15, 1.0)
    found = variance(study, pool_above=1.0)
    assert intervals(found).gauge == pytest.approx(_mls_gauge(found), rel=0.05)


def _study(rng, shape, equipment, appraiser, interaction, part):
    parts, operators, _ = shape
    values = (
        part * rng.standard_normal((parts, 1, 1))
        + appraiser * rng.standard_normal((1, operators, 1))
        + interaction * rng.standard_normal((parts, operators, 1))
        + equipment * rng.standard_normal(shape)
    )
    names = [tuple(map(str, range(n))) for n in (parts, operators)]
    return Study(names[0], names[1], values)


def test_intervals_cover_the_truth_in_95_of_100_studies():
    rng = np.random.default_rng(8)
    truth = {
        "equipment": 0.2, "reproducibility": math.hypot(0.25, 0.1),
        "gauge": math.hypot(0.2, 0.25, 0.1), "part": 1.0,
        "gauge_percent": 100 * math.hypot(0.2, 0.25, 0.1) / math.hypot(0.2, 0.25, 0.1, 1.0),
    }  # fmt: skip
    covered = dict.fromkeys(truth, 0)
    studies = 300
    for _ in range(studies):
        found = intervals(variance(_study(rng, (10, 3, 3), 0.2, 0.25, 0.1, 1.0), 1.0))
        for name, value in truth.items():
            low, high = getattr(found, name)
            covered[name] += low <= value <= high
    # 95 % of 300 is 285 ± 3.8: four standard deviations; generalised intervals may cover more
    for name, count in covered.items():
        assert 270 <= count <= 300, (name, count)


# --- reading studies ------------------------------------------------------------------------------

ROWS = [(p, o, t, float(k)) for k, (p, o, t) in enumerate(product("12", "AB", "12"))]


def _written(path, rows, head="part,operator,trial,value"):
    path.write_text("\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def test_a_file_is_read_whatever_the_order_of_its_columns(tmp_path):
    rows = [(t, v, "x", p, o) for p, o, t, v in ROWS]
    got = read_csv(_written(tmp_path / "s.csv", rows, "trial,value,note,part,operator"))
    assert got == [Reading(*row) for row in ROWS]
    assert crossed(got).values.tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (ROWS[:-1], "part 2, operator B: not 2 trials"),
        (ROWS[:-2], "part 2, operator B: not 2 trials"),
        ([*ROWS, ROWS[0]], "trial 1 twice"),
        ([row for row in ROWS if row[1] == "A"], "1 operators"),
        ([row for row in ROWS if row[2] == "1"], "1 trials"),
        ([], "0 parts"),
    ],
)
def test_what_is_no_study_is_refused(rows, said):
    with pytest.raises(InputError, match=said):
        crossed(Reading(*row) for row in rows)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("part,operator,trial\n1,A,1\n", "no column value"),
        ("part,operator,trial,value\n1,A,1,1;5\n", "line 2: '1;5' is no number"),
        ("part,operator,trial,value\n1,A,1,nan\n", "line 2: 'nan' is no number"),
        ("part,operator,trial,value\n1,,1,3\n", "line 2: an empty"),
        ("part,operator,trial,value\n1,A\n", "line 2: an empty"),
    ],
)
def test_a_file_that_is_no_table_of_readings_is_refused(tmp_path, text, said):
    path = tmp_path / "s.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_csv(path)


def test_values_that_do_not_vary():
    study = Study(("1", "2"), ("A", "B"), np.zeros((2, 2, 2)))
    found = variance(study)
    assert found.components.gauge == found.components.total == 0
    assert found.components.categories is None
    assert math.isnan(found.components.percent(0))
    assert intervals(found).gauge == (0, 0)


# --- repeatability and a blank --------------------------------------------------------------------


def test_repeatability_of_two_parts_together():
    readings = [Reading("a", "o", "1", 1), Reading("a", "o", "2", 3)]
    readings += [Reading("b", "o", str(k), x) for k, x in enumerate((10, 11, 12))]
    found = repeatability(readings)
    assert found.dof == 3
    assert found.sd == pytest.approx(math.sqrt((2 + 2) / 3))
    assert found.sd95[0] == pytest.approx(math.sqrt(4 / stats.chi2.ppf(0.975, 3)))
    assert found.sd95[1] == pytest.approx(math.sqrt(4 / stats.chi2.ppf(0.025, 3)))
    assert found.blank is None
    with pytest.raises(InputError, match="twice"):
        repeatability(readings[::2][:2])
    with pytest.raises(InputError, match="no part c"):
        repeatability(readings, "c")


def _recorded(name):
    """(part, drop in mbar over the last second) of each column of a Dutch table."""
    path = DATA / "tudelft_airchamber" / f"{name}.csv"
    if not path.is_file():
        pytest.skip("needs the recordings in ../shared/data/tudelft_airchamber")
    with path.open(encoding="utf-8-sig") as lines:
        head, *rows = csv.reader(lines, delimiter=";")
    last = np.array([[float(x.replace(",", ".")) for x in row] for row in rows[-10:]])
    return dict(zip(head, last.mean(axis=0), strict=True))


def test_repeated_runs_of_a_real_air_chamber_are_no_measurement_of_its_leak():
    again = _recorded("Resultaten_opnieuwaanzetten")
    apart = _recorded("Resultaten_In_en_uit_elkaar_deel")
    readings = [
        Reading(part, "rig", run, column[run])
        for part, column in (("started again", again), ("taken apart", apart))
        for run in ("Test 1", "Test 2", "Test 3")
    ]
    readings.append(Reading("blank", "rig", "1", again["0 Meting"]))
    found = repeatability(readings, "blank")
    started, taken = found.parts
    assert [started.mean, taken.mean] == pytest.approx([-22, -61], abs=2)
    assert taken.sd > 2 * started.sd  # the coupling is most of it
    # 2 degrees of freedom: the interval spans a factor of twelve
    assert started.sd95[1] / started.sd95[0] == pytest.approx(
        math.sqrt(stats.chi2.ppf(0.975, 2) / stats.chi2.ppf(0.025, 2))
    )
    assert found.dof == 4
    assert found.sd95[0] < 8.9 < found.sd95[1]
    assert found.blank.mean == pytest.approx(-37, abs=2)
    assert found.within_blank == ("started again",)
