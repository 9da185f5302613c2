"""Verdicts rule by rule, from window values written by hand; quantiles against scipy."""

import math
from types import SimpleNamespace

import pytest
from scipy.stats import t as student

from hullcore import testmessages
from hullcore import verdict as v
from hullcore.messages import FLAG_COMPENSATION_WORSE, FLAG_SATURATED, FLAG_STALE
from hullnode import commands, node
from hullwatch.link import testnames
from hullwatch.link.recordkinds import WINDOW

MILLI = 10**12  # 1e-3 Pa·m³/s in fPa·m³/s
NAMES = [f.name for f in WINDOW.fields]
OUTSIDE = 101_325
INSIDE = 117_000


def measurement(**changes):
    values = {
        "lsb_q8": 4, "period_us": 100_000, "volume_ul": 10**6, "pressure_kind": 0,
        "p_out_q8": OUTSIDE << 8,
    }  # fmt: skip
    return SimpleNamespace(**{**values, **changes})


def recipe(**changes):
    values = {
        "kind": 0, "law": 0, "tries": 1, "limit_fpa_m3_s": MILLI, "seat_fpa_m3_s": 0,
        "target_pa": INSIDE, "tolerance_pa": 1_000, "ref_in_pa": 0, "ref_out_pa": 0,
    }  # fmt: skip
    return SimpleNamespace(**{**values, **changes})


