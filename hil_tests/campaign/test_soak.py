"""Weeks of logging with faults on: all of it accounted for, and no more memory at the end."""

from __future__ import annotations

import gc
import os
import random
from pathlib import Path

import pytest

from hullwatch.sim import chamber
from hullwatch.sim.truth import LossHistory
from hullwatch.store import Reader

DAY_S = 86400
ROOM_BYTES = 12_000_000
"""What the process may hold more after the last quarter than after the first."""


def resident_bytes():
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def trouble(one, draw):
    """One of what happens in a life: nothing harder than the rows of the campaign."""
    kind = draw.randrange(5)
    if kind == 0:
        one.reopen()
    elif kind == 1:
        one.sleep(draw.choice([1, 20, 120, 900]))
    elif kind == 2:
        one.bench.world.bus.nack(0x47)
        one.run(draw.uniform(5, 120))
        one.bench.world.bus.clear(0x47)
    elif kind == 3:
        one.jump_s += draw.choice([-3600, -0.5, 0.5, 3600])
    one.log(commit_s=draw.choice([0.25, 1.0, 5.0]))


def accounted(one):
    """Every sample and record from number 0 on is stored once or its absence is stated."""
    with Reader.open(one.path) as reader:
        (node,) = reader.nodes()
        gaps = reader.gaps(node.node)
        summary = reader.summary(node.node)
        boots = reader.boots()
    assert all(gap.reason for gap in gaps)
    assert summary.conflicts == 0
    for boot in boots:
        past = one.store.raw_next(boot.key)
        missing = sum(
            gap.past - gap.first
            for gap in gaps
            if gap.stream == "raw" and (gap.epoch, gap.boot) == (boot.key.epoch, boot.key.boot)
        )
        assert boot.samples + missing == past
    return summary


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("days", "period_us"), [(30, 1_000_000), (3, 100_000)])
def test_weeks_in_virtual_time(yard, harmed, monkeypatch, days, period_us):
    # the chamber keeps its truth in this process too, a megabyte a day: not what is asked about
    monkeypatch.setattr(chamber, "LossHistory", lambda: LossHistory(1 << 14))
    one = yard(witnessed=False, period_us=period_us)
    draw = random.Random(days)
    one.log()
    held = []
    for _ in range(4 * days):
        quiet = one.bench.now_s()
        port = harmed(one.port, draw, flips=1e-5, lost=1e-4, doubled=1e-4, swapped=1e-4)
        one.log(port)
        one.run(DAY_S / 4 - 200)
        trouble(one, draw)
        one.run(max(1.0, quiet + DAY_S / 4 - one.bench.now_s()))
        held.append(resident_bytes())
    one.settle()
    summary = accounted(one)
    assert summary.samples > 0.95 * days * DAY_S * 1e6 / period_us
    assert summary.crc_errors + summary.malformed > 10
    assert held[-1] - held[len(held) // 4] < ROOM_BYTES
