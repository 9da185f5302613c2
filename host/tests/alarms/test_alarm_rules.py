"""Each rule: on what a simulated node really recorded, and at its limits."""

from dataclasses import replace

import pytest

from hullwatch.alarms.findings import Facts, gather
from hullwatch.alarms.rules import RULES
from hullwatch.alarms.settings import RuleSettings, usual
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.store import Reader
from hullwatch.store.calibrations import CalibrationRow

DAY_US = 86_400_000_000


def now_us(one):
    return round(one.utc_s() * 1e6)


def facts_of(one):
    with Reader.open(one.path) as reader:
        (facts,) = gather(reader, now_us(one))
    return facts


def answers(facts, stands=()):
    """What every rule says with its usual limit."""
    return {
        rule.name: RULES[rule.name][0](facts, rule, rule.name in stands) for rule in usual().rules
    }


def raised(facts, stands=()):
    return {name for name, found in answers(facts, stands).items() if found.holds}


@pytest.fixture
def leaking(site):
    """Ten minutes of a leak that the node is told to call rapid: 0.1 Pa/s, limit 0.02."""
    one = site(
        chamber=ChamberSpec(leak_pa_m3_s=1e-4, volume_m3=1e-3, seed=7), seed=7,
        extra={"rapid_mpa_s": 20, "name": "jar", "reserve_limit_pa": 115_000},
    )  # fmt: skip
    one.log()
    one.run(620)
    return one


def test_what_a_node_recorded_is_what_is_raised(leaking):
    facts = facts_of(leaking)
    assert facts.chamber == "jar"
    found = answers(facts)
    assert {name for name, one in found.items() if one.holds} == {"rapid", "reserve"}
    rapid = found["rapid"]
    assert "limit 0.02 Pa/s" in rapid.text
    epoch, number = (int(part) for part in rapid.cause.split("/"))
    (event,) = [one for one in facts.events if (one.epoch, one.number) == (epoch, number)]
    assert event.event in ("RAPID", "STEP")
    reserve = found["reserve"]
    assert reserve.unit == "s"
    assert "upper 95 % bound" in reserve.text
    # 0.1 Pa/s over what is left above 115,000 Pa, less for the bound
    left_s = (facts.windows[-1].pressure_mean_pa - 115_000) / 0.1
    assert 0.5 * left_s < reserve.value < left_s


def test_a_sensor_that_stops_and_comes_back(site):
    one = site(seed=7)
    one.log()
    one.run(30)
    assert raised(facts_of(one)) == set()
    one.bench.world.bus.nack(0x47)
    one.run(30)
    found = answers(facts_of(one))["sensor_fault"]
    assert found.holds
    assert "stopped delivering" in found.text
    one.bench.world.bus.clear(0x47)
    one.run(60)
    assert "sensor_fault" not in raised(facts_of(one), stands={"sensor_fault"})


def test_a_restart_ends_a_fault_only_once_a_window_has_come(site):
    one = site(seed=7)
    one.log()
    one.run(30)
    facts = facts_of(one)
    rule = RuleSettings("sensor_fault", "alarm")
    (boot,) = [event for event in facts.events if event.event == "BOOT"]
    newest = max(row.number for row in facts.windows)
    stale = replace(boot, event="STALE", number=boot.number + 1)
    later = replace(boot, number=newest + 1)
    sensor = RULES["sensor_fault"][0]
    fault = replace(facts, events=(boot, stale))
    assert sensor(fault, rule, False).holds is True
    waiting = replace(facts, events=(boot, stale, later))
    assert sensor(waiting, rule, True).holds is None
    window = replace(facts.windows[-1], number=newest + 2)
    assert sensor(replace(waiting, windows=(window,)), rule, True).holds is False
    stuck = replace(window, flags="STALE")
    assert sensor(replace(waiting, windows=(stuck,)), rule, True).holds is None


def test_a_node_that_is_silent(site):
    one = site(seed=7)
    one.log()
    one.run(30)
    facts = facts_of(one)
    heard_us = facts.heard_utc_us
    assert 0 <= now_us(one) - heard_us < 11e6
    for seconds, expected in ((600, False), (601, True)):
        late = replace(facts, now_utc_us=heard_us + round(seconds * 1e6))
        assert answers(late)["node_silent"].holds is expected
    assert answers(replace(late, now_utc_us=heard_us + 7200 * 10**6))["node_silent"].text == (
        "nothing heard for 2 h"
    )


@pytest.mark.parametrize(
    ("days_left", "holds", "word"), [(15, False, ""), (13, True, "expires"), (-1, True, "expired")]
)
def test_a_calibration_that_ends(site, days_left, holds, word):
    one = site(seed=7)
    one.log()
    one.run(20)
    node = one.boots()[0].node
    until_us = now_us(one) + days_left * DAY_US
    one.store.add_calibration(
        CalibrationRow(
            node=node, sensor="", kind="volume", value=1e-3, u=1e-6, dof=None, unit="m³",
            t_ref_k=None, calibrated_utc_us=until_us - 365 * DAY_US,
            valid_until_utc_us=until_us, recorded_utc_us=now_us(one), method="weighed",
            certificate="", instrument="", note="", budget="[]",
        )
    )  # fmt: skip
    found = answers(facts_of(one))["calibration"]
    assert found.holds is holds
    assert word in found.text
    if holds:
        assert found.value == pytest.approx(days_left, abs=0.01)
        assert "volume" in found.text


@pytest.mark.parametrize(
    ("state", "rule"),
    [("DOUBLED", "doubled"), ("RISING", "rising"), ("RESURGED", "cessation_lost")],
)
def test_a_trend_that_is_alarming(leaking, state, rule):
    facts = facts_of(leaking)
    window = replace(facts.windows[-1], trend=state)
    others = facts.windows[:-1]
    found = answers(replace(facts, windows=(*others, window)))
    assert {"doubled", "rising", "cessation_lost"} & {
        name for name, one in found.items() if one.holds
    } == {rule}
    assert f"± {window.u95_pa_m3_s:.2g} Pa·m³/s at 293.15 K" in found[rule].text
    assert found[rule].value == window.leak_rate_pa_m3_s


def test_reserve_time_lets_go_farther_off_than_it_raises(leaking):
    facts = facts_of(leaking)
    rule = RuleSettings("reserve", "alarm", 3600.0)

    def holds(reserve_s, stands):
        row = replace(facts.windows[-1], reserve_s=reserve_s)
        return RULES["reserve"][0](replace(facts, windows=(row,)), rule, stands).holds

    assert [holds(s, stands=False) for s in (3599, 3600, 4400)] == [True, False, False]
    assert [holds(s, stands=True) for s in (3599, 3600, 4400, 4500)] == [True, True, True, False]
    assert holds(-1, stands=True) is False  # never
    assert RULES["reserve"][0](replace(facts, windows=()), rule, stands=True).holds is None


def test_a_crash_is_told_for_an_hour(site):
    one = site(seed=7)
    one.log()
    one.run(20)
    facts = facts_of(one)
    crash = replace(facts.events[0], event="CRASH", text="ValueError: x")
    facts = replace(facts, events=(crash,))
    found = answers(facts)["node_fault"]
    assert found.holds
    assert found.text == "the node reports CRASH: ValueError: x"
    late = replace(facts, now_utc_us=crash.received_utc_us + 3601 * 10**6)
    assert answers(late)["node_fault"].holds is False


def test_an_empty_store_raises_nothing():
    facts = Facts("a1", "a1", 1, 1, (), (), ())
    assert raised(facts) == set()
    assert raised(facts, stands=set(RULES)) == set()
