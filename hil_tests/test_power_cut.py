"""The node loses its power: what was on its flash is there again, once, and what lacks is said."""

from __future__ import annotations

import numpy as np
import pytest

from hullwatch.link.events import Hello

UNSYNCED = "not on the node's flash when its run ended"
NO_SAMPLE = "no sample was taken"


def alone(one, device_s):
    """Nobody talks to the node for so long."""
    end_s = one.bench.now_s() + device_s
    while one.bench.now_s() < end_s:
        assert one.port.read(0.2) == b""


def accounted(one):
    """Records of one spool and samples of every boot: each stored once, or in a stated hole."""
    with one.store.reader() as reader:
        keys = [boot.key for boot in reader.boots()]
        (epoch,) = {key.epoch for key in keys}
        rows = [*reader.windows(), *reader.events(), *reader.configs()]
        gaps = reader.gaps(keys[0].node)
        summary = reader.summary(keys[0].node)
        raw = {key.boot: reader.raw(key).sample for key in keys}
    assert summary.conflicts == 0
    numbers = [row.number for row in rows]
    assert len(set(numbers)) == len(numbers)
    holes = {n for g in gaps if g.stream == "record" for n in range(g.first, g.past)}
    assert {g.reason for g in gaps} <= {UNSYNCED, NO_SAMPLE}
    assert set(numbers) | holes == set(range(max(numbers) + 1))
    assert not set(numbers) & holes
    for boot, samples in raw.items():
        told = {
            n for g in gaps if (g.stream, g.boot) == ("raw", boot) for n in range(g.first, g.past)
        }
        assert np.all(np.diff(samples) >= 1)
        assert set(range(int(samples[-1]) + 1)) - set(samples.tolist()) == told
    return epoch, rows, raw


@pytest.mark.needs("power_cut")
def test_what_the_flash_has_outlives_the_power(rig):
    """With nobody there: windows older than `sync_s`, and the raw samples of whole pages."""
    one = rig(settings={"sync_s": 30})
    alone(one, 150)
    one.bench.power_cut()
    alone(one, 20)
    one.log()
    one.measured(200)
    epoch, rows, raw = accounted(one)
    assert epoch == one.heard(Hello)[-1].number("epoch")
    ends = [row.last_sample for row in rows if row.boot == 1 and hasattr(row, "last_sample")]
    assert max(ends) >= 1000
    assert raw[1][-1] >= 800
    assert len(raw[1]) > 0


@pytest.mark.needs("power_cut")
def test_power_cuts_while_a_host_listens_double_nothing(rig):
    """The host has records that were not synced when the power went."""
    one = rig()
    for boot in (1, 2, 3):
        one.until(lambda number=boot: number in [h.number("boot") for h in one.heard(Hello)], 60)
        one.events.clear()
        one.measured(130)
        one.bench.power_cut()
    one.until(lambda: one.heard(Hello), 60)
    one.events.clear()
    one.measured(60)
    _, rows, raw = accounted(one)
    assert {row.boot for row in rows} == set(raw) == {1, 2, 3, 4}
    assert all(len(samples) for samples in raw.values())
