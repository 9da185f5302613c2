"""Published examples: JCGM 100 H.3, JCGM 101 9.2, saturation pressures, equations of state."""

import math

import numpy as np
import pytest

from hullwatch.analysis import linear
from hullwatch.analysis.budget import Quantity, combine, rectangular
from hullwatch.analysis.humidity import saturation_pa, vapour_pa
from hullwatch.analysis.montecarlo import propagate
from hullwatch.analysis.realgas import normalised_pa
from hullwatch.errors import InputError

# JCGM 100:2008, table H.6: readings of a thermometer and corrections, °C
READINGS = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
CORRECTIONS = [
    -0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160,
]  # fmt: skip


@pytest.fixture
def thermometer():
    fit = linear.line(np.array(READINGS) - 20.0, CORRECTIONS)
    (y1, y2), (u1, u2) = fit.coefficients, fit.standard_errors
    inputs = [
        Quantity("y1", y1, u1, "°C", fit.dof), Quantity("y2", y2, u2, "1", fit.dof),
    ]  # fmt: skip
    return fit, inputs, fit.covariance[0, 1] / (u1 * u2)


def test_the_thermometer_of_the_gum(thermometer):
    """H.3.3: y1 = −0.1712 (29) °C, y2 = 0.00218 (67), r = −0.930, s = 0.0035 °C."""
    fit, (y1, y2), r = thermometer
    assert y1.value == pytest.approx(-0.1712, abs=5e-5)
    assert y1.u == pytest.approx(0.0029, abs=5e-5)
    assert y2.value == pytest.approx(0.00218, abs=5e-6)
    assert y2.u == pytest.approx(0.00067, abs=5e-6)
    assert r == pytest.approx(-0.930, abs=5e-4)
    assert fit.residual_sd == pytest.approx(0.0035, abs=5e-5)


def test_a_correction_at_30_degrees_needs_the_correlation(thermometer):
    """H.3.4: b(30 °C) = −0.1494 °C, u = 0.0041 °C with 9 degrees of freedom."""
    _, inputs, r = thermometer
    got = combine(lambda x: x["y1"] + 10 * x["y2"], inputs, {("y1", "y2"): r})
    assert got.value == pytest.approx(-0.1494, abs=5e-5)
    assert got.u == pytest.approx(0.0041, abs=5e-5)
    assert got.dof == 9
    without = combine(lambda x: x["y1"] + 10 * x["y2"], inputs)
    assert without.u > 1.7 * got.u


def test_the_origin_that_takes_the_correlation_away(thermometer):
    """H.3.5: with the mean reading as origin u is the same, from independent inputs."""
    mean = float(np.mean(READINGS))
    fit = linear.line(np.array(READINGS) - mean, CORRECTIONS)
    assert abs(fit.covariance[0, 1]) < 1e-12
    inputs = [
        Quantity("y1", fit.coefficients[0], fit.standard_errors[0], "", 9),
        Quantity("y2", fit.coefficients[1], fit.standard_errors[1], "", 9),
    ]
    got = combine(lambda x: x["y1"] + (30 - mean) * x["y2"], inputs)
    _, correlated, r = thermometer
    other = combine(lambda x: x["y1"] + 10 * x["y2"], correlated, {("y1", "y2"): r})
    assert got.u == pytest.approx(other.u, rel=1e-9)
    assert got.value == pytest.approx(other.value, rel=1e-9)


@pytest.mark.parametrize("pair", [("y1", "y1"), ("y1", "y3")])
def test_a_correlation_of_what_is_no_pair_is_refused(thermometer, pair):
    _, inputs, _ = thermometer
    with pytest.raises(InputError, match="correlation"):
        combine(lambda x: x["y1"] + x["y2"], inputs, {pair: 0.5})
    with pytest.raises(InputError, match=r"correlation of 1\.2"):
        combine(lambda x: x["y1"] + x["y2"], inputs, {("y1", "y2"): 1.2})


def _sum(x):
    return x["a"] + x["b"] + x["c"] + x["d"]


def _four(*widths):
    return [Quantity(name, 0.0, u) for name, u in zip("abcd", widths, strict=True)]


