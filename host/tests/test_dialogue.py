"""A conversation with a scripted node in hand-made time: greeting, asking, silence, prompts."""

import pytest

from hullwatch.errors import PortLost, Refused, Unanswered, VersionMismatch, WrongDevice
from hullwatch.ingest import dialogue as d
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.link import messages as m
from hullwatch.link.events import Console, Hello, Prompt, Record

PROMPT = b"\r\n>>> "


class Script:
    """A port and the clock: each read costs its timeout; `node` answers what was written."""

    name = "script"

    def __init__(self, wire):
        self.wire = wire
        self.time_s = 100.0
        self.sent = []
        self.raw = b""
        self.session = 0
        self.seq = 0
        self.say = b""
        self.answers = True
        self.lost = False
        self.replies = {}

    def now_s(self):
        return self.time_s

    def utc_s(self):
        return 1e9 + self.time_s

    def read(self, timeout_s):
        if self.lost:
            raise PortLost("gone", "")
        self.time_s += timeout_s
        said, self.say = self.say, b""
        return said

    def frame(self, message, payload):
        self.seq += 1
        return self.wire.frame(message, self.session, self.seq, payload)

    def write(self, data):
        self.raw += data
        if data[:1] != b"\x1e":
            return
        for message, session, seq, payload in self.wire.parse(data):
            self.sent.append((self.time_s, message))
            if not self.answers:
                continue
            if message is m.WHO:
                self.session, self.seq = m.WHO.unpack(payload)["session"], 0
                self.say += self.wire.hello(self.session)
            elif message.id in self.replies and session == self.session:
                self.seq += 1
                self.say += self.wire.reply(
                    session, self.seq, message, seq, *self.replies[message.id]
                )

    def count(self, message):
        return sum(one is message for _, one in self.sent)


@pytest.fixture
def script(wire):
    return Script(wire)


@pytest.fixture
def talk(script):
    events = []
    made = Dialogue(script, script, 7, events.append)
    made.events = events
    return made


def run(talk, script, seconds):
    end_s = script.time_s + seconds
    while script.time_s < end_s:
        talk.step()


def test_greeting_gives_the_hello(talk, script):
    hello = talk.greet()
    assert isinstance(hello, Hello)
    assert hello.number("boot") == 7
    assert script.count(m.WHO) == 1


def test_silence_at_the_start_is_a_wrong_device_after_eight_seconds(talk, script):
    script.answers = False
    start_s = script.time_s
    with pytest.raises(WrongDevice) as caught:
        talk.greet()
    assert script.time_s - start_s == pytest.approx(d.HELLO_WITHIN_S, abs=0.2)
    assert "script" in caught.value.message
    assert caught.value.hint


def test_a_lost_port_is_told_as_such(talk, script):
    talk.greet()
    script.lost = True
    with pytest.raises(PortLost):
        talk.step()


def test_another_version_ends_it(talk, script):
    script.answers = False
    script.say = script.wire.hello(7, protocol=2)
    with pytest.raises(VersionMismatch):
        talk.greet()


def test_asking_gives_the_data_or_why_not(talk, script):
    talk.greet()
    script.replies[m.CONFIG_GET.id] = (0, b"gas=air")
    assert talk.ask_now(m.CONFIG_GET, b"\x0b") == b"gas=air"
    script.replies[m.CONFIG_STAGE.id] = (4, b"gas: phlogiston is not one of air")
    with pytest.raises(Refused, match="phlogiston"):
        talk.ask_now(m.CONFIG_STAGE, b"gas=phlogiston")
    script.replies[m.CONFIG_COMMIT.id] = (5, b"")
    with pytest.raises(Refused, match="contradict"):
        talk.ask_now(m.CONFIG_COMMIT)


def test_a_refusal_this_host_does_not_know_is_still_a_refusal(talk, script):
    talk.greet()
    script.replies[m.PING.id] = (200, b"")
    with pytest.raises(Refused):
        talk.ask_now(m.PING)


def test_a_node_that_ignores_a_command_is_unanswered(talk, script):
    talk.greet()
    alive = script.wire

    def step(read_s=d.READ_S, real=talk.step):
        script.seq += 1
        script.say += alive.status(script.session, script.seq)
        real(read_s)

    talk.step = step
    with pytest.raises(Unanswered):
        talk.ask_now(m.PING)
    assert script.count(m.PING) == 6


