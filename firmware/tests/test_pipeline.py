"""Samples to records and raw blocks: every sample accounted for, every loss told, once."""

import random
import struct
from types import ModuleType, SimpleNamespace

import pytest

from hullcore import settings
from hullcore.measurement import Measurement
from hullcore.records import RecordStamp
from hullnode.clock import DeviceClock
from hullnode.pipeline import Pipeline
from hullnode.rawring import RawRing
from hullnode.spool import Spool
from hullnode.spoolstart import open_spool
from hullwatch.link import recordkinds
from hullwatch.sim.flashfiles import FlashFiles

CODES = {name: code for code, (name, _, _) in enumerate(recordkinds.EVENTS, 1)}
T = 19_539_558


class Bench:
    """A pipeline with everything around it; `records` reads back all that is held.

    Records go to a flash, or (`flash` False) stay in RAM, 32 of them.
    """

    def __init__(
        self, fakes: ModuleType, flash: bool = True, blocks: int = 1000, start_ms: int = 0,
        **changes: object,
    ) -> None:  # fmt: skip
        config = settings.defaults() | {"compensation": "none"} | changes
        self.period_us = config["period_us"]
        self.time = fakes.Time(0, start_ms)
        self.clock = DeviceClock(self.time.ticks_ms)
        if flash:
            self.spool, _, _ = open_spool(FlashFiles(), "", lambda: 0xABCD)
        else:
            self.spool = Spool(None, "", 0, 0xABCD, 0, 0, -1, 0)
        self.ring = RawRing(blocks * 181, None, 7)
        self.stamp = RecordStamp(0xABCD, 7)
        driver = SimpleNamespace(pressure_shift=0, temperature_shift=0)
        self.pipeline = Pipeline(
            Measurement(config, 4, 0), config["windows_s"], driver, self.clock, self.spool,
            self.ring, self.stamp,
        )  # fmt: skip
        self.pipeline.begin()

    def feed(self, samples) -> None:
        for sample in samples:
            if sample is None:
                self.pipeline.missed()
            elif len(sample) == 3:
                self.pipeline.late(*sample)
            else:
                self.pipeline.taken(*sample)
            self.time.advance(self.period_us)

    def blocks(self, wire: SimpleNamespace) -> list[SimpleNamespace]:
        return [wire.raw_block(self.ring.get(i)) for i in range(self.ring.oldest, self.ring.next)]

    def records(self) -> list[SimpleNamespace]:
        found = []
        for number in range(self.spool.oldest, self.spool.next):
            record = self.spool.get(number)
            head = struct.unpack_from("<IIIBBHIH", record)
            assert head[:3] == (number, 0xABCD, 7)
            kind = recordkinds.KIND_BY_ID[head[3], head[4]]
            found.append(SimpleNamespace(number=number, kind=kind.name, **kind.unpack(record)))
        return found

    def events(self, name: str) -> list[SimpleNamespace]:
        return [r for r in self.records() if r.kind == "EVENT" and r.code == CODES[name]]


def noise(seed: int, n: int, spread: int = 50) -> list[tuple[int, int]]:
    rng = random.Random(seed)
    return [(25_939_200 + rng.randint(-spread, spread), T + rng.randint(-50, 50)) for _ in range(n)]


