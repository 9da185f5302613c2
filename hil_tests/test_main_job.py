"""The main job on whatever bench: a chamber leaks, the node computes it, the host keeps it."""

import pytest

from hullwatch.sim.chamberspec import ChamberSpec


def windows_of(site, window_s):
    with site.store.reader() as reader:
        return [row for row in reader.windows() if row.window_s == window_s]


@pytest.mark.parametrize("leak", [1e-2, 1e-3])
def test_the_leak_is_found_within_its_interval(site, leak):
    one = site(chamber=ChamberSpec(leak_pa_m3_s=leak))
    one.run(70)
    (minute,) = windows_of(one, 60.0)
    truth = one.bench.truth_pa_m3_s(minute.first_device_ms, minute.first_device_ms + 60_000)
    # the interval is a 95 % one and a seed may fall outside: three half-widths never should
    assert abs(minute.leak_rate_pa_m3_s - truth) <= 3 * minute.u95_pa_m3_s
    assert minute.leak_rate_pa_m3_s > 0.5 * leak


def test_every_sample_number_is_stored_or_a_stated_gap(site):
    one = site()
    one.run(40)
    node = one.logger.collector.node
    with one.store.reader() as reader:
        (boot,) = reader.boots(node)
        raw = reader.raw(boot.key)
        holes = [gap for gap in reader.gaps(node) if gap.stream == "raw"]
        summary = reader.summary(node)
    stated = sum(gap.past - gap.first for gap in holes)
    assert all(gap.reason for gap in holes)
    assert len(raw.sample) + stated == int(raw.sample[-1]) + 1 >= 250
    assert summary.conflicts == 0


def test_the_node_says_what_it_runs(site):
    one = site()
    hello = one.logger.greet()
    core_hash = hello.fields["core_hash"]
    assert isinstance(core_hash, bytes)
    assert any(core_hash)
    assert hello.number("period_us") == 100_000


def test_a_leak_into_the_chamber_has_the_other_sign(site):
    chamber = ChamberSpec(pressure_pa=60_000.0, leak_pa_m3_s=-1e-2)
    one = site(chamber=chamber)
    one.run(25)
    assert all(row.leak_rate_pa_m3_s < 0 for row in windows_of(one, 10.0))
    assert windows_of(one, 10.0)
