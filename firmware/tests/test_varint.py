"""Integers of any size as bytes and back, against an independent reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hullcore.varint import pack, unpack

any_size = st.lists(st.integers(-(2**200), 2**200) | st.integers(-200, 200), max_size=30)


def read(data: bytes) -> list[int]:
    """The definition in other words: base 128 digits, lowest first; even 2n, odd −2n − 1."""
    found, digits = [], []
    for byte in data:
        digits.append(byte % 128)
        if byte < 128:
            z = sum(d * 128**k for k, d in enumerate(digits))
            found.append(z // 2 if z % 2 == 0 else -(z + 1) // 2)
            digits = []
    assert not digits
    return found


@given(any_size)
def test_both_ways(values):
    data = pack(tuple(values))
    assert read(data) == values
    assert unpack(data + bytes(7), len(values)) == tuple(values)


def test_known_bytes():
    assert pack((0, -1, 1, 63, -64, 64, 300)) == bytes([0, 1, 2, 126, 127, 0x80, 1, 0xD8, 4])


def test_too_few_are_refused():
    with pytest.raises(ValueError, match="2 of 3"):
        unpack(pack((5, 6)), 3)
