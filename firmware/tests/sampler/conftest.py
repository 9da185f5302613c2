"""A sampler with a driver and a sink of its own, and a clock moved by hand."""

from types import ModuleType

import pytest

from hullnode.sampler import Sampler

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

    def __init__(self, fakes: ModuleType, period_us: int, start: int) -> None:
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
def make(fakes):
    """A bench for a period, from a tick on."""

    def bench(period_us: int = PERIOD, start: int = 0) -> Bench:
        return Bench(fakes, period_us, start)

    return bench


@pytest.fixture
def bench(make):
    return make()
