"""One closing: predicted slopes against integration, densities against scipy, what follows."""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.stats import multivariate_normal

from hullwatch.isolate import closing
from hullwatch.isolate.closing import (
    FIRST,
    LEAKY,
    NOWHERE,
    OTHER,
    SECOND,
    TIGHT,
    Closed,
    Rate,
    Reading,
)

V1, V2, Q = 7.0, 90.0, 0.9
RATE = Rate(Q, 0.02)


def two_volumes(conductance, times):
    """Pressures of both sides, Pa, by integration: loss Q from the first."""

    def change(_t, p):
        through = conductance * (p[0] - p[1])
        return [(-Q - through) / V1, through / V2]

    solved = solve_ivp(change, (0, times[-1]), [1e5, 1e5], t_eval=times, rtol=1e-11, atol=1e-9)
    return solved.y


def made(slopes, u=1e-4, length_s=20.0):
    """A closing from mean slopes per side."""
    rows = [
        (first, Reading("s", k * length_s, (k + 1) * length_s, slope, u, 0.0, "full_profile"))
        for first, side in ((True, slopes[0]), (False, slopes[1]))
        for k, slope in enumerate(side)
    ]
    return Closed("h", V1, V2, tuple(rows))


def physical(conductance, windows=5, length_s=20.0, **rest):
    edges = np.arange(windows + 1) * length_s
    pressures = two_volumes(conductance, edges)
    return made(np.diff(pressures, axis=1) / length_s, length_s=length_s, **rest)


@pytest.mark.parametrize("conductance", [0.0, 0.01, 0.1, 1.0])
def test_predicted_slopes_are_those_of_two_volumes(conductance):
    closed = physical(conductance)
    k_per_s = conductance * (1 / V1 + 1 / V2)
    for side, row in closed.readings:
        predicted = Q * closed._gain(side, row, True, k_per_s)
        assert predicted == pytest.approx(row.slope_pa_s, rel=1e-5, abs=1e-8)


def test_densities_are_those_of_a_full_covariance():
    rng = np.random.default_rng(3)
    closed = made(rng.normal(0.0, 1e-2, (2, 4)), u=3e-3)
    rows = closed.readings
    slopes = np.array([row.slope_pa_s for _, row in rows])
    noise = np.diag([row.u_pa_s**2 for _, row in rows])
    gain = np.array([-1 / V1 if first else 0.0 for first, _ in rows])
    spread = math.hypot(RATE.u_pa_m3_s, closing.MODEL_REL * Q)
    expected = multivariate_normal(Q * gain, noise + spread**2 * np.outer(gain, gain))
    constant = 0.5 * len(rows) * math.log(2 * math.pi)
    assert closed._log_leak(True, 0.0, RATE) == pytest.approx(
        expected.logpdf(slopes) + constant, rel=1e-9
    )
    spread = 2.0 * RATE.upper_pa_m3_s
    sides = [np.array([f / V1 for f, _ in rows]), np.array([(not f) / V2 for f, _ in rows])]
    expected = multivariate_normal(
        np.zeros(len(rows)), noise + spread**2 * sum(np.outer(side, side) for side in sides)
    )
    assert closed._log_other(RATE) == pytest.approx(expected.logpdf(slopes) + constant, rel=1e-9)


def best(closed):
    found = closed.evidence(RATE)
    return max(found, key=lambda key: found[key])


def test_what_each_picture_says():
    assert best(physical(0.0)) == (FIRST, TIGHT)
    assert best(made(([0.0] * 5, [-Q / V2] * 5))) == (SECOND, TIGHT)
    assert best(physical(0.1)) == (FIRST, LEAKY)
    assert best(made(([0.0] * 5, [0.0] * 5)))[0] == NOWHERE
    # both fall at once, each by itself: no single leak does that through any hatch
    assert best(made(([-0.5 * Q / V1] * 5, [-0.8 * Q / V2] * 5)))[0] == OTHER


def test_no_single_test_is_certain():
    """However small the noise: a chance remains that the test says nothing."""
    found = physical(0.0, u=1e-9).evidence(RATE)
    assert found[FIRST, TIGHT] - found[SECOND, TIGHT] < 40.0
    assert found[SECOND, TIGHT] == pytest.approx(
        found[OTHER, TIGHT] + math.log(closing.INVALID), abs=0.02
    )


def test_windows_of_a_section_share_their_uncertainty():
    rows = [Reading("a", 0, 1, s, u, 0.0, "") for s, u in ((1.0, 3.0), (2.0, 4.0))]
    rows.append(Reading("b", 0, 1, 5.0, 1.0, 0.0, ""))
    pooled = closing.pooled(rows)
    assert [row.u_pa_s for row in pooled] == pytest.approx([12.5**0.5, 12.5**0.5, 1.0])
    mean, u = closing.weighted(pooled)
    assert mean == pytest.approx((3.0 / 12.5 + 5.0) / (2 / 12.5 + 1.0))
    assert u == pytest.approx((2 / 12.5 + 1.0) ** -0.5)
