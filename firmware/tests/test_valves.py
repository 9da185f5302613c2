"""Valves: tests that try to break every interlock, limit and time."""

import itertools
import random

import pytest

from hullcore.interlocks import conflict
from hullcore.outputs import parse
from hullnode.valves import INTERLOCK, OVERPRESSURE, SILENT, TOO_LONG, Valves

ROWS = parse(
    "16:supply:fill:nc:60:dump;17:dump:vent:no:0;18:iso:isolate:nc:600:bleed;19:bleed:bleed:nc:600"
)
SUPPLY, DUMP, ISO, BLEED = 1, 2, 4, 8
LIMIT_Q8 = 300_000 << 8


class Board:
    """Levels of the pins, and every moment that they had."""

    def __init__(self):
        self.ms = 0
        self.level = dict.fromkeys(range(16, 22), 0)
        self.moments = []

    def ticks_ms(self):
        return self.ms

    def output(self, number, level):
        self.level[number] = level
        self.moments.append(dict(self.level))

    def outputs_safe(self):
        self.level = dict.fromkeys(self.level, 0)
        self.moments.append(dict(self.level))


class Rig:
    def __init__(self, rows=ROWS, period_us=100_000):
        self.board = Board()
        self.events = []
        self.valves = Valves(
            self.board, rows, LIMIT_Q8, period_us, lambda *event: self.events.append(event)
        )

    def opened(self, level=None):
        level = level or self.board.level
        return sum((level[row[0]] != row[3]) << k for k, row in enumerate(ROWS))

    def run(self, ms, p_pa=100_000):
        """Time with a sample every 100 ms and a poll every 50."""
        for _ in range(0, ms, 50):
            self.board.ms += 50
            if p_pa is not None and self.board.ms % 100 == 0:
                self.valves.sample(p_pa << 8)
            self.valves.poll()

    @property
    def safe(self):
        return not any(self.board.level.values()) and self.valves.powered == 0


@pytest.fixture
def rig():
    return Rig()


def test_without_power_only_the_normally_open_one_is_open(rig):
    assert rig.valves.opened() == DUMP
    assert rig.opened() == DUMP


@pytest.mark.parametrize("mask", range(16))
def test_a_mask_is_done_wholly_or_everything_is_safe(rig, mask):
    allowed = mask & (SUPPLY | DUMP) != SUPPLY | DUMP and mask & (ISO | BLEED) != ISO | BLEED
    assert rig.valves.open_only(mask) == allowed
    if allowed:
        assert rig.opened() == rig.valves.opened() == mask
    else:
        assert rig.safe
        assert rig.valves.fault == INTERLOCK


def test_no_moment_of_any_change_breaks_an_interlock(rig):
    """Not only before and after: each single pin's change on the way."""
    allowed = [m for m in range(16) if conflict(ROWS, m) < 0]
    for a, b in itertools.product(allowed, allowed):
        assert rig.valves.open_only(a)
        assert rig.valves.open_only(b)
    assert len(rig.board.moments) > 100
    for level in rig.board.moments:
        assert conflict(ROWS, rig.opened(level)) < 0


def test_random_orders_never_break_an_interlock(rig):
    draw = random.Random(5)
    for _ in range(2_000):
        rig.valves.open_only(draw.randrange(64))
        if draw.random() < 0.3:
            rig.valves.release()
        assert conflict(ROWS, rig.opened()) < 0
    for level in rig.board.moments:
        assert conflict(ROWS, rig.opened(level)) < 0


def test_an_output_that_is_not_there_makes_all_safe(rig):
    assert rig.valves.open_only(ISO)
    assert not rig.valves.open_only(16)
    assert rig.safe
    assert rig.valves.fault == INTERLOCK


def test_powered_too_long_is_cut_and_stays_cut(rig):
    assert rig.valves.open_only(SUPPLY | ISO)
    rig.run(59_950)
    assert rig.opened() == SUPPLY | ISO
    rig.run(50)
    assert rig.safe
    assert rig.valves.fault == TOO_LONG
    assert rig.events[-1][1:4] == (TOO_LONG, 16, 0b111)  # supply, dump (powered shut) and iso
    assert not rig.valves.open_only(ISO)
    assert not rig.valves.open_only(DUMP)
    assert rig.safe
    rig.valves.release()
    assert rig.valves.open_only(ISO)


def test_opening_what_is_open_does_not_start_its_time_anew(rig):
    for _ in range(7):
        rig.valves.open_only(SUPPLY | ISO)
        rig.run(10_000)
    assert rig.valves.fault == TOO_LONG


def test_the_time_is_right_across_the_wrap_of_the_counter(rig):
    rig.board.ms = (1 << 30) - 1_000
    rig.valves.sample(0)
    assert rig.valves.open_only(SUPPLY)
    rig.board.ms = 1_000
    rig.valves.sample(0)
    rig.valves.poll()
    assert rig.valves.fault == 0
    rig.board.ms = 59_000
    rig.valves.sample(0)
    rig.valves.poll()
    assert rig.valves.fault == TOO_LONG


@pytest.mark.parametrize("mask", [SUPPLY, SUPPLY | ISO, ISO, 0, BLEED])
def test_over_pressure_cuts_within_the_sample(rig, mask):
    assert rig.valves.open_only(mask)
    rig.valves.sample(LIMIT_Q8 - 1)
    assert rig.opened() == mask
    rig.valves.sample(LIMIT_Q8)
    assert rig.safe
    assert rig.valves.fault == OVERPRESSURE
    assert rig.opened() == DUMP  # the normally open vent relieves it


def test_the_supply_stays_shut_above_the_limit_whatever_is_acknowledged(rig):
    rig.valves.sample(LIMIT_Q8)
    rig.valves.release()
    assert not rig.valves.open_only(SUPPLY)
    rig.valves.sample(LIMIT_Q8 - 256)  # just below: noise at the limit is no end of it
    assert not rig.valves.open_only(SUPPLY)
    assert rig.valves.open_only(ISO)
    rig.valves.sample(LIMIT_Q8 * 98 // 100)
    assert rig.valves.open_only(SUPPLY)


def test_over_pressure_is_told_once(rig):
    for _ in range(50):
        rig.valves.sample(LIMIT_Q8 + 5)
    assert len(rig.events) == 1
    assert rig.events[0][1:4] == (LIMIT_Q8 + 5, LIMIT_Q8, 0)


def test_a_silent_sensor_cuts_whatever_is_powered(rig):
    rig.run(1_000)
    assert rig.valves.open_only(ISO)
    rig.run(800, p_pa=None)
    assert rig.valves.fault == 0
    rig.run(100, p_pa=None)
    assert rig.safe
    assert rig.valves.fault == SILENT


def test_a_silent_sensor_is_no_fault_while_nothing_is_powered(rig):
    rig.run(10_000, p_pa=None)
    assert rig.valves.fault == 0
    assert rig.events == []


def test_a_sample_allocates_nothing(on_vm):
    printed = on_vm(
        "unix64",
        f"""
import gc, micropython
from hullcore.outputs import parse
from hullnode.valves import Valves
class Board:
    def ticks_ms(self): return 5
    def output(self, number, level): pass
    def outputs_safe(self): pass
valves = Valves(Board(), parse({"16:a:fill:nc:60;17:b:vent:no:0"!r}), {LIMIT_Q8}, 100000, print)
valves.open_only(1)
def go():
    gc.collect()
    micropython.heap_lock()
    for k in range(100):
        valves.sample(k)
        valves.poll()
    micropython.heap_unlock()
    print("done", valves.powered)
go()
""",
    )
    assert printed.strip() == "done 3"
