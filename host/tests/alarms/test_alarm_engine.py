"""Raised once, latched until acknowledged, told on every transition."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullwatch.alarms.delivery import Delivery
from hullwatch.alarms.engine import Engine
from hullwatch.errors import InputError, StoreLocked
from hullwatch.store.alarmlog import AlarmLog

NOW_US = 1_700_000_000_000_000
MINUTE_US = 60_000_000


def looks(engine, heard, *minutes, start_us=NOW_US):
    """One look a minute at a node that was heard so many minutes before."""
    made = []
    for k, one in enumerate(minutes):
        now_us = start_us + k * MINUTE_US
        made += [name for name, _ in engine.step([heard(one, now_us)], now_us)]
    return made


def told(desk):
    Delivery(desk.log, [desk.channel], lambda: NOW_US + 10**12).step()
    return [(one["transition"], one["state"]) for one in desk.channel.messages]


def test_an_alarm_that_clears_stays_until_somebody_knows(desk, heard, silent_rule):
    engine = Engine(desk.log, desk.settings(silent_rule))
    assert looks(engine, heard, 1, 11, 12, 0, 0) == ["raised", "cleared"]
    (row,) = desk.log.alarms()
    assert (row.state, row.times, row.value) == ("cleared", 1, 720.0)
    closed = engine.acknowledge(row.id, "ada", NOW_US)
    assert (closed.state, closed.acked_by) == ("closed", "ada")
    assert desk.log.alarms() == []
    expected = [("raised", "active"), ("cleared", "cleared"), ("acknowledged", "closed")]
    assert told(desk) == expected


def test_an_acknowledged_alarm_closes_when_it_clears(desk, heard, silent_rule):
    engine = Engine(desk.log, desk.settings(silent_rule))
    looks(engine, heard, 11)
    assert engine.acknowledge(1, "ada", NOW_US).state == "acknowledged"
    assert looks(engine, heard, 12, 0) == ["cleared"]
    assert [row.state for row in desk.log.alarms(open_only=False)] == ["closed"]


def test_what_comes_back_before_it_was_closed_is_the_same_alarm(desk, heard, silent_rule):
    engine = Engine(desk.log, desk.settings(silent_rule))
    assert looks(engine, heard, 11, 0, 11) == ["raised", "cleared", "raised again"]
    (row,) = desk.log.alarms()
    assert (row.state, row.times) == ("active", 2)


def test_what_comes_back_after_it_was_closed_is_a_new_one(desk, heard, silent_rule):
    engine = Engine(desk.log, desk.settings(silent_rule))
    looks(engine, heard, 11, 0)
    engine.acknowledge(1, "ada", NOW_US)
    assert looks(engine, heard, 11) == ["raised"]
    assert [row.id for row in desk.log.alarms(open_only=False)] == [2, 1]


def test_a_restarted_engine_tells_nothing_twice(desk, heard, silent_rule):
    looks(Engine(desk.log, desk.settings(silent_rule)), heard, 11)
    assert looks(Engine(desk.log, desk.settings(silent_rule)), heard, 12, 13) == []
    assert told(desk) == [("raised", "active")]


def test_it_must_hold_for_a_while(desk, heard, silent_rule):
    engine = Engine(desk.log, desk.settings(replace(silent_rule, for_s=180.0)))
    assert looks(engine, heard, 11, 11, 0, 11, 11, 11) == []
    later_us = NOW_US + 6 * MINUTE_US
    assert looks(engine, heard, 11, start_us=later_us) == ["raised"]


def test_nobody_knowing_is_told_again(desk, heard, silent_rule):
    desk.remind_s = 300.0
    engine = Engine(desk.log, desk.settings(silent_rule))
    assert looks(engine, heard, *[11] * 11) == ["raised", "reminder", "reminder"]
    engine.acknowledge(1, "ada", NOW_US)
    assert looks(engine, heard, *[11] * 30) == []


def test_a_channel_for_alarms_hears_of_no_warning(desk, heard, silent_rule):
    desk.least = "alarm"
    looks(Engine(desk.log, desk.settings(replace(silent_rule, severity="warning"))), heard, 11)
    assert told(desk) == []
    assert len(desk.log.alarms()) == 1


def test_two_nodes_are_two_alarms(desk, heard, silent_rule):
    engine = Engine(desk.log, desk.settings(silent_rule))
    made = engine.step([heard(11, node="a1"), heard(12, node="b2")], NOW_US)
    assert [(name, row.subject) for name, row in made] == [("raised", "a1"), ("raised", "b2")]


def test_only_one_program_raises(desk):
    desk.log.hold("hullwatch alarms")
    with AlarmLog(desk.log.path) as other, pytest.raises(StoreLocked, match="hullwatch alarms"):
        other.hold("hullwatch serve")


def test_acknowledging_what_is_not_open_is_refused(desk, heard, silent_rule):
    engine = Engine(desk.log, desk.settings(silent_rule))
    with pytest.raises(InputError, match="no alarm 7"):
        engine.acknowledge(7, "ada", NOW_US)
    looks(engine, heard, 11)
    engine.acknowledge(1, "ada", NOW_US)
    with pytest.raises(InputError, match="alarm 1 is acknowledged already"):
        engine.acknowledge(1, "bob", NOW_US)
    assert desk.log.alarms()[0].acked_by == "ada"


ACTS = st.sampled_from(["holds", "quiet", "ack", "restart", "deliver", "down"])


@settings(max_examples=60, deadline=None)
@given(st.lists(ACTS, max_size=40))
def test_whatever_happens_each_transition_is_told_once_and_in_order(
    tmp_path_factory, desk_of, silent_rule, heard, acts
):
    """Against a model of three facts: open, holding, known."""
    with AlarmLog.beside(tmp_path_factory.mktemp("log") / "hull.db") as log:
        desk = desk_of(log)
        engine = Engine(log, desk.settings(silent_rule))
        is_open = holding = known = False
        expected = []
        now_us = NOW_US
        for act in acts:
            now_us += 10 * MINUTE_US
            if act in ("holds", "quiet"):
                engine.step([heard(11 if act == "holds" else 0, now_us)], now_us)
                if act == "holds" and not is_open:
                    is_open, holding, known = True, True, False
                    expected.append("raised")
                elif act == "holds" and not holding:
                    holding, known = True, False
                    expected.append("raised again")
                elif act == "quiet" and is_open and holding:
                    holding, is_open = False, not known
                    expected.append("cleared")
            elif act == "ack" and is_open and not known:
                engine.acknowledge(log.alarms()[0].id, "ada", now_us)
                known, is_open = True, holding
                expected.append("acknowledged")
            elif act == "restart":
                engine = Engine(log, desk.settings(silent_rule))
            elif act in ("deliver", "down"):
                desk.channel.down = act == "down"
                Delivery(log, [desk.channel], lambda now_us=now_us: now_us).step()
            assert len(log.alarms()) == is_open
        desk.channel.down = False
        Delivery(log, [desk.channel], lambda: now_us + 60 * MINUTE_US).step()
    assert [one["transition"] for one in desk.channel.messages] == expected
    assert len({one["id"] for one in desk.channel.messages}) == len(expected)
