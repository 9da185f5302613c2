"""The sampler against a clock moved by hand: every slot gets one number, whatever goes wrong."""

import random

import pytest

from hullnode.drivers.errors import CHIP_RESET, WRONG_ID, SensorError

WRAP = 1 << 30


@pytest.mark.parametrize("beyond", [-1000, 4_190_000 * 256])
@pytest.mark.parametrize("stall_us", [0, 60_000])
def test_a_pressure_beyond_the_range_is_no_sample_in_time_or_late(bench, beyond, stall_us):
    bench.run_slots(3)
    bench.driver.base = beyond
    bench.stall(stall_us)
    bench.run_slots(2)
    bench.driver.base = 0
    bench.run_slots(2)
    assert bench.sink.kinds()[-4:] == ["outside", "outside", "taken", "taken"]
    assert bench.sink.slots[3][1] == beyond + 4
    assert bench.sampler.missed_count == 2
    assert bench.sampler.healthy


def test_a_nack_costs_its_slot_only(bench):
    bench.begin().run_slots(3)
    for name in ("trigger_error", "collect_error"):
        setattr(bench.driver, name, OSError(5))
        bench.run_slots(1)
        setattr(bench.driver, name, None)
        bench.run_slots(2)
    assert bench.sink.kinds() == ["taken"] * 3 + ["missed", "taken", "taken"] * 2
    assert bench.sampler.bus_errors == 2
    assert bench.driver.started == 1
    assert bench.sink.events == []
    bench.consistent()


def test_after_ten_empty_slots_the_driver_is_started_anew(bench):
    bench.begin().run_slots(3)
    bench.driver.trigger_error = OSError(5)
    bench.run_slots(9)
    assert bench.driver.started == 1
    assert bench.sampler.healthy
    bench.run_slots(1)
    assert not bench.sampler.healthy
    assert bench.sink.events == [("fault", 5, 0, 12)]
    bench.run_slots(1)
    assert bench.driver.started == 2
    bench.run_slots(9)
    assert bench.driver.started == 2
    bench.run_slots(14)
    bench.driver.trigger_error = None
    bench.run_slots(3)
    assert bench.sampler.healthy
    assert bench.sink.events[1:] == [("recovered", 34, 37)]
    assert bench.sink.kinds()[3:] == ["missed"] * 34 + ["taken"] * 3
    bench.consistent()


def test_the_bus_is_freed_before_a_silent_chip_is_started_anew(bench):
    bench.run_slots(5)
    bench.driver.trigger_error = OSError(110)
    bench.driver.start_error = OSError(110)
    bench.run_slots(35)
    assert bench.freed == [15, 25, 35]
    bench.driver.trigger_error = bench.driver.start_error = None
    bench.run_slots(10)
    assert bench.freed == [15, 25, 35]
    assert bench.sink.kinds()[-5:] == ["taken"] * 5


def test_a_chip_that_lost_its_configuration_is_started_at_once(bench):
    bench.begin().run_slots(3)
    bench.driver.collect_error = SensorError(CHIP_RESET, 0x10)
    bench.run_slots(1)
    bench.driver.collect_error = None
    bench.run_slots(2)
    assert bench.driver.started == 2
    assert bench.sink.kinds() == ["taken"] * 3 + ["missed"] + ["taken"] * 2


def test_a_late_start_counts_as_lateness(make):
    """A start of 6 ms is most of a period of 10 ms; its sample does not pass for one in time."""
    bench = make(10_000)
    bench.driver.conversion_us = 1_000
    bench.begin().run_slots(3)
    bench.driver.collect_error = SensorError(CHIP_RESET, 0x10)
    bench.run_slots(1)
    bench.driver.collect_error = None
    bench.run_slots(2)
    assert bench.sink.slots[4] == ("late", 5, 6_000)
    bench.driver.start_us = 25_000
    bench.driver.collect_error = SensorError(CHIP_RESET, 0x10)
    bench.run_slots(1)
    bench.driver.collect_error = None
    bench.run_slots(4)
    assert bench.sink.kinds()[6:] == ["missed", "missed", "missed", "late", "taken"]
    bench.consistent()


def test_a_conversion_that_never_ends_is_a_miss_and_polled_gently(make):
    for period_us in (10_000, 100_000, 10_000_000):
        bench = make(period_us)
        bench.driver.conversion_us = 3_000
        bench.begin().run_slots(2)
        looks = 10**6
        bench.driver.extra = looks
        bench.run_slots(12)
        assert (looks - bench.driver.extra) / 12 <= 22
        assert bench.sink.kinds()[2:] == ["missed"] * 12
        assert bench.sink.events == [("fault", 0, 0, 11)]
        bench.driver.extra = 0
        bench.run_slots(2)
        assert bench.sink.kinds()[14:] == ["taken"] * 2
        assert bench.sink.events[1:] == [("recovered", 12, 14)]
        bench.consistent()


def test_a_conversion_a_little_longer_than_said_is_still_taken(bench):
    bench.begin()
    for extra in (1, 4, 8):
        bench.driver.extra = extra
        bench.run_slots(1)
    assert bench.sink.kinds() == ["taken"] * 3
    bench.consistent()


@pytest.mark.parametrize("error", [OSError(5), SensorError(WRONG_ID, 0x33)])
def test_a_driver_that_never_started_delivers_nothing(bench, error):
    """Without its calibration a chip answers with numbers that look like samples."""
    bench.driver.start_error = error
    bench.begin().run_slots(25)
    assert bench.sink.kinds() == ["missed"] * 25
    assert bench.driver.triggered == 0
    code = (-WRONG_ID, 0x33) if isinstance(error, SensorError) else (5, 0)
    assert bench.sink.events == [("fault", *code, 0)]
    assert not bench.sampler.healthy
    bench.driver.start_error = None
    bench.run_slots(2)
    assert [kind for kind in bench.sink.kinds() if kind != "missed"] != []
    assert bench.sink.events[1][0] == "recovered"
    bench.consistent()


def test_a_driver_that_fails_once_at_boot_is_started_at_the_next_slot(bench):
    bench.driver.start_error = OSError(5)
    bench.begin()
    bench.driver.start_error = None
    bench.run_slots(3)
    assert bench.driver.started == 1
    assert bench.sink.kinds() == ["taken"] * 3
    assert bench.sink.events == []


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_every_slot_has_one_number(make, seed):
    rng = random.Random(seed)
    bench = make(rng.choice([10_000, 100_000, 2_000_000]), rng.randrange(WRAP))
    driver = bench.driver
    driver.conversion_us = rng.choice([1_000, 5_000])
    bench.begin()
    for _ in range(400):
        kind = rng.randrange(8)
        driver.trigger_error = OSError(110) if kind == 0 else None
        driver.collect_error = OSError(5) if kind == 1 else None
        driver.start_error = SensorError(WRONG_ID, 3) if kind == 2 else None
        driver.extra = 1000 if kind == 3 else 0
        if kind == 4:
            bench.stall(rng.randrange(5 * bench.period_us))
        if kind == 5:
            driver.collect_error = SensorError(CHIP_RESET, 0x10)
        bench.run_slots(rng.randrange(1, 15))
        bench.consistent(behind=1)
    driver.trigger_error = driver.collect_error = driver.start_error = None
    driver.extra = 0
    bench.run_slots(30)
    bench.consistent()
    assert bench.sampler.healthy
    healthy = [event[0] for event in bench.sink.events]
    assert healthy[::2] == ["fault"] * len(healthy[::2])
    assert healthy[1::2] == ["recovered"] * len(healthy[1::2])