def test_a_node_that_falls_silent_gets_a_new_session_and_questions_end(talk, script):
    talk.greet()
    script.answers = False
    first = talk.session.session
    answers = []
    talk.ask(m.PING, b"", answers.append)
    run(talk, script, d.SILENT_S + 1)
    assert talk.session.session != first
    assert answers == [None]
    script.answers = True
    run(talk, script, 2)
    assert talk.session.hello is not None
    assert [type(e) for e in talk.events].count(Hello) == 2
    run(talk, script, 30)  # it never ends: somebody greeted once


def test_a_greeted_node_is_waited_for_for_ever(talk, script):
    talk.greet()
    script.answers = False
    run(talk, script, 3600)
    script.answers = True
    run(talk, script, 2)
    assert talk.session.hello is not None


def test_frames_of_the_old_session_after_a_new_one_are_not_taken(talk, script):
    talk.greet()
    old = script.session
    script.answers = False
    run(talk, script, d.SILENT_S + 1)
    script.answers = True
    run(talk, script, 2)
    script.say = script.wire.frame(m.RECORD, old, 3, bytes(176))
    run(talk, script, 1)
    assert not [e for e in talk.events if isinstance(e, Record)]


# --- the prompt ----------------------------------------------------------------------------------


def test_at_a_prompt_nothing_is_typed_and_after_a_while_the_node_is_started(talk, script):
    talk.greet()
    script.say = b"hullwatch: left to the REPL" + PROMPT
    talk.step()
    assert [type(e) for e in talk.events[-2:]] == [Console, Prompt]
    script.raw = b""
    run(talk, script, d.PROMPT_WAIT_S - 0.5)
    assert script.raw == b""
    script.answers = False
    run(talk, script, 1)
    assert script.raw.startswith(b"\x04")
    assert script.raw.count(b"\x04") == 1
    assert talk.restarts == 1
    script.answers = True
    run(talk, script, 2)
    assert talk.session.hello is not None


def test_who_types_at_the_prompt_is_not_disturbed(talk, script):
    talk.greet()
    script.raw = b""
    for _ in range(20):  # each output puts the restart off
        script.say = b"print(1)\r\n1" + PROMPT
        run(talk, script, d.PROMPT_WAIT_S - 0.5)
    assert b"\x04" not in script.raw


def test_a_board_that_comes_back_to_its_prompt_is_given_up(talk, script):
    script.answers = False
    script.say = PROMPT
    for _ in range(d.RESTARTS):
        run(talk, script, d.PROMPT_WAIT_S + 0.2)
        script.say = b"MPY: soft reboot" + PROMPT
    with pytest.raises(WrongDevice, match="does not start"):
        run(talk, script, d.PROMPT_WAIT_S + 0.2)
    assert script.raw.count(b"\x04") == d.RESTARTS


def test_successful_restarts_do_not_add_up(talk, script):
    talk.greet()
    for n in range(6):
        script.say = PROMPT
        run(talk, script, d.PROMPT_WAIT_S + 0.5)
        assert talk.restarts == n + 1
        run(talk, script, 2)
        assert talk.session.hello is not None


def test_a_prompt_in_the_middle_of_a_session_ends_its_questions(talk, script):
    talk.greet()
    answers = []
    talk.ask(m.PING, b"", answers.append)
    script.say = PROMPT
    run(talk, script, d.PROMPT_WAIT_S + 1)
    assert answers == [None]


def test_without_revival_the_board_is_left_at_its_prompt(script):
    talk = Dialogue(script, script, 7, lambda event: None, revive=False)
    script.answers = False
    script.say = PROMPT
    with pytest.raises(WrongDevice, match="prompt"):
        talk.greet()
    assert b"\x04" not in script.raw


def test_frames_are_sent_whole_and_in_order(talk, script):
    talk.greet()
    for index in range(3):
        talk.ask(m.CONFIG_GET, bytes([index]), lambda reply: None)
    script.replies[m.CONFIG_GET.id] = (0, b"x=1")
    run(talk, script, 3)
    assert script.count(m.CONFIG_GET) == 3
    script.wire.parse(script.raw)
