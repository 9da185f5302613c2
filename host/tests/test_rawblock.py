import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullcore.rawblock import CAPACITY, RawPacker
from hullwatch.errors import ProtocolError
from hullwatch.link import rawblock

HEAD = "<IIQHIIBBBBBiiI"  # as documented for RAW, written out so that a changed table is noticed


def payload(p, t, p_width, t_width, p_shift=0, t_shift=0, first=1000, late_us=0, ms=123456, gap=0):
    """A block built one byte at a time."""
    out = struct.pack(
        HEAD, 7, 3, first, 2, ms, late_us, len(p), p_width, p_shift, t_width, t_shift,
        p[0], t[0], gap,
    )  # fmt: skip
    for values, width, shift in ((p, p_width, p_shift), (t, t_width, t_shift)):
        for value in values[1:]:
            out += ((value - values[0]) >> shift).to_bytes(width, "little", signed=True)
    return out


def test_a_block_written_by_hand():
    data = bytes.fromhex(
        "07000000 03000000 e803000000000000 0200 40e20100 00000000 03 01 02 02 00"
        "10270000 00000100"  # first values 10000/256 Pa, 65536/65536 K
        "05000000"  # none taken for 995…999
        "ff 02"  # −1·4, +2·4
        "0080 ff7f"  # −32768, +32767
    )
    block = rawblock.decode(data)
    assert (block.boot, block.config, block.first, block.past) == (7, 3, 1000, 1003)
    assert (block.wraps, block.ms, block.device_ms) == (2, 123456, 2 * 2**30 + 123456)
    assert block.p_q8.tolist() == [10000, 9996, 10008]
    assert block.t_q16.tolist() == [65536, 65536 - 32768, 65536 + 32767]
    assert block.p_q8.dtype == block.t_q16.dtype == np.int32
    assert (block.gap, block.late_us) == (5, 0)
    assert block.payload == data


def test_the_node_s_own_packer_comes_back_sample_for_sample():
    rng = np.random.default_rng(1)
    packer = RawPacker(2, 0)
    p = (25939200 + 4 * rng.integers(-2000, 2000, 500)).tolist()
    t = (19211919 + rng.integers(-100, 100, 500)).tolist()
    payloads, at = [], 0
    for k in range(500):
        packer.add(p[k], t[k])
        if packer.full or packer.count == CAPACITY or k == 499:
            while packer.count:
                payloads.append(packer.close(1, 0, at, 0, at * 100, 0, 0))
                at = k + 1 - packer.count
    blocks = rawblock.decode_many(payloads)
    assert np.concatenate([b.p_q8 for b in blocks]).tolist() == p
    assert np.concatenate([b.t_q16 for b in blocks]).tolist() == t
    assert [b.first for b in blocks[1:]] == [b.past for b in blocks[:-1]]


def test_many_shapes_at_once_keep_their_order():
    shapes = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (1, 2), (2, 2), (4, 4), (1, 4)]
    span = {0: 0, 1: 127, 2: 32767, 4: 2**29}
    rng = np.random.default_rng(2)
    sent, payloads = [], []
    for k in range(300):
        p_width, t_width = shapes[k % len(shapes)]
        count = int(rng.integers(1, 12))
        p = [5, *(5 + rng.integers(-span[p_width], span[p_width] + 1, count - 1)).tolist()]
        t = [-9, *(-9 + rng.integers(-span[t_width], span[t_width] + 1, count - 1)).tolist()]
        sent.append((k, p, t))
        payloads.append(payload(p, t, p_width, t_width, first=k))
    got = [(b.first, b.p_q8.tolist(), b.t_q16.tolist()) for b in rawblock.decode_many(payloads)]
    assert got == sent
    assert rawblock.decode_many([]) == []


def test_blocks_decoded_together_cannot_be_changed():
    block = rawblock.decode(payload([1, 2], [3, 4], 1, 1))
    with pytest.raises(ValueError, match="read-only"):
        block.p_q8[0] = 9


GOOD = payload([100, 90, 110], [7, 8, 9], 1, 1)


def changed(offset, *values):
    data = bytearray(GOOD)
    data[offset : offset + len(values)] = values
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes"),
        (GOOD[:42], "42 bytes"),
        (GOOD[:-1], "do not hold"),
        (GOOD + b"\0", "do not hold"),
        (changed(26, 0), "no samples"),
        (changed(26, 4), "do not hold"),
        (changed(27, 3), "differences of 3"),
        (changed(29, 255), "differences of 1 \\+ 255"),
        (changed(28, 32), "shifts of 32"),
        (changed(30, 72), "shifts of 0 and 72"),
        (changed(30, 200), "differences of 1 \\+ 1 \\+ 255"),
        (changed(15, 0x40), "sample number"),
        (changed(21, 0x40), "beyond its wrap"),
        (changed(22, 1), "share one lateness"),
        (changed(39, 0xE9, 3), "1001 numbers without a sample before number 1000"),
        (changed(28, 31), "pressure beyond 32 bits"),
        (changed(30, 31), "temperature beyond 32 bits"),
    ],
)
def test_malformed_blocks_are_refused_with_the_reason(data, reason):
    with pytest.raises(ProtocolError, match=reason) as caught:
        rawblock.decode(data)
    assert caught.value.hint
    with pytest.raises(ProtocolError, match="raw block 1 of the batch"):
        rawblock.decode_many([GOOD, data, GOOD])


def test_extreme_values_survive():
    low, high = -(2**31), 2**31 - 1
    block = rawblock.decode(payload([low, low + 2**31 - 1], [high, high - 2**31], 4, 4))
    assert block.p_q8.tolist() == [low, -1]
    assert block.t_q16.tolist() == [high, -1]


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(data):
    try:
        block = rawblock.decode(data)
    except ProtocolError:
        return
    assert 1 <= block.count <= 255
    assert len(block.t_q16) == block.count


@given(st.data())
def test_any_change_of_a_good_block_decodes_or_is_refused(data):
    bad = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        bad[data.draw(st.integers(0, len(bad) - 1))] = data.draw(st.integers(0, 255))
    try:
        block = rawblock.decode(bytes(bad))
    except ProtocolError:
        return
    assert 1 <= block.count <= 255
