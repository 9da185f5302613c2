"""Self-heating of a board, seen by its own thermometer and told from a room that warms."""

import math

import pytest

from hullwatch.assess import analyse
from hullwatch.assess.warmup import warm_up
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.store import Reader

PERIOD_US = 1_000_000


def logged(site, seconds=960, **chamber):
    one = site(chamber=ChamberSpec(**{"seed": 5, "leak_pa_m3_s": 1e-4, **chamber}),
               period_us=PERIOD_US, seed=5)  # fmt: skip
    one.log()
    one.run(seconds)
    one.logger.finish()
    return one


def seen(one):
    with Reader.open(one.path) as reader:
        return warm_up(reader, one.boots()[0], PERIOD_US)


def test_a_board_that_heats_itself_is_told(site):
    one = logged(site, warm_up=True, self_heat_k=0.8, probe_tau_s=120.0, day_amplitude_k=0.0)
    found = seen(one)
    # of 0.8·(1 − exp(−t/120 s)): all but the mean of the first 20 s
    expected = 0.8 * (1 - math.exp(-20 / 120)) / (20 / 120)
    assert found.excess_k == pytest.approx(expected, rel=0.05)
    with Reader.open(one.path) as reader:
        notes = analyse(reader, one.boots()[0].node).analysis.notes
    (note,) = [text for text in notes if "the board heats it" in text]
    assert "set temp_gradient_uk to" in note


@pytest.mark.parametrize(
    "chamber",
    [{}, {"day_amplitude_k": 5.0}, {"self_heat_k": 0.8}],
    ids=["still", "a hot day", "long warm"],
)
def test_a_room_that_warms_is_not_taken_for_it(site, chamber):
    assert seen(logged(site, **{"self_heat_k": 0.0, **chamber})) is None


def test_ten_minutes_say_nothing(site):
    assert seen(logged(site, 600, warm_up=True, self_heat_k=0.8)) is None
