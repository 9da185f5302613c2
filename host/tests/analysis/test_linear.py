"""Least squares beyond the reference sets: other oracles, long records, what is refused."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from hullwatch.analysis import linear
from hullwatch.analysis.twofold import two_product, two_sum
from hullwatch.errors import InputError

# small ones are left out: the error of their product underflows
finite = st.floats(-1e6, 1e6).map(lambda v: v if abs(v) > 1e-100 else 0.0)


@given(st.lists(st.tuples(finite, finite), min_size=1))
def test_sums_and_products_lose_nothing(pairs):
    a, b = (np.array(column) for column in zip(*pairs, strict=True))
    for operation, twofold in (
        (Fraction.__add__, two_sum(a, b)),
        (Fraction.__mul__, two_product(a, b)),
    ):
        for u, v, high, low in zip(a, b, *twofold, strict=True):
            assert operation(Fraction(u), Fraction(v)) == Fraction(high) + Fraction(low)


def exact_line(x: list[float], y: list[float]) -> tuple[Fraction, Fraction]:
    """(intercept, slope) of exactly these floats."""
    xs, ys, n = [Fraction(v) for v in x], [Fraction(v) for v in y], len(x)
    mx, my = sum(xs) / n, sum(ys) / n
    slope = sum((u - mx) * (v - my) for u, v in zip(xs, ys, strict=True)) / sum(
        (u - mx) ** 2 for u in xs
    )
    return my - slope * mx, slope


@settings(deadline=None)
@given(
    start=st.sampled_from([0.0, 1.75e9, -3e12]),
    step=st.sampled_from([0.01, 0.1, 60.0]),
    level=st.sampled_from([0.0, 1e5, -4e6]),
    noise=st.lists(st.floats(-1, 1), min_size=3, max_size=20),
)
def test_a_line_is_the_rounded_exact_one_wherever_time_starts(start, step, level, noise):
    x = [start + step * k for k in range(len(noise))]
    y = [level + v for v in noise]
    got = linear.line(x, y).coefficients
    intercept, slope = exact_line(x, y)
    assert got[1] == pytest.approx(float(slope), rel=1e-12, abs=1e-25)
    assert got[0] == pytest.approx(float(intercept), rel=1e-12, abs=1e-12)


def test_a_long_record_agrees_with_scipy():
    rng = np.random.default_rng(1)
    t = np.arange(36_000) / 10
    y = 101_325 - 1e-3 * t + rng.normal(0, 0.2, t.size)
    ours, theirs = linear.line(t, y), stats.linregress(t, y)
    assert ours.coefficients[1] == pytest.approx(theirs.slope, rel=1e-9)
    assert ours.coefficients[0] == pytest.approx(theirs.intercept, rel=1e-14)
    assert ours.standard_errors[1] == pytest.approx(theirs.stderr, rel=1e-9)
    assert ours.standard_errors[0] == pytest.approx(theirs.intercept_stderr, rel=1e-9)
    assert ours.r_squared == pytest.approx(theirs.rvalue**2, rel=1e-9)
    assert ours.residual_sd == pytest.approx(0.2, rel=0.02)


def test_covariance_and_residuals_are_those_of_the_textbook():
    rng = np.random.default_rng(2)
    columns = rng.normal(5, 2, (40, 3))
    y = columns @ [1.0, -2.0, 0.5] + 7 + rng.normal(0, 1, 40)
    fit = linear.least_squares(columns, y)
    design = np.column_stack((np.ones(40), columns))
    assert fit.residuals == pytest.approx(y - design @ fit.coefficients)
    expected = fit.residual_sd**2 * np.linalg.inv(design.T @ design)
    assert fit.covariance == pytest.approx(expected, rel=1e-9)
    assert fit.dof == 36


def test_what_does_not_vary_has_no_r_squared():
    fit = linear.line([1, 2, 3], [4, 4, 4])
    assert fit.coefficients == pytest.approx([4, 0])
    assert np.isnan(fit.r_squared)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1, 2], [1, 2]),
        ([1, 2, 3], [1, 2]),
        ([1, 1, 1], [1, 2, 3]),
        ([1, 2, np.nan], [1, 2, 3]),
        ([1, 2, 3], [1, np.inf, 3]),
        ([], []),
        ([[1, 2, 3]], [1, 2, 3]),
    ],
)
def test_what_makes_no_line_is_refused(x, y):
    with pytest.raises(InputError):
        linear.line(x, y)


def test_columns_that_depend_on_each_other_are_refused():
    t = np.arange(10.0)
    with pytest.raises(InputError, match="depend on each other"):
        linear.least_squares(np.column_stack((t, t**2, 3 * t - 2 * t**2)), t)
    with pytest.raises(InputError, match="depend on each other"):
        linear.least_squares(np.column_stack((t, np.full(10, 5.0))), t)
