"""Bytes into frames and console text, however they arrive and whatever happens to them."""

import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullwatch.link import messages as m
from hullwatch.link.splitter import FrameSplitter

FRAMES = st.tuples(
    st.sampled_from(m.MESSAGES),
    st.integers(0, 0xFFFF),
    st.integers(0, 0xFFFF),
    st.binary(max_size=180),
)
TEXTS = st.binary(max_size=60).map(lambda b: b.replace(b"\x1e", b""))


def cut(data, where):
    ends = sorted({at % (len(data) + 1) for at in where} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(ends)]


def swallow(splitter, pieces):
    frames, text = [], b""
    for piece in pieces:
        chunk = splitter.feed(piece)
        frames += chunk.frames
        text += chunk.text
    return frames, text


@given(st.lists(FRAMES | TEXTS, max_size=12), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cutting_gives_the_frames_in_order_and_all_text_between(wire, items, where):
    data = b"".join(x if isinstance(x, bytes) else wire.frame(*x) for x in items) + b"\n"
    splitter = FrameSplitter()
    frames, text = swallow(splitter, cut(data, where))
    sent = [(x[0].id, *x[1:]) for x in items if not isinstance(x, bytes)]
    assert frames == sent
    assert text == b"".join(x for x in items if isinstance(x, bytes)) + b"\n"
    assert splitter.counters.total == 0


def test_every_single_flipped_bit_costs_at_most_its_own_frame(wire):
    a, b, c = (wire.frame(m.STATUS, 5, n, bytes(range(n, n + 40))) for n in (1, 2, 3))
    whole = [x[:3] for x in FrameSplitter().feed(a + b + c).frames]
    assert whole == [(m.STATUS.id, 5, n) for n in (1, 2, 3)]
    good = FrameSplitter().feed(a + b + c).frames
    lost = 0
    for bit in range(len(b) * 8):
        harmed = bytearray(b)
        harmed[bit // 8] ^= 1 << bit % 8
        splitter = FrameSplitter()
        frames = splitter.feed(a + bytes(harmed) + c).frames
        assert frames in (good, [good[0], good[2]]), bit
        lost += len(frames) == 2
    assert lost > 0.98 * len(b) * 8  # base64 leaves a few bits unused


@pytest.mark.parametrize(
    ("line", "counter"),
    [
        (b"\x1e!!!!\n", "bad_length"),
        (b"\x1eQUJD\n", "bad_length"),
        (b"\x1e" + b"A" * 300 + b"\n", "bad_length"),
        (b"\x1eAAAAAAAAAAAAAAAAAAAA\n", "bad_crc"),
        (b"\x1eAAAAA\n", "bad_base64"),
        (b"\x1eAAAA", "unfinished"),
    ],
)
def test_what_is_dropped_is_counted_by_reason_and_shown_nowhere(wire, line, counter):
    splitter = FrameSplitter()
    after = wire.frame(m.PING, 1, 1)
    frames, text = swallow(splitter, [line, after])
    assert len(frames) == 1
    assert text == b""
    assert getattr(splitter.counters, counter) == 1
    assert splitter.counters.total == 1


def test_a_frame_may_follow_text_on_one_line_and_text_may_be_a_prompt_without_line_end(wire):
    splitter = FrameSplitter()
    frames, text = swallow(splitter, [b"hello " + wire.frame(m.PING, 1, 1), b"\r\n>>> "])
    assert len(frames) == 1
    assert text == b"hello \r\n>>> "


def test_a_longer_frame_than_permitted_is_dropped_whatever_its_crc(wire):
    splitter = FrameSplitter()
    frames, _ = swallow(splitter, [wire.frame(m.RAW, 1, 1, bytes(190))])
    assert frames == []
    assert splitter.counters.bad_length == 1


@given(st.lists(st.binary(max_size=600), max_size=20))
def test_noise_never_raises_and_is_text_or_counted(pieces):
    splitter = FrameSplitter()
    frames, text = swallow(splitter, pieces)
    assert frames == []
    assert len(text) <= sum(map(len, pieces))


@pytest.mark.parametrize("byte", [b"A", b"\x1e", b"\x00", b" "])
def test_endless_input_without_a_line_end_does_not_pile_up(byte):
    splitter = FrameSplitter()
    piece = byte * 1000
    tracemalloc.start()
    for _ in range(4000):
        splitter.feed(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000
