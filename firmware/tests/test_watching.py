"""What a node watches for: rapid loss, a stuck sensor, trends; told by events, kept over resets."""

import random
import struct
from types import ModuleType, SimpleNamespace

import pytest

from hullcore import settings
from hullcore.measurement import Measurement
from hullcore.messages import FLAG_SATURATED, FLAG_STALE, NO_RECORD, TREND_MARK
from hullcore.moremessages import TREND_MARK_FORMAT
from hullcore.records import RecordStamp
from hullcore.trendevents import CAUSES, STATES
from hullcore.varint import unpack
from hullnode import asked, start
from hullnode.clock import DeviceClock
from hullnode.pipeline import Pipeline
from hullnode.rawring import RawRing
from hullnode.twocopies import save
from hullwatch.link import recordkinds

T = 19_539_558
P = 25_939_200


class Bench:
    """A pipeline with what the settings ask for, and a board's folder."""

    def __init__(self, fakes: ModuleType, root: str, boot: int = 1, **changes: object) -> None:
        config = settings.defaults() | {"compensation": "none"} | changes
        settings.check_together(config)
        self.period_us = config["period_us"]
        self.time = fakes.Time()
        self.spool = fakes.AllRecords()
        self.stamp = RecordStamp(0xABCD, boot)
        driver = SimpleNamespace(pressure_shift=0, temperature_shift=0)
        self.pipeline = Pipeline(
            Measurement(config, 4, 0), config["windows_s"], driver,
            DeviceClock(self.time.ticks_ms), self.spool, RawRing(724_000, None, boot), self.stamp,
        )  # fmt: skip
        start._watching(self.pipeline, config, root)
        self.pipeline.begin()
        self.rng = random.Random(boot)

    def feed(self, pressures) -> None:
        for p in pressures:
            self.pipeline.taken(int(p), T)
            self.time.advance(self.period_us)

    def noise(self, count: int, slope_pa_s: float = 0.0, sigma_pa: float = 0.2) -> None:
        step = slope_pa_s * self.period_us / 1e6
        self.feed(P + 256 * (k * step + self.rng.gauss(0, sigma_pa)) for k in range(count))

    def records(self, name: str) -> list[SimpleNamespace]:
        found = []
        for number in range(self.spool.oldest, self.spool.next):
            record = self.spool.get(number)
            head = struct.unpack_from("<IIIBBHIH", record)
            kind = recordkinds.KIND_BY_ID[head[3], head[4]]
            if kind.name == name:
                found.append(SimpleNamespace(number=number, flags=head[7], **kind.unpack(record)))
        return found

    def events(self) -> list[tuple]:
        return [
            (recordkinds.EVENTS[e.code - 1][0], e.severity, e.a, e.b, e.c)
            for e in self.records("EVENT")
        ]


@pytest.fixture
def bench(fakes, tmp_path):
    def make(boot: int = 1, **changes: object) -> Bench:
        return Bench(fakes, str(tmp_path), boot, **changes)

    return make


# --- rapid loss -------------------------------------------------------------------------------


@pytest.mark.parametrize("loss_pa_s", [50, 500, 5000, 20_000])
def test_a_rapid_depress_is_told_with_its_numbers_and_nothing_is_plausibly_wrong(bench, loss_pa_s):
    one = bench()
    one.noise(300)
    falling = (max(0, 101_325 - 0.1 * loss_pa_s * k) for k in range(400))
    one.feed(256 * p + one.rng.gauss(0, 20) if p else 0 for p in falling)
    alarms = [e for e in one.events() if e[0] in ("RAPID", "STEP")]
    assert alarms[0][1] == 2
    name, _, bound, limit, last = alarms[0]
    assert bound > limit == 10 * 10**12
    assert last < 300 + 200  # by the second window after it began
    window = one.records("WINDOW")
    (caused,) = [w for w in window if w.window_ms == 10_000 and w.last == last]
    if name == "RAPID":
        assert bound == -caused.slope_y_ppa_s - caused.u95_slope_ppa_s
    for w in window:  # the least squares of what was fed, or flagged
        if not w.flags & FLAG_SATURATED:
            assert abs(w.slope_y_ppa_s) <= 1.5 * loss_pa_s * 10**12 + 10**12


def test_the_alarm_ends_when_the_loss_is_surely_over_and_is_off_at_0(bench):
    one = bench()
    one.feed(P - 256 * 5 * k for k in range(300))  # 50 Pa/s
    one.noise(300)
    assert [e[0] for e in one.events() if e[0] != "FRESH"] == ["RAPID", "RAPID_END"]
    off = bench(rapid_mpa_s=0)
    off.feed(P - 256 * 5 * k for k in range(300))
    assert off.events() == []
    assert off.pipeline.rapid is None


def test_a_sensor_that_sticks_ends_no_alarm(bench):
    one = bench()
    one.pipeline.stale.limit = 20
    one.feed(P - 256 * 5 * k for k in range(300))
    one.feed([P - 256 * 1495] * 600)
    assert [e[0] for e in one.events()] == ["RAPID", "STALE"]


# --- a stuck sensor ---------------------------------------------------------------------------


def test_a_sensor_that_sticks_is_told_and_flagged_by_what_was_learned(bench):
    one = bench(noise_profile="learn")
    one.noise(6000)
    profile = next(p for p in one.records("PROFILE") if p.window_ms == 10_000)
    assert 8 <= profile.run <= 20
    one.feed([P] * 250)
    one.noise(150)
    limit = one.records("PROFILE")[-1].run or one.pipeline.stale.limit
    stale = [e for e in one.events() if e[0] in ("STALE", "FRESH")]
    assert [e[0] for e in stale] == ["STALE", "FRESH"]
    assert stale[0][2] == stale[0][3] == one.pipeline.stale.limit
    assert stale[0][4] == 6000 + stale[0][2] - 1
    assert stale[1][2:] == (stale[0][4], 0, 6250)
    assert limit <= 20
    flagged = {
        w.first for w in one.records("WINDOW") if w.window_ms == 10_000 and w.flags & FLAG_STALE
    }
    assert flagged == {6000, 6100, 6200}


