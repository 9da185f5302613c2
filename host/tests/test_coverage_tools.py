"""A slice of the coverage tables; the full ones are in docs/coverage.md with their commands."""

import pytest

import coverage_leak
import coverage_settling
import coverage_slope


@pytest.mark.parametrize("noise", coverage_slope.CASES, ids=lambda noise: noise.name)
def test_slope_intervals_cover(noise):
    counts = coverage_slope.measure(noise, groups=12, seed=7, calibration_windows=20)
    assert counts.judged == 120
    # 95 % of 120 trials in groups that share a profile: five standard errors are 12 %
    assert counts.share("learned") >= 83
    assert counts.share("cold") >= 88


def test_an_ordinary_fit_is_shown_to_fail_where_noise_walks():
    walk = next(noise for noise in coverage_slope.CASES if noise.name == "q = 100 q_eq")
    assert coverage_slope.measure(walk, groups=12, seed=7).share("naive") < 50


def test_the_whole_interval_covers_the_truth_of_a_drifting_chamber(monkeypatch):
    monkeypatch.setattr(coverage_leak, "HOURS", 0.4)
    tallies = coverage_leak.defaultdict(coverage_leak.Tally)
    coverage_leak.run(3, True, tallies)
    assert tallies[10.0].judged > 100
    assert tallies[600.0].judged >= 2
    for tally in tallies.values():
        assert tally.covered >= 0.95 * tally.judged


@pytest.mark.parametrize("case", coverage_settling.CASES[:4], ids=str)
def test_the_whole_interval_covers_while_a_chamber_settles(case):
    outcome = coverage_settling.measure(case, trials=150, seed=5)
    assert outcome.whole >= 91  # 95 % of 150: two standard errors are 3.6 %
    assert outcome.noise_only < 85  # what is left out without the bound is really there


@pytest.mark.campaign
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("noise", coverage_slope.CASES, ids=lambda noise: noise.name)
def test_slope_intervals_cover_at_ten_thousand_trials(noise):
    counts = coverage_slope.measure(noise, groups=1000, seed=4)
    flicker_or_steps = "flicker" in noise.name or "steps" in noise.name
    for name in ("learned", "calibrated"):
        assert counts.share(name) >= 93
        assert flicker_or_steps or counts.share(name) <= 97
    assert counts.share("cold") >= 93
