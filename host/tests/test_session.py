"""The host's end of the wire: opening, credit, resends, commands, and whatever noise may do."""

import re
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullwatch.errors import VersionMismatch
from hullwatch.link import messages as m
from hullwatch.link.events import Console, Hello, Prompt, Raw, Record, Reply, Status, Timeout
from hullwatch.link.session import Durable, HostSession

ME = 4711


def acks(wire, data):
    """(heard, flags, epoch, record_next, boot, raw_next, store) of each ACK in what was sent."""
    found = [m.ACK.struct.unpack(p) for x, _, _, p in wire.parse(data) if x is m.ACK]
    assert all(session == ME for _, session, _, _ in wire.parse(data))
    return found


@pytest.fixture
def opened(wire):
    session = HostSession(ME)
    session.poll(0.0)
    session.take_output()
    events = session.feed(wire.hello(ME), 0.0)
    assert [type(e) for e in events] == [Hello]
    session.poll(0.0)
    session.take_output()
    return session


# --- opening -------------------------------------------------------------------------------------


def test_who_is_asked_at_once_then_each_second_until_the_node_answers(wire):
    session = HostSession(ME)
    asked = []
    for tenth in range(36):
        session.poll(tenth / 10)
        for message, number, _, payload in wire.parse(session.take_output()):
            assert message is m.WHO
            assert number in (ME, 0)
            assert m.WHO.unpack(payload) == {"protocol": m.PROTOCOL_VERSION, "session": ME}
            asked.append(tenth)
    assert asked == [0, 10, 20, 30]
    session.feed(wire.hello(ME), 3.6)
    for tenth in range(36, 80):
        session.poll(tenth / 10)
        assert m.WHO not in [x[0] for x in wire.parse(session.take_output())]


def test_hello_tells_who_the_node_is(wire):
    session = HostSession(ME)
    (hello,) = session.feed(wire.hello(ME, boot=12, uid=b"\xaa" * 8), 0.0)
    assert hello.uid == "aa" * 8
    assert hello.number("boot") == 12
    assert session.hello == hello


@pytest.mark.parametrize("number", [0, 65536, -1])
def test_a_session_number_the_wire_cannot_carry_is_refused(number):
    with pytest.raises(ValueError, match="session"):
        HostSession(number)


@pytest.mark.parametrize("protocol", [0, 2, 99, 65535])
@pytest.mark.parametrize("session_of_hello", [ME, 0])
def test_another_protocol_version_is_refused_with_the_command_that_fixes_it(
    wire, protocol, session_of_hello
):
    session = HostSession(ME)
    with pytest.raises(VersionMismatch) as caught:
        session.feed(wire.hello(session_of_hello, protocol=protocol), 0.0)
    assert str(protocol) in caught.value.message
    assert str(m.PROTOCOL_VERSION) in caught.value.message
    assert re.search("flash|firmware", caught.value.hint)
    assert session.hello is None


def test_another_hosts_hello_opens_nothing_and_counts_for_nothing(wire):
    session = HostSession(ME)
    assert session.feed(wire.hello(ME + 1, seq=77), 0.0) == []
    assert session.hello is None
    session.feed(wire.hello(ME), 0.1)
    session.poll(0.1)
    assert [x[:2] for x in acks(wire, session.take_output())] == [(0, 0)]
    assert session.lost_frames == 0


def test_a_hello_that_arrives_twice_is_one_hello_and_no_loss(wire, opened):
    for seq in range(1, 50):
        opened.feed(wire.status(ME, seq), 0.1)
    opened.poll(0.1)
    opened.take_output()
    assert opened.feed(wire.hello(ME), 0.2) == []
    opened.feed(wire.status(ME, 50), 0.3)
    opened.poll(0.3)
    assert opened.lost_frames == 0
    assert [flags for _, flags, *_ in acks(wire, opened.take_output())] == [0]


def test_nothing_is_taken_from_a_node_that_has_not_said_hello(wire):
    session = HostSession(ME)
    assert session.feed(wire.frame(m.RECORD, ME, 0, bytes(176)), 0.0) == []


# --- what the node sends -------------------------------------------------------------------------


def test_each_frame_becomes_its_event(wire, opened):
    events = opened.feed(
        wire.frame(m.RECORD, ME, 1, b"r" * 176)
        + wire.frame(m.RAW, ME, 2, b"w" * 50)
        + wire.status(ME, 3, number=9, p_q8=-4)
        + b"Traceback: oops\n>>> ",
        0.1,
    )
    assert events[:2] == [Record(b"r" * 176), Raw(b"w" * 50)]
    assert isinstance(events[2], Status)
    assert (events[2].fields["number"], events[2].fields["p_q8"]) == (9, -4)
    assert events[3:] == [Console("Traceback: oops\n>>> "), Prompt()]
    assert opened.frames == 4  # HELLO is one


