"""Packed raw blocks give back every payload to the byte, and fit in the bytes that are promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from hullwatch.errors import CorruptDatabase
from hullwatch.link import rawblock
from hullwatch.link.messages import RAW
from hullwatch.store import blocktable, intcolumn, rawcodec

INT32 = np.iinfo(np.int32)


@settings(deadline=None)
@given(
    hnp.arrays(
        np.int64,
        st.integers(1, 700),
        elements=st.one_of(
            st.integers(-(2**62) + 1, 2**62 - 1), st.sampled_from([0, 7, 2**62 - 1, 1 - 2**62])
        ),
    )
)
def test_any_column_comes_back(values):
    packed = intcolumn.pack_many({"x": values, "none": values[:0], "y": values[::-1]})
    found = intcolumn.unpack_many(packed)
    assert list(found) == ["x", "none", "y"]
    assert found["x"].tolist() == values.tolist()
    assert found["y"].tolist() == values[::-1].tolist()


def test_a_constant_or_even_column_costs_nothing_by_the_value():
    for values in (np.full(100_000, 12345), np.arange(0, 7_000_000, 70)):
        assert len(intcolumn.encode(values)) < 150


def differences(rng, first, count, width, shift):
    """Random differences that keep the values within 32 bits."""
    if not width:
        return b""
    limit = 2 ** (8 * width - 1)
    low = max(-limit, -((first - INT32.min) >> shift))
    high = min(limit - 1, (INT32.max - first) >> shift)
    return rng.integers(low, high + 1, count - 1).astype(f"<i{width}").tobytes()


@st.composite
def streams(draw):
    """Payloads of one boot whose numbers run on, with everything a node may say at its limits."""
    widths, shifts = st.sampled_from([0, 1, 2, 4]), st.integers(0, 31)
    firsts = st.one_of(st.integers(INT32.min, INT32.max), st.sampled_from([INT32.min, INT32.max]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    blocks = draw(st.integers(1, 12))
    start = number = draw(st.one_of(st.integers(0, 10**6), st.just(2**62 - 12 * 255 - 1)))
    boot = draw(st.integers(0, 2**32 - 1))
    payloads = []
    for k in range(blocks):
        count = draw(st.one_of(st.just(64), st.integers(1, 255)))
        p_first, t_first = draw(firsts), draw(firsts)
        p_width, p_shift, t_width, t_shift = (
            draw(widths), draw(shifts), draw(widths), draw(shifts)
        )  # fmt: skip
        head = RAW.struct.pack(
            boot, draw(st.sampled_from([0, 5, 2**32 - 1])), number,
            draw(st.sampled_from([0, 1, 2**16 - 1])), draw(st.integers(0, 2**30 - 1)),
            draw(st.sampled_from([0, 30_000, 2**32 - 1])) if count == 1 else 0, count,
            p_width, p_shift, t_width, t_shift, p_first, t_first,
            min(number, 2**32 - 1) if k == 0 else 0,
        )  # fmt: skip
        payloads.append(
            head
            + differences(rng, p_first, count, p_width, p_shift)
            + differences(rng, t_first, count, t_width, t_shift)
        )
        number += count
    return boot, start, payloads


@settings(deadline=None)
@given(streams())
def test_every_payload_comes_back_to_the_byte(stream):
    boot, first, payloads = stream
    blocks = rawblock.decode_many(payloads)
    data = rawcodec.encode_span(blocktable.table_of(blocks))
    row = (boot, first, rawcodec.SPAN, data)
    assert rawcodec.payloads_of(row) == payloads
    table = rawcodec.decode([row])
    assert table.values["p_q8"].tolist() == np.concatenate([b.p_q8 for b in blocks]).tolist()
    assert table.values["t_q16"].tolist() == np.concatenate([b.t_q16 for b in blocks]).tolist()
    assert table.heads["device_ms"].tolist() == [b.device_ms for b in blocks]
    assert table.heads["first"].tolist() == [b.first for b in blocks]
    for block in blocks:
        assert rawcodec.holds(row, block)
    changed = bytearray(payloads[-1])
    changed[4] ^= 1  # its configuration
    assert not rawcodec.holds(row, rawblock.decode(bytes(changed)))


def test_rows_of_both_kinds_are_read_as_one(raw_block):
    blocks = [raw_block(40 * k) for k in range(6)]
    span = rawcodec.encode_span(blocktable.table_of(blocks[1:3]))
    rows = [(7, b.first, rawcodec.AS_RECEIVED, b.payload) for b in blocks]
    rows[1:3] = [(7, 40, rawcodec.SPAN, span)]
    table = rawcodec.decode(rows)
    assert blocktable.payloads(table) == [b.payload for b in blocks]
    assert blocktable.payloads(blocktable.part(table, 2, 4)) == [b.payload for b in blocks[2:4]]


@settings(deadline=None)
@given(st.data())
def test_damage_is_noticed(data):
    payload = RAW.struct.pack(1, 2, 0, 0, 0, 0, 9, 1, 0, 1, 0, 25_939_200, 19_660_800, 0) + bytes(
        16
    )
    span = bytearray(rawcodec.encode_span(blocktable.table_of([rawblock.decode(payload)])))
    at = data.draw(st.integers(0, len(span) - 1))
    span[at] ^= 1 << data.draw(st.integers(0, 7))
    cut = data.draw(st.sampled_from([len(span), at]))
    with pytest.raises(CorruptDatabase, match="damaged"):
        rawcodec.decode([(1, 0, rawcodec.SPAN, bytes(span[:cut]))])


def test_an_unknown_codec_is_not_guessed_at():
    with pytest.raises(CorruptDatabase, match="unknown"):
        rawcodec.decode([(1, 0, 9, b"")])