def body(leak=0, u_a=MILLI // 40, u_b=0, dof=10**6, p=INSIDE, slope_p=0, settling=0, n=600):
    values = dict.fromkeys(NAMES, 0)
    values.update(
        first=100, last=699, n=n, p_mean_q8=p << 8, slope_p_ppa_s=slope_p,
        leak_rate_fpa_m3_s=leak, u_a_fpa_m3_s=u_a, u_b_fpa_m3_s=u_b, dof=dof,
        settling_ppa_s=settling,
    )  # fmt: skip
    return tuple(values.values())


def judged(leak=0, attempt=1, vented=True, flags=0, m=None, rule=None, **values):
    return v.judge(
        m or measurement(), rule or recipe(), flags, body(leak, **values), attempt, vented
    )


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_quantiles_are_students_for_the_shared_risk(tries):
    for dof in range(1, 31):
        exact = student.ppf(1 - 0.025 / tries, dof) * 10_000
        assert 0 <= v.quantile(tries, dof) - exact < 1.01
    assert v.quantile(tries, 10**6) == v.quantile(tries, 30)


def test_the_limits_of_the_three_verdicts():
    guard = judged().guard
    assert guard == math.ceil(2.0423 * (MILLI // 40))
    for leak, verdict in (
        (MILLI - guard, v.PASS), (MILLI - guard + 1, v.RETEST),
        (MILLI + guard, v.RETEST), (MILLI + guard + 1, v.FAIL), (-guard, v.PASS),
    ):  # fmt: skip
        assert judged(leak, rule=recipe(tries=2, limit_fpa_m3_s=MILLI)).guard > guard
        found = judged(leak)
        wanted = v.FAIL if verdict == v.RETEST else verdict
        assert (found.verdict, found.reasons) == (
            wanted, v.RETESTS if verdict == v.RETEST else 0,
        )  # fmt: skip


def test_a_retest_is_offered_until_the_last_try():
    rule = recipe(tries=3)
    verdicts = [judged(MILLI, attempt, rule=rule) for attempt in (1, 2, 3)]
    assert [x.verdict for x in verdicts] == [v.RETEST, v.RETEST, v.FAIL]
    assert [x.reasons for x in verdicts] == [0, 0, v.RETESTS]


def test_the_guard_band_has_noise_and_bounds_and_their_degrees_of_freedom():
    a, b, dof = MILLI // 60, MILLI // 80, 5
    found = judged(u_a=a, u_b=b, dof=dof)
    total = math.hypot(a, b)
    effective = int(dof * total**4 / a**4)
    assert found.guard == pytest.approx(student.ppf(0.975, effective) * total, rel=1e-4)
    assert (found.u_a, found.u_b, found.dof) == (a, b, dof)


def reasons_of(bits):
    return {name for k, (name, _) in enumerate(testnames.REASONS) if bits >> k & 1}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"u_a": -1, "u_b": -1}, "no_interval"),
        ({"u_b": -1}, "noise_only"),
        ({"m": measurement(lsb_q8=2000)}, "resolution"),
        ({"u_a": MILLI // 8}, "accuracy"),
        ({"rule": recipe(seat_fpa_m3_s=MILLI // 4)}, "accuracy"),
        ({"slope_p": -(INSIDE - OUTSIDE) * 10**12 // 600}, "change"),
        ({"slope_p": (INSIDE - OUTSIDE) * 10**12 // 600}, "change"),
        ({"p": INSIDE + 1_001}, "drive"),
        ({"p": INSIDE - 1_001}, "drive"),
        ({"n": 539}, "gaps"),
        ({"vented": False, "rule": recipe(seat_fpa_m3_s=-1)}, "seat"),
        ({"leak": -MILLI // 10}, "reversed"),
        ({"flags": FLAG_SATURATED}, "saturated"),
        ({"flags": FLAG_STALE}, "stale"),
        ({"flags": FLAG_COMPENSATION_WORSE}, "compensation"),
        ({"rule": recipe(law=1, ref_in_pa=1, ref_out_pa=0), "p": OUTSIDE}, "law"),
    ],
)
def test_what_cannot_carry_a_verdict_is_invalid_and_says_why(changes, reason):
    found = judged(**{"leak": 0, **changes})
    assert found.verdict == v.INVALID
    assert reason in reasons_of(found.reasons)


def test_each_rule_just_kept_is_no_reason():
    tenth = (INSIDE - OUTSIDE) * 10**12 // 600 - 10**9
    for kept in (
        {"p": INSIDE + 1_000}, {"n": 540}, {"slope_p": -tenth},
        {"vented": True, "rule": recipe(seat_fpa_m3_s=-1)},
        {"u_a": int(MILLI / 4 / 2.0424)},
    ):  # fmt: skip
        assert judged(**kept).verdict == v.PASS, kept


def test_a_seats_bound_is_added_before_the_limit():
    seat = MILLI // 10
    rule = recipe(seat_fpa_m3_s=seat)
    guard = judged().guard
    assert judged(MILLI - guard - seat, rule=rule).verdict == v.PASS
    assert judged(MILLI - guard - seat + 1, rule=rule).verdict != v.PASS
    assert judged(MILLI + guard + seat, rule=recipe(seat_fpa_m3_s=seat)).reasons == v.RETESTS
    assert judged(MILLI + guard + seat + 1, rule=rule).reasons == 0
    assert judged(-guard - seat, rule=rule).verdict == v.PASS
    assert judged(-guard - seat - 1, rule=rule).reasons == v.REVERSED


def test_a_vacuum_is_judged_by_what_comes_in_and_outgassing_excuses_no_pass():
    rule = recipe(kind=1, target_pa=60_000)
    at = {"p": 60_000, "rule": rule}
    guard = judged(**at).guard
    assert judged(-(MILLI - guard), **at).verdict == v.PASS
    assert judged(-(MILLI - guard), **at).rate == MILLI - guard
    outgassing = {"settling": MILLI // 10 * 1_000_000 // 10**6, **at}
    assert judged(-(MILLI - guard), **outgassing).verdict == v.PASS
    found = judged(-(MILLI + guard + 1), **outgassing)
    assert found.outgas == MILLI // 10
    assert found.reasons == v.RETESTS  # it may be outgassing: not shown to leak
    assert judged(-(MILLI + guard + MILLI // 10 + 1), **outgassing).reasons == 0


@pytest.mark.parametrize("law", [1, 2])
def test_a_flow_law_states_the_rate_at_the_reference_pressures(law):
    p1, p2 = 130_000, 101_325
    rule = recipe(law=law, ref_in_pa=p1, ref_out_pa=p2)
    f = (lambda a, b: a * a - b * b) if law == 1 else (lambda a, b: a - b)
    ratio = f(p1, p2) / f(INSIDE, OUTSIDE)
    plain, scaled = judged(MILLI // 3), judged(MILLI // 3, rule=rule)
    assert scaled.rate == pytest.approx(plain.rate * ratio, rel=1e-9)
    assert scaled.guard == pytest.approx(plain.guard * ratio, rel=1e-9)
    assert judged(int(MILLI / ratio) - plain.guard - 2, rule=rule).verdict == v.PASS
    assert judged(int(MILLI / ratio) - plain.guard + 2, rule=rule).verdict != v.PASS


def test_a_tight_blank_counts_either_way():
    rule = recipe(kind=4)
    assert judged(-(MILLI // 3), rule=rule).rate == MILLI // 3
    assert judged(-2 * MILLI, rule=rule).verdict == v.FAIL


def test_names_and_numbers_agree():
    assert testnames.VERDICTS[v.PASS] == "PASS"
    assert testnames.VERDICTS[v.FAIL] == "FAIL"
    assert testnames.VERDICTS[v.RETEST] == "RETEST"
    assert testnames.VERDICTS[v.GROSS] == "GROSS"
    assert testnames.VERDICTS[v.INVALID] == "INVALID"
    for name, _ in testnames.REASONS:
        if hasattr(v, name.upper()):
            assert reasons_of(getattr(v, name.upper())) == {name}
    named = [n for n in dir(v) if n.isupper() and isinstance(getattr(v, n), int)]
    assert {"SEAT", "RETESTS", "LAW"} < set(named)


def test_the_node_knows_which_commands_are_about_tests():
    assert node._TEST_LOAD == commands._ABOUT_TESTS == testmessages.TEST_LOAD


def test_every_interpreter_judges_the_same(all_vms):
    program = f"""
from hullcore.verdict import judge
class Plain: pass
def made(values):
    x = Plain()
    for key in values:
        setattr(x, key, values[key])
    return x
m = made({vars(measurement())!r})
for tries in (1, 2, 3):
    rule = made({vars(recipe(law=1, ref_in_pa=130_000, ref_out_pa=101_325))!r})
    rule.tries = tries
    for body in {[body(leak, u_b=3) for leak in (0, MILLI // 2, MILLI, 2 * MILLI)]!r}:
        d = judge(m, rule, 0, body, 1, True)
        print(d.verdict, d.reasons, d.rate, d.guard, d.u_a, d.u_b, d.outgas, d.dof)
"""
    printed = all_vms(program)
    assert printed["cpython"].count("\n") == 12
    assert printed["unix64"] == printed["wasm32"] == printed["cpython"]
