"""The node's end of the wire against a scripted host."""

import struct

import pytest

from hullcore.messages import (
    ACK,
    CONFIG_GET,
    HELLO,
    PING,
    RAW,
    REBOOT,
    RECORD,
    REPLY,
    STATUS,
    WHO,
)

SESSION = 4711
STORE = 99
DURABLE, RESEND = 1, 2


@pytest.fixture
def bench(fakes, linkbench, wire):
    return linkbench.Bench(fakes, wire)


def kinds(frames: list) -> list[int]:
    return [frame[0] for frame in frames]


def test_nothing_is_sent_before_a_host_speaks(bench):
    bench.fill(records=5, blocks=3)
    bench.poll(10_000)
    bench.console.feed(b"hello?\r\n\x03\x1e\x1e\n\n" + bytes(range(256)))
    bench.say(PING, seq=1)
    bench.say(ACK, bytes(31))
    bench.say(PING, seq=1, session=0)
    bench.poll(10_000)
    assert bench.console.sent == []
    assert bench.node.commands == []


def test_who_is_answered_by_hello_in_the_new_session(bench):
    bench.who()
    bench.poll(10)
    assert bench.take() == [(HELLO, SESSION, 0, bytes(100))]


def test_one_frame_at_a_time_and_the_next_on_credit(bench):
    bench.fill(records=3)
    bench.who()
    bench.poll(200)
    assert kinds(bench.take()) == [HELLO]
    for number in range(3):
        bench.poll(100)
        assert bench.take() == []
        bench.ack()
        bench.poll(100)
        ((message, _, seq, payload),) = bench.take()
        assert (message, seq, payload[:4]) == (RECORD, number + 1, struct.pack("<I", number))


def test_records_before_raw_blocks_before_status(bench):
    bench.fill(records=4, blocks=3)
    bench.who()
    frames = bench.exchange(4_000)
    assert kinds(frames[:8]) == [HELLO] + [RECORD] * 4 + [RAW] * 3
    assert set(kinds(frames[8:])) == {STATUS}
    assert [frame[2] for frame in frames] == list(range(len(frames)))
    bench.fill(records=1, blocks=1)
    assert kinds(bench.exchange(900))[:2] == [RECORD, RAW]


def test_status_once_a_second_with_running_numbers(bench):
    bench.who()
    numbers = [struct.unpack_from("<I", f[3])[0] for f in bench.exchange(10_500) if f[0] == STATUS]
    assert numbers == list(range(10))


@pytest.mark.parametrize("start_ms", [0, (1 << 30) - 3_000])
def test_five_seconds_without_a_word_and_it_stops(fakes, linkbench, wire, start_ms):
    bench = linkbench.Bench(fakes, wire, start_ms)
    bench.fill(records=30)
    bench.who()
    bench.poll(20)
    bench.take()
    bench.ack()
    bench.poll(4_900)
    assert kinds(bench.take()) == [RECORD]
    bench.poll(20_000)
    assert bench.console.sent == []
    bench.ack()
    bench.poll(50)
    assert kinds(bench.take()) == [RECORD]


def test_a_command_is_executed_once_and_its_repeats_answered_from_cache(bench):
    bench.who()
    bench.exchange(20)
    for _ in range(3):
        bench.say(CONFIG_GET, b"\x02", seq=9)
        ((message, _, _, payload),) = bench.exchange(50)
        assert (message, payload) == (REPLY, struct.pack("<BHB", CONFIG_GET, 9, 0) + b"done 1")
    bench.say(CONFIG_GET, b"\x02", seq=10)
    bench.say(CONFIG_GET, b"\x02", seq=10)
    replies = bench.exchange(100)
    assert {reply[3][4:] for reply in replies} == {b"done 2"}
    assert bench.node.commands == [(CONFIG_GET, b"\x02")] * 2


