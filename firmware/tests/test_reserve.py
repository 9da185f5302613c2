"""Reserve time against the printed PrK pressures, exact fractions and the floating-point form."""

from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullcore.reserve import LONGEST_S, NEVER, of_window_s, reserve_s
from hullwatch.analysis import reserve
from hullwatch.errors import InputError

MMHG_PA = Fraction("133.322387415")
PPA = 10**12

pressures = st.integers(0, 2**30 - 1)
slopes = st.integers(-(2**63) + 1, 2**63 - 1)
half_widths = st.integers(0, 2**63 - 1)


def q8(mmhg: int) -> int:
    return round(mmhg * MMHG_PA * 256)


def ppa_s(mmhg_h: str) -> int:
    return round(Fraction(mmhg_h) * MMHG_PA / 3600 * PPA)


# 730 → 620 mmHg in 18 h, to 490 mmHg: with the slope at the end, and with the mean slope
PRK = (("-5.6256", 23.11, 25.93), ("-6.1111", 21.27, 23.87))


@pytest.mark.parametrize(("slope", "linear_h", "choked_h"), PRK)
def test_the_printed_prk_pressures(slope, linear_h, choked_h):
    assert round(reserve_s(q8(620), q8(490), ppa_s(slope), 0) / 3600, 2) == linear_h
    per_s = float(slope) / 3600
    assert round(reserve.linear(620, 490, per_s, 0).seconds / 3600, 2) == linear_h
    assert round(reserve.choked(620, 490, per_s, 0, outside=0).seconds / 3600, 2) == choked_h


def test_the_half_width_shortens_it_to_the_upper_bound_of_the_loss():
    assert reserve_s(q8(620), q8(490), ppa_s("-5"), ppa_s("0.6256")) == reserve_s(
        q8(620), q8(490), ppa_s("-5") - ppa_s("0.6256"), 0
    )


def test_never_saturation_and_the_limit_itself():
    assert reserve_s(1000, 1000, -5, 0) == 0
    assert reserve_s(999, 1000, 5, 0) == 0
    assert reserve_s(1001, 1000, 5, 4) == NEVER
    assert reserve_s(1001, 1000, 5, 5) == NEVER
    assert reserve_s(2**30 - 1, 0, 0, 1) == LONGEST_S == 2**32 - 3
    second = 3906250000  # pPa in 1/256 Pa
    assert reserve_s(1001, 1000, 0, second) == 1
    assert reserve_s(1001, 1000, 0, second + 1) == 0


def test_an_unknown_interval_has_no_safe_side():
    with pytest.raises(ValueError, match="half-width"):
        reserve_s(1001, 1000, -5, -1)


