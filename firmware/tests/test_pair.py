"""Two sensors as one driver: when each is asked, and what the second one's failures cost."""

import pytest

from hullcore.estimator import NO_AUX
from hullnode.drivers.errors import CHIP_RESET, PERIOD_TOO_SHORT, WRONG_ID, SensorError
from hullnode.pair import ProbePair, ReferencePair, Refused
from hullnode.sampler import Sampler

PERIOD = 100_000


class Chip:
    """A driver that converts in `stages` of so many µs; errors are raised while they are set.

    Asking before its time is an error of the caller.
    """

    SENSOR = "chip"
    oversampling = 8
    KIND = "abs"
    PRESSURE_MIN_PA = 0
    PRESSURE_MAX_PA = 4_190_000
    pressure_lsb_q8 = 4
    pressure_shift = 2
    temperature_lsb_q16 = 512
    temperature_shift = 9

    def __init__(self, time, *stages: int) -> None:
        self.time = time
        self.stages = stages
        self.at = self.due = 0
        self.start_error = self.trigger_error = self.collect_error = None
        self.dead = False
        self.started = self.triggered = self.collected = 0
        self.pressure_q8 = self.temperature_q16 = 0

    def start(self) -> None:
        if self.start_error:
            raise self.start_error
        self.started += 1

    def trigger(self) -> int:
        if self.trigger_error:
            raise self.trigger_error
        self.triggered += 1
        self.at = 0
        self.due = self.time.us + self.stages[0]
        return self.stages[0]

    def collect(self) -> int:
        assert self.time.us >= self.due, "too early"
        self.collected += 1
        if self.collect_error:
            raise self.collect_error
        self.at += 1
        if self.dead or self.at < len(self.stages):
            wait = 1000 if self.dead else self.stages[self.at]
            self.due = self.time.us + wait
            return wait
        self.pressure_q8 = self.triggered
        self.temperature_q16 = 1000 + self.triggered
        return 0


class Sink:
    """What the pipeline sees: the sample and the second value beside it."""

    def __init__(self) -> None:
        self.driver = None
        self.seen = []
        self.events = []

    def taken(self, p: int, t: int) -> None:
        self.seen.append((p, self.driver.aux))

    def late(self, p: int, t: int, late_us: int) -> None:
        self.seen.append(("late", self.driver.aux))

    def missed(self) -> None:
        self.seen.append("missed")

    def fault(self, code: int, detail: int) -> None:
        self.events.append("fault")

    def recovered(self, missed: int) -> None:
        self.events.append("recovered")


class Bench:
    """A sampler over a pair, time moved by what it asks for."""

    def __init__(self, fakes, main, second, kind=ReferencePair) -> None:
        self.time = fakes.Time(1000)
        self.main = Chip(self.time, *main)
        self.second = Chip(self.time, *second)
        self.pair = kind(self.main, self.second, self.time.ticks_us, PERIOD)
        self.sink = Sink()
        self.sink.driver = self.pair
        self.sampler = Sampler(self.time.ticks_us, self.pair, PERIOD, self.sink, lambda: None)
        self.sampler.begin()

    def slots(self, count: int) -> list:
        end = len(self.sink.seen) + count
        while len(self.sink.seen) < end:
            self.time.advance(self.sampler.poll())
        return self.sink.seen[-count:]


@pytest.mark.parametrize(
    ("main", "second"),
    [
        ((44_000,), (44_000,)),
        ((44_000,), (17_500,)),
        ((20_000,), (60_000,)),
        ((18_000, 18_000), (44_000,)),
        ((44_000,), (18_000, 18_000)),
        ((18_000, 18_000), (9_000, 9_000)),
    ],
)
def test_both_convert_at_once_and_neither_is_asked_too_early(fakes, main, second):
    bench = Bench(fakes, main, second)
    assert bench.slots(50) == [(k, k) for k in range(1, 51)]
    assert bench.sampler.late_count == bench.sampler.missed_count == 0
    assert bench.main.collected == 50 * len(main)
    assert bench.second.collected == 50 * len(second)


