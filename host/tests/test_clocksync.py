"""Device time to UTC: whatever the paths there and back do, the truth lies within the bound."""

import random
from dataclasses import dataclass

import pytest

from hullwatch.clocksync import CRYSTAL_PPM, KEEP, ClockFit, ClockSync
from hullwatch.link.devicetime import MS_PER_WRAP, device_ms

UTC0_S = 1_767_225_600.0


@dataclass
class Crystal:
    """A node's clock: UTC of its millisecond, exactly; positive ppm runs slow."""

    ppm: float
    boot_utc_s: float = UTC0_S
    start_ms: float = 0.0

    def utc_s(self, ms):
        return self.boot_utc_s + (ms - self.start_ms) / 1000 * (1 + self.ppm * 1e-6)

    def ms(self, utc_s):
        return self.start_ms + (utc_s - self.boot_utc_s) * 1000 / (1 + self.ppm * 1e-6)


def ping(sync, crystal, at_s, there_s, back_s):
    """One round trip begun `at_s` after boot; the node reads its clock to the µs, cut off."""
    sent = crystal.boot_utc_s + at_s
    read_ms = int(crystal.ms(sent + there_s) * 1000) / 1000
    sync.add(read_ms, sent, there_s + back_s)


def error_over_bound(fit, crystal, around_s=900):
    """Largest |error| / bound within `around_s` of the fit's reference."""
    worst = 0.0
    for offset_s in range(-around_s, around_s + 1, 5):
        ms = fit.ref_ms + 1000 * offset_s
        worst = max(worst, abs(fit.utc_at(ms) - crystal.utc_s(ms)) / fit.bound_at(ms))
    return worst


def path(kind, draw, n):
    """Seconds there and back of trip n."""
    if kind == "symmetric":
        return 0.002, 0.002
    if kind == "there":
        return 0.004 + draw.expovariate(100), 0.0005
    if kind == "back":
        return 0.0005, 0.004 + draw.expovariate(100)
    if kind == "turning":  # all the delay on one way, then on the other, the round trip the same
        return (0.02, 0.0) if n < 60 else (0.0, 0.02)
    return 0.001 + draw.expovariate(200), 0.001 + draw.expovariate(50)


@pytest.mark.parametrize("kind", ["symmetric", "there", "back", "turning", "jitter"])
@pytest.mark.parametrize("ppm", [-45.0, -3.0, 0.0, 20.0, 45.0])
def test_the_truth_lies_within_the_bound_of_every_fit(kind, ppm):
    draw = random.Random(f"{kind}{ppm}")
    crystal, sync = Crystal(ppm), ClockSync()
    for n in range(120):
        ping(sync, crystal, 2.0 * n + draw.random(), *path(kind, draw, n))
        fit = sync.fit()
        assert error_over_bound(fit, crystal) <= 1.0, n


@pytest.mark.parametrize("ppm", [-200.0, 33.0, 500.0])
def test_the_rate_is_found_within_its_bound_whatever_the_crystal(ppm):
    draw = random.Random(1)
    crystal, sync = Crystal(ppm), ClockSync()
    for n in range(400):
        ping(sync, crystal, 2.0 * n, *path("jitter", draw, n))
    fit = sync.fit()
    assert abs(fit.ppm - ppm) <= fit.ppm_bound
    assert abs(fit.ppm - ppm) < 5  # 2 ms of jitter over 512 s
    assert fit.ppm_bound < 50
    assert fit.bound_s < 0.01
    assert error_over_bound(fit, crystal) <= 1.0


def test_a_single_trip_bounds_the_time_by_half_of_itself_and_a_crystals_tolerance():
    crystal, sync = Crystal(50.0), ClockSync()
    ping(sync, crystal, 5.0, 0.010, 0.0)
    fit = sync.fit()
    assert fit.ppm == 0
    assert 0.005 <= fit.bound_s <= 0.007
    assert fit.ppm_bound == CRYSTAL_PPM
    assert error_over_bound(fit, crystal) <= 1.0


def test_no_trip_no_fit():
    assert ClockSync().fit() is None


@pytest.mark.parametrize("rtt_s", [-0.001, 5.0, 1e9, float("nan"), float("inf")])
def test_absurd_trips_are_ignored(rtt_s):
    sync = ClockSync()
    sync.add(1000.0, UTC0_S, rtt_s)
    assert sync.fit() is None
    assert sync.taken == 0


def test_a_few_slow_trips_among_quick_ones_do_not_widen_the_bound():
    crystal, sync = Crystal(10.0), ClockSync()
    for n in range(100):
        ping(sync, crystal, 2.0 * n, *((0.5, 1.0) if n % 10 == 9 else (0.001, 0.001)))
    fit = sync.fit()
    assert fit.bound_s < 0.003
    assert error_over_bound(fit, crystal) <= 1.0


