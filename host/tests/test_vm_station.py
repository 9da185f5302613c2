"""VMs in the sections of one network: its time is that of their clock, whenever one starts."""

from __future__ import annotations

import contextlib
import time

import pytest

import capability
from hullwatch.bench import byname
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import MissingCapability
from hullwatch.sim.network import Network
from hullwatch.sim.networkspec import NetworkSpec, PathSpec, SectionSpec

SPEC = NetworkSpec(
    (SectionSpec("a", 1e-3, 120_000.0), SectionSpec("b", 1e-3, 120_000.0)),
    paths=(PathSpec("H", ("a", "b"), "opening", 1e-3),),
)


def specs():
    return {name: BenchSpec.in_network(SPEC, name, seed=at) for at, name in enumerate("ab")}


def present_us(bench):
    return bench.now_s() * 1e6


def asks_first(bench, boot):
    """Wait until the VM of that boot has asked its section something."""
    while bench.boots < boot:
        time.sleep(0.001)
    asked = bench.server.requests
    while bench.server.requests == asked:
        time.sleep(0.001)


def test_a_vm_that_starts_again_begins_at_the_present_of_the_others():
    capability.executable("micropython")
    capability.module("littlefs")
    network = Network(SPEC)
    with contextlib.ExitStack() as stack:
        found = byname.start_station("mpy", network, specs(), 10.0)
        for bench in found.values():
            stack.callback(bench.close)
        first, second = found["a"], found["b"]
        assert first.world.network is second.world.network is network
        assert first.server.prefix != second.server.prefix
        assert first.utc_s() <= second.utc_s() <= first.utc_s()  # one clock
        asks_first(first, 1)
        cut_us = present_us(first)
        first.power_cut()
        asks_first(first, 2)
        assert cut_us <= first.server.base_us <= present_us(first)


def test_an_emulated_pico_is_alone():
    with pytest.raises(MissingCapability, match="pico-emu is one node"):
        byname.start_station("pico-emu", Network(SPEC), specs(), 1.0)
