"""Outputs that the host moves while no test runs, as a bench does with its second node."""

from __future__ import annotations

import pytest

from hullwatch.errors import Refused
from hullwatch.leaktest import follow
from hullwatch.link import messages as m


def move(rig, mask, hold_ms):
    rig.ask(m.TEST_OUTPUTS, m.TEST_OUTPUTS.struct.pack(mask, hold_ms))


def test_an_output_is_open_for_as_long_as_was_asked_for(rig):
    one = rig()
    assert one.pins.opened() == frozenset()
    begun_us = one.bench.clock.us
    move(one, 0b10, 5_000)
    assert one.pins.opened() == {"dump"}
    assert follow.progress(one).opened == 0b10
    one.alone(20)  # nobody says anything more
    assert one.pins.opened() == frozenset()
    (closed_us,) = [t_us for t_us, names in one.pins.log if t_us > begun_us and not names]
    assert closed_us - begun_us == pytest.approx(5e6, abs=0.5e6)
    one.open()
    assert follow.progress(one).fault == 0


def test_asking_again_begins_the_time_anew_and_0_closes(rig):
    one = rig()
    move(one, 0b10, 4_000)
    one.step(3)
    move(one, 0b10, 4_000)
    one.step(3)
    assert one.pins.opened() == {"dump"}
    move(one, 0, 1_000)
    assert one.pins.opened() == frozenset()


def test_a_supply_that_is_open_by_hand_is_cut_at_the_limit(rig):
    one = rig()
    move(one, 0b01, 50_000)
    one.step(15)
    assert one.pins.opened() == frozenset()
    assert one.events("OVERPRESSURE")
    with pytest.raises(Refused, match="outputs are cut after a fault"):
        move(one, 0b10, 1_000)


@pytest.mark.parametrize(
    ("mask", "hold_ms", "reason"),
    [
        (0b11, 1_000, "supply is open together with what it excludes"),
        (0b100, 1_000, "there are 2 outputs"),
        (0b10, 0, "hold_ms: 1 to 86400000"),
        (0b10, 86_400_001, "hold_ms: 1 to 86400000"),
    ],
)
def test_what_must_not_be_is_refused_and_moves_nothing(rig, mask, hold_ms, reason):
    one = rig()
    moved = list(one.pins.log)
    with pytest.raises(Refused, match=reason):
        move(one, mask, hold_ms)
    assert one.pins.log == moved
    assert follow.progress(one).fault == 0


def test_not_during_a_test_and_not_after_a_fault(rig):
    one = rig()
    one.start()
    with pytest.raises(Refused, match="a test is running"):
        move(one, 0b10, 1_000)
    follow.abort(one)
    one.finish()
    one.bench.world.bus.nack(0x47)
    one.step(5)
    with pytest.raises(Refused, match="the sensor does not deliver"):
        move(one, 0b10, 1_000)


def test_a_node_without_outputs_says_so(rig):
    one = rig()
    one.close()
    bare = rig(wiring="none")
    with pytest.raises(Refused, match="no outputs are configured"):
        move(bare, 1, 1_000)
