"""Wrapping tick arithmetic at its edges, in small ints only, and device time over many wraps."""

import itertools
import random

import pytest

from hullcore import ticks
from hullnode.clock import DeviceClock

PERIOD = 1 << 30
HALF = PERIOD // 2
EDGES = sorted(
    {(at + k) % PERIOD for at in (0, HALF // 2, HALF, 3 * HALF // 2, PERIOD) for k in range(-6, 7)}
)
STEPS = sorted({s for at in (-HALF, -HALF // 2, 0, HALF // 2, HALF) for k in range(-6, 7)
                if -HALF < (s := at + k) < HALF})  # fmt: skip


def test_difference_of_every_pair_of_edges(small):
    for a, b in itertools.product(EDGES, EDGES):
        assert ticks.diff(small(a), small(b)) == (a - b + HALF) % PERIOD - HALF


def test_sum_of_every_edge_and_step(small):
    for a, step in itertools.product(EDGES, STEPS):
        assert ticks.add(small(a), small(step)) == (a + step) % PERIOD


def test_anywhere(small):
    rng = random.Random(5)
    for _ in range(20_000):
        a = rng.randrange(PERIOD)
        step = rng.randrange(-HALF + 1, HALF)
        there = ticks.add(small(a), small(step))
        assert there == (a + step) % PERIOD
        assert ticks.diff(small(there), small(a)) == step


def test_nothing_allocates_on_the_chip(chip_vm):
    printed = chip_vm(
        f"""
import micropython
from hullcore import ticks
EDGES = {tuple(EDGES)}
def run():
    n = 0
    for a in EDGES:
        for b in EDGES:
            d = ticks.diff(a, b)
            if -536870912 < d and ticks.add(b, d) == a:
                n += 1
    return n
n = run()
micropython.heap_lock()
n = run()
micropython.heap_unlock()
print(n)
"""
    )
    opposite = sum((a - b) % PERIOD == HALF for a, b in itertools.product(EDGES, EDGES))
    assert int(printed) == len(EDGES) ** 2 - opposite


def test_the_ports_own_arithmetic_is_the_same(chip_vm):
    """The Pico's board takes it instead, because it is C."""
    printed = chip_vm(
        f"""
import time
from hullcore import ticks
EDGES = {tuple(EDGES)}
STEPS = {tuple(STEPS)}
wrong = [(a, b) for a in EDGES for b in EDGES if time.ticks_diff(a, b) != ticks.diff(a, b)]
wrong += [(a, s) for a in EDGES for s in STEPS if time.ticks_add(a, s) != ticks.add(a, s)]
print(wrong)
"""
    )
    assert printed == "[]\n"


class Counter:
    """A millisecond counter that wraps, and the truth beside it."""

    def __init__(self, start: int) -> None:
        self.truth = start

    def __call__(self) -> int:
        return self.truth % PERIOD


@pytest.mark.parametrize("start", [0, 1, PERIOD - 1, HALF])
def test_device_time_over_many_wraps(start):
    counter = Counter(start)
    clock = DeviceClock(counter)
    rng = random.Random(start)
    for k in range(3000):
        longest = HALF - 1 if k % 3 else 5000  # six days at the most between polls
        counter.truth += rng.choice([0, 1, 7, longest, rng.randrange(longest)])
        clock.poll()
        assert (clock.wraps, clock.ms) == divmod(counter.truth, PERIOD)
    assert clock.wraps > 250
    counter.truth += 12345
    assert clock.total_ms() == counter.truth


def test_device_time_never_goes_back():
    counter = Counter(1000)
    clock = DeviceClock(counter)
    counter.truth = 990  # a counter read late by an interrupt
    clock.poll()
    assert (clock.wraps, clock.ms) == (0, 1000)
    counter.truth = 1001
    clock.poll()
    assert (clock.wraps, clock.ms) == (0, 1001)


def test_device_time_allocates_nothing_across_a_wrap(chip_vm):
    printed = chip_vm(
        """
import micropython
from hullcore import ticks
from hullnode.clock import DeviceClock
class Counter:
    def __init__(self):
        self.now = 1073741823 - 5000
    def read(self):
        return self.now
counter = Counter()
clock = DeviceClock(counter.read)
def run():
    for k in range(10000):
        counter.now = ticks.add(counter.now, 1)
        clock.poll()
micropython.heap_lock()
run()
micropython.heap_unlock()
print(clock.wraps, clock.ms)
"""
    )
    assert printed == "1 4999\n"
