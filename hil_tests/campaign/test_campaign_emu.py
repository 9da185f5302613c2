"""The shipped bytes on the real port, in an emulated RP2040: its flash, its USB, its console keys.

As on the VM no witness sits on it; `--bench pico-emu` runs these rows, and nothing else does.
"""

from __future__ import annotations

import random

import pytest

from accounting import count, slice_and_full
from hullwatch.link.events import Hello

pytestmark = [pytest.mark.needs("repl", "power_cut", "usb_stalls"), pytest.mark.timeout(0)]

SYNCS_OFTEN = {"sync_s": 10}
_LEAVE = 0x03
_OPERATIONS = 12
"""About what one sync of records and a page of raw samples take on littlefs."""


def greeted_again(one):
    one.events.clear()
    one.until(lambda: one.heard(Hello), 120)


def settled(one, samples=30):
    one.measured(one.status()["next_sample"] + samples)


@pytest.mark.row("power cut in the middle of an erase or a page of the flash", "pico-emu")
@slice_and_full(2, 12)
def test_torn_flash(rig, tally, trials):
    """Nobody listens, so that everything goes to the flash; which operation is drawn."""
    one = rig(extra=SYNCS_OFTEN)
    draw = random.Random(8)
    one.until(lambda: one.heard(Hello), 60)
    for _ in range(trials):
        cuts = one.bench.chip.power_cuts
        one.bench.chip.flash.cut_in(draw.randrange(_OPERATIONS), draw.random())
        while one.bench.chip.power_cuts == cuts:
            one.bench.elapse(1.0)
        one.log()
        greeted_again(one)
        tally.trials += 1
    settled(one)
    count(one, tally)


@pytest.mark.row("power cut at any moment, on the port's littlefs", "pico-emu")
@slice_and_full(1, 10)
def test_any_moment(rig, tally, trials):
    one = rig(extra=SYNCS_OFTEN)
    draw = random.Random(9)
    one.until(lambda: one.heard(Hello), 60)
    for _ in range(trials):
        end_s = one.bench.now_s() + draw.uniform(1, 12)
        while one.bench.now_s() < end_s:
            one.logger.step(one.declared.step_s)
        one.bench.power_cut(draw.uniform(0.0, 0.1))
        greeted_again(one)
        tally.trials += 1
    settled(one)
    count(one, tally)


@pytest.mark.row("the host stays attached and does not read", "pico-emu")
@slice_and_full(1, 8)
def test_not_reading(rig, tally, trials):
    one = rig()
    draw = random.Random(10)
    settled(one)
    for _ in range(trials):
        one.bench.stall(True)
        one.bench.run_for(draw.uniform(0.2, 8.0))
        one.bench.stall(False)
        settled(one, 10)
        tally.trials += 1
    count(one, tally)


@pytest.mark.row("0x03 to the node: it leaves, the logger starts it again", "pico-emu")
@slice_and_full(1, 8)
def test_left(rig, tally, trials):
    one = rig()
    draw = random.Random(11)
    settled(one)
    for _ in range(trials):
        one.bench.run_for(draw.uniform(0.0, 0.3))
        one.port.write(bytes([_LEAVE]))
        greeted_again(one)
        settled(one, 10)
        tally.trials += 1
    count(one, tally)


@pytest.mark.row("every control byte but 0x03, alone and in noise", "pico-emu")
@slice_and_full(4, 31)
def test_control_bytes(rig, tally, trials):
    one = rig()
    settled(one)
    controls = [byte for byte in range(0x20) if byte != _LEAVE]
    for byte in controls[:trials]:
        one.port.write(bytes([byte]))
        one.port.write(bytes([0x41, byte, byte, 0x7F, byte]))
        settled(one, 3)
        tally.trials += 1
    assert len(one.heard(Hello)) == 1  # it neither left nor started again
    count(one, tally)
