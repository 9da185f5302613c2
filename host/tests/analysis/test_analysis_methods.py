"""Methods against scipy, statsmodels, closed forms and simulated truth."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize, stats

from hullwatch.analysis import gls, masspoint
from hullwatch.analysis.chamber import Chamber
from hullwatch.analysis.diurnal import with_day
from hullwatch.analysis.exponential import exponential, loss_share
from hullwatch.analysis.fitting import Fitting
from hullwatch.analysis.leakbudget import leak_budget
from hullwatch.analysis.montecarlo import propagate
from hullwatch.analysis.noisemodel import Noise, covariance
from hullwatch.analysis.outgassing import with_outgassing
from hullwatch.analysis.result import measured, refused
from hullwatch.analysis.series import DAY_S, of_readings
from hullwatch.analysis.straight import parts
from hullwatch.errors import InputError

LEVEL_PA = 101_325.0
N = 128


def _falling(t):
    return -0.01 * t


# --- agreement with other libraries ---------------------------------------------------------------


def test_generalised_least_squares_agree_with_statsmodels(make):
    api = pytest.importorskip("statsmodels.api", reason="the oracle of this test")
    series = make(_falling, Noise(1e-3, 1e-7, 1e-7))
    fitting = Fitting.of_line(series)
    matrix = covariance(fitting.noise.noise, fitting.allan.kernels)
    theirs = api.GLS(series.y_pa, fitting.design, sigma=matrix).fit(
        cov_type="fixed scale", cov_kwds={"scale": 1.0}
    )
    ours = gls.solve(fitting.design, series.y_pa, matrix)
    assert ours.coefficients[1] == pytest.approx(theirs.params[1], rel=1e-9)
    assert math.sqrt(ours.covariance[1, 1]) == pytest.approx(theirs.bse[1], rel=1e-9)
    assert ours.chi2 == pytest.approx(float(theirs.ssr), rel=1e-7)
    assert fitting.generalised().value == pytest.approx(theirs.params[1], rel=1e-9)


def test_the_line_and_its_naive_interval_are_scipy_s(make):
    series = make(_falling)
    theirs = stats.linregress(series.t_s, series.y_pa)
    ours = Fitting.of_line(series).line()
    assert ours.value == pytest.approx(theirs.slope, rel=1e-9)
    k = stats.t.ppf(0.975, N - 2)
    assert ours.details["naive_u95_pa_s"] == pytest.approx(k * theirs.stderr, rel=1e-9)


def test_weights_are_what_the_methods_do(make):
    """A method's interval is that of w·y; w·y has to be its value."""
    series = make(_falling, Noise(1e-3, 1e-7, 1e-7))
    fitting = Fitting.of_line(series)
    weights = fitting.solved().weights[1]
    assert float(weights @ (series.y_pa - LEVEL_PA)) == pytest.approx(
        fitting.generalised().value, rel=1e-6
    )
    assert float(weights.sum()) == pytest.approx(0.0, abs=1e-12)


def test_the_exponential_is_scipy_s_curve_fit(make):
    series = make(lambda t: 8e4 * np.expm1(-t / 3000), Noise(1.0, 0, 0))
    t = series.t_s - series.t_s[0]
    outside = 2e4
    theirs, _ = optimize.curve_fit(
        lambda x, size, rate: outside + size * np.exp(-rate * x), t, series.y_pa, (8e4, 3e-4),
        xtol=1e-14, ftol=1e-14,
    )  # fmt: skip
    ours = exponential(series, outside)
    assert ours.details["lambda_per_s"] == pytest.approx(theirs[1], rel=1e-7)
    mean = theirs[0] * math.expm1(-theirs[1] * t[-1]) / t[-1]
    assert ours.value == pytest.approx(mean, rel=1e-7)


# --- mass-point and total-time --------------------------------------------------------------------


def test_mass_point_and_total_time_are_those_of_the_containment_test(make):
    series = make(_falling, temperature_k=300.0)
    fitting = Fitting.of_line(series)
    hours, warm = series.t_s / 3600, np.full(N, 293.15)
    mass = masspoint.mass_point(hours, series.y_pa, warm, 0.3)
    total = masspoint.total_time(hours, series.y_pa, warm)
    ours, other = fitting.mass_point(), fitting.total_time()
    assert ours.details["leak_pct_day"] == pytest.approx(mass.leak_pct_day, rel=1e-9)
    assert ours.details["ucl95_pct_day"] == pytest.approx(mass.ucl95_pct_day, rel=1e-9)
    assert ours.value == pytest.approx(fitting.line().value, rel=1e-9)
    assert other.details["ucl95_pct_day"] == pytest.approx(total.ucl95_pct_day, rel=1e-7)
    assert -8.64e6 * other.value / series.y_pa[0] == pytest.approx(total.leak_pct_day, rel=1e-9)


