"""A whole analysis: which method is quoted, what is corrected, what is refused."""

import math
from dataclasses import replace

import numpy as np
import pytest

from hullwatch.analysis.chamber import Chamber
from hullwatch.analysis.humidity import vapour_pa
from hullwatch.analysis.noisemodel import Noise
from hullwatch.analysis.series import DAY_S
from hullwatch.analysis.whole import analyse_series

LEVEL_PA = 101_325.0
MMHG_PA = 133.322387415


@pytest.fixture
def chamber():
    return Chamber(1e-3, u_volume=1e-3, outside_pa=0.0, temp_lag_s=10.0)


def _falling(t):
    return -0.01 * t


def test_a_small_loss_is_quoted_by_generalised_least_squares(make, chamber):
    found = analyse_series(make(_falling), chamber)
    assert (found.best.name, found.unit) == ("gls", "Pa·m³/s")
    assert found.best.low < 1e-5 < found.best.high
    assert found.budget.full
    assert found.notes == ()


def test_the_quoted_interval_is_the_method_s_and_the_budget_s(make, chamber):
    found = analyse_series(make(_falling), replace(chamber, u_volume=0.05))
    method = found.method("gls")
    assert found.best.value == method.value
    assert found.best.u == pytest.approx(math.hypot(method.u, 0.05 * method.value), rel=0.01)
    assert found.best.u95 == pytest.approx(found.budget.budget.u95, rel=1e-6)


def test_a_large_loss_is_quoted_by_the_exponential(make, chamber):
    found = analyse_series(make(lambda t: LEVEL_PA * np.expm1(-t / 9000)), chamber)
    assert found.best.name == "exponential"
    assert found.why_best == "30% of the driving pressure was lost"
    assert found.parts.straight  # of the logarithm
    unknown = analyse_series(
        make(lambda t: LEVEL_PA * np.expm1(-t / 9000)), replace(chamber, outside_pa=None)
    )
    assert unknown.method("exponential").refusals == ("the pressure outside is not known",)
    assert not unknown.parts.straight


def test_from_two_days_on_the_day_is_taken_out(make, chamber):
    swing = make(
        lambda t: 200 * np.sin(2 * np.pi * t / DAY_S) - 1e-4 * t, Noise(1.0, 0, 1e-8),
        length_s=3 * DAY_S,
    )  # fmt: skip
    found = analyse_series(swing, chamber)
    assert found.best.name == "diurnal"
    assert found.best.low < 1e-7 < found.best.high


def test_damp_air_is_corrected_for_the_vapour_that_warmth_adds(make, chamber):
    """Dry air that does not leak at 60 % relative humidity, warming by 2 K."""
    dry = make(lambda t: 0 * t, Noise(1e-3, 0, 1e-9))
    kelvin = 293.15 + 2.0 * dry.t_s / 3600
    p = dry.y_pa * kelvin / 293.15 + vapour_pa(0.6, kelvin)
    damp = replace(dry, p_pa=p, temperature_k=kelvin, y_pa=p * 293.15 / kelvin)
    known = replace(chamber, relative_humidity=0.6)
    found = analyse_series(damp, known)
    assert found.method("dry_gas").low < 0 < found.method("dry_gas").high
    assert found.method("gls").high < -1e-6 * 10  # vapour looks like gas coming in
    unsure = analyse_series(damp, replace(known, u_relative_humidity=0.05)).method("dry_gas")
    # 5 of 60 % of what the correction is
    whole = abs(found.method("gls").value - found.method("dry_gas").value)
    assert unsure.u == pytest.approx(whole * 5 / 60, rel=0.1)
    assert "dry_gas" not in {method.name for method in analyse_series(damp, chamber).methods}


def test_a_real_gas_needs_a_temperature(make, chamber):
    pytest.importorskip("CoolProp", reason="needs the extra realgas")
    plain = replace(chamber, compensation="none")
    refusal = analyse_series(make(_falling), plain, real_gas=True).method("real_gas").refusals
    assert "needs a temperature" in refusal[0]
    real = analyse_series(make(_falling), chamber, real_gas=True).method("real_gas")
    assert real.value == pytest.approx(1e-5, rel=0.05)
    neon = replace(chamber, gas="neon")
    refusal = analyse_series(make(_falling), neon, real_gas=True).method("real_gas").refusals
    assert "no equation of state" in refusal[0]


def test_a_closed_chamber_s_reserve_is_that_of_its_newspaper_numbers(make):
    """730 to 620 mmHg in 18 h, to 490: 23.11 h linear from the end's slope, 25.93 h choked."""
    rate = math.log(730 / 620) / (18 * 3600)
    falling = make(
        lambda t: 730 * MMHG_PA * np.exp(-rate * t) - LEVEL_PA, Noise(1e-2, 0, 1e-9),
        length_s=18 * 3600.0,
    )  # fmt: skip
    chamber = Chamber(10.0, outside_pa=0.0, reserve_limit_pa=490 * MMHG_PA)
    found = analyse_series(falling, chamber)
    assert found.best.name == "exponential"
    assert found.best.details["lambda_per_s"] == pytest.approx(rate, rel=1e-3)
    assert found.reserve.linear.seconds / 3600 == pytest.approx(23.11, rel=0.002)
    assert found.reserve.choked.seconds / 3600 == pytest.approx(25.93, rel=0.002)
    assert found.reserve.linear.shortest_s < found.reserve.linear.seconds
    near = analyse_series(falling, replace(chamber, outside_pa=40_000.0))
    assert near.reserve.choked is None
    assert "not choked" in near.reserve.why_not_choked


def test_steps_larger_than_the_noise_widen_every_interval(make, chamber):
    quiet = make(_falling, Noise(1e-6, 0, 1e-12))
    coarse = analyse_series(quiet, replace(chamber, lsb_pa=10.0))
    bound = 1.5 * 10.0 / quiet.length_s * 1e-3
    for name in ("line", "gls", "mass_point", "total_time", "exponential", "outgassing"):
        assert coarse.method(name).u95 >= bound, name
    assert coarse.best.u95 >= bound


def test_equal_readings_give_the_resolution_s_interval_and_no_more(make, chamber):
    flat = replace(make(_falling), y_pa=np.full(128, 1e5), p_pa=np.full(128, 1e5))
    found = analyse_series(flat, replace(chamber, lsb_pa=1.0))
    assert found.best.value == pytest.approx(0.0, abs=1e-15)
    assert found.best.u95 == pytest.approx(1.5 / 3600 * 1e-3, rel=0.05)
    assert "no noise was seen" in found.method("outgassing").refusals[0]
    assert found.changes == ()