def test_a_probe_gives_its_temperature_and_its_own_shift(fakes):
    bench = Bench(fakes, (44_000,), (17_500,), ProbePair)
    assert bench.slots(3) == [(k, 1000 + k) for k in (1, 2, 3)]
    assert (bench.pair.aux_shift, bench.pair.aux_lsb) == (9, 512)
    reference = Bench(fakes, (44_000,), (17_500,)).pair
    assert (reference.aux_shift, reference.aux_lsb) == (2, 4)


@pytest.mark.parametrize(
    ("where", "error", "code", "detail"),
    [
        ("trigger_error", OSError(5), 5, 0),
        ("collect_error", OSError(110), 110, 0),
        ("collect_error", SensorError(CHIP_RESET, 77), -CHIP_RESET, 77),
    ],
)
def test_errors_of_the_second_cost_its_value_only(fakes, where, error, code, detail):
    bench = Bench(fakes, (44_000,), (17_500,))
    bench.slots(3)
    setattr(bench.second, where, error)
    seen = bench.slots(20)
    assert [aux for _, aux in seen] == [NO_AUX] * 20
    assert [p for p, _ in seen] == list(range(4, 24))
    assert (bench.pair.code, bench.pair.detail, bench.pair.absent) == (code, detail, 20)
    assert bench.sink.events == []
    assert bench.sampler.missed_count == bench.sampler.bus_errors == 0
    setattr(bench.second, where, None)
    bench.slots(70)  # a chip that reports an error of its own is started anew first
    assert bench.pair.absent == 0
    assert bench.sink.seen[-1][1] == bench.second.triggered


def test_a_chip_that_lost_its_configuration_is_started_at_once(fakes):
    bench = Bench(fakes, (44_000,), (17_500,))
    bench.slots(1)
    started = bench.second.started
    bench.second.collect_error = SensorError(CHIP_RESET, 1)
    bench.slots(1)
    assert bench.second.started == started + 1


def test_one_that_stays_away_is_tried_again_seldom(fakes):
    bench = Bench(fakes, (44_000,), (17_500,))
    bench.second.start_error = SensorError(WRONG_ID, 0x42)
    bench.second.collect_error = SensorError(CHIP_RESET, 1)
    calls = []
    start = bench.second.start
    bench.second.start = lambda: (calls.append(len(bench.sink.seen)), start())
    bench.slots(300)
    assert len(calls) == 6  # slots 1, 10, and every 64th from there
    bench.second.start_error = bench.second.collect_error = None
    bench.slots(70)
    assert bench.sink.seen[-1][1] != NO_AUX


def test_a_conversion_that_never_ends_is_given_up_within_its_slot(fakes):
    bench = Bench(fakes, (44_000,), (17_500,))
    bench.second.dead = True
    seen = bench.slots(30)
    assert seen == [(k, NO_AUX) for k in range(1, 31)]
    assert bench.sampler.late_count == bench.sampler.missed_count == 0
    assert bench.pair.code == 0


def test_errors_of_the_first_are_the_sampler_s(fakes):
    bench = Bench(fakes, (44_000,), (17_500,))
    bench.slots(2)
    bench.main.trigger_error = OSError(5)
    assert bench.slots(12) == ["missed"] * 12
    assert bench.sink.events == ["fault"]
    bench.main.trigger_error = None
    assert bench.slots(3)[-1][1] != NO_AUX
    assert bench.sink.events == ["fault", "recovered"]


def test_settings_that_no_driver_serves_leave_the_first_sensor_alone(fakes):
    time = fakes.Time()
    refused = Refused(SensorError(PERIOD_TOO_SHORT, 17_500))
    pair = ProbePair(Chip(time, 4_000), refused, time.ticks_us, 10_000)
    sink = Sink()
    sink.driver = pair
    sampler = Sampler(time.ticks_us, pair, 10_000, sink, lambda: None)
    sampler.begin()
    while len(sink.seen) < 20:
        time.advance(sampler.poll())
    assert sink.seen == [(k, NO_AUX) for k in range(1, 21)]
    assert (pair.code, pair.detail) == (-PERIOD_TOO_SHORT, 17_500)