def test_four_normal_inputs_of_jcgm_101():
    """9.2.2, table 2: mean 0, u = 2.0, interval ± 3.92."""
    got = propagate(_sum, _four(1, 1, 1, 1), trials=1_000_000)
    assert got.value == pytest.approx(0.0, abs=0.01)
    assert got.u == pytest.approx(2.0, abs=0.01)
    assert got.high == pytest.approx(3.92, abs=0.02)
    assert got.low == pytest.approx(-3.92, abs=0.02)


def test_four_rectangular_inputs_of_jcgm_101():
    """9.2.3, table 3: the same u, interval ± 3.88."""
    got = propagate(_sum, _four(1, 1, 1, 1), bounds="abcd", trials=1_000_000)
    assert got.u == pytest.approx(2.0, abs=0.01)
    assert got.high == pytest.approx(3.88, abs=0.02)


def test_one_dominant_rectangle_of_jcgm_101():
    """9.2.4, table 4: u = 10.1, interval ± 17.0 where the budget says ± 19.9."""
    inputs = _four(1, 1, 1, 10)
    got = propagate(_sum, inputs, bounds="abcd", trials=1_000_000)
    assert got.u == pytest.approx(10.1, abs=0.06)
    assert got.high == pytest.approx(17.0, abs=0.05)
    assert combine(_sum, inputs).u95 == pytest.approx(19.9, abs=0.05)


def test_draws_of_few_degrees_of_freedom_are_those_of_t():
    """JCGM 101, 6.4.9.4: the variance of a scaled t is u²·ν/(ν − 2)."""
    got = propagate(lambda x: x["a"], [Quantity("a", 1.0, 2.0, "", 10)], trials=1_000_000)
    assert got.u == pytest.approx(2.0 * math.sqrt(10 / 8), rel=0.01)
    assert got.high - 1.0 == pytest.approx(2 * 2.228, rel=0.01)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(InputError, match="100 trials"):
        propagate(_sum, _four(1, 1, 1, 1), trials=100)
    with pytest.raises(InputError, match="no input e"):
        propagate(_sum, _four(1, 1, 1, 1), bounds=["e"])
    assert rectangular(1.0) == pytest.approx(1 / math.sqrt(3))


@pytest.mark.parametrize(
    # IAPWS R7-97(2012), saturation line
    ("celsius", "pascal"), [(0.01, 611.66), (20.0, 2339.3), (25.0, 3169.9), (40.0, 7384.9)],
)  # fmt: skip
def test_vapour_pressure_is_that_of_steam_tables(celsius, pascal):
    assert float(saturation_pa(celsius + 273.15)) == pytest.approx(pascal, rel=4e-3)


def test_one_percent_humidity_is_23_pascal():
    assert float(vapour_pa(0.01, 293.15)) == pytest.approx(23.4, abs=0.2)
    for bad in (-0.1, 1.1):
        with pytest.raises(InputError, match="relative humidity"):
            vapour_pa(bad, 293.15)
    with pytest.raises(InputError, match="−45 to 60"):
        saturation_pa(400.0)


def test_a_real_gas_is_nearly_ideal_at_one_bar_and_less_so_at_ten():
    """Second virial coefficient of nitrogen at 293.15 K: −5.9 cm³/mol (Dymond and Smith)."""
    pytest.importorskip("CoolProp", reason="needs the extra realgas")
    p = np.array([101_325.0, 1.0e6])
    got = normalised_pa("nitrogen", p, np.full(2, 293.15), 293.15)
    virial = 1 - (-5.9e-6) * p / (8.314462618 * 293.15)
    assert got[0] / p[0] == pytest.approx(virial[0], abs=2e-5)
    assert got[1] / p[1] == pytest.approx(virial[1], abs=4e-4)
    assert float(normalised_pa("helium", p, np.full(2, 293.15), 293.15)[1]) < 1.0e6


def test_a_gas_without_an_equation_is_refused():
    pytest.importorskip("CoolProp", reason="needs the extra realgas")
    with pytest.raises(InputError, match="no equation of state of 'neon'"):
        normalised_pa("neon", 1e5, 293.15, 293.15)
    with pytest.raises(InputError, match="no such state"):
        normalised_pa("air", [1e5], [-3.0], 293.15)
