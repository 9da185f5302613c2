"""The vigil of a store: states against the truth and the node's own trend, marks, checks."""

from dataclasses import replace

import numpy as np
import pytest

from hullwatch.errors import InputError
from hullwatch.vigil import Criteria, assess
from hullwatch.vigil.windows import criteria_of

LEAK = 3e-4


def states(vigil):
    return [call.new for call in vigil.calls if call.old != call.new]


def one(station, criteria, now_us, **rest):
    with station.store.reader() as reader:
        (chamber,) = assess(reader, now_us, criteria=criteria, **rest)
    return chamber


def test_a_steady_leak_is_quiet_and_one_that_doubles_is_called_after_it_did(
    station, criteria, hour
):
    station.node([LEAK] * 100 + [3 * LEAK] * 20)
    before = one(station, criteria, hour(100))
    assert (before.state, before.alarms) == ("STEADY", ())
    assert states(before.nodes[0]) == ["STEADY"]
    after = one(station, criteria, hour(120))
    (vigil,) = after.nodes
    assert states(vigil) == ["STEADY", "RISING", "DOUBLED"]
    called = [(call.utc_us - hour(0)) / 3.6e9 for call in vigil.calls if call.new == "DOUBLED"]
    assert 100 < called[0] <= 104
    assert after.alarms
    assert vigil.rate_pa_m3_s == pytest.approx(3 * LEAK, abs=5e-5)


def test_the_doubling_time_of_an_exponential_is_inside_its_interval(station, criteria, hour):
    hours = np.arange(200)
    growth = np.where(hours < 100, 1.0, np.exp2((hours - 100) / 30))
    station.node(LEAK * growth)
    (vigil,) = one(station, replace(criteria, learn=20), hour(200)).nodes
    assert vigil.state == "DOUBLED"
    assert vigil.doubling is not None
    assert vigil.doubling.low_s < 30 * 3600 < vigil.doubling.high_s
    assert vigil.doubling.high_s < 1.2 * vigil.doubling.low_s


def test_the_node_and_the_host_see_the_same_states(site):
    """The trend of a simulated node, on the device, window by window, and this one."""
    made = site(extra={"trend_s": (60,), "windows_s": (10, 60), "trend_learn": 5, "alarm_days": 1})
    made.log()
    made.run(1500)
    made.logger.finish()
    with made.store.reader() as reader:
        (row,) = reader.nodes()
        own = criteria_of(reader, row.node)
        assert own == Criteria(
            window_s=60, learn=5, alarm_days=1, margin_percent=20, cease_limit_pa_m3_s=1e-6,
            cease_s=86400, drive_pa=10000,
        )  # fmt: skip
        windows = reader.windows(row.node, 60.0)
        (chamber,) = assess(reader, round(made.utc_s() * 1e6), criteria=own)
        changes = [e.text.split(",")[0] for e in reader.events() if e.event.startswith("TREND")]
    (vigil,) = chamber.nodes
    assert windows[-1].trend == vigil.state
    # no second node: the host's own fit of the newest window's raw samples
    assert chamber.confirmation.verdict == "agree"
    assert "mass-point" in chamber.confirmation.parties[1]
    assert vigil.windows > 5
    assert [f"60 s {call.old} to {call.new}" for call in vigil.calls] == changes


@pytest.mark.parametrize(("silent_h", "quiet_h"), [(0.5, 60), (1.0, 60), (2.5, 30)])
def test_a_reset_breaks_no_proof_but_silence_does(station, criteria, hour, silent_h, quiet_h):
    """Samples of both boots are counted on by UTC: a gap of one window is permitted."""
    station.node([0.0] * 30)
    station.node([0.0] * 30, boot=2, seed=2, start_h=30 + silent_h)
    (vigil,) = one(station, replace(criteria, cease_s=10**6), hour(60.1 + silent_h)).nodes
    assert vigil.windows == 60
    assert vigil.proof.quiet_s == quiet_h * 3600


def test_a_docking_is_a_leak_without_its_mark_and_none_with_it(station, criteria, hour):
    """2 Pa in an hour: a hundred standard uncertainties."""
    station.node([LEAK] * 100, jump=(60, -2.0))
    raw = one(station, criteria, hour(100)).nodes[0]
    assert "RISING" in states(raw)
    station.mark("docking", 60.2, 60.8)
    (masked,) = one(station, criteria, hour(100)).nodes
    assert states(masked) == ["STEADY"]
    assert masked.masked == 1
    assert masked.windows == raw.windows - 1


def test_an_opening_voids_what_was_learned_and_a_revoked_one_does_not(station, criteria, hour):
    station.node([LEAK] * 50 + [2.5 * LEAK] * 50)
    number = station.mark("repair", 49.9, 50.1)
    opened = one(station, criteria, hour(100)).nodes[0]
    assert states(opened) == ["STEADY", "LEARNING", "STEADY"]
    assert opened.calls[1].words == f"mark repair {number}"
    (mark,) = station.store.reader().marks()
    station.store.add_mark(replace(mark, kind="revoke", revokes=number))
    assert "DOUBLED" in states(one(station, criteria, hour(100)).nodes[0])


def test_a_baseline_that_is_told_replaces_the_learned_one(station, criteria, hour):
    station.node([2.5 * LEAK] * 60)
    station.mark("baseline", 30, 30, rate=LEAK)
    assert "DOUBLED" in states(one(station, criteria, hour(60)).nodes[0])


