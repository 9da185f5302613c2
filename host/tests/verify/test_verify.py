"""A database verified: equal as logged, and whatever is changed afterwards is named."""

import binascii
import sqlite3
import struct

import pytest

from hullwatch.link import recordview
from hullwatch.link.recordkinds import HEADER, PROFILE, TREND, WINDOW
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.store import Reader, repack
from hullwatch.store.derived import row_of
from hullwatch.verify.database import verify, work
from hullwatch.verify.spans import GONE


def check(path, node=None):
    done = []
    with Reader.open(path) as reader:
        outcome = verify(reader, node, done.append)
        assert sum(done) <= work(reader, node)
    return outcome


def change(path, statement, *values):
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement, values).rowcount == 1


def rewrite(path, number, kind, field, value):
    """Change one field of a stored record and seal it again: what a forger would do."""
    with sqlite3.connect(path) as connection:
        (data,) = connection.execute(
            "SELECT data FROM records WHERE number = ?", (number,)
        ).fetchone()
        names = [x.name for x in kind.fields]
        values = list(kind.struct.unpack_from(data, HEADER.size))
        values[names.index(field)] = value
        body = data[: HEADER.size] + kind.struct.pack(*values)
        body = body.ljust(172, b"\0")
        connection.execute(
            "UPDATE records SET data = ? WHERE number = ?",
            (body + struct.pack("<I", binascii.crc32(body)), number),
        )


def verifiable(path):
    """Whether the raw samples of every window have come too: a record is there seconds before."""
    with Reader.open(path) as reader:
        (boot,) = reader.boots()
        windows = reader.windows()
        last = max((row.last_sample for row in windows), default=-1)
        return bool(reader.raw(boot.key).sample[-1] >= last)


@pytest.fixture
def logged(site):
    """A database with twenty minutes of one node in it, and its path."""

    def make(seconds=1250, **spec):
        made = site(**spec)
        made.log()
        made.run(seconds)
        made.logger.finish()
        while not verifiable(made.path):
            made.run(0.5)
            made.logger.finish()
        return made.path

    return make


def test_what_was_logged_is_what_its_samples_give(logged):
    outcome = check(logged())
    assert outcome.first is None
    assert outcome.different == 0
    assert outcome.windows.equal >= 124 + 20 + 2
    assert outcome.windows.not_verifiable.total() == 0
    assert outcome.broken == 0
    assert {head.stream for head in outcome.heads} == {"record", "raw"}
    assert outcome.samples >= 12_400


@pytest.mark.parametrize(
    "spec",
    [
        {"compensation": "none"},
        {"sensor": "bmp280", "period_us": 50_000, "chamber": ChamberSpec(pressure_pa=105_000)},
        {"sensor": "ms5837", "period_us": 333_333},
        {"extra": {"temp_lag_ms": 5000, "settling_ms": 60_000, "windows_s": (20, 40)}},
        {"extra": {"windows_s": (7, 21, 63)}, "period_us": 15_001},
    ],
)
def test_whatever_the_settings(logged, spec):
    outcome = check(logged(400, **spec))
    assert outcome.first is None
    assert outcome.windows.equal > 10
    assert outcome.windows.not_verifiable.total() == 0


def test_learned_profiles_are_learned_again(logged):
    path = logged(2500, extra={"noise_profile": "learn", "windows_s": (10, 60)})
    outcome = check(path)
    assert outcome.first is None
    assert outcome.profiles.equal >= 2
    with Reader.open(path) as reader:
        kinds = {w.u95_kind for w in reader.windows()}
    assert any(kind.endswith("profile") for kind in kinds)
    with sqlite3.connect(path) as connection:
        ((number,),) = connection.execute(
            "SELECT MIN(number) FROM records WHERE kind = ?", (PROFILE.id,)
        )
    rewrite(path, number, PROFILE, "walk_fpa2_s", 12345)
    outcome = check(path)
    assert (outcome.profiles.different, outcome.first.number) == (1, number)
    assert (outcome.first.field, outcome.first.stored) == ("walk_fpa2_s", "12345")
    assert outcome.windows.different  # they name it


def test_late_missing_and_refused_samples_are_taken_as_the_node_took_them(site):
    made = site()
    made.log()
    made.run(100)
    made.bench.clock.us += 3_330_000  # the node stands still: slots pass, one sample is late
    made.run(100)
    made.bench.world.model.nack = True
    made.run(30)
    made.bench.world.model.nack = False
    made.run(400)
    made.drain()
    flags = ",".join(w.flags for w in made.store.reader().windows())
    assert "GAP" in flags
    outcome = check(made.path)
    assert outcome.first is None
    assert outcome.windows.not_verifiable.total() <= 1  # the samples of the newest are on the node
    assert outcome.windows.equal >= 50