def test_every_frame_heard_is_credited_and_several_by_one_ack(wire, opened):
    opened.feed(b"".join(wire.status(ME, seq) for seq in (1, 2, 3)), 0.1)
    opened.poll(0.1)
    assert acks(wire, opened.take_output()) == [(3, 0, 0, 0, 0, 0, 0)]
    opened.poll(0.2)
    assert opened.take_output() == b""


def test_a_quiet_link_is_kept_alive_well_within_the_five_seconds_after_which_a_node_falls_silent(
    wire, opened
):
    at = []
    for tenth in range(1, 100):
        opened.poll(tenth / 10)
        at += [tenth / 10 for _ in acks(wire, opened.take_output())]
    assert len(at) >= 4
    assert max(b - a for a, b in zip([0.0, *at], [*at, 9.9], strict=True)) <= 2.0


def test_a_durable_ack_says_everything_the_store_has(wire, opened):
    opened.feed(wire.status(ME, 1), 0.1)
    opened.acknowledge(Durable(epoch=1, record_next=2, boot=3, raw_next=1 << 40, store=5), 0.1)
    assert acks(wire, opened.take_output()) == [(1, 1, 1, 2, 3, 1 << 40, 5)]
    opened.feed(wire.status(ME, 2), 0.2)
    opened.poll(0.2)
    assert acks(wire, opened.take_output())[0][1] == 0  # credit alone commits nothing


def test_a_jump_in_the_numbers_is_counted_and_a_resend_asked_for_once(wire, opened):
    opened.feed(wire.status(ME, 1) + wire.status(ME, 4), 0.1)
    opened.poll(0.1)
    assert [(heard, flags) for heard, flags, *_ in acks(wire, opened.take_output())] == [(4, 2)]
    assert opened.lost_frames == 2
    opened.feed(wire.status(ME, 5), 0.2)
    opened.poll(0.2)
    assert [flags for _, flags, *_ in acks(wire, opened.take_output())] == [0]


def test_loss_after_loss_asks_again_but_not_in_a_storm(wire, opened):
    asked = 0
    for n in range(1, 101):  # every second frame is lost, 50 a second
        opened.feed(wire.status(ME, 2 * n), n / 50)
        opened.poll(n / 50)
        asked += sum(flags >> 1 & 1 for _, flags, *_ in acks(wire, opened.take_output()))
    assert 2 <= asked <= 5
    assert opened.lost_frames == 100


def test_a_loss_during_the_pause_is_still_asked_for_afterwards(wire, opened):
    opened.feed(wire.status(ME, 2), 1.0)
    opened.poll(1.0)
    opened.take_output()
    opened.feed(wire.status(ME, 4), 1.1)  # lost again right after the first request
    asked = 0
    for n in range(5, 30):
        opened.feed(wire.status(ME, n), 1.1 + n / 10)
        opened.poll(1.1 + n / 10)
        asked += sum(flags >> 1 & 1 for _, flags, *_ in acks(wire, opened.take_output()))
    assert asked == 1


def test_a_resend_request_rides_on_a_durable_ack(wire, opened):
    opened.feed(wire.status(ME, 3), 0.1)
    opened.acknowledge(Durable(1, 2, 3, 4, 5), 0.1)
    opened.poll(0.1)
    assert [x[1] for x in acks(wire, opened.take_output())] == [3]


def test_the_numbers_wrap_at_65535_without_a_loss(wire, opened):
    opened._expected = 65530
    for seq in [*range(65530, 65536), *range(10)]:
        opened.feed(wire.status(ME, seq), 0.1)
    opened.poll(0.1)
    assert opened.lost_frames == 0
    assert acks(wire, opened.take_output())[-1][:2] == (9, 0)


def test_a_loss_across_the_wrap_counts_what_is_missing(wire, opened):
    opened._expected = 65534
    opened.feed(wire.status(ME, 2), 0.1)
    assert opened.lost_frames == 4


def test_a_frame_that_comes_after_all_is_passed_on_and_moves_no_number(wire, opened):
    opened.feed(wire.status(ME, 1) + wire.status(ME, 3), 0.1)
    (late,) = opened.feed(wire.frame(m.RECORD, ME, 2, bytes(176)), 0.1)
    assert isinstance(late, Record)
    opened.poll(0.1)
    assert acks(wire, opened.take_output())[-1][0] == 3
    assert opened.lost_frames == 1


def test_a_doubled_frame_is_no_loss(wire, opened):
    opened.feed(wire.status(ME, 1) * 3 + wire.status(ME, 2), 0.1)
    assert opened.lost_frames == 0


def test_our_own_frames_echoed_and_another_sessions_change_nothing(wire, opened):
    opened.command(m.PING)
    opened.poll(0.1)
    echo = opened.take_output()
    strange = wire.frame(m.RECORD, ME + 1, 900, bytes(176)) + wire.frame(m.WHO, ME, 500, bytes(4))
    assert opened.feed(echo + strange, 0.2) == []
    opened.poll(0.2)
    assert opened.take_output() == b""  # neither credited nor taken for a gap
    assert opened.lost_frames == 0
    assert opened.stale_frames >= 3


# --- commands ------------------------------------------------------------------------------------


