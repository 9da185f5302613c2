"""Independent confirmation: closed forms, and how often results that agree are said to agree."""

import math

import numpy as np
import pytest
from scipy import stats

from hullwatch.analysis.agreement import joint, paired
from hullwatch.analysis.budget import Quantity
from hullwatch.errors import InputError


def test_two_results_that_agree():
    got = joint([Quantity("a", 10.0, 1.0), Quantity("b", 12.0, 2.0)])
    assert got.agree
    assert got.value == pytest.approx((10 + 12 / 4) / (1 + 1 / 4))
    assert got.u == pytest.approx(1 / math.sqrt(1 + 1 / 4))
    assert got.u95 == pytest.approx(1.959964 * got.u, rel=1e-6)
    assert got.chi2 == pytest.approx(2**2 / (1 + 4))  # difference² over its variance
    assert got.chi2_p == pytest.approx(stats.chi2.sf(0.8, 1))
    (pair,) = got.pairs
    assert pair.e_n == pytest.approx(2 / (1.959964 * math.sqrt(5)), rel=1e-6)
    assert got.verdict() == "agree"
    assert [got.verdict(limit) for limit in (5.0, 10.4, 20.0)] == [
        "above", "undetermined", "below"
    ]  # fmt: skip


def test_two_results_that_do_not_agree_have_no_joint_value():
    got = joint([Quantity("a", 10.0, 1.0), Quantity("b", 14.5, 1.0)])
    assert not got.agree
    assert (got.value, got.u, got.u95) == (None, None, None)
    assert got.pairs[0].e_n == pytest.approx(4.5 / (1.959964 * math.sqrt(2)), rel=1e-6)
    assert got.verdict(1000.0) == "disagree"  # also where both are far below a limit


def test_few_degrees_of_freedom_widen_the_comparison():
    near = [Quantity("a", 10.0, 1.0, dof=4), Quantity("b", 13.5, 1.0, dof=4)]
    t = stats.t.ppf(0.975, 4)
    got = joint(near)
    assert got.agree
    assert got.pairs[0].u95 == pytest.approx(t * math.sqrt(2))
    assert got.birge == pytest.approx(3.5 / math.sqrt(2))
    assert got.u == pytest.approx(got.birge / math.sqrt(2))  # larger than 1/√2: Birge
    assert got.u95 == pytest.approx(t * got.u)


def test_what_is_common_widens_the_result_and_not_the_comparison():
    own = [Quantity("a", 10.0, 1.0), Quantity("b", 14.5, 1.0)]
    assert not joint(own, common_u=50.0).agree
    got = joint([Quantity("a", 10.0, 1.0), Quantity("b", 10.0, 1.0)], common_u=2.0)
    assert got.u == pytest.approx(math.sqrt(0.5 + 4))


def test_several_results_can_disagree_although_every_pair_agrees():
    # seven at ± 1.38 u: differences of 2.76 u are below 1.96·√2 u, χ² of 13.06 has p = 0.042
    results = [Quantity(str(k), 1.38 * (1 if k < 4 else -1), 1.0) for k in range(7)]
    got = joint(results)
    assert all(pair.agree for pair in got.pairs)
    assert got.chi2 == pytest.approx(7 * 1.38**2 - 1.38**2 / 7)
    assert got.chi2_p == pytest.approx(stats.chi2.sf(got.chi2, 6))
    assert not got.agree
    assert joint(results[:3]).agree


def test_true_agreement_is_found_in_95_of_100_and_the_joint_interval_covers():
    rng = np.random.default_rng(11)
    trials, agreed, covered = 4000, 0, 0
    for a, b in rng.normal(5.0, (1.0, 0.5), (trials, 2)):
        got = joint([Quantity("a", a, 1.0), Quantity("b", b, 0.5)])
        agreed += got.agree
        covered += got.agree and abs(got.value - 5.0) <= got.u95
    assert agreed / trials == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / trials))
    assert covered / agreed >= 0.95  # Birge only widens