def ceasing(station, leak, found):
    """Leaks for 40 h, is sealed; from 60 to 70 h a known leak of `leak` that loses `found`."""
    rates = [LEAK] * 40 + [0.0] * 20 + [found] * 10 + [0.0] * 40 + [LEAK] * 10
    station.node(rates)
    station.mark("repair", 39.9, 40.1)
    station.mark("known-leak", 60, 70, rate=leak)


def test_cessation_takes_quiet_windows_and_a_known_leak_that_was_found(station, criteria, hour):
    ceasing(station, LEAK, LEAK)
    (vigil,) = one(station, criteria, hour(110)).nodes
    (check,) = vigil.checks
    assert check.recovered
    assert check.found_pa_m3_s == pytest.approx(LEAK, abs=check.u95_pa_m3_s)
    called = [(call.utc_us - hour(0)) / 3.6e9 for call in vigil.calls if call.new == "CEASED"]
    assert 70 + 24 <= called[0] <= 70 + 26
    (later,) = one(station, criteria, hour(120)).nodes
    assert later.state == "RESURGED"
    assert 110 < (later.calls[-1].utc_us - hour(0)) / 3.6e9 <= 112


@pytest.mark.parametrize(
    ("leak", "found", "reason"),
    [(LEAK, 0.5 * LEAK, "another size"), (LEAK, 0.0, "another size"), (1e-6, 1e-6, "too small")],
)
def test_no_cessation_without_it(station, criteria, hour, leak, found, reason):
    ceasing(station, leak, found)
    (vigil,) = one(station, criteria, hour(110)).nodes
    assert not vigil.checks[0].recovered
    assert reason in vigil.checks[0].reason
    assert "CEASED" not in states(vigil)
    assert vigil.proof.quiet_s >= vigil.proof.asked_s


def test_without_a_temperature_bound_nothing_is_proved(station, criteria, hour):
    station.node([0.0] * 60, bounded=False)
    station.mark("known-leak", 30, 40, rate=LEAK)
    (vigil,) = one(station, criteria, hour(60)).nodes
    assert (vigil.proof.quiet_s, vigil.checks[0].recovered) == (0, False)
    assert "noise only" in vigil.checks[0].reason


def test_silence_is_an_alarm(station, criteria, hour):
    station.node([LEAK] * 30)
    assert one(station, criteria, hour(31.5)).alarms == ()
    late = one(station, criteria, hour(36))
    assert late.nodes[0].missing == ("no usable window for 6.0 h, allowed 2.0 h",)
    assert late.alarm


def test_a_proof_grows_old(station, criteria, hour):
    ceasing(station, LEAK, LEAK)
    old = one(station, replace(criteria, recheck_s=20 * 3600), hour(109))
    assert old.nodes[0].missing == ("no known leak recovered for 1.6 d",)
    assert one(station, replace(criteria, recheck_s=50 * 3600), hour(109)).nodes[0].missing == ()


def test_nothing_after_the_time_asked_for_is_seen(station, criteria, hour):
    station.node([LEAK] * 100 + [3 * LEAK] * 20)
    station.mark("repair", 110, 111)
    assert (
        one(station, criteria, hour(90)).nodes[0].calls
        == (one(station, criteria, hour(120)).nodes[0].calls[:1])
    )


def test_two_nodes_that_agree_and_two_that_do_not(tmp_path, station, criteria, hour):
    station.node([LEAK] * 60, uid=0, name="PrK")
    station.node([LEAK] * 60, uid=1, name="PrK", seed=2)
    agreed = one(station, criteria, hour(60))
    assert agreed.confirmation.verdict == "agree"
    assert (len(agreed.nodes), agreed.alarms) == (2, ())
    other = type(station)(tmp_path / "other.db")
    other.node([LEAK] * 60, uid=0, name="PrK")
    other.node([2 * LEAK] * 60, uid=1, name="PrK", seed=2)
    differ = one(other, criteria, hour(60))
    other.store.close()
    assert differ.confirmation.verdict == "disagree"
    assert "disagree" in differ.alarms[0]


def test_unnamed_nodes_are_chambers_of_their_own(station, criteria, hour):
    station.node([LEAK] * 30, uid=0, name="chamber")
    station.node([LEAK] * 30, uid=1, name="chamber", seed=2)
    with station.store.reader() as reader:
        assert len(assess(reader, hour(30), criteria=criteria)) == 2
        (only,) = assess(reader, hour(30), node=reader.nodes()[0].node, criteria=criteria)
    assert len(only.nodes) == 1


@pytest.mark.parametrize("wrong", [{"cease_s": 60}, {"learn": 1}, {"cease_limit_pa_m3_s": 0.0}])
def test_criteria_that_contradict_themselves(station, criteria, hour, wrong):
    station.node([LEAK] * 10)
    with pytest.raises(InputError):
        one(station, replace(criteria, **wrong), hour(10))


def test_a_window_length_that_the_node_does_not_make(station, criteria, hour):
    station.node([LEAK] * 10)
    chamber = one(station, replace(criteria, window_s=7200), hour(10))
    assert chamber.state == "LEARNING"
    assert chamber.nodes[0].missing == ("no window of 7200 s that counts",)
    assert chamber.rating is None