def test_device_time_is_one_count_across_the_wraps_of_the_node():
    assert device_ms(0, MS_PER_WRAP - 1) + 1 == device_ms(1, 0)
    assert MS_PER_WRAP == 1 << 30
    crystal = Crystal(-30.0, start_ms=3.0 * MS_PER_WRAP - 60_000)
    sync = ClockSync()
    for n in range(60):
        ping(sync, crystal, 2.0 * n, 0.002, 0.004)
    fit = sync.fit()
    assert fit.ref_ms > 3 * MS_PER_WRAP
    assert abs(fit.ppm - crystal.ppm) <= fit.ppm_bound
    assert error_over_bound(fit, crystal) <= 1.0


def test_float_numbers_are_fine_enough_for_microseconds_after_a_year():
    crystal = Crystal(12.0, start_ms=366 * 86_400_000.0)
    sync = ClockSync()
    for n in range(100):
        ping(sync, crystal, 2.0 * n, 0.001, 0.001)
    fit = sync.fit()
    assert abs(fit.utc_at(fit.ref_ms) - crystal.utc_s(fit.ref_ms)) < 1e-5


def test_memory_is_bounded_and_old_trips_give_way():
    crystal, sync = Crystal(40.0), ClockSync()
    for n in range(KEEP):
        ping(sync, crystal, 2.0 * n, 0.0, 0.0)
    crystal = Crystal(-40.0)  # what an oven does to a crystal
    for n in range(KEEP, 2 * KEEP):
        ping(sync, crystal, 2.0 * n, 0.0, 0.0)
    assert sync.taken == 2 * KEEP
    assert abs(sync.fit().ppm + 40.0) < 1


def test_the_fit_is_its_stated_formula():
    fit = ClockFit(ref_ms=5000.0, utc_s=100.0, ppm=1000.0, bound_s=0.5, ppm_bound=10.0)
    assert fit.utc_at(7000.0) == pytest.approx(100.0 + 2.0 * 1.001)
    assert fit.bound_at(3000.0) == pytest.approx(0.5 + 2.0 * 10e-6)


# --- a host whose clock is stepped ----------------------------------------------------------------


@pytest.mark.parametrize("step_s", [-7200.0, -0.8, 0.5, 3600.0, 1e8])
def test_a_step_begins_a_new_fit_and_neither_side_is_spoiled(step_s):
    draw = random.Random(7)
    before, sync = Crystal(20.0), ClockSync()
    after = Crystal(20.0, boot_utc_s=UTC0_S + step_s)
    for n in range(100):
        ping(sync, before, 2.0 * n, *path("jitter", draw, n))
        old = sync.fit()
    assert error_over_bound(old, before) <= 1.0
    for n in range(100, 130):
        ping(sync, after, 2.0 * n, *path("jitter", draw, n))
        fit = sync.fit()
        true = before if n == 100 else after  # one alone might be an outlier
        assert error_over_bound(fit, true) <= 1.0, n
    assert sync.steps_s == pytest.approx([step_s], abs=0.05)
    assert sync.taken == 30


def test_an_outlier_is_left_out_and_is_no_step():
    crystal, sync = Crystal(-10.0), ClockSync()
    for n in range(60):
        ping(sync, crystal, 2.0 * n, 0.001, 0.001)
        if n % 10 == 9:  # a notebook that slept between question and answer
            sync.add(crystal.ms(UTC0_S + 2.0 * n + 1), UTC0_S + 2.0 * n + 900, 0.002)
        fit = sync.fit()
    assert sync.steps_s == []
    assert sync.taken == 60
    assert fit.bound_s < 0.003
    assert error_over_bound(fit, crystal) <= 1.0


def test_a_slewed_host_clock_is_followed_within_the_bound():
    """ntpd takes 0.1 s away at 500 ppm: the fit keeps up, and says how far off it is."""
    sync = ClockSync()
    for n in range(400):
        at_s = 2.0 * n
        slewed = min(max(0.0, at_s - 200) * 500e-6, 0.1)
        sync.add(1000.0 * at_s, UTC0_S + at_s + slewed, 0.004)
        fit = sync.fit()
        assert abs(fit.utc_at(1000.0 * at_s) - (UTC0_S + at_s + slewed)) <= fit.bound_s
    assert sync.steps_s == []


@pytest.mark.parametrize("seed", range(20))
def test_any_drift_jitter_and_step_together(seed):
    draw = random.Random(f"all {seed}")
    ppm, step_s = draw.uniform(-49, 49), draw.choice([0.0, draw.uniform(1, 1e5)])
    crystals = (Crystal(ppm), Crystal(ppm, boot_utc_s=UTC0_S + step_s))
    sync, stepped_at = ClockSync(), draw.randrange(20, 200)
    slow = draw.uniform(5, 500)
    for n in range(220):
        there, back = draw.expovariate(slow), draw.expovariate(slow)
        ping(sync, crystals[n >= stepped_at], 2.0 * n, there, back)
        fit = sync.fit()
        true = crystals[n > stepped_at + 2]
        if not stepped_at <= n <= stepped_at + 2:
            assert error_over_bound(fit, true) <= 1.0, n
    assert len(sync.steps_s) == (step_s > 0 and stepped_at < 218)