@given(pressures, pressures, slopes, half_widths)
def test_linear_is_the_fraction_rounded_down(p_q8, limit_q8, slope, half):
    got = reserve_s(p_q8, limit_q8, slope, half)
    loss = half - slope
    if p_q8 <= limit_q8:
        assert got == 0
    elif loss <= 0:
        assert got == NEVER
    else:
        exact = Fraction(p_q8 - limit_q8, 256) / Fraction(loss, PPA)
        assert got == min(exact // 1, LONGEST_S)


@given(pressures, pressures, slopes, half_widths, st.integers(1, 2**63 - 1))
def test_growth_gives_the_second_before_the_limit_is_crossed(p_q8, limit_q8, slope, half, growth):
    got = reserve_s(p_q8, limit_q8, slope, half, growth)
    if p_q8 <= limit_q8:
        assert got == 0
        return

    def lost_apa(t):
        return (half - slope) * 10**6 * t + Fraction(growth * t * t, 2)

    fall_apa = Fraction((p_q8 - limit_q8) * 10**18, 256)
    assert lost_apa(got) <= fall_apa
    if got < LONGEST_S:  # at most one second too early: both roundings are down
        assert lost_apa(got + 2) > fall_apa


def test_growth_shortens_and_nothing_that_shrinks_lengthens():
    steady = reserve_s(q8(620), q8(490), ppa_s("-5"), 0)
    assert reserve_s(q8(620), q8(490), ppa_s("-5"), 0, 10**9) < steady
    assert reserve_s(q8(620), q8(490), ppa_s("-5"), 0, -(10**9)) == steady


def test_a_pressure_that_rises_now_but_whose_loss_grows_has_an_end():
    assert reserve_s(q8(620), q8(490), ppa_s("5"), 0) == NEVER
    # 130 mmHg = −5·t + g·t²/2 (h): g = 2·(130 + 5·26)/26² reaches the limit in 26 h
    growth = Fraction(2 * (130 + 5 * 26), 26**2) * MMHG_PA / 3600**2 * 10**18
    assert abs(reserve_s(q8(620), q8(490), ppa_s("5"), 0, round(growth)) - 26 * 3600) <= 1


def test_choked_only_where_it_is_choked_down_to_the_limit():
    choked = reserve.choked
    assert choked(620.0, 190.0, -1e-3, 1e-4, outside=100.0).seconds > 0
    with pytest.raises(InputError, match="not choked down to 189") as caught:
        choked(620.0, 189.0, -1e-3, 1e-4, outside=100.0)
    assert caught.value.hint == "use the linear form, which is the shorter one"
    assert choked(100.0, 190.0, -1e-3, 1e-4, outside=100.0).seconds == 0


def test_host_intervals_hold_the_best_value_and_refuse_nonsense():
    for form in (reserve.linear, lambda *a: reserve.choked(*a, outside=0.0)):
        times = form(620.0, 490.0, -1e-3, 5e-4)
        assert times.shortest_s < times.seconds < times.longest_s
        assert form(620.0, 490.0, -1e-3, 1e-3).longest_s == float("inf")
        assert form(620.0, 490.0, 1e-3, 0.0).shortest_s == float("inf")
        for bad in ((float("nan"), 490, -1, 0), (620, 0, -1, 0), (620, 490, -1, -1)):
            with pytest.raises(InputError):
                form(*bad)


def test_the_node_is_the_hosts_linear_form_from_the_upper_bound():
    node = reserve_s(q8(620), q8(490), ppa_s("-5.6256"), ppa_s("0.31"))
    host = reserve.linear(620, 490, -5.6256 / 3600, 0.31 / 3600)
    assert node == int(host.shortest_s)


def test_the_same_on_every_interpreter(all_vms):
    program = """
from hullcore.reserve import reserve_s
x = 12345
for i in range(60):
    x = (x * 1103515245 + 12345) % 2147483648
    s = (x - 1073741824) << (i % 32)
    print(reserve_s(x >> 1, x >> 2, s, x, 0), reserve_s(x >> 1, 7, s, x, x << (i % 30)))
"""
    outputs = all_vms(program)
    assert outputs["cpython"].count("\n") == 60
    assert len(set(outputs.values())) == 1


@given(
    pressures, st.integers(1, 2**30 - 1), st.integers(200 * 65536, 400 * 65536),
    st.integers(-(10**13), 10**13), st.integers(0, 10**12), st.integers(8, 10**6),
    st.sampled_from([0, 0, 5 * 10**9]),
)  # fmt: skip
def test_of_a_window_from_its_middle_to_its_end(p, limit, t, leak, u, span_s, growth):
    """Q/V·T/T_ref is the loss of pressure at a steady gas temperature; half a window is over."""
    m = SimpleNamespace(volume_ul=10**6, t_ref_q16=19_211_878, reserve_limit_q8=limit)
    got = of_window_s(m, p, t, leak, u, span_s * 1_000_000, growth)
    loss = Fraction(leak + u, 10**15) / Fraction(10**6, 10**9) * Fraction(t, 19_211_878)  # Pa/s
    fall = Fraction(p - limit, 256)
    grows = Fraction(growth, 10**18) * Fraction(t, 19_211_878)
    if fall <= 0:
        assert got == 0
    elif got == NEVER:
        assert loss <= 0
        assert not grows
    elif got < LONGEST_S:
        middle = got + Fraction(span_s, 2)
        # at that time the pressure is still above the limit, a little later it is not
        assert loss * middle + grows * middle**2 / 2 <= fall or got == 0
        later = middle + 3 + middle / 10**6
        most = loss + Fraction(1, 10**12)  # both rates were rounded up to their units
        assert most * later + (grows + Fraction(1, 10**18)) * later**2 / 2 >= fall
