"""Identity and cadence: who answers, and how evenly it samples."""

from __future__ import annotations

import numpy as np
import pytest

from hullwatch import __version__
from hullwatch.ingest.owner import board_name, firmware_version
from hullwatch.link.events import Hello

SECONDS = 30
START_US = 5_000_000
"""A start loads modules and writes a new spool: longer than a slot of 20 ms, and told."""


def test_the_node_says_who_it_is(node):
    """The same id over a restart, this version's firmware, a boot counter that goes on."""
    first = node.hello()
    assert len(first.uid) == 16
    assert firmware_version(first) == __version__
    assert board_name(first)
    node.reboot()
    again = node.heard(Hello)[-1]
    assert again.uid == first.uid
    assert again.fields["core_hash"] == first.fields["core_hash"]
    assert again.number("boot") == first.number("boot") + 1
    assert again.number("epoch") == first.number("epoch")


@pytest.mark.parametrize("period_us", [20_000, 100_000, 1_000_000])
def test_samples_are_taken_when_they_are_due(bench, measured, period_us):
    """Sample k is due k periods after the start; what comes late is told with its lateness.

    Virtual time knows no slow start and is judged from the first sample on.
    """
    node = bench.start(settings={"period_us": period_us})
    node.measured(SECONDS * 1_000_000 // period_us)
    raw = node.raw()
    assert np.all(np.diff(raw.due_us) == period_us * np.diff(raw.sample))
    # a VM ten times as fast as it should be, on a busy machine, says nothing about timing
    judged = bench.declared.kind != "mpy"
    first = 0 if bench.can("virtual_time") else START_US // period_us
    lateness_us = raw.late_us[raw.sample >= first]
    taken = len(lateness_us) / (raw.sample[-1] + 1 - first)
    late = np.count_nonzero(lateness_us) / len(lateness_us)
    measured("samples taken", taken, "of 1", low=0.999 if judged else None)
    measured("samples late", late, "of 1", high=0.001 if judged else None)
    measured("largest lateness", int(lateness_us.max()) / 1000, "ms")
    measured("largest lateness, with the start", int(raw.late_us.max()) / 1000, "ms")


def test_the_hosts_idea_of_the_nodes_clock(node, measured):
    """Device time to UTC, from round trips, inside the bound that is stored with it."""
    node.run(SECONDS)
    with node.reader() as reader:
        newest = reader.clock_fits(node.boot())[-1]
    measured("node's clock against the host's", newest.ppm, "ppm", u95=newest.ppm_bound)
    measured("bound of a stored time", newest.bound_us / 1000, "ms", high=500.0)
    told_us = newest.utc_us + 1000 * (node.status()["ms"] - newest.ref_ms)
    # the telemetry is of a second ago at most, a scaled clock runs on while a message travels
    assert told_us == pytest.approx(node.bench.utc_s() * 1e6, abs=3e6)