def test_a_difference_of_four_standard_deviations_is_told():
    rng = np.random.default_rng(12)
    drawn = rng.normal((5.0, 5.0 + 4 * math.sqrt(2)), 1.0, (1000, 2))
    found = sum(not joint([Quantity("a", a, 1.0), Quantity("b", b, 1.0)]).agree for a, b in drawn)
    assert found / 1000 == pytest.approx(stats.norm.cdf(4 - 1.96), abs=0.02)


@pytest.mark.parametrize(
    "results",
    [
        [Quantity("a", 1, 1)],
        [Quantity("a", 1, 1), Quantity("b", 1, 0)],
        [Quantity("a", 1, 1), Quantity("b", 1, math.inf)],
        [Quantity("a", 1, 1), Quantity("a", 1, 1)],
    ],
)
def test_what_cannot_be_compared(results):
    with pytest.raises(InputError):
        joint(results)


def _means(rng, k, sds):
    """Results with u estimated from k readings each, as windows of a span give them."""
    found = []
    for name, sd in enumerate(sds):
        x = rng.normal(5.0, sd, k)
        found.append(Quantity(str(name), x.mean(), x.std(ddof=1) / math.sqrt(k), "", k - 1))
    return found


@pytest.mark.parametrize(("k", "sds"), [(5, (1.0, 1.0)), (5, (1.0, 0.3)), (10, (1.0, 0.3, 0.3))])
def test_the_joint_interval_covers_when_the_uncertainties_are_estimated(k, sds):
    rng = np.random.default_rng((13, k, len(sds)))
    got = [joint(_means(rng, k, sds)) for _ in range(1500)]
    agreed = [one for one in got if one.agree]
    # three pairs and a χ², each with its own 5 %
    assert len(agreed) / len(got) >= (0.935 if len(sds) == 2 else 0.85)
    covered = sum(abs(one.value - 5.0) <= one.u95 for one in agreed)
    assert covered / len(agreed) >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / len(agreed))


# --- two sensors of one node ----------------------------------------------------------------------


def test_a_pair_is_students_t_of_its_differences():
    a, b = [1.0, 2.0, 3.0, 4.0, 6.0], [1.5, 2.0, 2.5, 4.5, 5.0]
    got = paired(a, b, ("a", "b"))
    t = stats.ttest_rel(a, b)
    (pair,) = got.pairs
    assert pair.e_n == pytest.approx(abs(t.statistic) / stats.t.ppf(0.975, 4))
    middle = (np.array(a) + np.array(b)) / 2
    low, high = stats.t.interval(0.95, 4, middle.mean(), stats.sem(middle))
    assert (got.value - got.u95, got.value + got.u95) == pytest.approx((low, high))
    assert paired(a, b, ("a", "b"), common_u=3.0).u == pytest.approx(
        math.hypot(stats.sem(middle), 3.0)
    )


@pytest.mark.parametrize("shared", [0.0, 3.0])
def test_what_two_sensors_share_neither_hides_nor_makes_a_disagreement(shared):
    rng = np.random.default_rng(14)
    trials, agreed, covered, told = 2000, 0, 0, 0
    for _ in range(trials):
        common = rng.normal(0.0, shared, 10)
        a, b = 5.0 + common + rng.normal(0.0, (1.0, 0.6), (10, 2)).T.reshape(2, 10)
        got = paired(a.tolist(), b.tolist(), ("a", "b"))
        agreed += got.agree
        covered += got.agree and abs(got.value - 5.0) <= got.u95
        told += not paired((a + 3.0).tolist(), b.tolist(), ("a", "b")).agree
    margin = 4 * math.sqrt(0.95 * 0.05 / trials)
    assert agreed / trials == pytest.approx(0.95, abs=margin)
    assert covered / agreed == pytest.approx(0.95, abs=margin)
    assert told == trials  # 3.0 is eight standard errors, whatever they share


def test_what_cannot_be_paired():
    with pytest.raises(InputError):
        paired([1.0, 2.0], [1.0], ("a", "b"))
    with pytest.raises(InputError, match="same"):
        paired([1.0, 2.0], [2.0, 3.0], ("a", "b"))
