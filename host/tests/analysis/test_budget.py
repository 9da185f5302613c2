"""Uncertainty budgets against GUM's own example, closed forms and Monte Carlo (JCGM 101)."""

import math

import numpy as np
import pytest
from scipy import stats

from hullwatch.analysis.background import of_tight_part, of_two_windows
from hullwatch.analysis.budget import Quantity, combine, rectangular
from hullwatch.analysis.volumecal import by_expansion, by_known_leak
from hullwatch.analysis.zerocal import zero
from hullwatch.errors import InputError

DRAWS = 200_000  # a standard deviation is then known to 0.2 %


def test_the_end_gauge_of_the_gum():
    """JCGM 100:2008, H.1: l = l_s + d − l_s(δα·θ + α_s·δθ), u_c = 32 nm, 16 degrees of freedom."""
    inputs = [
        Quantity("ls", 50_000_623, 25, "nm", 18),
        Quantity("d", 215, 9.7, "nm", 25.6),
        Quantity("da", 0, 0.58e-6, "1/K", 50),
        Quantity("theta", -0.1, 0.41, "K"),
        Quantity("as", 11.5e-6, 1.2e-6, "1/K"),
        Quantity("dt", 0, 0.029, "K", 2),
    ]
    got = combine(
        lambda x: x["ls"] + x["d"] - x["ls"] * (x["da"] * x["theta"] + x["as"] * x["dt"]), inputs
    )
    assert got.value == pytest.approx(50_000_838, abs=0.5)
    assert got.u == pytest.approx(32, abs=0.5)
    contributions = {line.quantity.name: line.contribution for line in got.lines}
    assert contributions["ls"] == pytest.approx(25, abs=0.05)
    assert contributions["d"] == pytest.approx(9.7, abs=0.05)
    assert contributions["da"] == pytest.approx(2.9, abs=0.05)
    assert contributions["dt"] == pytest.approx(16.6, abs=0.1)
    assert got.dof == 16  # H.1.6: 16.7, cut off
    assert got.k == pytest.approx(stats.t.ppf(0.975, 16))


def test_a_product_of_powers_adds_relative_variances():
    inputs = [Quantity("a", 4.0, 0.004), Quantity("b", 2.0, 0.003)]
    got = combine(lambda x: x["a"] ** 2 / x["b"], inputs)
    assert got.u / got.value == pytest.approx(math.hypot(2 * 0.001, 0.0015), rel=1e-5)
    assert got.dof == math.inf
    assert got.k == pytest.approx(1.959964, abs=1e-6)


def test_without_uncertainty_and_without_value():
    assert combine(lambda x: x["a"], [Quantity("a", 3, 0)]).u == 0
    with pytest.raises(InputError, match="nothing follows"):
        combine(lambda x: 1 / x["a"], [Quantity("a", 0, 0)])
    for bad in (Quantity("a", math.nan, 1), Quantity("a", 1, -1), Quantity("a", 1, math.inf)):
        with pytest.raises(InputError, match="a:"):
            combine(lambda x: x["a"], [bad])


# --- volume by a known leak -----------------------------------------------------------------------


def _mc(values):
    """Mean, standard deviation, half of the shortest 95 % interval."""
    values = np.sort(values)
    k = round(0.95 * len(values))
    widths = values[k:] - values[: len(values) - k]
    return values.mean(), values.std(), widths.min() / 2


def test_volume_by_known_leak_agrees_with_monte_carlo():
    rng = np.random.default_rng(4)
    leak = Quantity("", 1.0e-4, 1.2e-6)
    opened, shut = Quantity("", -1.09e-1, 8e-4, "Pa/s", 9), Quantity("", -9e-3, 6e-4, "Pa/s", 9)
    got = by_known_leak(
        leak, opened, shut, gain=Quantity("", 1.0, 4e-4),
        temperature=Quantity("", 293.15, 0.5, "K"), pressure_step_relative=0.2,
    )  # fmt: skip
    q = rng.normal(1.0e-4, 1.2e-6, DRAWS)
    # JCGM 101, 6.4.9.2: a type A mean with ν degrees of freedom is a scaled and shifted t; its
    # standard deviation is larger by √(ν/(ν − 2)) than the GUM's u
    b_open, b_shut = (rng.normal(x.value, x.u, DRAWS) for x in (opened, shut))
    other = rng.uniform(-0.2 * 9e-3, 0.2 * 9e-3, DRAWS)
    gain, temperature = rng.normal(1, 4e-4, DRAWS), rng.normal(293.15, 0.5, DRAWS)
    volume = q * gain * temperature / 293.15 / (b_shut - b_open + other)
    mean, sd, half = _mc(volume)
    assert got.value == pytest.approx(1e-3)
    assert mean == pytest.approx(got.value, rel=1e-3)
    assert got.u == pytest.approx(sd, rel=0.02)
    assert half == pytest.approx(1.96 * got.u, rel=0.02)
    assert got.dof > 100  # the leak standard dominates


def test_the_leak_of_the_chamber_itself_drops_out():
    for own in (0.0, -0.01, 0.3):
        got = by_known_leak(
            Quantity("", 2e-4, 0), Quantity("", own - 0.1, 1e-4), Quantity("", own, 1e-4)
        )
        assert got.value == pytest.approx(2e-3)


@pytest.mark.parametrize(
    ("opened", "shut", "said"),
    [
        (-0.1, -0.1, "do not differ"),
        (-0.01, -0.1, "exchanged"),
        (-0.102, -0.1, "well enough"),
    ],
)
def test_slopes_that_do_not_show_the_leak_are_refused(opened, shut, said):
    with pytest.raises(InputError) as told:
        by_known_leak(
            Quantity("", 1e-4, 1e-6), Quantity("", opened, 2e-4), Quantity("", shut, 2e-4)
        )
    assert said in f"{told.value.message} {told.value.hint}"


