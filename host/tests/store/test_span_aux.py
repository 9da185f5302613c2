"""Spans of raw blocks with and without a third column give back what was received."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullcore.auxblock import AuxPacker
from hullcore.estimator import NO_AUX
from hullwatch.link import rawblock
from hullwatch.store import rawcodec
from hullwatch.store.blocktable import table_of


def packed(aux):
    """Payloads of consecutive samples whose second values are `aux`."""
    rng = np.random.default_rng(len(aux))
    packer = AuxPacker(2, 0, 9)
    out, at = [], 0

    def close(end):
        nonlocal at
        while packer.count:
            out.append(packer.close(1, 0, at, 0, at * 100, 0, 0))
            at = end - packer.count

    for k, value in enumerate(aux):
        if not packer.matches(value):
            close(k)
        p = 25939200 + 4 * int(rng.integers(-2000, 2000))
        packer.add_aux(p, 19211919 + int(rng.integers(-100, 100)), value)
        if packer.full:
            close(k + 1)
    close(len(aux))
    return out


steps = st.one_of(st.just(NO_AUX), st.integers(0, 5), st.integers(0, 60_000))


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, min_size=2, max_size=400))
def test_every_payload_comes_back_to_the_byte(drawn):
    aux = [k if k == NO_AUX else 19_200_000 + 512 * k for k in drawn]
    payloads = packed(aux)
    table = table_of(rawblock.decode_many(payloads))
    row = (1, 0, rawcodec.SPAN, rawcodec.encode_span(table))
    assert rawcodec.payloads_of(row) == payloads
    if any(k != NO_AUX for k in aux):
        assert rawcodec.decode([row]).values["aux"].tolist() == aux


def test_a_span_without_a_second_sensor_is_as_long_as_before():
    table = table_of(rawblock.decode_many(packed([NO_AUX] * 300)))
    assert "aux" not in table.values
    assert "aux" not in rawcodec.decode([(1, 0, rawcodec.SPAN, rawcodec.encode_span(table))]).values


@pytest.mark.parametrize("first", [True, False])
def test_rows_with_and_without_it_are_read_as_one(first):
    halves = [[19_200_000 + 512 * (k % 5) for k in range(100)], [NO_AUX] * 100]
    if not first:
        halves.reverse()
    rows = []
    for half, aux in enumerate(halves):
        table = table_of(rawblock.decode_many(packed(aux)))
        rows.append((1, 100 * half, rawcodec.SPAN, rawcodec.encode_span(table)))
    rows.append((1, 200, rawcodec.AS_RECEIVED, packed([19_200_000])[0]))
    got = rawcodec.decode(rows).values["aux"].tolist()
    assert got == [*halves[0], *halves[1], 19_200_000]
