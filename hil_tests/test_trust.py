"""What is stored can be computed again; cables, buses and supplies fail and come back."""

from __future__ import annotations

import numpy as np
import pytest

from hullwatch.link import messages as m
from hullwatch.link.events import Hello


def test_every_stored_result_is_computed_again_bit_for_bit(node, measured):
    """As `hullwatch verify`: windows, profiles and trends from the raw samples, chains walked."""
    node.run(75)
    outcome = node.verified()
    assert outcome.describe() == ""
    measured("windows computed again", outcome.windows.equal, "", low=4)
    measured("differences", outcome.different, "", high=0)


NO_SAMPLE = "no sample was taken"


@pytest.mark.needs("link_cut")
@pytest.mark.parametrize("seconds", [2, 25])
def test_a_cable_that_was_out_costs_nothing(node, chamber, measured, seconds):
    """Samples of the time without a host are in the node's memory and come afterwards."""
    node.measured(50)
    before = node.boot()
    chamber.link_cut(seconds)
    node.events.clear()
    node.until(lambda: node.heard(Hello), 60)
    node.measured(node.status()["next_sample"] + 50)
    assert node.boot() == before  # it went on all the while
    samples = node.raw().sample
    with node.reader() as reader:
        gaps = [gap for gap in reader.gaps(before.node) if gap.stream == "raw"]
        assert reader.summary(before.node).conflicts == 0
    assert np.all(np.diff(samples) > 0)
    told = sum(gap.past - gap.first for gap in gaps if gap.reason == NO_SAMPLE)
    lost = int(samples[-1]) + 1 - len(samples) - told
    measured("samples lost", lost, "", high=0)


@pytest.mark.needs("bus_fault")
def test_a_bus_that_fails_is_told_and_the_samples_come_back(node, chamber, measured):
    node.measured(30)
    with chamber.bus_fault():
        node.until(lambda: node.status()["state"] == 1, 60)
        assert node.logger.ask_now(m.PING)  # the node answers all the while
    node.until(lambda: node.status()["state"] == 0, 60)
    node.measured(node.status()["next_sample"] + 30)
    events = [row.event for row in node.stored_events()]
    assert events.count("SENSOR_FAULT") == events.count("SENSOR_BACK") == 1
    with node.reader() as reader:
        gaps = [gap for gap in reader.gaps(node.boot().node) if gap.boot == node.boot().boot]
    assert {gap.reason for gap in gaps} == {NO_SAMPLE}
    measured("stated missing", sum(gap.past - gap.first for gap in gaps), "samples", low=1)


@pytest.mark.needs("power_cut")
def test_a_power_cut_is_another_boot_of_the_same_node(node, chamber):
    node.measured(50)
    before = node.boot()
    chamber.power_cut()
    node.until(lambda: node.boot().boot > before.boot, 60)
    assert node.boot()[:2] == before[:2]  # its id and its spool
    node.events.clear()
    node.measured(30)
    with node.reader() as reader:
        summary = reader.summary(before.node)
    assert summary.boots == 2
    assert summary.conflicts == 0