def test_a_new_session_executes_its_own_commands(bench):
    for k, session in enumerate((SESSION, 5, SESSION), 1):
        bench.who(session=session)
        bench.exchange(20)
        bench.say(PING, seq=9)
        assert kinds(bench.exchange(50)) == [REPLY]
        assert len(bench.node.commands) == k


def test_an_answer_is_sent_although_a_small_frame_is_unheard(bench):
    bench.fill(blocks=1, size=20)
    bench.who()
    bench.poll(10)
    bench.take()
    bench.ack()
    bench.poll(10)
    assert kinds(bench.take()) == [RAW]
    bench.say(PING, seq=1)  # says nothing about what was heard
    bench.poll(10)
    assert kinds(bench.take()) == [REPLY]


def test_another_session_is_not_listened_to(bench):
    bench.who()
    bench.exchange(20)
    for session in (0, SESSION + 1, SESSION ^ 0xFFFF):
        bench.say(REBOOT, seq=3, session=session)
        bench.say(ACK, struct.pack("<HBIIIQQ", 0, 1, 5, 0, 6, 0, STORE), session=session)
    bench.poll(100)
    assert bench.node.commands == []
    assert bench.link.rx_bad == 6


def test_another_protocol_gets_a_hello_and_no_session(bench):
    bench.fill(records=3)
    bench.who(protocol=2)
    bench.poll(500)
    assert bench.take() == [(HELLO, 0, 0, bytes(100))]
    bench.say(PING, seq=1)
    bench.say(PING, seq=1, session=0)
    bench.ack()
    bench.poll(3_000)
    assert bench.console.sent == []
    assert bench.node.commands == []
    bench.who()
    assert kinds(bench.exchange(100)) == [HELLO, RECORD, RECORD, RECORD]


def test_session_zero_is_none(bench):
    bench.who(session=0)
    bench.poll(50)
    bench.take()
    bench.say(PING, seq=1, session=0)
    bench.poll(50)
    assert bench.node.commands == []


@pytest.mark.parametrize("room", [0, 1, 60, 100, 249])
def test_after_a_short_write_it_is_silent_until_the_host_speaks(bench, room):
    bench.fill(records=3)
    bench.who()
    bench.poll(10)
    bench.take()
    bench.ack()
    bench.console.room = room
    bench.poll(2)
    stranded = b"".join(bench.console.sent)
    assert len(stranded) == room
    bench.console.sent.clear()
    bench.console.room = -1
    bench.poll(4_000)
    assert bench.console.sent == []
    bench.ack()
    bench.poll(10)
    ((message, _, seq, payload),) = bench.take()
    assert (message, seq, payload[:4]) == (RECORD, 1, bytes(4))  # the same frame again
    assert not stranded.endswith(b"\n")


def test_durable_acks_permit_overwriting(bench):
    bench.fill(records=6, blocks=4)
    bench.who()
    bench.exchange(100)
    bench.record_next, bench.raw_next = 4, 60
    bench.ack(DURABLE)
    bench.poll(10)
    assert (bench.spool.acked, bench.ring.oldest) == (4, 2)
    bench.record_next, bench.raw_next = 2, 30  # a repeat of something older
    bench.ack(DURABLE)
    bench.poll(10)
    assert (bench.spool.acked, bench.ring.oldest) == (4, 2)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"flags": 0}, (0, 0)),
        ({"store": 98}, (0, 0)),
        ({"epoch": 4}, (0, 0)),  # boots are counted within an epoch
        ({"boot": 5}, (4, 0)),
        ({}, (4, 2)),
    ],
)
def test_acks_count_for_their_store_epoch_and_boot_only(bench, changes, expected):
    bench.fill(records=6, blocks=4)
    bench.who()
    bench.exchange(100)
    bench.record_next, bench.raw_next = 4, 60
    bench.ack(**{"flags": DURABLE, **changes})
    bench.poll(10)
    assert (bench.spool.acked, bench.ring.oldest) == expected