@pytest.mark.parametrize("start_ms", [0, (1 << 30) - 60_000])
def test_every_sample_is_in_one_block_with_its_number_and_time(fakes, wire, start_ms):
    rng = random.Random(1)
    samples: list = noise(1, 3000)
    for _ in range(60):
        samples[rng.randrange(3000)] = None
    for _ in range(40):
        k = rng.randrange(3000)
        if samples[k] is not None:
            samples[k] = (*samples[k][:2], rng.randrange(10_001, 99_999))
    bench = Bench(fakes, start_ms=start_ms)
    bench.feed(samples)
    bench.pipeline.flush(0)
    seen: dict[int, tuple] = {}
    after = 0
    for b in bench.blocks(wire):
        due = b.wraps * (1 << 30) + b.ms
        assert due == start_ms + b.first * 100
        assert (b.boot, b.config) == (7, 0)
        assert b.gap == b.first - after
        assert all(samples[k] is None for k in range(after, b.first))
        after = b.first + b.count
        for k, pair in enumerate(zip(b.pressure, b.temperature, strict=True), b.first):
            assert k not in seen
            seen[k] = (*pair, b.late_us) if b.late_us else pair
        assert b.late_us == 0 or b.count == 1
    assert seen == {k: s for k, s in enumerate(samples) if s is not None}
    assert bench.ring.dropped == 0
    assert bench.pipeline.next_number() == 3000


@pytest.mark.parametrize(
    ("period_us", "most"),
    [
        (10_000, 64),
        (100_000, 64),
        (1_000_000, 10),
        (5_000_000, 2),
        (10_000_000, 1),
        (60_000_000, 1),
    ],
)
def test_a_raw_block_waits_ten_seconds_at_the_most(fakes, wire, period_us, most):
    bench = Bench(fakes, period_us=period_us)
    bench.feed([(25_939_200, T)] * 640)
    assert {b.count for b in bench.blocks(wire)} == {most}


def test_steps_larger_than_the_block_expects_lose_nothing(fakes, wire):
    rng = random.Random(4)
    samples = [(rng.choice([0, 300, 70_000, (1 << 30) - 1]), T) if k % 50 > 40 else (25_939_200, T)
               for k in range(2000)]  # fmt: skip
    bench = Bench(fakes)
    bench.feed(samples)
    bench.pipeline.flush(0)
    got = [pair for b in bench.blocks(wire) for pair in zip(b.pressure, b.temperature, strict=True)]
    assert got == samples


def test_windows_are_numbered_records_of_the_samples_they_name(fakes):
    bench = Bench(fakes)
    bench.feed(noise(2, 6000))
    windows = [r for r in bench.records() if r.kind == "WINDOW"]
    assert [w.window_ms for w in windows].count(10_000) == 60
    assert [w.window_ms for w in windows].count(60_000) == 10
    assert [w.window_ms for w in windows].count(600_000) == 1
    for w in windows:
        assert w.last - w.first + 1 == w.n == w.window_ms // 100
        assert w.first % w.n == 0
        assert w.first_ms == w.first * 100


def test_a_sensor_that_stops_and_resumes_is_told_with_sample_numbers(fakes):
    bench = Bench(fakes)
    bench.feed(noise(3, 10))
    bench.pipeline.fault(-7, 16)
    bench.feed([None] * 12)
    bench.pipeline.recovered(12)
    (fault,), (back,) = bench.events("SENSOR_FAULT"), bench.events("SENSOR_BACK")
    assert (fault.a, fault.b, fault.c) == (-7, 16, 10)
    assert (back.a, back.c) == (12, 22)


def test_a_pressure_beyond_the_range_is_told_once_in_600_samples_and_is_no_sample(fakes, wire):
    bench = Bench(fakes, windows_s=(10,))
    for k in range(1500):
        if k % 2:
            bench.feed(noise(k, 1))
        else:
            bench.pipeline.outside(32_000_000 + k)
            bench.time.advance(bench.period_us)
    told = bench.events("PRESSURE")
    assert [(e.a, e.c) for e in told] == [(32_000_000 + k, k) for k in (0, 600, 1200)]
    kept = [b.first + k for b in bench.blocks(wire) for k in range(b.count)]
    assert {number % 2 for number in kept} == {1}
    assert all(w.n == 50 for w in bench.records() if w.kind == "WINDOW")