# --- what was changed is named ---------------------------------------------------------------


def first_window(path):
    with sqlite3.connect(path) as connection:
        (row,) = connection.execute(
            "SELECT number, first_sample, last_sample FROM windows ORDER BY number LIMIT 1"
        )
    return row


@pytest.mark.parametrize(
    ("field", "value"),
    [("leak_rate_fpa_m3_s", 1), ("n", 99), ("u95_naive_ppa_s", 5), ("first_ms", 1), ("gas", 2),
     ("volume", None)],
)  # fmt: skip
def test_a_changed_field_of_a_sealed_record_is_named(logged, field, value):
    if value is None:
        field, value = "serial_e4", 77
    path = logged(300)
    number, first, last = first_window(path)
    rewrite(path, number, WINDOW, field, value)
    with sqlite3.connect(path) as connection:  # and the row to match, as far as it shows the field
        data, received = connection.execute(
            "SELECT data, received_utc_us FROM records WHERE number = ?", (number,)
        ).fetchone()
        ((node,),) = connection.execute("SELECT node FROM nodes")
        row = row_of(node, recordview.parse(data), received)
        marks = ", ".join(f"{name} = ?" for name in row.__slots__)
        connection.execute(
            f"UPDATE windows SET {marks} WHERE number = ?",
            [*(getattr(row, name) for name in row.__slots__), number],
        )
    outcome = check(path)
    assert outcome.windows.different == 1
    assert outcome.broken == 1  # the chain knows what it was
    found = outcome.first
    assert (found.number, found.what, found.field) == (number, "WINDOW", field)
    assert found.stored == str(value)
    assert found.span == (first, last)
    assert field in found.describe()


def test_one_changed_sample_changes_every_window_over_it(logged):
    path = logged()
    with sqlite3.connect(path) as connection:
        first, data = connection.execute(
            "SELECT first, data FROM raw_blocks WHERE first > 6100 ORDER BY first LIMIT 1"
        ).fetchone()
        data = bytearray(data)
        data[-1] ^= 1
        connection.execute("UPDATE raw_blocks SET data = ? WHERE first = ?", (bytes(data), first))
    outcome = check(path)
    assert outcome.windows.different == 3  # 10 s, 1 min, 10 min
    assert outcome.first.what == "WINDOW"
    assert outcome.first.span[0] <= first + 64
    assert outcome.first.span[1] >= first


