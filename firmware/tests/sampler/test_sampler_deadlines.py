"""Deadlines of the sampler: one trigger a slot, lateness told, work that is never in the way."""

import pytest

WRAP = 1 << 30


def test_one_conversion_per_slot_at_its_deadline(bench):
    bench.begin().run_slots(1000)
    assert bench.sink.kinds() == ["taken"] * 1000
    assert bench.driver.triggered == 1000
    assert bench.sampler.healthy
    bench.consistent()


@pytest.mark.parametrize("period_us", [10_000, 33_333, 100_000, 1_000_000, 60_000_000])
@pytest.mark.parametrize("before", [1, 5_000, 999_999])
def test_deadlines_across_the_wrap_of_the_counter(make, period_us, before):
    bench = make(period_us, WRAP - before)
    bench.driver.conversion_us = 3_000
    bench.begin().run_slots(300)
    assert bench.sink.kinds() == ["taken"] * 300
    bench.consistent()


def test_it_never_sleeps_past_a_deadline_nor_spins_before_one(bench):
    bench.begin()
    polls = 0
    for _ in range(5000):
        if bench.sampler.poll() == 0:
            polls += 1
        bench.stall(1_000)
    assert polls <= 2 * len(bench.sink.slots) + 1
    assert bench.sink.kinds() == ["taken"] * len(bench.sink.slots)
    bench.consistent()


@pytest.mark.parametrize(
    ("period_us", "tolerance_us"),
    [(10_000, 1_000), (100_000, 10_000), (500_000, 50_000), (60_000_000, 50_000)],
)
def test_lateness_is_tolerated_up_to_a_tenth_of_the_period(make, period_us, tolerance_us):
    for late_us, kind in ((tolerance_us, "taken"), (tolerance_us + 1, "late")):
        bench = make(period_us)
        bench.driver.conversion_us = 1_000
        bench.driver.command_us = 0
        bench.begin().run_slots(3)
        bench.to_the_deadline()
        bench.stall(late_us)
        done = bench.driver.collected
        bench.run_slots(done + 2 - len(bench.sink.slots))
        assert bench.sink.kinds()[done:] == [kind, "taken"]
        if kind == "late":
            assert bench.sink.slots[done] == ("late", done + 1, late_us)
        bench.consistent()


@pytest.mark.parametrize(
    ("period_us", "conversion_us", "closing_us"),
    [(10_000, 4_100, 9_000), (20_000, 12_000, 19_000), (100_000, 90_000, 80_000)],
)
def test_what_a_sample_leads_to_never_makes_the_next_one_late(
    make, period_us, conversion_us, closing_us
):
    """A window ends, a record is made: as long as a slot, but not in the way of a trigger."""
    bench = make(period_us)
    bench.driver.conversion_us = conversion_us
    bench.sink.closing_us = closing_us
    bench.begin().run_slots(200)
    assert bench.sink.kinds() == ["taken"] * 200
    bench.consistent()


def test_a_sample_that_waits_comes_before_what_follows_it(make):
    """The next trigger is refused, or slots pass: its number is the one of its own slot."""
    bench = make(20_000)
    bench.driver.conversion_us = 12_000
    bench.begin().run_slots(3)
    bench.to_the_deadline()
    bench.driver.trigger_error = OSError(5)
    bench.run_slots(2)
    assert bench.sink.slots[3:] == [("taken", 4), ("missed",)]
    bench.driver.trigger_error = None
    bench.run_slots(3)
    bench.to_the_deadline()
    bench.stall(2 * 20_000)
    bench.run_slots(4)
    assert bench.sink.kinds()[5:] == ["taken"] * 4 + ["missed"] * 2 + ["taken"]
    bench.consistent()


@pytest.mark.parametrize("slots", [1, 2, 9, 10, 11, 50])
def test_slots_that_pass_in_a_stall_are_missed_once_each_and_no_fault_of_the_sensor(bench, slots):
    bench.begin().run_slots(5)
    bench.stall(bench.sampler.slack_us() + slots * bench.period_us + 20_000)
    bench.run_slots(slots + 3)
    assert bench.sink.kinds() == ["taken"] * 5 + ["missed"] * slots + ["late"] + ["taken"] * 2
    assert bench.sink.slots[5 + slots][2] == 20_000
    assert bench.sink.events == []
    assert bench.driver.started == 1
    bench.consistent()


def test_a_stall_while_a_conversion_runs_keeps_its_sample(bench):
    bench.begin().run_slots(5)
    bench.stall(bench.sampler.slack_us())
    bench.sampler.poll()
    bench.stall(3 * bench.period_us + 5_000)
    bench.run_slots(5)
    assert bench.sink.kinds() == ["taken"] * 6 + ["missed"] * 2 + ["taken"] * 2
    bench.consistent()


def test_lateness_counts_what_telling_of_missed_slots_costs(bench):
    """Closing windows of missed slots takes time: the next trigger is that much later."""
    bench.begin().run_slots(5)
    bench.sink.busy_us = 7_000
    bench.stall(bench.sampler.slack_us() + 3 * bench.period_us)
    bench.run_slots(4)
    assert bench.sink.slots[5:] == [("missed",)] * 3 + [("late", 6, 21_000)]
    bench.consistent()