# --- volume by expansion --------------------------------------------------------------------------


def _equalised(v, p, v_known, p_known):
    """Isothermal equalisation, by Boyle."""
    return (p * v + p_known * v_known) / (v + v_known)


@pytest.mark.parametrize("p_known", [0.0, 50_000.0, 300_000.0])
def test_volume_by_expansion_is_boyles(p_known):
    at = Quantity("", 293.15, 0.02, "K")
    common = _equalised(1.3e-3, 101_325, 0.5e-3, p_known)
    got = by_expansion(
        Quantity("", 0.5e-3, 1e-6), (Quantity("", 101_325, 10), at),
        (Quantity("", p_known, 10), at), Quantity("", common, 10), (at, at),
    )  # fmt: skip
    assert got.value == pytest.approx(1.3e-3, rel=1e-9)


def test_volume_by_expansion_agrees_with_monte_carlo():
    rng = np.random.default_rng(6)
    n = DRAWS
    v_known, p, p_known = 0.5e-3, 101_325.0, 300_000.0
    t, t_known, t_after, t_known_after = 293.15, 294.15, 293.65, 293.9
    true = 1.2e-3
    common = (p * true / t + p_known * v_known / t_known) / (
        true / t_after + v_known / t_known_after
    )
    got = by_expansion(
        Quantity("", v_known, 8e-7), (Quantity("", p, 15), Quantity("", t, 0.1, "K")),
        (Quantity("", p_known, 15), Quantity("", t_known, 0.1, "K")), Quantity("", common, 15),
        (Quantity("", t_after, 0.1, "K"), Quantity("", t_known_after, 0.1, "K")),
        zero=Quantity("", 0, 200, "Pa"),
    )  # fmt: skip

    def drawn(value, u):
        return value + u * rng.standard_normal(n)

    zeros = drawn(0, 200)
    moles = (drawn(p_known, 15) - zeros) / drawn(t_known, 0.1)
    p2 = drawn(common, 15) - zeros
    moles -= p2 / drawn(t_known_after, 0.1)
    gained = p2 / drawn(t_after, 0.1) - (drawn(p, 15) - zeros) / drawn(t, 0.1)
    mean, sd, half = _mc(drawn(v_known, 8e-7) * moles / gained)
    assert got.value == pytest.approx(true, rel=1e-9)
    assert mean == pytest.approx(true, rel=1e-3)
    assert got.u == pytest.approx(sd, rel=0.01)
    assert got.u95 == pytest.approx(half, rel=0.02)
    contributions = {line.quantity.name: line.contribution for line in got.lines}
    assert contributions["pressure zero"] < 0.1 * got.u  # common to all three: nearly cancels


def test_an_expansion_that_is_none_is_refused():
    at = Quantity("", 293.15, 0.1, "K")
    same = Quantity("", 101_325, 10, "Pa")
    with pytest.raises(InputError, match="nothing follows"):
        by_expansion(Quantity("", 1e-3, 0), (same, at), (same, at), same, (at, at))
    with pytest.raises(InputError, match="chamber temperature"):
        by_expansion(
            Quantity("", 1e-3, 0), (same, Quantity("", -20, 1)), (same, at), same, (at, at)
        )


# --- zero and background --------------------------------------------------------------------------


def test_a_zero_carries_the_rounding_of_the_sensor():
    got = zero(Quantity("", 101_330, 0.3, "Pa", 9), Quantity("", 101_320, 2.5, "Pa"), lsb_pa=1.2)
    assert got.value == 10
    assert got.u == pytest.approx(math.sqrt(0.3**2 + 2.5**2 + 1.2**2 / 12))


def test_the_background_of_a_tight_part_lies_below_the_reading_by_what_it_may_leak():
    got = of_tight_part(Quantity("", 5e-7, 0), 2e-7)
    assert got.value == pytest.approx(4e-7)
    assert got.u == pytest.approx(1e-7 / math.sqrt(3))
    assert rectangular(3) == pytest.approx(math.sqrt(3))


def test_two_windows_find_the_background_of_a_leaking_part():
    """The reading is leak + B·exp(−t/τ), for every τ up to the bound: |error| ≤ √3·u always."""
    background, bound_s, apart_s = 3e-6, 120.0, 300.0
    for leak in (0.0, 1e-5):
        for tau in (1.0, 30.0, 90.0, 120.0):
            second = leak + background * math.exp(-apart_s / tau)
            got = of_two_windows(
                Quantity("", leak + background, 0), Quantity("", second, 0), apart_s, bound_s
            )
            assert abs(got.value - background) <= math.sqrt(3) * got.u * (1 + 1e-9)
            assert got.u < 0.03 * background


def test_two_windows_agree_with_monte_carlo():
    rng = np.random.default_rng(9)
    got = of_two_windows(Quantity("", 8e-6, 2e-7), Quantity("", 5e-6, 2e-7), 100.0, 60.0)
    largest = 1 / (1 - math.exp(-100 / 60))
    drawn = rng.normal(8e-6, 2e-7, DRAWS) - rng.normal(5e-6, 2e-7, DRAWS)
    drawn *= rng.uniform(1, largest, DRAWS)
    assert got.value == pytest.approx(drawn.mean(), rel=2e-3)
    assert got.u == pytest.approx(drawn.std(), rel=0.01)


def test_windows_too_near_to_each_other_are_refused():
    with pytest.raises(InputError, match="left in the second"):
        of_two_windows(Quantity("", 2, 0), Quantity("", 1, 0), 60.0, 100.0)
    with pytest.raises(InputError, match="windows -60"):
        of_two_windows(Quantity("", 2, 0), Quantity("", 1, 0), -60.0, 1.0)