def test_a_damaged_span_takes_its_windows_with_it_and_no_others(logged, monkeypatch):
    monkeypatch.setattr(repack, "SPAN_SAMPLES", 2000)
    path = logged()
    with sqlite3.connect(path) as connection:
        first, past, data = connection.execute(
            "SELECT first, past, data FROM raw_blocks WHERE codec = 1 AND first > 500"
            " ORDER BY first LIMIT 1"
        ).fetchone()
        data = bytearray(data)
        data[len(data) // 2] ^= 4
        connection.execute("UPDATE raw_blocks SET data = ? WHERE first = ?", (bytes(data), first))
    outcome = check(path)
    assert outcome.windows.different == 0
    assert outcome.broken >= 1
    assert (outcome.first_break.first, outcome.first_break.past) == (first, past)
    assert outcome.describe().startswith(f"raw sample {first} … {past - 1} of node ")
    lost = outcome.windows.not_verifiable["raw samples: damaged in the database"]
    assert (past - first) / 100 <= lost <= (past - first) / 100 * 1.2 + 6
    assert outcome.windows.equal >= 5


def test_a_changed_row_of_the_plain_tables_is_named(logged):
    path = logged(120)
    change(path, "UPDATE windows SET leak_rate_pa_m3_s = 0 WHERE number = 5")
    outcome = check(path)
    assert (outcome.broken, outcome.windows.different) == (1, 0)
    assert "record 5 of node" in outcome.describe()
    assert "its row of windows says leak_rate_pa_m3_s 0.0, its bytes 0.000" in outcome.describe()


def test_a_removed_row_and_a_flipped_bit_are_named(logged):
    path = logged(120)
    change(path, "DELETE FROM windows WHERE number = 4")
    change(
        path,
        "UPDATE records SET data = CAST(REPLACE(data, x'01', x'02') AS BLOB) WHERE number = 6",
    )
    outcome = check(path)
    assert outcome.broken == 2
    assert "record 4 of node" in outcome.describe()
    assert "its row of windows is missing" in outcome.describe()
    assert outcome.windows.not_verifiable == {"record damaged": 1}


# --- what cannot be recomputed is counted ----------------------------------------------------


def test_windows_over_samples_that_are_gone_are_counted_with_the_reason(logged):
    path = logged()
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM raw_blocks WHERE first BETWEEN 3000 AND 3400")
    outcome = check(path)
    assert outcome.first is None
    reasons = outcome.windows.not_verifiable
    assert set(reasons) == {GONE}
    assert 5 <= reasons[GONE] <= 9  # 10 s windows of 40 s, the 1 min and 10 min ones over them
    with sqlite3.connect(path) as connection:
        (total,) = connection.execute("SELECT COUNT(*) FROM windows").fetchone()
    assert outcome.windows.total == total


def test_without_its_configuration_nothing_can_be_recomputed(logged):
    path = logged(120)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM configs")
        connection.execute("DELETE FROM records WHERE kind = 3")
    outcome = check(path)
    assert outcome.windows.equal == 0
    assert list(outcome.windows.not_verifiable) == ["configuration record missing"]


def test_a_window_that_no_plan_makes_is_a_difference(logged):
    path = logged(120)
    number, _, last = first_window(path)
    rewrite(path, number, WINDOW, "last", last - 1)
    outcome = check(path)
    assert outcome.windows.different == 1
    assert (outcome.first.field, outcome.first.recomputed) == ("span", "none such")


@pytest.mark.parametrize("sensor", ["hsc", "ads1115", "lps28dfw", "ms5611"])
def test_windows_of_every_kind_of_sensor_are_recomputed(logged, sensor):
    """Also of those that are declared by settings no record carries."""
    inside_its_range = ChamberSpec(pressure_pa=110_000.0)
    outcome = check(logged(130, sensor=sensor, chamber=inside_its_range))
    assert outcome.windows.equal >= 10
    assert set(outcome.windows.not_verifiable) <= {"raw samples not in the database"}  # the newest
    assert outcome.different == 0


TRENDED = {
    "noise_profile": "learn", "windows_s": (10, 60), "trend_s": (10, 60), "trend_learn": 10,
    "reserve_limit_pa": 50_000, "temp_lag_ms": 1000,
}  # fmt: skip


def test_trends_are_followed_and_their_snapshots_compared(logged):
    path = logged(2500, extra=TRENDED)
    outcome = check(path)
    assert outcome.describe() == ""
    assert outcome.trends.equal >= 1
    assert outcome.trends.not_verifiable.total() == 0
    with Reader.open(path) as reader:
        windows = reader.windows(window_s=10.0)
    assert {w.trend for w in windows} >= {"LEARNING", "STEADY"}
    assert all(w.reserve_s for w in windows)
    with sqlite3.connect(path) as connection:
        ((number,),) = connection.execute(
            "SELECT MIN(number) FROM records WHERE kind = ?", (TREND.id,)
        )
    rewrite(path, number, TREND, "rate", 1)
    outcome = check(path)
    assert (outcome.first.number, outcome.first.field) == (number, "event")
    assert outcome.trends.different == 1


def test_a_changed_state_or_reserve_time_is_named(logged):
    path = logged(1500, extra=TRENDED)
    with Reader.open(path) as reader:
        number = reader.windows(window_s=10.0)[-1].number
    for name, value in (("trend", 5), ("reserve_s", 7)):
        rewrite(path, number, WINDOW, name, value)
        assert check(path).first.field in ("reserve_s", "trend")


def test_a_trend_is_unknown_after_a_hole_until_its_next_snapshot(logged):
    path = logged(2500, extra=TRENDED)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM raw_blocks WHERE first BETWEEN 200 AND 400")
    outcome = check(path)
    assert outcome.windows.different == 0
    assert outcome.trends.different == 0
    assert outcome.windows.not_verifiable.total() > 0
    assert outcome.windows.equal > 100


def test_a_stuck_sensor_is_flagged_the_same(logged):
    """A step of 1000 Pa: it repeats for ever, and the flags come from the same runs."""
    chamber = ChamberSpec(leak_pa_m3_s=0.0, day_amplitude_k=0.0, weather_rms_k=0.0)
    path = logged(2400, sensor="ms5837", chamber=chamber, profile="none", period_us=1_000_000)
    outcome = check(path)
    assert outcome.describe() == ""
    assert outcome.windows.equal > 200
