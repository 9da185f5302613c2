"""The sampler against a clock moved by hand: every slot gets one number, whatever goes wrong."""

import random
from types import ModuleType

import pytest

from hullnode.drivers.errors import CHIP_RESET, WRONG_ID, SensorError
from hullnode.sampler import Sampler

WRAP = 1 << 30
PERIOD = 100_000


class Driver:
    """Converts in `conversion_us`; `start_error`, `trigger_error`, `collect_error` are raised
    while they are set, `extra` looks come back too early, `command_us` is what a call takes."""

    PRESSURE_MIN_PA = 0
    PRESSURE_MAX_PA = 4_190_000

    def __init__(self, time) -> None:
        self.time = time
        self.conversion_us = 30_000
        self.command_us = 200
        self.start_us = 6_000
        self.start_error = self.trigger_error = self.collect_error = None
        self.extra = self.base = 0
        self.started = self.triggered = self.collected = 0
        self.pressure_q8 = self.temperature_q16 = 0

    def start(self) -> None:
        self.time.advance(self.start_us)
        if self.start_error:
            raise self.start_error
        self.started += 1

    def trigger(self) -> int:
        self.time.advance(self.command_us)
        if self.trigger_error:
            raise self.trigger_error
        self.triggered += 1
        return self.conversion_us

    def collect(self) -> int:
        if self.collect_error:
            raise self.collect_error
        if self.extra:
            self.extra -= 1
            return 500
        self.pressure_q8 = self.base + self.triggered
        self.collected += 1
        return 0


class Sink:
    """Gives numbers to slots as the pipeline does; `busy_us` is what a missed one costs,
    `closing_us` what every tenth sample does."""

    def __init__(self, time) -> None:
        self.time = time
        self.slots: list[tuple] = []
        self.events: list[tuple] = []
        self.busy_us = self.closing_us = 0

    def taken(self, p: int, t: int) -> None:
        self.slots.append(("taken", p))
        if len(self.slots) % 10 == 0:
            self.time.advance(self.closing_us)

    def late(self, p: int, t: int, late_us: int) -> None:
        self.slots.append(("late", p, late_us))

    def missed(self) -> None:
        self.slots.append(("missed",))
        self.time.advance(self.busy_us)

    def outside(self, p: int) -> None:
        self.slots.append(("outside", p))

    def fault(self, code: int, detail: int) -> None:
        self.events.append(("fault", code, detail, len(self.slots)))

    def recovered(self, missed: int) -> None:
        self.events.append(("recovered", missed, len(self.slots)))

    def kinds(self) -> list[str]:
        return [slot[0] for slot in self.slots]


class Bench:
    """A sampler that runs; `elapsed` is the true time since its first deadline."""

    def __init__(self, fakes: ModuleType, period_us: int = PERIOD, start: int = 0) -> None:
        self.time = fakes.Time(start)
        self.driver = Driver(self.time)
        self.sink = Sink(self.time)
        self.freed: list[int] = []
        self.sampler = Sampler(
            self.time.ticks_us, self.driver, period_us, self.sink,
            lambda: self.freed.append(len(self.sink.slots)),
        )  # fmt: skip
        self.period_us = period_us
        self.elapsed = 0
        advance = self.time.advance

        def watched(us: int) -> None:
            self.elapsed += us
            advance(us)

        self.time.advance = watched

    def begin(self) -> "Bench":
        self.sampler.begin()
        self.elapsed = 0
        return self

    def run_slots(self, count: int) -> None:
        """Poll as the node does, sleeping what poll asks for, until `count` more slots are done."""
        end = len(self.sink.slots) + count
        while len(self.sink.slots) < end:
            wait = self.sampler.poll()
            assert 0 <= wait <= self.period_us
            self.time.advance(wait)

    def to_the_deadline(self) -> None:
        """Read what is being converted, and sleep until the next trigger is due."""
        while self.driver.collected < self.driver.triggered:
            self.time.advance(self.sampler.poll())

    def stall(self, us: int) -> None:
        self.time.advance(us)

    def consistent(self, behind: int = 0) -> None:
        """One number for each slot that is over, counters that agree, and none twice.

        Up to `behind` slots may have passed since the last poll.
        """
        sampler, slots = self.sampler, self.sink.slots
        kinds = self.sink.kinds()
        assert sampler.taken_count == kinds.count("taken") + kinds.count("late")
        assert sampler.late_count == kinds.count("late")
        assert sampler.missed_count == kinds.count("missed")
        over = self.elapsed // self.period_us
        assert over - behind <= len(slots) <= over + 1
        conversions = [slot[1] for slot in slots if slot[0] != "missed"]
        assert conversions == sorted(set(conversions))


@pytest.fixture
def bench(fakes):
    return Bench(fakes)


def test_one_conversion_per_slot_at_its_deadline(bench):
    bench.begin().run_slots(1000)
    assert bench.sink.kinds() == ["taken"] * 1000
    assert bench.driver.triggered == 1000
    assert bench.sampler.healthy
    bench.consistent()


@pytest.mark.parametrize("period_us", [10_000, 33_333, 100_000, 1_000_000, 60_000_000])
@pytest.mark.parametrize("before", [1, 5_000, 999_999])
def test_deadlines_across_the_wrap_of_the_counter(fakes, period_us, before):
    bench = Bench(fakes, period_us, WRAP - before)
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
def test_lateness_is_tolerated_up_to_a_tenth_of_the_period(fakes, period_us, tolerance_us):
    for late_us, kind in ((tolerance_us, "taken"), (tolerance_us + 1, "late")):
        bench = Bench(fakes, period_us)
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
    fakes, period_us, conversion_us, closing_us
):
    """A window ends, a record is made: as long as a slot, but not in the way of a trigger."""
    bench = Bench(fakes, period_us)
    bench.driver.conversion_us = conversion_us
    bench.sink.closing_us = closing_us
    bench.begin().run_slots(200)
    assert bench.sink.kinds() == ["taken"] * 200
    bench.consistent()


def test_a_sample_that_waits_comes_before_what_follows_it(fakes):
    """The next trigger is refused, or slots pass: its number is the one of its own slot."""
    bench = Bench(fakes, 20_000)
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
    bench.stall(bench.sampler.slack_us() + slots * PERIOD + 20_000)
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
    bench.stall(3 * PERIOD + 5_000)
    bench.run_slots(5)
    assert bench.sink.kinds() == ["taken"] * 6 + ["missed"] * 2 + ["taken"] * 2
    bench.consistent()


def test_lateness_counts_what_telling_of_missed_slots_costs(bench):
    """Closing windows of missed slots takes time: the next trigger is that much later."""
    bench.begin().run_slots(5)
    bench.sink.busy_us = 7_000
    bench.stall(bench.sampler.slack_us() + 3 * PERIOD)
    bench.run_slots(4)
    assert bench.sink.slots[5:] == [("missed",)] * 3 + [("late", 6, 21_000)]
    bench.consistent()


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


def test_a_late_start_counts_as_lateness(fakes):
    """A start of 6 ms is most of a period of 10 ms; its sample does not pass for one in time."""
    bench = Bench(fakes, 10_000)
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


def test_a_conversion_that_never_ends_is_a_miss_and_polled_gently(fakes):
    for period_us in (10_000, 100_000, 10_000_000):
        bench = Bench(fakes, period_us)
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
def test_whatever_happens_every_slot_has_one_number(fakes, seed):
    rng = random.Random(seed)
    bench = Bench(fakes, rng.choice([10_000, 100_000, 2_000_000]), rng.randrange(WRAP))
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