def test_under_a_walk_the_customary_limit_is_far_below_that_of_the_noise(make):
    series = make(_falling, Noise(0, 0, 1e-5))
    details = Fitting.of_line(series).mass_point().details
    customary, honest = (
        details[key] - details["leak_pct_day"] for key in ("ucl95_pct_day", "noise_ucl95_pct_day")
    )
    assert honest > 3 * customary


# --- what a method is made for --------------------------------------------------------------------


def test_a_large_loss_biases_the_line_and_not_the_exponential(make):
    series = make(lambda t: LEVEL_PA * np.expm1(-t / 4000), Noise(1.0, 0, 0))
    length = float(series.t_s[-1] - series.t_s[0])
    start = LEVEL_PA * math.exp(-series.t_s[0] / 4000)
    truth = start * math.expm1(-length / 4000) / length
    found, line = exponential(series, 0.0), Fitting.of_line(series).line()
    assert found.low < truth < found.high
    assert abs(line.value / truth - 1) > 100 * abs(found.value / truth - 1)
    assert loss_share(series, 0.0) > 0.5


def test_the_outside_s_uncertainty_is_in_the_exponential(make):
    series = make(lambda t: 2e4 * np.expm1(-t / 3000), Noise(1e-2, 0, 0))
    sure, unsure = (exponential(series, LEVEL_PA - 2e4, u) for u in (0.0, 500.0))
    assert unsure.details["u_lambda_per_s"] > 10 * sure.details["u_lambda_per_s"]
    moved = exponential(series, LEVEL_PA - 2e4 + 500.0)
    change = moved.details["lambda_per_s"] - sure.details["lambda_per_s"]
    assert unsure.details["u_lambda_per_s"] == pytest.approx(abs(change), rel=0.15)


def test_a_pressure_that_crosses_the_outside_is_no_decay(make):
    assert "crosses" in exponential(make(_falling), LEVEL_PA - 10.0).refusals[0]


def test_outgassing_is_not_taken_for_a_leak(make):
    series = make(lambda t: 30 * -np.expm1(-t / 500) + 0.002 * t)
    found = with_outgassing(series)
    assert found.low < 0.002 < found.high
    assert found.details["tau_s"] == pytest.approx(500, rel=0.2)
    assert not found.flags
    assert not parts(series).straight
    line = Fitting.of_line(series).line()
    assert abs(line.value - 0.002) > 3 * (found.high - found.low)


def test_without_settling_the_leak_is_found_and_it_is_said(make):
    found = with_outgassing(make(_falling))
    assert found.low < -0.01 < found.high
    assert "no settling" in found.flags[0]


def test_the_day_is_taken_out_where_whole_days_do_not_help(make):
    """One day of 1 K: the line is off by 1.91·A/T, Pa/s (integral of t·sin)."""
    amplitude = LEVEL_PA / 293.15
    day = make(
        lambda t: amplitude * np.sin(2 * np.pi * t / DAY_S) - 1e-4 * t,
        Noise(1e-2, 0, 1e-9), length_s=DAY_S,
    )  # fmt: skip
    line, found = Fitting.of_line(day).line(), with_day(day)
    assert line.value + 1e-4 == pytest.approx(-1.91 * amplitude / DAY_S, rel=0.01)
    assert found.low < -1e-4 < found.high
    assert abs(found.value + 1e-4) < 0.01 * abs(line.value)
    assert found.details["day_amplitude_pa"] == pytest.approx(amplitude, rel=0.01)


def test_half_a_day_has_no_day(make):
    assert "needs one" in with_day(make(_falling, length_s=DAY_S / 2)).refusals[0]


def test_bins_of_weeks_are_whole_days_and_have_no_cycle():
    """Sixty days in steps of ten minutes: the day is the same in each bin."""
    t = np.arange(60 * 144) * 600.0
    rng = np.random.default_rng(1)
    y = LEVEL_PA - 1e-5 * t + 40 * np.sin(2 * np.pi * t / DAY_S) + rng.normal(0, 1.0, len(t))
    coarse = of_readings(t, y, np.full(len(t), 293.15)).coarser()
    assert coarse.bin_s == DAY_S
    assert len(coarse) == 60
    found = Fitting.of_line(coarse).generalised()
    assert found.low < -1e-5 < found.high
    assert found.u95 < 1e-6
    assert "no day" in with_day(replace(coarse, bin_s=DAY_S)).refusals[0]


# --- straightness, budget -------------------------------------------------------------------------


def test_parts_are_batch_means(make):
    series = make(_falling, n=120)
    found = parts(series)
    slopes = [
        stats.linregress(t, y).slope
        for t, y in zip(series.t_s.reshape(6, 20), series.y_pa.reshape(6, 20), strict=True)
    ]
    assert found.slopes_pa_s == pytest.approx(slopes, rel=1e-9)
    low, high = stats.t.interval(0.95, 5, np.mean(slopes), stats.sem(slopes))
    assert (found.mean.low, found.mean.high) == pytest.approx((low, high), rel=1e-9)
    assert found.trend_p == pytest.approx(stats.linregress(range(6), slopes).pvalue, rel=1e-9)


