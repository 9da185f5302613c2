"""At least once: kept until received, in order, later and later."""

import pytest

from hullwatch.alarms.delivery import Delivery, wait_s
from hullwatch.alarms.engine import Engine
from hullwatch.store.alarmlog import AlarmLog

NOW_US = 1_700_000_000_000_000


class Clock:
    def __init__(self):
        self.us = NOW_US

    def __call__(self):
        return self.us

    def later(self, seconds):
        self.us += round(seconds * 1e6)


@pytest.fixture
def clock():
    return Clock()


def raise_and_clear(desk, heard, rule):
    engine = Engine(desk.log, desk.settings(rule))
    engine.step([heard(11)], NOW_US)
    engine.step([heard(0)], NOW_US)


def test_a_receiver_that_was_away_gets_everything_in_order(desk, heard, silent_rule, clock):
    raise_and_clear(desk, heard, silent_rule)
    delivery = Delivery(desk.log, [desk.channel], clock)
    desk.channel.down = True
    ((first, error),) = delivery.step()
    assert error == "it is down"
    assert desk.log.waiting() == {"kept": (2, "it is down")}
    clock.later(1.0)
    assert delivery.step() == []  # not yet, and the second not before the first
    desk.channel.down = False
    clock.later(1.1)
    delivery.step()
    assert [one["transition"] for one in desk.channel.messages] == ["raised", "cleared"]
    assert desk.channel.messages[0]["id"] == first.id
    assert desk.log.waiting() == {}
    assert delivery.step() == []


def test_waits_double_up_to_five_minutes():
    waits = [wait_s(n) for n in range(12)]
    assert waits[:4] == [2.0, 4.0, 8.0, 16.0]
    assert waits[7:] == [256.0, 300.0, 300.0, 300.0, 300.0]
    assert wait_s(10**9) == 300.0


def test_a_crash_between_sending_and_noting_sends_the_same_again(
    desk, heard, silent_rule, clock, monkeypatch
):
    raise_and_clear(desk, heard, silent_rule)

    def dies(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(desk.log, "sent", dies)
    with pytest.raises(KeyboardInterrupt):
        Delivery(desk.log, [desk.channel], clock).step()
    with AlarmLog(desk.log.path) as log:  # another process
        Delivery(log, [desk.channel], clock).step()
    told = [(one["id"], one["transition"]) for one in desk.channel.messages]
    assert [name for _, name in told] == ["raised", "raised", "cleared"]
    assert told[0] == told[1]
    assert told[2][0] != told[1][0]


def test_one_channel_does_not_hold_up_another(desk, kept, heard, silent_rule, clock):
    other = kept("other")
    settings = desk.settings(silent_rule)
    both = type(settings)(settings.rules, (*settings.channels, (other, "warning")), 0.0)
    Engine(desk.log, both).step([heard(11)], NOW_US)
    desk.channel.down = True
    Delivery(desk.log, [desk.channel, other], clock).step()
    assert [one["transition"] for one in other.messages] == ["raised"]
    assert list(desk.log.waiting()) == ["kept"]


def test_a_channel_that_was_taken_out_of_the_file_is_still_owed(desk, heard, silent_rule, clock):
    raise_and_clear(desk, heard, silent_rule)
    Delivery(desk.log, [], clock).step()
    count, error = desk.log.waiting()["kept"]
    assert count == 2
    assert "no channel of this name" in error
    clock.later(10)
    Delivery(desk.log, [desk.channel], clock).step()
    assert len(desk.channel.messages) == 2


def test_messages_of_two_logs_have_different_ids(tmp_path, desk_of, heard, silent_rule, clock):
    ids = set()
    for name in ("a.db", "b.db"):
        with AlarmLog.beside(tmp_path / name) as log:
            desk = desk_of(log)
            Engine(log, desk.settings(silent_rule)).step([heard(11)], NOW_US)
            Delivery(log, [desk.channel], clock).step()
            ids |= {one["id"] for one in desk.channel.messages}
    assert len(ids) == 2
