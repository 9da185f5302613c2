"""The shipped bytes on the MicroPython VM, with a real littlefs: keys, restarts, power.

No witness sits on a real board, so what is checked is what any bench can show: every number from
the first to the last is stored once or in a stated hole, and nothing contradicts anything.
"""

from __future__ import annotations

import pytest

from accounting import count, slice_and_full
from hullwatch.link import messages as m
from hullwatch.link.events import Hello

pytestmark = pytest.mark.needs("repl", "power_cut")


def greeted_again(one):
    """Until the node has said hello once more."""
    one.events.clear()
    one.until(lambda: one.heard(Hello), 120)


@pytest.mark.row("0x03 to the node: it leaves, the logger starts it again", "mpy")
@slice_and_full(1, 30)
def test_left_and_restarted(rig, tally, trials):
    one = rig()
    one.measured(30)
    for _ in range(trials):
        one.port.write(b"\x03")
        greeted_again(one)
        one.measured(20)
        tally.trials += 1
    count(one, tally)


@pytest.mark.row("power cut at any moment, on littlefs", "mpy")
@slice_and_full(2, 60)
def test_power(rig, tally, trials):
    one = rig(settings={"sync_s": 10})
    for seed in range(trials):
        end_s = one.bench.now_s() + 5 + seed * 7 % 31
        while one.bench.now_s() < end_s:
            one.logger.step(one.declared.step_s)
        one.bench.power_cut()
        greeted_again(one)
        tally.trials += 1
    one.measured(30)
    count(one, tally)


@pytest.mark.row("restarts asked for", "mpy")
@slice_and_full(1, 30)
def test_restarts(rig, tally, trials):
    one = rig()
    for _ in range(trials):
        one.measured(20)
        one.logger.ask(m.REBOOT, b"", lambda reply: None)
        greeted_again(one)
        tally.trials += 1
    one.measured(20)
    count(one, tally)