def test_the_budget_of_a_leak_rate_is_that_of_monte_carlo(make):
    """Every bound that there is, against JCGM 101 with the same inputs."""
    series = make(_falling)
    warming = replace(series, temperature_k=293.15 + 1e-5 * series.t_s)
    chamber = Chamber(
        1e-3, u_volume=0.01, u_gain=2e-3, temp_lag_s=100.0, temp_gradient_k=1e-3, tempco_pa_k=0.5,
        drift_pa_day=10.0, settling_s=100.0,
    )  # fmt: skip
    slope = measured("gls", "Pa/s", -0.01, 2e-5, 8)
    found = leak_budget(slope, warming, chamber, curvature_pa_s2=1e-7)
    assert found.full
    names = {line.quantity.name: line.quantity for line in found.budget.lines}
    apart_k = 100.0 * 1e-5 + 1e-3
    false = float((warming.p_pa / warming.temperature_k).mean()) * 3 * apart_k / 3600
    assert names["gas against thermometer"].u == pytest.approx(false / math.sqrt(3), rel=1e-6)
    assert names["sensor drift"].u == pytest.approx(10 / 86400 / math.sqrt(3))
    assert names["settling"].u == pytest.approx(1e-5 / math.sqrt(3))
    bounds = [name for name in names if name not in ("noise", "volume", "gain")]

    def model(x):
        return -x["volume"] * x["gain"] * (x["noise"] + sum(x[name] for name in bounds))

    drawn = propagate(model, list(names.values()), bounds)
    assert found.budget.value == pytest.approx(drawn.value, rel=2e-3)
    assert found.budget.u == pytest.approx(drawn.u, rel=0.03)
    assert found.budget.u95 == pytest.approx((drawn.high - drawn.low) / 2, rel=0.12)


def test_what_is_not_bounded_is_said(make):
    found = leak_budget(measured("gls", "Pa/s", -0.01, 2e-5, 8), make(_falling), Chamber(1e-3))
    assert not found.full
    assert any("gas against thermometer" in missing for missing in found.missing)
    assert any("volume" in missing for missing in found.missing)


def test_a_result_turns_over_with_a_negative_factor():
    got = measured("x", "Pa/s", -2.0, 0.5, 10, beyond=0.1).scaled(-3.0, "Pa·m³/s")
    k = stats.t.ppf(0.975, 10)
    assert (got.value, got.unit) == (6.0, "Pa·m³/s")
    assert (got.low, got.high) == pytest.approx((6 - 3 * (k * 0.5 + 0.1), 6 + 3 * (k * 0.5 + 0.1)))
    none = refused("x", "Pa/s", "why")
    assert none.scaled(2.0, "Pa").u95 is None


# --- series ---------------------------------------------------------------------------------------


def test_bins_are_means_of_what_they_hold():
    t = np.arange(1000) * 0.1
    series = of_readings(t, 1e5 + t, np.full(1000, 300.0)).coarser(10)
    assert len(series) == 10
    assert series.y_pa == pytest.approx(1e5 + (np.arange(10) * 100 + 49.5) * 0.1)
    assert series.t_s == pytest.approx(np.arange(10) * 10.0 + 5.0)


def test_a_bin_with_less_than_half_is_left_out():
    t = np.concatenate([np.arange(144), np.arange(200, 400)]).astype(float)
    series = of_readings(t, np.full(344, 1e5), np.full(344, 300.0)).coarser(40)
    assert series.position.tolist() == [*range(14), *range(20, 40)]
    assert series.share.min() == 1.0
    assert series.present == pytest.approx(34 / 40)


@pytest.mark.parametrize(
    ("t", "p", "k", "said"),
    [
        ([0, 1, 1], [1e5] * 3, [300] * 3, "do not increase"),
        ([0, 1, 2], [1e5, math.nan, 1e5], [300] * 3, "no finite number"),
        ([0, 1, 2], [1e5, -1.0, 1e5], [300] * 3, "not positive"),
        ([0, 1, 2], [1e5] * 3, [300, 0, 300], "not positive"),
        ([0], [1e5], [300], "rows of numbers"),
    ],
)
def test_readings_that_are_none_are_refused(t, p, k, said):
    with pytest.raises(InputError, match=said):
        of_readings(t, p, k)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"volume_m3": 0.0}, "volume of 0.0"),
        ({"volume_m3": -1.0}, "volume_m3 = -1.0"),
        ({"volume_m3": 1e-3, "t_ref_k": 20.0}, "reference temperature of 20"),
        ({"volume_m3": 1e-3, "relative_humidity": 40.0}, "relative humidity"),
        ({"volume_m3": 1e-3, "drift_pa_day": math.nan}, "drift_pa_day = nan"),
    ],
)
def test_a_chamber_that_there_cannot_be_is_refused(values, said):
    with pytest.raises(InputError, match=said):
        Chamber(**values)
