"""Packing refuses exactly what CPython's struct refuses, on every interpreter."""

import struct

import pytest

from hullcore.fields import FieldRange, pack_checked

BITS = {"b": 8, "h": 16, "i": 32, "q": 64, "B": 8, "H": 16, "I": 32, "Q": 64}


def limits(code: str) -> tuple[int, int]:
    bits = BITS[code]
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if code.islower() else (0, (1 << bits) - 1)


@pytest.mark.parametrize("code", BITS)
def test_limits_of_every_code(code):
    low, high = limits(code)
    for value in (low, high, 0, 1):
        assert pack_checked("<" + code, (value,)) == struct.pack("<" + code, value)
    for value in (low - 1, high + 1, 1 << 80, -(1 << 80)):
        with pytest.raises(FieldRange, match=r"field 0"):
            pack_checked("<" + code, (value,))


def test_strings_and_positions():
    assert pack_checked("<H12sB", (1, b"abc", 2)) == struct.pack("<H12sB", 1, b"abc", 2)
    with pytest.raises(FieldRange, match=r"field 2 \(B\)"):
        pack_checked("<H12sB", (1, b"abc", 256))


def test_the_same_on_every_interpreter(all_vms):
    rows = [(code, v) for code in BITS for x in limits(code) for v in (x - 1, x, x + 1)]
    printed = all_vms(
        f"""
from hullcore.fields import FieldRange, pack_checked
for code, value in {rows!r}:
    try:
        print(code, pack_checked("<" + code, (value,)))
    except FieldRange as error:
        print(code, "refused")
"""
    )
    assert printed["unix64"] == printed["cpython"]
    assert printed["wasm32"] == printed["cpython"]
    assert printed["cpython"].count("refused") == 16
