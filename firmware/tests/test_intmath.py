"""Rounding division, square root and saturation against exact arithmetic."""

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hullcore.intmath import I64_MAX, div_round, isqrt_up, saturate_i64

anything = st.integers(-(10**60), 10**60)


@given(anything, st.integers(1, 10**40))
def test_division_rounds_to_nearest_and_halves_away_from_zero(num, den):
    exact = Fraction(num, den)
    got = div_round(num, den)
    assert abs(got - exact) <= Fraction(1, 2)
    if abs(got - exact) == Fraction(1, 2):
        assert abs(got) > abs(exact)


def test_halves():
    assert [div_round(n, 2) for n in (-3, -1, 1, 3)] == [-2, -1, 1, 2]
    assert [div_round(n, 4) for n in (-6, -2, 2, 6)] == [-2, -1, 1, 2]


@given(
    st.one_of(
        st.integers(0, 10**6), st.integers(0, 10**80), st.integers(0, 10**30).map(lambda r: r * r)
    )
)
def test_square_root_is_rounded_up(value):
    root = math.isqrt(value)
    assert isqrt_up(value) == (root if root * root == value else root + 1)


def test_square_roots_beside_every_power_of_two():
    for bits in range(1, 300):
        for value in ((1 << bits) - 1, 1 << bits, (1 << bits) + 1):
            assert isqrt_up(value) == math.isqrt(value - 1) + 1


@given(st.integers(-(1 << 70), 1 << 70))
def test_saturation_is_symmetric(value):
    assert saturate_i64(value) == max(-(2**63) + 1, min(2**63 - 1, value))
    assert I64_MAX == 2**63 - 1


def test_the_same_on_every_interpreter(all_vms):
    printed = all_vms(
        """
import gc
from hullcore.intmath import div_round, isqrt_up, saturate_i64
def one(x, d):
    print(div_round(x, d), div_round(-x, d))
    print(isqrt_up(x), isqrt_up(d), saturate_i64(x - (1 << 100)))
x = 1
for i in range(400):
    x = x * 6364136223846793005 % (1 << 190) + 1
    one(x, x >> (i % 180) | 1)
    gc.collect()
"""
    )
    assert printed["unix64"] == printed["cpython"]
    assert printed["wasm32"] == printed["cpython"]
