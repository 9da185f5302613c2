"""The sample path in small ints: every result is driven to the bound that stands beside it.

The arguments are ints that note the size of each result of their arithmetic under the source line
that made it. A line with "< 2^N" in its comment has to stay below that and come within a factor of
two of it: a bound that is never approached is as wrong as one that is passed.
"""

import inspect
import operator
import re
import sys
from itertools import product
from pathlib import Path
from typing import ClassVar

import pytest

from hullcore import compensate, refratio, ticks
from hullcore.auxestimator import ReferenceCascade
from hullcore.cascade import Cascade
from hullcore.estimator import P_LIMIT_Q8
from hullcore.plan import MAX_BLOCK, WindowPlan
from hullcore.rawblock import Column, RawPacker

SMALL = 1 << 30  # the first number that is no small int on the chip
T_MAX = compensate.T_MAX_Q16
STATED = re.compile(r"(?:< |below )(?:(\d+)·)?2\^(\d+)(?: \+ 2\^(\d+))?")


class Noted(int):
    """An int whose results are noted, by file and line, in `sizes`."""

    sizes: ClassVar[dict[tuple[str, int], int]] = {}


def _noting(plain, reflected: bool):
    def method(self, other):
        a, b = (int(other), int(self)) if reflected else (int(self), int(other))
        result = Noted(plain(a, b))
        caller = sys._getframe(1)
        where = (Path(caller.f_code.co_filename).name, caller.f_lineno)
        Noted.sizes[where] = max(Noted.sizes.get(where, 0), abs(result))
        return result

    return method


for _name in ("add", "sub", "mul", "floordiv", "lshift", "rshift", "and"):
    _plain = getattr(operator, "and_" if _name == "and" else _name)
    setattr(Noted, f"__{_name}__", _noting(_plain, False))
    setattr(Noted, f"__r{_name}__", _noting(_plain, True))
Noted.__neg__ = lambda self: Noted(-int(self))


@pytest.fixture(autouse=True)
def fresh_notes():
    Noted.sizes = {}


def noted_of(function) -> dict[int, int]:
    """Largest magnitude by line of one function."""
    lines, start = inspect.getsourcelines(function)
    name = Path(inspect.getsourcefile(function)).name
    return {
        line: size
        for (file, line), size in Noted.sizes.items()
        if file == name and start <= line < start + len(lines)
    }


def assert_bounds(function, stated_lines: int) -> None:
    """All of it small, and the lines that state a bound come near it."""
    sizes = noted_of(function)
    assert sizes
    assert max(sizes.values()) < SMALL, sizes
    lines, start = inspect.getsourcelines(function)
    checked = 0
    for number, line in enumerate(lines, start):
        found = STATED.search(line.partition("#")[2])
        if found is None or number not in sizes:
            continue
        factor, power, more = found.groups()
        bound = int(factor or 1) * 2 ** int(power) + (2 ** int(more) if more else 0)
        assert sizes[number] >= bound // 2, (line, sizes[number])
        assert sizes[number] < bound, (line, sizes[number])
        checked += 1
    assert checked == stated_lines


def cascade_of_one_block() -> Cascade:
    cascade = Cascade(WindowPlan(10_000, (10,)), lambda *a: None)
    cascade._length = MAX_BLOCK + 1  # the largest block any plan may have, left open
    return cascade


def test_a_sample_at_the_limits_of_its_range():
    cascade = cascade_of_one_block()
    for k in range(MAX_BLOCK):
        y = P_LIMIT_Q8 if k % 2 else 0  # squares of the largest distance
        cascade.add(Noted(P_LIMIT_Q8), Noted(y), Noted(T_MAX))
    assert max(noted_of(Cascade.add).values()) < SMALL
    assert_bounds(Cascade._add_far, 1)


def test_samples_close_together_keep_their_squares_small():
    cascade = cascade_of_one_block()
    for k in range(MAX_BLOCK):
        cascade.add(Noted(P_LIMIT_Q8), Noted(1023 if k else 0), Noted(T_MAX))
    assert_bounds(Cascade.add, 1)


def test_all_sums_reach_their_largest_together():
    cascade = cascade_of_one_block()
    for _ in range(MAX_BLOCK):
        cascade.add(Noted(P_LIMIT_Q8), Noted(P_LIMIT_Q8), Noted(T_MAX))
    assert 2**28 < max(noted_of(Cascade.add).values()) < 2**29  # Σj·limb of the docstring


def test_a_block_of_absent_samples():
    cascade = cascade_of_one_block()
    cascade.j = Noted(0)
    for _ in range(MAX_BLOCK):
        cascade.skip(Noted(1))
    assert_bounds(Cascade.skip, 2)


def test_normalisation_over_the_corners_of_its_range():
    t_refs = (200 * 65536, 19211878, 400 * 65536)
    for t_ref in t_refs:
        low, high = 2 * t_ref // 3 + 1, min(2 * t_ref - 1, T_MAX)
        steps = [low + (high - low) * k // 64 for k in range(65)]
        for p, t in product((0, 0x7FFF, 1 << 15, P_LIMIT_Q8 - 0x8000, P_LIMIT_Q8), steps):
            compensate.normalise(Noted(p), Noted(t), Noted(t_ref))
    assert_bounds(compensate.normalise, 4)
    assert_bounds(compensate.changed, 5)


def test_a_ratio_of_pressures_over_the_corners_of_its_range():
    for zero in (1 << 8, 101325 << 8, 1 << 28, (1 << 29) + 12345, P_LIMIT_Q8):
        low, high = 2 * zero // 3 + 1, min(2 * zero - 1, P_LIMIT_Q8)
        steps = [low + (high - low) * k // 64 for k in range(65)]
        for p, ref in product((0, 0x7FFF, 1 << 15, P_LIMIT_Q8), steps):
            refratio.by_reference(Noted(p), Noted(ref), Noted(zero))
    assert_bounds(refratio.by_reference, 2)


def test_differences_of_ticks_all_round_the_circle():
    edge = (0, 1, SMALL // 2 - 1, SMALL // 2, SMALL // 2 + 1, SMALL - 2, SMALL - 1)
    for a, b in product(edge, edge):
        ticks.diff(Noted(a), Noted(b))
    for a, d in product(edge, (-SMALL // 2 + 1, -1, 0, 1, SMALL // 2 - 1)):
        assert ticks.add(Noted(a), Noted(d)) == (a + d) % SMALL
    assert_bounds(ticks.diff, 0)
    assert max(noted_of(ticks.diff).values()) == SMALL - 1
    assert_bounds(ticks.add, 2)


def test_differences_of_a_raw_block():
    packer = RawPacker(0, 0)
    for k in range(8):
        extreme = P_LIMIT_Q8 if k % 2 else 0
        packer.add(Noted(extreme), Noted(T_MAX if k % 2 else 1))
    assert_bounds(Column.put, 1)


def test_a_block_of_reference_pressures_at_the_limit():
    cascade = ReferenceCascade(WindowPlan(10_000, (10,)), lambda *a: None)
    cascade._length = MAX_BLOCK + 1
    for _ in range(MAX_BLOCK):
        cascade.add_with(Noted(1), Noted(1), Noted(1), Noted(P_LIMIT_Q8))
    assert_bounds(ReferenceCascade.add_with, 1)


def test_the_notes_themselves_see_a_number_that_is_too_large():
    def product_of(a):
        return a * a

    product_of(Noted(SMALL))
    assert max(noted_of(product_of).values()) == SMALL * SMALL
    with pytest.raises(AssertionError):
        assert_bounds(product_of, 0)
