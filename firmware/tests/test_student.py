"""The table of Student's t against scipy's quantiles."""

import math

import pytest
import scipy.stats

from hullcore.student import T95_SCALE, t95


@pytest.mark.parametrize("dof", range(1, 31))
def test_every_entry_is_the_quantile_rounded_up(dof):
    quantile = scipy.stats.t.ppf(0.975, dof)
    assert t95(dof) == math.ceil(quantile * T95_SCALE - 1e-6)


def test_above_the_table_it_is_never_too_narrow_and_at_most_4_percent_wide():
    for dof in (31, 40, 59, 100, 254, 10**6):
        quantile = scipy.stats.t.ppf(0.975, dof)
        assert quantile <= t95(dof) / T95_SCALE <= 1.043 * quantile
