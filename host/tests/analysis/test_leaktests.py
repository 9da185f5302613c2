"""Mass-point, total-time, 40 CFR 1065.644 and decay constants against printed numbers."""

import math
import sys

import numpy as np
import pytest
from scipy import stats

from hullwatch.analysis.decay import decay_constant, fit_decay
from hullwatch.analysis.distributions import t_quantile
from hullwatch.analysis.flowrate import State, inward_leak_mol_s
from hullwatch.analysis.masspoint import mass_point, total_time
from hullwatch.errors import InputError, MissingCapability

# Nine hourly readings of 10 L of dry air, evaluated with the R they were computed with.
HOURS = list(range(9))
PRESSURE_PA = [
    101325.0, 101301.2, 101290.9, 101262.1, 101247.8, 101219.5, 101206.4, 101181.0, 101160.7,
]  # fmt: skip
TEMPERATURE_K = [
    293.150, 293.148, 293.160, 293.142, 293.155, 293.143, 293.158, 293.150, 293.149,
]  # fmt: skip
R_NINE = 8.314462618
R_CFR = 8.314472


def test_the_nine_point_mass_point_set():
    got = mass_point(HOURS, PRESSURE_PA, TEMPERATURE_K, 0.010, r_j_mol_k=R_NINE)
    assert got.slope_mol_h == pytest.approx(-8.404177863e-5, rel=1e-9)
    assert got.start_mol == pytest.approx(0.4157143873, rel=1e-9)
    assert got.slope_se_mol_h == pytest.approx(1.085575784e-6, rel=1e-9)
    assert got.leak_pct_day == pytest.approx(0.4851895, abs=5e-8)
    assert got.se_pct_day == pytest.approx(0.00626217, abs=5e-9)
    assert got.simple_se_pct_day == pytest.approx(0.00626724, abs=5e-9)
    assert got.t95 == pytest.approx(1.8945786, abs=5e-8)
    assert got.ucl95_pct_day == pytest.approx(0.4970537, abs=5e-8)
    assert got.simple_ucl95_pct_day == pytest.approx(0.4970633, abs=5e-8)
    assert got.leak_mol_s == pytest.approx(2.334494e-8, rel=2e-7)
    assert got.leak_mol_s * R_NINE * 293.15 == pytest.approx(5.69006e-5, rel=1e-6)


def test_the_rate_in_percent_needs_neither_volume_nor_gas_constant():
    given = mass_point(HOURS, PRESSURE_PA, TEMPERATURE_K, 0.010, r_j_mol_k=R_NINE)
    other = mass_point(HOURS, PRESSURE_PA, TEMPERATURE_K, 37.0)
    assert other.leak_pct_day == pytest.approx(given.leak_pct_day, rel=1e-12)
    assert other.ucl95_pct_day == pytest.approx(given.ucl95_pct_day, rel=1e-12)


def test_water_vapour_is_not_gas_that_is_kept():
    dry = np.linspace(100_000, 99_900, 9)
    vapour = np.linspace(500, 1_500, 9)
    wet = mass_point(HOURS, dry + vapour, [293.15] * 9, 1.0, vapour_pa=vapour)
    assert wet.leak_pct_day == pytest.approx(0.3, rel=1e-9)  # 0.1 % in 8 h
    assert mass_point(HOURS, dry + vapour, [293.15] * 9, 1.0).leak_pct_day < 0


def test_the_upper_limit_covers_the_true_rate_in_95_of_100_tests():
    rng = np.random.default_rng(3)
    trials, leak_pct_day = 2_000, 0.5
    t = np.arange(24.0)
    amount = 101_325 * (1 - leak_pct_day / 2400 * t)
    noise = rng.normal(0, 15, (trials, 24))
    limits = [mass_point(t, amount + e, [293.15] * 24, 1.0).ucl95_pct_day for e in noise]
    covered = sum(limit > leak_pct_day for limit in limits)
    low, high = stats.binom.interval(0.999, trials, 0.95)
    assert low <= covered <= high


def test_total_time_of_a_steady_loss_is_that_loss():
    t = np.array([0.0, 0.5, 1.0, 2.0, 5.0, 9.0])
    temperature = np.array([293.0, 294.0, 292.5, 293.0, 295.0, 291.0])
    pressure = 101_325 / 293.0 * temperature * (1 - 0.25 / 2400 * t)
    got = total_time(t, pressure, temperature)
    assert got.leak_pct_day == pytest.approx(0.25, rel=1e-9)
    assert got.se_pct_day < 1e-9


