"""Outputs safe after Ctrl-C, exception, watchdog reset, soft reset, power cut: in each phase.

The node's own guard runs on the simulated board; what ends a run is raised where the board waits,
or where a pin or the bus is touched.
"""

from __future__ import annotations

import sys

import pytest

from hullnode import guard
from hullwatch.link.testnames import PHASES

INTERLOCK = 4  # as OUTPUTS_SAFE says
PHASE_NAMES = ["fill", "stabilise", "measure", "vent"]
SLOW = {"open_area_m2": 1e-8}  # filling takes half a minute


class Life:
    """`guard.run` on the board of a rig; `then` is raised once the test has reached a phase."""

    def __init__(self, rig, monkeypatch):
        self.rig = rig
        self.bench = rig.bench
        self.board = board = self.bench.board
        self.watchdog = []
        self.restarted = False
        board.idle = self._idle
        board.restart = self._restart
        board.watchdog_arm = lambda ms: self.watchdog.append(("arm", ms))
        board.watchdog_feed = lambda: None
        board.watchdog_disarm = lambda: self.watchdog.append(("disarm", 0))
        self.node = None
        self._real = guard.Node
        monkeypatch.setattr(guard, "Node", self._started)
        monkeypatch.setattr(sys, "print_exception", lambda error, file=None: None, raising=False)

    def _started(self, board, crashes):
        node = self._real(board, crashes)
        self.node = self.bench.node = node
        board.console.on_input = node.wake
        return node

    def _restart(self):
        self.restarted = True

    def _idle(self, us):
        self.bench.clock.us += us
        self.watch()
        return False

    def run(self, watch):
        self.watch = watch
        guard.run(self.board)


def begun(rig, life, phase, then):
    """What to do at each wait: start a test, and end the run in the phase wanted."""
    state = {"started": False}

    def watch():
        node = life.node
        if not state["started"] and node.pipeline.next_number() > 5:
            state["started"] = True
            text = rig.text().replace("[fill]\ntime_s = 20", "[fill]\ntime_s = 50")
            start_here(node, text)
        elif PHASES[node.sequencer.phase] == phase:
            assert life.rig.pins.high or phase in ("stabilise", "measure")
            then()

    return watch


def start_here(node, text):
    """Load and start without the wire, which has its own tests."""
    from hullwatch.leaktest import nodebody, recipefile
    from hullwatch.link import messages as m

    body = nodebody.body_of(recipefile.parse(text, "x"), node.config.values)
    status, crc = node.command(m.TEST_LOAD.id, body)
    assert status == 0, crc
    status, _ = node.command(m.TEST_START.id, crc + b"\x01P1")
    assert status == 0


@pytest.fixture
def life(rig, monkeypatch):
    def make(**options):
        return Life(rig(**{**SLOW, **options}), monkeypatch)

    make.text = rig.text
    return make


def raising(error):
    def then():
        raise error

    return then


@pytest.mark.parametrize("phase", PHASE_NAMES)
@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), RuntimeError("boom"), MemoryError(), OSError(5)]
)
def test_whatever_ends_a_run_the_outputs_are_safe_at_that_moment(life, phase, error):
    one = life()
    ended_us = []

    def then():
        ended_us.append(one.bench.clock.us)
        raise error

    one.run(begun(life, one, phase, then))
    assert ended_us
    assert not one.rig.pins.high
    assert one.rig.pins.opened() == frozenset()
    assert one.bench.clock.us - ended_us[0] <= 100_000
    assert one.restarted == (not isinstance(error, KeyboardInterrupt))


@pytest.mark.parametrize("phase", ["fill", "vent"])
def test_a_second_ctrl_c_while_leaving_changes_nothing(life, phase):
    """Thonny and old mpremote send two: the second must not end what makes the outputs safe."""
    one = life()
    real = one.board.outputs_safe
    interrupted = []

    def safe():
        if len(interrupted) < 2 and one.node is not None:
            interrupted.append(1)
            raise KeyboardInterrupt
        real()

    one.board.outputs_safe = safe
    one.run(begun(life, one, phase, raising(KeyboardInterrupt())))
    assert len(interrupted) == 2
    assert not one.rig.pins.high


@pytest.mark.parametrize("phase", PHASE_NAMES)
def test_an_exception_deep_in_a_sample_is_no_different(life, phase):
    """Not between two polls but in the middle of one: in the driver's own transfer."""
    one = life()

    def then():
        def broken(*args):
            raise ValueError("deep")

        one.bench.world.bus.readfrom_mem_into = broken

    one.run(begun(life, one, phase, then))
    assert not one.rig.pins.high
    assert one.restarted


@pytest.mark.parametrize("phase", PHASE_NAMES)
@pytest.mark.parametrize("how", ["watchdog", "power", "soft"])
def test_a_reset_ends_a_test_and_the_next_run_starts_with_safe_outputs(life, phase, how):
    """The chip in reset drives nothing; after a soft reset main.py is what releases the pins."""
    one = life()

    class Reset(BaseException):
        pass

    one.board.outputs_safe = lambda: None  # nothing cleans up: as if the processor had stopped
    with pytest.raises(Reset):
        one.run(begun(life, one, phase, raising(Reset())))
    if how != "soft":
        one.rig.pins.release(one.bench.clock.us)
    before = one.bench.clock.us
    one.bench._boot()  # begins as main.py does
    assert not one.rig.pins.high
    assert one.bench.clock.us - before <= 100_000
    one.rig.open()
    one.rig.step(30)
    assert one.rig.pins.opened() == frozenset()
    assert one.bench.node.sequencer.phase == PHASES.index("idle")


def test_an_order_that_breaks_an_interlock_ends_the_test_safe(life):
    """From whatever bug: it is not done, and everything is released."""
    one = life()
    one.run(_until_fault(life, one))
    assert not one.rig.pins.high
    assert one.node.sequencer.valves.fault == INTERLOCK
    assert not any(names == {"supply", "dump"} for _, names in one.rig.pins.log)


def _until_fault(life, one):
    start = begun(life, one, "fill", lambda: one.node.sequencer.valves.open_only(0b11))

    def watch():
        if one.node.sequencer.phase == PHASES.index("fault"):
            raise KeyboardInterrupt
        start()

    return watch