def test_without_a_profile_half_an_hour_passes_first(bench):
    one = bench(noise_profile="off", period_us=1_000_000)
    one.feed([P] * 1801)
    assert [e[:4] for e in one.events()] == [("STALE", 1, 1800, 1800)]


# --- trends -----------------------------------------------------------------------------------

TRENDED = {"windows_s": (10, 60), "trend_s": (10,), "noise_profile": "learn", "trend_learn": 20}


def snapshot_of(records: list[SimpleNamespace]) -> tuple:
    """The snapshot in the parts of one TREND record."""
    assert [r.part for r in records] == list(range(records[0].parts))
    return unpack(b"".join(r.data for r in records), 28)


def mark(one: Bench, what: int, window_s: int = 0, *numbers: int) -> tuple:
    rate, u, bound = (*numbers, 0, 0, 0)[:3]
    payload = struct.pack(TREND_MARK_FORMAT, what, window_s, rate, u, bound)
    return asked.answer(one.pipeline, TREND_MARK, payload)


def test_every_change_of_state_is_an_event_and_a_record_with_its_snapshot(bench):
    one = bench(**TRENDED)
    one.noise(8000)
    one.noise(3000, slope_pa_s=-0.2)
    trends = one.records("TREND")
    changes = [(STATES[r.old], STATES[r.new], CAUSES[r.cause]) for r in trends if not r.part]
    assert changes[:2] == [("LEARNING", "STEADY", "LEARNED"), ("STEADY", "RISING", "ROSE")]
    events = [e for e in one.events() if e[0].startswith("TREND")]
    assert [e[:2] for e in events[:2]] == [("TREND", 0), ("TREND_ALARM", 2)]
    firsts = [r for r in trends if not r.part]
    for event, record in zip(events, firsts, strict=True):
        assert event[2:] == (record.value, record.threshold, record.rate)
        caused = next(w for w in one.records("WINDOW") if w.number == record.window)
        assert caused.window_ms == record.window_ms == 10_000
        assert caused.trend == record.new + 1
    rising = firsts[1]
    assert rising.value >= rising.threshold > 0
    assert rising.reference < rising.rate
    parts = [r for r in trends if r.window == rising.window]
    assert snapshot_of(parts)[1] == rising.new
    states = [w.trend for w in one.records("WINDOW") if w.window_ms == 10_000]
    assert states[0] == 1
    assert {w.trend for w in one.records("WINDOW") if w.window_ms == 60_000} == {0}


def test_a_trend_goes_on_after_a_reset_and_not_under_other_settings(bench):
    one = bench(**TRENDED)
    one.noise(8000)
    stored = one.pipeline.trends.of[10].trend.snapshot()
    mark(one, 2)
    two = bench(2, **TRENDED)
    (record,) = [r for r in two.records("TREND") if not r.part]
    assert (record.window, record.cause) == (NO_RECORD, 0)
    resumed = two.pipeline.trends.of[10].trend
    assert resumed.state == stored[1]
    assert resumed.cessation.recovered
    assert resumed.snapshot()[7:] == one.pipeline.trends.of[10].trend.snapshot()[7:]
    assert resumed.last == -1
    assert resumed.cessation.samples == 0
    other = bench(3, **TRENDED, volume_ul=5)
    assert other.events() == [("TREND_VOID", 1, 1, 0, 0)]
    assert other.pipeline.trends.of[10].trend.state == 0


@pytest.mark.parametrize("damage", ["numbers", "shape", "file"])
def test_a_damaged_snapshot_is_not_taken_up(bench, tmp_path, damage):
    one = bench(**TRENDED)
    key = one.pipeline.trends._key
    if damage == "numbers":
        save(str(tmp_path), "trend", [key, [[10, [1, 9] + [0] * 26]]])
    elif damage == "shape":
        save(str(tmp_path), "trend", [key, [[10, "x"]]])
    else:
        (tmp_path / "trend.0").write_text("no")
    two = bench(2, **TRENDED)
    assert two.events() == [("TREND_VOID", 1, 2, 0, 0)]
    two.noise(300)  # and the node measures


def test_marks_of_a_host(bench):
    one = bench(**TRENDED)
    one.noise(8000)
    assert mark(one, 1, 60)[0] == 4
    assert mark(one, 9)[0] == 4
    assert mark(one, 3, 10, 10**9, -1)[0] == 4
    assert mark(one, 2, 10) == (0, b"")
    assert one.pipeline.trends.of[10].trend.cessation.recovered
    assert mark(one, 3, 10, 3 * 10**9, 10**7, 5) == (0, b"")
    record = one.records("TREND")[-1]
    assert (STATES[record.new], CAUSES[record.cause], record.rate) == ("STEADY", "TOLD", 3 * 10**9)
    assert mark(one, 1) == (0, b"")
    assert STATES[one.records("TREND")[-1].new] == "LEARNING"
    assert [e[0] for e in one.events() if e[0] == "KNOWN_LEAK"] == ["KNOWN_LEAK"]
    assert asked.answer(one.pipeline, TREND_MARK, b"")[0] == 2
    plain = bench(2)
    assert mark(plain, 1)[0] == 4
