"""The shipped bytes on a MicroPython VM: a whole test, and what releases the valves when."""

from __future__ import annotations

import time

import pytest

import capability
from hullwatch.bench import busserver
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.ingest.dialogue import Dialogue, ignore_event
from hullwatch.ingest.settings import read_settings
from hullwatch.leaktest import follow, nodebody, recipefile
from hullwatch.link import messages as m
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.plumbing import PlumbingSpec


class OnVm:
    """A VM with valves, and a host of its own on its terminal."""

    def __init__(self, settings, quick):
        chamber = ChamberSpec(leak_pa_m3_s=1e-4, seed=3, **quick)
        plumbing = PlumbingSpec(
            "16:supply:fill:nc:60:dump;17:dump:vent:nc:0", vented=True, open_area_m2=1e-8
        )
        spec = BenchSpec(chamber=chamber, seed=3, plumbing=plumbing, extra=settings)
        self.bench = VmBench(spec, 10.0)
        self.port = self.bench.open_port()
        self.dialogue = Dialogue(self.port, self.bench, 1, ignore_event, revive=False)
        self.dialogue.greet()
        self.pins = self.bench.world.pins

    def ask(self, message, payload=b""):
        return self.dialogue.ask_now(message, payload)

    def start(self, text):
        config = nodebody.configuration(read_settings(self.dialogue))
        body = nodebody.body_of(recipefile.parse(text, "x"), config)
        follow.start(self, follow.load(self, body), "P1")

    def until(self, phase):
        while follow.progress(self).phase != phase:
            self.dialogue.step(0.02)

    def close(self):
        self.port.close()
        self.bench.close()


@pytest.fixture
def vm(quick_node):
    capability.executable("micropython")
    capability.module("littlefs")
    made = OnVm(*quick_node)
    yield made
    made.close()


@pytest.fixture
def text(recipe_text):
    short = recipe_text().replace("[vent]\ntime_s = 10", "[vent]\ntime_s = 50")
    short = short.replace("[fill]\ntime_s = 20", "[fill]\ntime_s = 55")
    return short.replace("[stabilise]\ntime_s = 60", "[stabilise]\ntime_s = 20").replace(
        "[measure]\ntime_s = 60", "[measure]\ntime_s = 30"
    )


def until(condition):
    while not condition():
        time.sleep(0.02)


def test_the_host_gone_the_node_finishes_and_ends_safe(vm, text):
    vm.start(text)
    vm.until("fill")
    vm.port.close()
    until(lambda: len(vm.pins.log) == 5)
    assert [sorted(names) for _, names in vm.pins.log] == [[], ["supply"], [], ["dump"], []]


def test_a_whole_test(vm, text):
    vm.start(text)
    done = follow.until_done(vm, lambda: vm.dialogue.step(0.1), lambda now: None)
    # ten times as fast on a busy machine samples come late: that must be what it says then
    assert (done.verdict, done.reasons) in (("PASS", ()), ("INVALID", ("gaps",)))
    assert [sorted(names) for _, names in vm.pins.log] == [[], ["supply"], [], ["dump"], []]


@pytest.mark.parametrize("phase", ["fill", "stabilise", "measure", "vent"])
@pytest.mark.parametrize("how", ["ctrl-c", "power", "reboot"])
def test_the_valves_are_released(vm, text, phase, how):
    released(vm, text, phase, how)


@pytest.mark.parametrize(
    "phase",
    [
        "fill", pytest.param("stabilise", marks=pytest.mark.campaign),
        pytest.param("measure", marks=pytest.mark.campaign), "vent",
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["watchdog", "exception"])
def test_the_valves_are_released_when_the_firmware_fails(vm, text, phase, how):
    released(vm, text, phase, how)


def released(vm, text, phase, how):
    vm.start(text)
    vm.until(phase)
    if phase in ("fill", "vent"):
        assert vm.pins.opened()
    boots = vm.bench.boots
    vm.bench.server.chip.outputs_safe = False
    if how == "ctrl-c":
        vm.port.write(b"\x03")
        until(lambda: vm.bench.server.chip.outputs_safe)
    elif how == "power":
        vm.bench.cut_power()
        until(lambda: vm.bench.boots > boots)
    elif how == "watchdog":
        vm.bench.server.chip.watchdog_due_us = 0  # nobody has fed it
        until(lambda: vm.bench.boots > boots)
    elif how == "exception":
        vm.bench.server.fail(busserver.WATCHDOG_FEED)
        until(lambda: vm.bench.boots > boots)
    else:
        vm.ask(m.REBOOT)
        while vm.bench.boots == boots:
            vm.dialogue.step(0.02)
    assert vm.pins.opened() == frozenset()
    moved = len(vm.pins.log)
    time.sleep(0.3)  # three seconds of the node's
    assert len(vm.pins.log) == moved
