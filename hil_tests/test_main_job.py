"""A chamber leaks, the node computes it, the host keeps it: on whatever bench."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from hullwatch.errors import Refused
from hullwatch.link import messages as m
from hullwatch.link.events import Hello
from hullwatch.sim.chamberspec import ChamberSpec

LEAK = 1e-3


def exact_ppa_s(window, raw, period_us):
    """Least-squares slope of the uncompensated pressure in 1e-12 Pa/s, as a fraction."""
    keep = (raw.sample >= window.first_sample) & (raw.sample <= window.last_sample)
    keep &= raw.late_us == 0
    j = [int(x) - window.first_sample for x in raw.sample[keep]]
    y = [int(x) for x in raw.p_q8[keep]]
    n = len(j)
    assert n == window.n
    top = n * sum(a * b for a, b in zip(j, y, strict=True)) - sum(j) * sum(y)
    bottom = n * sum(a * a for a in j) - sum(j) ** 2
    return Fraction(top, bottom) * 10**18 / (256 * period_us)


def test_the_leak_is_measured_stored_and_equals_least_squares_of_what_is_stored(rig):
    one = rig(chamber=ChamberSpec(leak_pa_m3_s=LEAK, seed=7))
    one.measured(620)
    boot = one.logger.collector.boot
    with one.store.reader() as reader:
        raw = reader.raw(boot)
        windows = reader.windows()
        gaps = reader.gaps(boot.node)
        (config,) = reader.configs()
    assert {gap.reason for gap in gaps} <= {"no sample was taken"}
    assert np.all(np.diff(raw.sample) >= 1)
    lengths = [w.window_s for w in windows]
    assert lengths.count(10.0) >= 4
    assert lengths.count(60.0) >= 1
    for w in windows:
        exact = exact_ppa_s(w, raw, config.period_us)
        assert abs(round(w.uncompensated_slope_pa_s * 1e12) - exact) <= 1
        assert w.leak_rate_pa_m3_s == pytest.approx(-w.slope_pa_s * 1e-3, rel=1e-9)
    minute = next(w for w in windows if w.window_s == 60)
    assert minute.leak_rate_pa_m3_s == pytest.approx(LEAK, rel=0.2)
    assert minute.leak_rate_pa_m3_s > 0


@pytest.mark.needs("truth")
def test_the_bench_knows_the_truth(rig):
    one = rig(chamber=ChamberSpec(leak_pa_m3_s=LEAK, seed=7))
    one.measured(110)
    assert one.bench.truth_pa_m3_s(0, 10_000) == pytest.approx(LEAK, rel=0.01)


@pytest.mark.needs("same_seed")
def test_a_seed_measures_the_same_twice(rig):
    found = []
    for _ in range(2):
        one = rig()
        one.measured(200)
        with one.store.reader() as reader:
            found.append(reader.raw(one.logger.collector.boot))
    n = min(len(raw.sample) for raw in found)
    assert n >= 200
    assert np.array_equal(found[0].p_q8[:n], found[1].p_q8[:n])


@pytest.mark.needs("core_hash")
def test_the_node_names_the_bytes_it_runs(rig):
    one = rig()
    one.until(lambda: one.heard(Hello), 60)
    assert one.heard(Hello)[0].fields["core_hash"].hex() == one.bench.build.core_hash


@pytest.mark.needs("bus_fault")
def test_a_sensor_that_does_not_acknowledge_is_a_fault_and_comes_back(rig):
    one = rig()
    one.measured(30)
    one.bench.world.bus.nack(0x47)
    one.until(lambda: one.status()["state"] == 1, 60)
    assert one.logger.session.hello is not None  # the node answers all the while
    assert one.logger.ask_now(m.PING)
    one.bench.world.bus.clear(0x47)
    one.until(lambda: one.status()["state"] == 0, 60)
    one.measured(one.status()["next_sample"] + 30)
    with one.store.reader() as reader:
        events = [event.event for event in reader.events()]
        gaps = reader.gaps(one.logger.collector.node)
    assert events.count("SENSOR_FAULT") == events.count("SENSOR_BACK") == 1
    assert gaps
    assert {gap.reason for gap in gaps} == {"no sample was taken"}


def test_settings_are_read_and_refused_over_the_wire(rig):
    one = rig()
    one.hello()
    assert one.logger.ask_now(m.CONFIG_GET, b"\x01") == b"sensor=bmp581"
    with pytest.raises(Refused):
        one.logger.ask_now(m.CONFIG_STAGE, b"volume_ul=0")
    one.measured(50)
    assert one.logger.collector.boot.boot == 1
