"""Intervals of all methods against simulated truth; the page's table is made by the same tool."""

import pytest

import coverage_analysis

CUSTOMARY = ("mass-point UCL, customary", "total-time UCL, customary")


def _shares(case, trials, seed):
    tallies = coverage_analysis.measure(case, trials, seed)
    assert all(tally.refused <= 0.05 * trials for tally in tallies.values())
    return {row: tally.held / tally.trials for row, tally in tallies.items()}


@pytest.mark.parametrize("case", ["white", "random walk"])
def test_few_intervals_miss(case):
    """Of 40 at 95 %, fewer than 32 is less likely than 1 in 10,000."""
    shares = _shares(case, 40, seed=11)
    for row, share in shares.items():
        if row not in CUSTOMARY:
            assert share >= 0.8, row
    if case == "random walk":
        assert shares["mass-point UCL, customary"] < 0.8


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("case", coverage_analysis.noises(3600.0))
def test_every_interval_covers_under_every_noise(case):
    shares = _shares(case, 500, seed=12)
    for row, share in shares.items():
        if row not in CUSTOMARY:
            assert share >= 0.91, row  # 95 % less four standard deviations of 500 trials
