"""Frames against an independent codec; noise never raises and never passes for another frame."""

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullcore import frame

FRAMES = st.tuples(
    st.integers(0, 255), st.integers(0, 65535), st.integers(0, 65535), st.binary(max_size=180)
)
REJECTED = {frame.BAD_BASE64, frame.BAD_LENGTH, frame.BAD_CRC}


def split(data: bytes, buffer: frame.LineBuffer | None = None) -> list[bytes]:
    """The lines that the node's collector finds in a stream."""
    buffer = buffer or frame.LineBuffer()
    return [buffer.line() for byte in data if buffer.put(byte)]


@given(FRAMES)
def test_both_directions_against_the_independent_codec(wire, values):
    data = frame.encode(*values)
    assert data == wire.encode(*values)
    assert wire.decode(data) == values
    assert len(data) <= 256
    lines = split(wire.encode(*values))
    assert [frame.decode_line(line) for line in lines] == [(frame.OK, *values)]


def test_the_longest_payload_and_no_longer():
    assert len(frame.encode(1, 2, 3, bytes(180))) == 254
    with pytest.raises(ValueError, match="181"):
        frame.encode(1, 2, 3, bytes(181))


def test_no_frame_is_a_multiple_of_64_bytes_long():
    """USB sends packets of 64 bytes; a write that ends on a full one has stalled hosts before."""
    lengths = {len(frame.encode(1, 2, 3, bytes(n))) for n in range(181)}
    assert {n % 64 for n in lengths}.isdisjoint({0, 1, 63})
    assert all(n % 4 == 2 for n in lengths)


def corruptions(data: bytes):
    """Every truncation, and every byte with any one bit, or the whole, flipped, lost or doubled."""
    for k in range(len(data)):
        yield data[:k]
        yield data[k + 1 :]
        yield data[:k] + data[k + 1 :]
        yield data[: k + 1] + data[k:]
        for flip in (1, 2, 4, 8, 16, 32, 64, 128, 255):
            yield data[:k] + bytes([data[k] ^ flip]) + data[k + 1 :]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 16, 179, 180])
def test_a_damaged_frame_is_refused_or_still_says_the_same(size):
    rng = random.Random(size)
    values = (7, 4711, 65535, rng.randbytes(size))
    good = frame.encode(*values)
    refused = 0
    for bad in corruptions(good):
        for line in split(bad):
            got = frame.decode_line(line)
            if got[0] == frame.OK:
                assert got[1:] == values  # e.g. a flipped bit that base64 does not use
            else:
                assert got in {(status, 0, 0, 0, b"") for status in REJECTED}
                refused += 1
    assert refused > 3 * size


@given(st.binary(max_size=300))
def test_any_line_is_refused_without_raising(line):
    got = frame.decode_line(line)
    assert got[0] in REJECTED  # a CRC-32 by chance: never


def test_lines_too_short_for_a_frame_are_told_apart():
    for n in range(9):
        assert frame.decode_line(base64.b64encode(bytes(n)))[0] == frame.BAD_LENGTH
    assert frame.decode_line(base64.b64encode(bytes(9)))[0] == frame.BAD_CRC
    assert frame.decode_line(b"QUJ")[0] == frame.BAD_BASE64


@given(st.lists(st.tuples(FRAMES, st.binary(max_size=40)), max_size=6))
def test_console_text_between_frames_is_stepped_over(wire, items):
    stream = b""
    expected = []
    for values, text in items:
        stream += text.replace(b"\x1e", b"") + wire.encode(*values)
        expected.append((frame.OK, *values))
    buffer = frame.LineBuffer()
    assert [frame.decode_line(line) for line in split(stream, buffer)] == expected
    assert buffer.dropped == 0


def test_after_a_torn_frame_the_next_one_is_whole(wire):
    good = wire.encode(33, 5, 6, b"payload")
    for k in range(1, len(good) - 1):
        buffer = frame.LineBuffer()
        lines = split(good[:k] + good, buffer)
        assert [frame.decode_line(line)[0] for line in lines] == [frame.OK]
        assert buffer.dropped == 1


def test_lines_that_end_in_cr_lf_are_frames(wire):
    for payload in (b"", bytes(180)):
        data = wire.encode(33, 5, 6, payload)[:-1] + b"\r\n"
        assert [frame.decode_line(line) for line in split(data)] == [(frame.OK, 33, 5, 6, payload)]


@pytest.mark.parametrize("size", [62, 63, 64, 65, 126, 127, 128, 129, 253, 254, 255, 256])
def test_a_line_of_any_length_up_to_256_bytes_is_collected(size):
    line = (b"ABCD" * 64)[: size - 2]
    buffer = frame.LineBuffer()
    assert split(b"\x1e" + line + b"\n", buffer) == [line]
    assert buffer.dropped == 0


def test_overlong_lines_are_dropped_and_counted_once(wire):
    buffer = frame.LineBuffer()
    good = wire.encode(33, 5, 6, b"payload")
    for size in (257, 258, 300, 5000):
        assert split(b"\x1e" + b"A" * (size - 2) + b"\n", buffer) == []
        assert split(good, buffer) == [good[1:-1]]
    assert buffer.dropped == 4


def test_the_same_on_every_interpreter(wire, all_vms):
    rng = random.Random(3)
    lines = [wire.encode(1, 2, 3, rng.randbytes(n))[1:-1] for n in (0, 1, 2, 30, 180)]
    lines += [line[:k] + bytes([line[k] ^ 1 << rng.randrange(8)]) + line[k + 1 :]
              for line in lines for k in range(0, len(line), 7)]  # fmt: skip
    lines += [line[:k] for line in lines[:5] for k in range(0, len(line), 5)]
    lines += [b"\r".join([line[:8], line[8:]]) for line in lines[:5]]
    lines += [rng.randbytes(rng.randrange(60)) for _ in range(100)]
    lines += [b"====", b"=", b"AA==AAAA", b"A=A=", b"AAA=AAAA", b"AAAA====", b"\xff\xfe", b" "]
    printed = all_vms(
        f"""
import gc
from hullcore import frame
lines = {tuple(lines)!r}
def one(line):
    got = frame.decode_line(line)
    print(got[0] == 0, got[1:])
for line in lines:
    one(line)
    gc.collect()
one(frame.encode(255, 65535, 65535, bytes(range(180)))[1:-1])
"""
    )
    assert printed["unix64"] == printed["cpython"]
    assert printed["wasm32"] == printed["cpython"]