def sent_commands(wire, session):
    return [(x, seq) for x, _, seq, _ in wire.parse(session.take_output()) if x is not m.ACK]


def test_a_command_is_answered(wire, opened):
    token = opened.command(m.CONFIG_GET, b"\x03")
    opened.poll(10.0)
    ((message, _, seq, payload),) = [
        x for x in wire.parse(opened.take_output()) if x[0] is not m.ACK
    ]
    assert (message, payload) == (m.CONFIG_GET, b"\x03")
    (reply,) = opened.feed(wire.reply(ME, 1, m.CONFIG_GET, seq, 0, b"a=1"), 10.25)
    assert reply == Reply(token, 0, b"a=1", 0.25, repeated=False)


def test_an_unanswered_command_is_repeated_with_its_number_and_given_up(wire, opened):
    token = opened.command(m.PING)
    after = opened.command(m.REBOOT)
    sent, ended = [], []
    for tenth in range(150):
        ended += [(tenth, event) for event in opened.poll(tenth / 10)]
        sent += [(tenth, *x) for x in sent_commands(wire, opened)]
    pings = [(tenth, seq) for tenth, message, seq in sent if message is m.PING]
    assert len(pings) == 6
    assert len({seq for _, seq in pings}) == 1
    assert min(b[0] - a[0] for a, b in pairwise(pings)) >= 10
    assert [event for _, event in ended] == [Timeout(token), Timeout(after)]
    first_reboot = min(tenth for tenth, message, _ in sent if message is m.REBOOT)
    assert first_reboot >= ended[0][0]  # one at a time
    numbers = {seq for _, message, seq in sent if message is m.REBOOT}
    assert numbers.isdisjoint({pings[0][1]})


def test_an_answer_to_a_repeat_says_so(wire, opened):
    opened.command(m.PING)
    opened.poll(0.0)
    opened.poll(1.0)
    ((_, seq),) = set(sent_commands(wire, opened))
    (reply,) = opened.feed(wire.reply(ME, 1, m.PING, seq), 1.1)
    assert reply.repeated  # its round trip means nothing


def test_a_doubled_answer_is_one_and_one_too_late_is_none(wire, opened):
    opened.command(m.PING)
    opened.poll(0.0)
    ((_, first),) = sent_commands(wire, opened)
    answer = wire.reply(ME, 1, m.PING, first)
    assert len(opened.feed(answer + answer, 0.1)) == 1
    opened.command(m.PING)
    opened.poll(0.2)
    assert opened.feed(wire.reply(ME, 2, m.PING, first), 0.3) == []
    ((_, second),) = sent_commands(wire, opened)
    assert len(opened.feed(wire.reply(ME, 3, m.PING, second), 0.3)) == 1


def test_an_answer_to_another_command_with_our_number_is_not_ours(wire, opened):
    opened.command(m.PING)
    opened.poll(0.0)
    ((_, seq),) = sent_commands(wire, opened)
    assert opened.feed(wire.reply(ME, 1, m.REBOOT, seq), 0.1) == []


def test_commands_wait_for_the_node(wire):
    session = HostSession(ME)
    session.command(m.PING)
    session.poll(0.0)
    assert [x for x, _ in sent_commands(wire, session)] == [m.WHO]
    session.feed(wire.hello(ME), 0.1)
    session.poll(0.1)
    assert [x for x, _ in sent_commands(wire, session)] == [m.PING]


# --- whatever comes ------------------------------------------------------------------------------

ANY_FRAME = st.tuples(
    st.sampled_from([1, 2, 3, 4, 5, 32, 33, 34, 39, 0, 200]),
    st.sampled_from([ME, ME, ME, 0, 7]),
    st.integers(0, 0xFFFF),
    st.binary(max_size=180),
)


@settings(max_examples=300)
@given(st.lists(ANY_FRAME | st.binary(max_size=50) | st.integers(0, 3000), max_size=30), st.data())
def test_no_bytes_whatsoever_raise_anything_but_version_mismatch(wire, items, data):
    session = HostSession(ME)
    now_s = 0.0
    session.poll(now_s)
    if data.draw(st.booleans()):
        session.feed(wire.hello(ME), now_s)
    for item in items:
        now_s += 0.05
        try:
            if isinstance(item, bytes):
                session.feed(item, now_s)
            elif isinstance(item, int):
                now_s += item / 1000
                session.command(m.PING)
            else:
                session.feed(wire.frame(*item), now_s)
        except VersionMismatch:
            return
        session.poll(now_s)
        wire.parse(session.take_output())  # whatever is sent is whole frames


def test_a_day_of_frames_costs_no_memory(wire, opened):
    pieces = [wire.status(ME, seq) for seq in range(2000)]
    for seq in range(2000):
        opened.feed(pieces[seq], 0.1)
    tracemalloc.start()
    for lap in range(8):
        opened._expected = 0
        for piece in pieces:
            opened.feed(piece + b"noise\n", 1.0 + lap)
            opened.poll(1.0 + lap)
            opened.take_output()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000
