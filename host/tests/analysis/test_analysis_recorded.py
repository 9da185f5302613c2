"""Recorded decays and a cabin: what the analysis says of them, and what it refuses to say."""

import math
import os
from pathlib import Path

import numpy as np
import pytest

from hullwatch.analysis.chamber import Chamber
from hullwatch.analysis.series import of_readings
from hullwatch.analysis.whole import analyse_series

AMBIENT_PA, U_AMBIENT_PA = 101_300.0, 3000.0
ROOM_K = 293.15

SECOND_HALVES = {"aluminium": -17.8, "prusa": -49.9, "ultimaker_006": -29.8}
"""Slopes of ordinary fits, Pa/s, as published beside the recordings."""


@pytest.fixture(scope="module")
def recorded():
    root = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("HULLWATCH_DATA", root.parent / "shared" / "data")) / "normalised"
    if not folder.is_dir():
        pytest.skip("needs the recordings in ../shared/data/normalised")

    def load(name):
        rows = np.genfromtxt(folder / f"{name}.csv", delimiter=",", skip_header=1)
        return rows[:, 0] - rows[0, 0], rows[:, 1], rows[:, 2]

    return load


@pytest.fixture(scope="module")
def decay(recorded):
    """The analysis of a decay without thermometer, whole or from the middle on."""

    def analysed(name, half=False):
        t, gauge, _ = recorded(f"tudelft_{name}")
        keep = t >= t[-1] / 2 if half else t >= 0
        series = of_readings(t[keep], gauge[keep] + AMBIENT_PA, np.full(keep.sum(), ROOM_K))
        chamber = Chamber(
            None, compensation="none", outside_pa=AMBIENT_PA, u_outside_pa=U_AMBIENT_PA
        )
        return analyse_series(series, chamber)

    return analysed


@pytest.mark.parametrize("name", SECOND_HALVES)
def test_intervals_hold_the_second_half_s_slope(decay, name):
    found = decay(name, half=True)
    assert found.unit == "Pa/s"
    for method in ("parts", "line", "gls", "mass_point", "total_time", "exponential"):
        result = found.method(method)
        assert result.low < SECOND_HALVES[name] < result.high, method
    line = found.method("line")
    assert line.value == pytest.approx(SECOND_HALVES[name], abs=0.2)
    # the ± 0.4 to 1.7 of an ordinary fit is what a tenth of the truth looks like
    assert line.u95 > 8 * line.details["naive_u95_pa_s"]
    assert found.best.value is not None


def test_aluminium_is_flagged_as_not_straight(decay):
    found = decay("aluminium", half=True)
    assert not found.parts.straight
    assert found.best.flags[0].startswith("not straight: slopes of the parts -33.8")
    assert found.parts.slopes_pa_s[-1] > 0  # it rises
    for name in ("prusa", "ultimaker_006"):
        assert decay(name, half=True).parts.straight


def test_the_settling_of_prusa_is_flagged(decay):
    assert not decay("prusa").parts.straight


def test_a_gross_leak_is_no_line_and_not_one_exponential(decay):
    found = decay("ultimaker_015")
    assert found.best.name == "exponential"
    assert "% of the driving pressure was lost" in found.why_best
    assert found.best.flags[0].startswith("not straight")


def test_the_station_s_board_sensor_is_refused_with_both_causes(recorded):
    """The board warms itself by 1 K, and its steps of 0.1 K are worth 33 Pa."""
    t, p, celsius = recorded("iss_astropi_mk2")
    kelvin = celsius + 273.15
    series = of_readings(t, p, kelvin, p * 293.15 / kelvin)
    chamber = Chamber(1005.0, outside_pa=0.0, lsb_pa=10.0, lsb_k=0.1)
    found = analyse_series(series, chamber)
    assert found.compensation.verdict == "refused"
    short, long = found.compensation.causes
    assert "steps of 0.1 K are worth 33 Pa" in short
    assert "the board's own heating" in long
    assert "compensation refused" in found.best.flags
    assert any("refused, rates are of the pressure alone" in note for note in found.notes)
    # −10.7 Pa/h of the pressure, not the −26.3 of the "corrected" one
    plain = found.method("line").value / -1005.0 * 3600
    assert plain == pytest.approx(-10.7 * 293.15 / kelvin.mean(), rel=0.02)
    compensated = found.compensation.compensated_slope_pa_s * 3600
    assert compensated == pytest.approx(-26.3 * 293.15 / kelvin.mean(), rel=0.02)
    assert not math.isclose(plain, compensated, rel_tol=0.5)
    # a walk of 0.1 Pa²/s, as the records of this log have it
    assert found.noise.noise.walk_pa2_s == pytest.approx(0.1, rel=0.5)


def test_a_resting_sensor_is_white_to_a_second_and_drifts_then(recorded):
    t, p, celsius = recorded("ms5611_80hz")
    kelvin = celsius + 273.15
    found = analyse_series(
        of_readings(t, p, kelvin, p), Chamber(None, compensation="none", lsb_pa=1.06)
    )
    by_lag = {round(point.lag_s, 2): point.deviation_pa for point in found.allan}
    assert by_lag[0.01] == pytest.approx(1.48, abs=0.05)
    assert min(by_lag.values()) == pytest.approx(0.19, abs=0.06)
    assert found.noise.noise.walk_pa2_s == pytest.approx(0.03, rel=1.0)
