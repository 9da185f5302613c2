"""Sections joined by hatches, one of them leaks: which, found by closing hatches."""

from __future__ import annotations

import contextlib
import dataclasses

import numpy as np
import pytest

from hullwatch.cli.isolatesites import SimulatedSite
from hullwatch.cli.isolatewindows import StoredWindows
from hullwatch.isolate.finding import DETERMINED
from hullwatch.isolate.search import Search
from hullwatch.store import DeviceClock

LEAK = 2e-2
SETTINGS = {"period_us": 500_000, "windows_s": (5, 10)}
QUICK = {"reopen_pa": 4000.0, "baseline_s": 30.0, "settle_s": 10.0}
"""Rules of the search for volumes of litres; a hatch there opens against more than in a station."""


@pytest.mark.needs("hatches", "leak")
def test_the_section_that_leaks_is_named(bench, measured):
    station = bench.station(SETTINGS)
    volumes = {section.name: section.volume_m3 for section in station.layout.sections}
    leaking = min(station.with_leaks, key=lambda name: volumes[name])
    truth = station.nodes[leaking].chamber.leak(LEAK)
    station.run(10)
    layout = dataclasses.replace(station.layout, **QUICK)
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(node.reader()) for node in station.nodes.values()]
        windows = StoredWindows(readers, layout, station.utc_s)
        finding = Search(layout, SimulatedSite(station, windows)).run()
    assert (finding.verdict, finding.section) == (DETERMINED, leaking), finding.reason
    measured("confidence", finding.confidence, "of 1", low=0.95)
    measured("hatches closed", finding.closings, "", high=len(layout.hatches) + 1)
    reach = finding.u95_pa_m3_s + truth.u95_pa_m3_s + 0.05 * truth.pa_m3_s
    measured(
        "rate of the leak", finding.rate_pa_m3_s, "Pa·m³/s", truth.pa_m3_s - reach,
        truth.pa_m3_s + reach, finding.u95_pa_m3_s,
    )  # fmt: skip
    assert finding.still_closed is None


@pytest.mark.needs("hatches", "leak", "power_cut")
def test_a_node_without_power_finds_its_section_as_it_is_by_then(bench, measured):
    """The others went on: one that slept would read the pressure of the moment it fell asleep."""
    station = bench.station(SETTINGS)
    first, *others = station.nodes.values()
    station.nodes[station.with_leaks[-1]].chamber.leak(LEAK)
    station.run(15)
    before_pa, before_reach_pa = apart_pa(first, others[0])
    boot = first.boot().boot
    first.chamber.power_cut()
    station.run(20)
    assert first.boot().boot == boot + 1
    measured("loss", np.ptp(others[0].raw().p_q8 / 256), "Pa", low=60.0)
    after_pa, after_reach_pa = apart_pa(first, others[0])
    reach_pa = 5.0 + before_reach_pa + after_reach_pa
    measured("farther apart than before", after_pa - before_pa, "Pa", -reach_pa, reach_pa)


def apart_pa(first, second):
    """What one node read above another in the last seconds of both: offset, and what drives flow.

    With what the pressure changes in the doubt of both nodes' clocks.
    """
    utc_us, pressure_pa, doubt_us = course(first)
    other_us, other_pa, other_doubt_us = course(second)
    fall_pa_us = np.ptp(other_pa) / np.ptp(other_us)
    end_us = min(utc_us[-1], other_us[-1])
    late = (end_us - 5e6 < utc_us) & (utc_us <= end_us)
    apart = np.median((pressure_pa - np.interp(utc_us, other_us, other_pa))[late])
    return apart, fall_pa_us * (doubt_us + other_doubt_us)


def course(node):
    """UTC and pressure of a node's samples, and the largest bound of those times."""
    raw = node.raw()
    with node.reader() as reader:
        utc_us, bound_us = DeviceClock(reader.clock_fits(node.boot())).utc_us(raw.due_us)
    assert bound_us.min() >= 0
    return utc_us, raw.p_q8 / 256, bound_us.max()