def test_total_time_is_the_line_s_value_at_the_last_reading():
    t, p, k = (np.array(v, dtype=float) for v in (HOURS, PRESSURE_PA, TEMPERATURE_K))
    rates = 2400 / t[1:] * (1 - k[0] * p[1:] / (k[1:] * p[0]))
    line = stats.linregress(t[1:], rates)
    n, spread = 8, np.sum((t[1:] - t[1:].mean()) ** 2)
    sd = line.stderr * math.sqrt(spread)
    se = sd * math.sqrt(1 / n + (t[-1] - t[1:].mean()) ** 2 / spread)
    got = total_time(t, p, k)
    assert got.leak_pct_day == pytest.approx(line.intercept + line.slope * t[-1], rel=1e-9)
    assert got.se_pct_day == pytest.approx(se, rel=1e-9)
    assert got.ucl95_pct_day == pytest.approx(
        got.leak_pct_day + stats.t.ppf(0.95, 6) * se, rel=1e-9
    )


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("time_h", [0, 1, 1, 2]),
        ("time_h", [0, 2, 1, 3]),
        ("time_h", [0, 1, 2]),
        ("pressure_pa", [1e5, 1e5, 0, 1e5]),
        ("pressure_pa", [1e5, math.nan, 1e5, 1e5]),
        ("temperature_k", [20, -5, 20, 20]),
        ("temperature_k", 293.15),
        ("volume_m3", 0),
        ("volume_m3", math.nan),
        ("vapour_pa", 2e5),
    ],
)
def test_readings_that_are_no_leak_test_are_refused(change, value):
    given = {
        "time_h": [0, 1, 2, 3], "pressure_pa": [1e5, 9e4, 8e4, 7e4],
        "temperature_k": [293.0] * 4, "volume_m3": 1.0, "vapour_pa": 0.0,
    }  # fmt: skip
    mass_point(**given)
    with pytest.raises(InputError):
        mass_point(**{**given, change: value})


def test_t_quantiles_without_scipy_say_what_to_install(monkeypatch):
    assert t_quantile(0.95, 7) == pytest.approx(1.8945786050613)
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(MissingCapability) as told:
        t_quantile(0.95, 7)
    assert "hullwatch[analysis]" in told.value.hint


def test_the_leak_check_of_40_cfr_1065_644():
    start, end = State(25_300, 293.15, 0), State(50_600, 293.15, 70)
    assert inward_leak_mol_s(2e-3, start, end, R_CFR) == pytest.approx(2.96570e-4, rel=2e-6)
    warmer = State(25_300 * 303.15 / 293.15, 303.15, 70)
    assert inward_leak_mol_s(2e-3, start, warmer) == pytest.approx(0, abs=1e-18)


def test_a_leak_check_of_nothing_is_refused():
    state, later = State(25_300, 293.15, 0), State(25_300, 293.15, 70)
    for volume, first, last in ((0, state, later), (2e-3, later, state), (2e-3, state, state)):
        with pytest.raises(InputError):
            inward_leak_mol_s(volume, first, last)
    for pressure, temperature in ((-1, 293), (25_300, 0), (math.nan, 293)):
        with pytest.raises(InputError):
            State(pressure, temperature, 0)


# Printed pressures of the transfer chamber with its hatch closed, mmHg; times in days.
@pytest.mark.parametrize(
    ("start", "end", "days", "low", "high"),
    [
        (730, 620, 0.75, 0.2175, 0.2185),  # December 2020, in 18 h
        (728, 465, 2.5, 0.165, 0.185),  # February 2021, two and a half to three days
        (730, 678, 0.5, 0.145, 0.155),  # March 2021, in a night
        (473, 273, 6, 0.0915, 0.0925),  # July 2021: the 14th, 20th, 25th, 28th, 29th
        (273, 200, 5, 0.0615, 0.0625),
        (200, 167, 3, 0.0595, 0.0605),
        (167, 160, 1, 0.0425, 0.0435),
    ],
)
def test_printed_pressures_give_the_decay_constants_listed(start, end, days, low, high):
    assert low <= decay_constant(start, end, days) <= high


def test_the_july_pressures_are_not_one_exponential():
    fit = fit_decay([14, 20, 25, 28, 29], [473, 273, 200, 167, 160])
    assert fit.constant == pytest.approx(0.0715, abs=5e-5)
    assert fit.time_constant == pytest.approx(14.0, abs=0.05)
    parts = [decay_constant(473, 273, 6), decay_constant(167, 160, 1)]
    assert max(abs(part - fit.constant) for part in parts) > 4 * fit.standard_error


def test_a_decay_towards_the_outside_is_counted_from_there():
    outside = 101_325
    p = [outside + side * 5_000 * math.exp(-0.3 * t) for side in (1, -1) for t in range(4)]
    for held in (p[:4], p[4:]):
        assert decay_constant(held[0], held[3], 3, outside) == pytest.approx(0.3, rel=1e-9)
        assert fit_decay(range(4), held, outside).constant == pytest.approx(0.3, rel=1e-9)
    assert fit_decay(range(4), [700] * 4).time_constant == math.inf


@pytest.mark.parametrize(
    ("start", "end", "duration", "outside"),
    [(5, 0, 1, 0), (0, 5, 1, 0), (5, -1, 1, 0), (5, 3, 0, 0), (5, 3, -1, 0), (math.nan, 3, 1, 0)],
)
def test_what_is_no_decay_is_refused(start, end, duration, outside):
    with pytest.raises(InputError):
        decay_constant(start, end, duration, outside)


def test_pressures_across_the_outside_are_refused():
    with pytest.raises(InputError):
        fit_decay([0, 1, 2], [5, 1, -1])