def test_acks_from_the_future_are_refused_and_counted(bench):
    bench.fill(records=6, blocks=4)
    bench.who()
    bench.exchange(100)
    bench.record_next, bench.raw_next = 7, 121
    bench.ack(DURABLE)
    bench.poll(10)
    assert (bench.spool.acked, bench.ring.oldest) == (0, 0)
    assert bench.link.rx_bad == 2


def test_the_host_may_ask_for_everything_uncommitted_again(bench):
    bench.fill(records=6, blocks=2)
    bench.who()
    assert kinds(bench.exchange(100)) == [HELLO] + [RECORD] * 6 + [RAW] * 2
    bench.record_next = 4
    bench.ack(DURABLE | RESEND)
    frames = bench.exchange(100)
    assert kinds(frames) == [RECORD] * 2 + [RAW] * 2
    assert [f[3][:4] for f in frames[:2]] == [struct.pack("<I", n) for n in (4, 5)]


def test_uncommitted_frames_are_sent_again_after_half_a_minute(bench):
    """A host that reads and credits but commits nothing, or whose acks are lost."""
    bench.fill(records=3)
    bench.who()
    assert kinds(bench.exchange(1_000)).count(RECORD) == 3
    assert kinds(bench.exchange(28_000)).count(RECORD) == 0
    assert kinds(bench.exchange(3_000)).count(RECORD) == 3


def test_committed_frames_are_not_sent_again(bench):
    bench.fill(records=3, blocks=1)
    bench.who()
    bench.exchange(100)
    bench.record_next, bench.raw_next = 3, 30
    bench.ack(DURABLE)
    frames = bench.exchange(100_000)
    assert set(kinds(frames)) == {STATUS}


@pytest.mark.parametrize("payload", [b"", bytes(30), bytes(32), bytes(180)])
def test_malformed_acks_and_whos_are_counted_only(bench, payload):
    bench.fill(records=2)
    bench.who()
    bench.exchange(20)
    bench.say(ACK, payload)
    bench.say(WHO, payload[:3], session=0)
    bench.poll(10)
    assert bench.link.rx_bad >= 2
    assert bench.node.commands == []
    assert bench.spool.acked == 0


def test_input_is_taken_in_pieces_and_a_frame_may_come_in_many(bench):
    for byte in bench.wire.encode(WHO, 0, 0, struct.pack("<HH", 1, SESSION)):
        bench.console.feed(bytes([byte]))
        bench.link.poll(bench.now_ms)
    bench.poll(10)
    assert kinds(bench.take()) == [HELLO]
    bench.say(PING, seq=1)
    polls = 1
    while bench.link.poll(bench.now_ms):
        polls += 1
        assert polls < 100
    assert polls > 1  # one poll is short: a sample may be due
    assert kinds(bench.take()) == [REPLY]


def test_credit_across_the_wrap_of_frame_numbers(bench):
    bench.who()
    bench.exchange(10)
    bench.link._seq = 0xFFFE
    bench.fill(records=5)
    bench.heard = 0xFFFD
    bench.ack()
    frames = bench.exchange(100)
    assert [f[2] for f in frames] == [0xFFFE, 0xFFFF, 0, 1, 2]


def test_raw_blocks_without_end_hold_up_neither_records_nor_status(bench):
    bench.who()
    frames, records = [], 0
    for step in range(150):  # more blocks than the line takes
        bench.fill(records=step % 20 == 0, blocks=12)
        records += step % 20 == 0
        got = bench.exchange(100)
        assert len([k for k in kinds(got) if k == RECORD]) == (step % 20 == 0)
        if RECORD in kinds(got) and step:
            assert kinds(got)[:2].count(RECORD) == 1  # at most the block under way comes first
        frames += kinds(got)
    assert frames.count(RECORD) == records
    assert frames.count(RAW) > 300
    assert frames.count(STATUS) >= 2  # every 5 s at the latest
