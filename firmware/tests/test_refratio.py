"""y = P · P_ref,0 / P_ref within one unit of the exact quotient, in small ints only."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullcore.refratio import by_reference

P_MAX = (1 << 30) - 1
EXTRA = Fraction(1, 1 << 13)  # in the last 10 mbar of the range


def limits(zero: int) -> tuple[int, int]:
    """Lowest and highest P_ref for which |P_0 − P_ref| < P_ref / 2."""
    return 2 * zero // 3 + 1, min(2 * zero - 1, P_MAX)


def check(small, p: int, ref: int, zero: int) -> None:
    exact = Fraction(p * zero, ref)
    y = by_reference(small(p), small(ref), small(zero))
    if y == -1:
        assert exact > P_MAX - 1
    else:
        assert 0 <= y <= P_MAX
        assert abs(y - exact) <= (1 if p < P_MAX - 2**18 else 1 + EXTRA), (p, ref, zero)


@settings(max_examples=3000, deadline=None)
@given(st.data())
def test_within_one_unit_everywhere(small, data):
    zero = data.draw(st.one_of(st.integers(256, 4190000 << 8), st.sampled_from([256, 1 << 29])))
    low, high = limits(zero)
    edges = [max(low, min(high, edge)) for edge in (0, zero, (1 << 25) - 1, 1 << 25, P_MAX)]
    ref = data.draw(st.one_of(st.integers(low, high), st.sampled_from(edges)))
    p = data.draw(st.one_of(st.integers(0, P_MAX), st.sampled_from([0, 1, 32767, 32768, P_MAX])))
    check(small, p, ref, zero)


@pytest.mark.parametrize("bits", [24, 25, 26, 28, 29, 30])
def test_within_one_unit_at_every_size_of_the_reference(small, bits):
    rng = random.Random(bits)
    for _ in range(300):
        ref = rng.randrange(1 << bits - 1, 1 << bits)
        zero = rng.randrange(ref // 2 + 1, min(3 * ref // 2, P_MAX))
        check(small, rng.choice([P_MAX, rng.randrange(P_MAX)]), ref, zero)


def test_the_ratio_cancels_what_subtraction_leaves(small):
    """300 kPa beside 101 kPa, both warmed by 0.1 K from 293.15 K: 102.3 Pa, of which a difference
    of pressures takes away 34.6 and leaves 67.8 (two thirds), the ratio nothing."""
    kelvin = Fraction(29325, 29315)
    p, ref = 300_000 * 256, 101_325 * 256
    warm_p, warm_ref = round(p * kelvin), round(ref * kelvin)
    assert abs(by_reference(small(warm_p), small(warm_ref), small(ref)) - p) <= 3
    left_pa = float(warm_p - p - (warm_ref - ref)) / 256
    assert float(warm_p - p) / 256 == pytest.approx(102.3, abs=0.1)
    assert left_pa == pytest.approx(67.8, abs=0.1)


@pytest.mark.parametrize("zero", [101_325 << 8, 2_900_000 << 8, 4_190_000 << 8])
def test_nothing_allocates_on_the_chip_and_the_numbers_are_the_same(chip_vm, zero):
    rng = random.Random(zero)
    low, high = limits(zero)
    rows = [(rng.randrange(P_MAX), rng.choice([low, high, rng.randint(low, high)]))
            for _ in range(200)]  # fmt: skip
    printed = chip_vm(
        f"""
import array, micropython
from hullcore.refratio import by_reference
rows = {tuple(rows)!r}
out = array.array("i", [0] * len(rows))
def run(zero):
    i = 0
    for p, ref in rows:
        out[i] = by_reference(p, ref, zero)
        i += 1
micropython.heap_lock()
run({zero})
micropython.heap_unlock()
print(list(out))
"""
    )
    assert printed == f"{[by_reference(p, ref, zero) for p, ref in rows]}\n"