def test_unusable_samples_are_told_of_when_they_start_and_kept_as_raw(fakes, wire):
    bench = Bench(fakes, compensation="sensor")
    good, cold, heavy = (25_939_200, T), (25_939_200, 100 * 65536), (-5, T)
    bench.feed([good] * 5 + [cold] * 20 + [good] * 5 + [heavy] * 20 + [cold] * 3 + [good] * 47)
    bench.pipeline.flush(0)
    assert [(e.a, e.c) for e in bench.events("TEMPERATURE")] == [
        (100 * 65536, 5),
        (100 * 65536, 50),
    ]
    assert [(e.a, e.c) for e in bench.events("PRESSURE")] == [(-5, 30)]
    assert sum(b.count for b in bench.blocks(wire)) == 100
    (window,) = [r for r in bench.records() if r.kind == "WINDOW"]
    assert (window.n, window.first, window.last) == (57, 0, 99)


def test_an_hour_without_a_host_leaves_the_newest_windows(fakes):
    """Telling of lost raw blocks costs records too: not so many that they push out the windows."""
    bench = Bench(fakes, flash=False, blocks=32)
    bench.feed(noise(5, 36_000))
    held = bench.records()
    windows = [r for r in held if r.kind == "WINDOW"]
    assert len(held) == 32
    assert len(windows) == 32
    assert 36_000 - windows[-1].last <= 100
    assert bench.ring.dropped > 500
    assert bench.spool.dropped > 300


def drain(bench: Bench, losses: dict[str, set[int]], seen: set[int]) -> None:
    """What a host does that reads all and acks it; loss events are added up as they come."""
    for r in bench.records():
        if r.number in seen:
            continue
        seen.add(r.number)
        if r.kind == "EVENT" and r.code in (CODES["RAW_LOST"], CODES["RECORDS_LOST"]):
            name = "raw" if r.code == CODES["RAW_LOST"] else "records"
            told = set(range(r.a, r.b + 1))
            assert not told & losses[name], "told twice"
            losses[name] |= told


def visit(bench: Bench, wire: SimpleNamespace, got: SimpleNamespace) -> None:
    """A host reads all there is, stores it and acks it."""
    drain(bench, got.lost, got.records)
    bench.spool.ack(bench.spool.next)
    for b in bench.blocks(wire):
        got.samples.update(range(b.first, b.first + b.count))
        bench.ring.ack(b.boot, b.first + b.count, 0)


@pytest.mark.parametrize("absent", [0, 50, 3_000, 40_000])
def test_all_that_a_host_misses_while_away_it_is_told_of(fakes, wire, absent):
    bench = Bench(fakes, flash=False, blocks=6, windows_s=(1, 10, 60))
    got = SimpleNamespace(lost={"raw": set(), "records": set()}, records=set(), samples=set())
    total = 0
    for count in (100, absent, 100, 100, 100):
        bench.feed(noise(total, count, 5000))
        total += count
        visit(bench, wire, got)
    bench.pipeline.flush(0)
    visit(bench, wire, got)
    assert bool(got.lost["raw"]) is bool(got.lost["records"]) is (absent > 1000)
    assert got.records | got.lost["records"] == set(range(bench.spool.next))
    assert got.samples | got.lost["raw"] == set(range(total))
    assert not got.records & got.lost["records"]
    assert not got.samples & got.lost["raw"]
    assert len(got.lost["records"]) == bench.spool.dropped


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_called_lost_that_arrived(fakes, wire, seed):
    rng = random.Random(seed)
    bench = Bench(fakes, flash=False, blocks=6, windows_s=(1, 10, 60))
    got = SimpleNamespace(lost={"raw": set(), "records": set()}, records=set(), samples=set())
    for _ in range(60):
        bench.feed(noise(rng.random(), rng.choice([20, 200, 3000]), rng.choice([50, 5000])))
        if rng.random() < 0.8:
            visit(bench, wire, got)
    assert got.lost["records"]
    assert got.lost["raw"]
    assert not got.records & got.lost["records"]
    assert not got.samples & got.lost["raw"]
