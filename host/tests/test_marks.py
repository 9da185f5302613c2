"""Marks and calibration between a host and a simulated node, and the commands that send them."""

import contextlib
import json
import sys

import pytest

from hullwatch.cli import calibratenoise, marking
from hullwatch.cli.app import main
from hullwatch.control import requests
from hullwatch.errors import InputError, Refused
from hullwatch.ingest.marks import (
    DECLARE,
    RECOVERED,
    RELEARN,
    Mark,
    blocks_needed,
    calibrate_noise,
    send_mark,
)
from hullwatch.ingest.owner import PortOwner

TRENDED = {"trend_s": (10, 60), "windows_s": (10, 60), "trend_learn": 5}


@pytest.fixture
def logged(site):
    def make(seconds, **extra):
        one = site(extra={**TRENDED, **extra})
        one.log()
        one.run(seconds)
        return one

    return make


@pytest.fixture
def hullwatch(monkeypatch, capsys):
    """Runs a command whose node is the one of a simulated site; (exit code, stdout, stderr)."""

    def run(one, *args, uid=None):
        @contextlib.contextmanager
        def own_dialogue(port):
            yield one.logger

        monkeypatch.setattr(calibratenoise, "holder_for", lambda port: None)
        monkeypatch.setattr(calibratenoise, "own_dialogue", own_dialogue)

        def through(port, request, direct):
            if request["do"] == requests.STATUS:
                return {"node": uid or one.logger.session.hello.uid}
            return direct(one.logger)

        def put_row(path, owner, request, direct):
            return direct(one.store)  # as the logger that owns the database

        monkeypatch.setattr(marking, "through", through)
        monkeypatch.setattr(marking, "put_row", put_row)
        monkeypatch.setattr(calibratenoise.time, "sleep", one.run)
        monkeypatch.setattr(sys, "argv", ["hullwatch", *args])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


def events(one):
    one.run(3)
    one.logger.finish()
    with one.store.reader() as reader:
        return [(e.event, e.a, e.b, e.c, e.text) for e in reader.events()]


def test_marks_reach_the_trends_and_are_told(logged):
    one = logged(400)
    send_mark(one.logger, Mark(RECOVERED, 10))
    send_mark(one.logger, Mark(DECLARE, 60, 2 * 10**9, 10**8, 5))
    send_mark(one.logger, Mark(RELEARN))
    told = events(one)
    assert ("KNOWN_LEAK", 10, 0, 0, "") in told
    texts = [text for event, *_, text in told if event == "TREND"]
    assert "60 s LEARNING to STEADY, TOLD, chart 0" in texts
    assert "60 s STEADY to LEARNING, TOLD, chart 0" in texts
    declared = [e for e in told if e[0] == "TREND" and e[4].startswith("60 s LEARNING")]
    assert declared[0][3] == 2 * 10**9


def test_a_node_without_such_a_trend_refuses(logged):
    one = logged(20)
    with pytest.raises(Refused, match="there are: 10,60"):
        send_mark(one.logger, Mark(RELEARN, 600))
    for wrong in (Mark(RELEARN, -1), Mark(DECLARE, 0, 1 << 63), Mark(DECLARE, 0, 1, -1)):
        with pytest.raises(InputError):
            send_mark(one.logger, wrong)


def test_blocks_needed_are_enough_and_three_quarters_are_not(logged):
    one = logged(20)
    for upto_s in (10, 60):
        state = calibrate_noise(one.logger, 0, upto_s)
        needed = blocks_needed(state.block_us, upto_s)
        while state.blocks < 3 * needed // 4:
            one.run(5)
            state = calibrate_noise(one.logger, 0, upto_s)
        assert not calibrate_noise(one.logger, 1, upto_s).stored
        while state.blocks < needed:
            one.run(5)
            state = calibrate_noise(one.logger, 0, upto_s)
        assert calibrate_noise(one.logger, 1, upto_s).stored


def test_the_command_waits_until_it_is_stored(logged, hullwatch):
    one = logged(20)
    code, out, _ = hullwatch(one, "calibrate", "noise", "--upto", "10s", "--json")
    assert code == 0
    assert json.loads(out)["upto_s"] == 10
    stored = [e for e in events(one) if e[0] == "NOISE_STORED"]
    assert len(stored) == 1
    assert stored[0][2] == 10


def test_a_node_that_does_not_learn_says_what_to_set(logged, hullwatch):
    one = logged(20, noise_profile="off", trend_s=(0,))
    code, _, err = hullwatch(one, "calibrate", "noise")
    assert code == Refused.exit_code
    assert "noise_profile=learn" in err


RATE = ("--rate", "2e-6 ± 1e-7 Pa·m³/s at 20C")


@pytest.mark.parametrize(
    ("args", "event", "numbers"),
    [
        (("repair", "sealed"), "TREND", {0}),
        (("open", "lid", "--window", "1min"), "TREND", {0}),
        (("baseline", *RATE, "as certified"), "TREND", {2 * 10**9}),
        (("known-leak", *RATE, "--from", "2d", "--to", "1d", "CL"), "KNOWN_LEAK", {0}),
    ],
)
def test_a_mark_reaches_the_node_when_asked(logged, hullwatch, args, event, numbers):
    one = logged(20)
    before = len(events(one))
    code, out, err = hullwatch(one, "mark", *args, "--tell", "--db", str(one.path), "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["told"] is True
    told = [row for row in events(one)[before:] if row[0] == event]
    assert told
    assert {row[3] for row in told} == numbers


def test_what_a_node_refuses_is_not_stored(logged, hullwatch):
    one = logged(20)
    told = ("mark", "repair", "patch", "--tell", "--db", str(one.path))
    code, out, err = hullwatch(one, *told, "--window", "10min")
    assert (code, out, err.count("\n")) == (Refused.exit_code, "", 1)
    with one.store.reader() as reader:
        assert reader.marks(every=True) == []


def test_only_the_node_on_the_port_can_be_told(logged, hullwatch):
    one = logged(20)
    code, _, err = hullwatch(one, "mark", "fill", "air", "--tell", "--db", str(one.path), uid="00")
    assert code == 2
    assert "node 00 is on the port" in err


def test_the_owner_of_a_port_passes_them_on(logged, monkeypatch):
    one = logged(100)
    owner = PortOwner.__new__(PortOwner)
    owner.logger = one.logger
    answer = owner.answer({"do": requests.CALIBRATE_NOISE, "utc_s": 0, "upto_s": 10})
    assert answer["blocks"] > 40
    assert answer["stored"] is False
    assert owner.answer(Mark(RECOVERED).request(requests.TREND_MARK)) == {"marked": True}
    with pytest.raises(InputError, match="numbers"):
        owner.answer({"do": requests.TREND_MARK, "what": "x"})
