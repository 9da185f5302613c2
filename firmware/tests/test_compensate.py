"""Normalised pressure within one unit of the exact quotient, in small ints only."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hullcore.compensate import T_MAX_Q16, in_range, normalise

P_MAX = (1 << 30) - 1
T_REF_LOW, T_REF_HIGH = 200 * 65536, 400 * 65536  # the permitted setting
EXTRA = Fraction(1, 1 << 13)  # in the last 10 mbar of the range
KELVIN = 65536


def extremes(t_ref: int) -> tuple[int, int]:
    """Lowest and highest temperature for which |T_ref − T| < T / 2 and T ≤ 511 K."""
    low = 2 * t_ref // 3 + 1
    return low, min(2 * t_ref - 1, (1 << 25) - 1)


def check(small, p: int, t: int, t_ref: int) -> None:
    exact = Fraction(p * t_ref, t)
    y = normalise(small(p), small(t), small(t_ref))
    if y == -1:
        assert exact > P_MAX - 1
    else:
        bound = 1 if p < P_MAX - 2**18 else 1 + EXTRA
        assert 0 <= y <= P_MAX
        assert abs(y - exact) <= bound, (p, t, t_ref)


def test_the_stated_limits_of_temperature():
    assert T_MAX_Q16 == (1 << 25) - 1
    for t_ref in range(T_REF_LOW, T_REF_HIGH, 999_983):
        low, high = extremes(t_ref)
        inside = [in_range(t, t_ref) for t in (low - 1, low, high, high + 1, 0, -1)]
        assert inside == [False, True, True, False, False, False]


@settings(max_examples=3000, deadline=None)
@given(st.data())
def test_within_one_unit_everywhere(small, data):
    t_ref = data.draw(st.integers(T_REF_LOW, T_REF_HIGH))
    low, high = extremes(t_ref)
    t = data.draw(st.one_of(st.integers(low, high), st.sampled_from([low, low + 1, t_ref, high])))
    p = data.draw(st.one_of(st.integers(0, P_MAX), st.sampled_from([0, 1, 32767, 32768, P_MAX])))
    check(small, p, t, t_ref)


@pytest.mark.parametrize("remainder", [0.5, 0.999])
def test_within_one_unit_where_the_quotient_is_worst(small, remainder):
    """T for which that much is left after 30 bits, p in the last of the range."""
    rng = random.Random(1)
    worst = 0
    while worst < 200:
        t = rng.randrange(1 << 24, 1 << 25)
        num = rng.randrange(1, t // 2)
        if abs((num << 30) % t / t - remainder) > 1e-3:
            continue
        worst += 1
        for p in (P_MAX, P_MAX - rng.randrange(1 << 18), rng.randrange(P_MAX)):
            check(small, p, t, t - num)
            if t + num <= T_REF_HIGH:
                check(small, p, t, t + num)


def test_no_temperature_difference_changes_nothing(small):
    for p in (0, 1, 25_939_200, P_MAX):
        assert normalise(small(p), small(19_212_186), small(19_212_186)) == p


def test_a_result_past_the_range_is_refused(small):
    t_ref, t = 300 * KELVIN, 200 * KELVIN + 1
    assert normalise(small(P_MAX), small(t), small(t_ref)) == -1
    highest = Fraction(P_MAX * t, t_ref)
    assert normalise(small(int(highest) - 1), small(t), small(t_ref)) > P_MAX - 4
    assert normalise(small(int(highest) + 2), small(t), small(t_ref)) == -1


@pytest.mark.parametrize("p", [0, 1, 25_939_200, 768_000_000, P_MAX])
def test_nothing_allocates_on_the_chip_and_the_numbers_are_the_same(chip_vm, p):
    rng = random.Random(p)
    rows = []
    for _ in range(200):
        t_ref = rng.randrange(T_REF_LOW, T_REF_HIGH)
        low, high = extremes(t_ref)
        rows.append((rng.choice([low, high, rng.randint(low, high)]), t_ref))
    printed = chip_vm(
        f"""
import array, micropython
from hullcore.compensate import normalise
rows = {tuple(rows)!r}
out = array.array("i", [0] * len(rows))
def run(p):
    i = 0
    for t, t_ref in rows:
        out[i] = normalise(p, t, t_ref)
        i += 1
micropython.heap_lock()
run({p})
micropython.heap_unlock()
print(list(out))
"""
    )
    assert printed == f"{[normalise(p, t, t_ref) for t, t_ref in rows]}\n"
