"""`hullwatch vigil` and the saga: exit codes, JSON, refusals in one line."""

import json

import pytest

from hullwatch.bench.records import Noise, record_readings
from hullwatch.cli import vigil
from hullwatch.cli.sagascore import Scored
from hullwatch.store import Reader, Store
from hullwatch.vigil.ratingtable import shipped_text

START_US = 1_772_323_200_000_000
ALARM = 61


@pytest.fixture
def db(home):
    """100 h of one cubic metre that leaks 3e-4 Pa·m³/s, the last ten hours three times as much."""
    import numpy as np

    loss = np.repeat([3e-4] * 90 + [9e-4] * 10, 60) * 60.0
    pressure = 1e5 - np.cumsum(loss) + np.random.default_rng(1).normal(0, 0.1, len(loss))
    samples = (
        np.rint(pressure * 64).astype(np.int32) * 4,
        np.full(len(loss), round(293.15 * 65536), np.int32),
    )
    settings = {
        "name": "jar", "period_us": 60_000_000, "windows_s": (3600,), "volume_ul": 10**9,
        "p_out_pa": 0, "noise_profile": "calibrated", "settling_ms": 0, "temp_lag_ms": 0,
    }  # fmt: skip
    with Store.open(home / "jar.db", START_US) as store:
        record_readings(store, bytes(range(8)), settings, START_US, samples, Noise(0.6, 0.0))
    return home / "jar.db"


WATCH = ("--window", "1h", "--learn", "20", "--limit", "1e-4 Pa·m³/s at 20C", "--cease", "1d")


def test_quiet_is_0_and_an_alarm_is_61(hullwatch, db):
    code, out, err = hullwatch("vigil", "--db", db, *WATCH, "--at", "2026-03-04T00:00", "--json")
    assert (code, err) == (0, "")
    (chamber,) = json.loads(out)["chambers"]
    assert (chamber["chamber"], chamber["state"], chamber["alarm"]) == ("jar", "STEADY", False)
    code, out, _ = hullwatch("vigil", "--db", db, *WATCH, "--at", "2026-03-05T04:00")
    assert code == ALARM
    assert "jar: DOUBLED" in out
    assert "ALARM" in out
    assert "Hullwatch example, 1" in out
    code, out, _ = hullwatch("vigil", "--db", db, *WATCH, "--json")  # nothing since March
    assert code == ALARM
    assert "no usable window" in json.loads(out)["chambers"][0]["alarms"][-1]


def test_your_own_table(hullwatch, refused, db, home):
    assert hullwatch("vigil", "--print-ratings")[1] == shipped_text()
    mine = home / "mine.toml"
    mine.write_text(shipped_text().replace("Hullwatch example", "ours"), "utf-8")
    given = ("vigil", "--db", db, *WATCH, "--at", "2026-03-04T00:00")
    assert "ours, 1" in hullwatch(*given, "--ratings", mine)[1]
    mine.write_text(shipped_text().replace('3 = ["low", ', "3 = ["), "utf-8")
    assert "no cell for likelihood 3, consequence 5" in refused(2, *given, "--ratings", mine)
    refused(2, *given, "--ratings", home / "none.toml")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--node", "00"), "no node 00"),
        (("--limit", "1e-4"), "1e-4"),
        (("--cease", "60s", "--window", "1h"), "shorter than a window"),
        (("--at", "1h", "--watch", "5s"), "one moment"),
    ],
)
def test_what_is_refused(refused, db, args, words):
    assert words in refused(2, "vigil", "--db", db, *args)


def test_watching_goes_on_until_it_is_ended(hullwatch, db, monkeypatch):
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(vigil.time, "sleep", sleep)
    code, out, _ = hullwatch("vigil", "--db", db, *WATCH, "--watch", "5min", "--json")
    assert code == 130
    assert slept == [300.0] * 3
    assert [json.loads(line)["chambers"][0]["chamber"] for line in out.splitlines()] == ["jar"] * 3


def test_a_saga_begins_quietly_and_the_same_each_time(hullwatch, home):
    said = [
        hullwatch("demo", "--scenario", "prk", "--for", "45d", "--db", home / name, "--json")
        for name in ("a.db", "b.db")
    ]
    first, second = (json.loads(out) for _, out, _ in said)
    assert first["calls"] == second["calls"]
    assert [code for code, *_ in said] == [0, 0]
    assert first["samples"] == 2 * 45 * 1440
    assert (first["calls"], first["state"]) == ([], "STEADY")
    with Reader.open(home / "a.db") as a, Reader.open(home / "b.db") as b:
        assert a.windows() == b.windows()
        assert [mark.kind for mark in a.marks()] == ["top-up"]
    code, _, _ = hullwatch("vigil", "--db", home / "a.db", "--at", "2021-07-15T12:00")
    assert code == 0


def test_what_a_saga_refuses(refused, hullwatch, home):
    taken = home / "x.db"
    taken.write_bytes(b"")
    refused(2, "demo", "--scenario", "prk", "--db", taken)
    refused(2, "demo", "--scenario", "prk", "--for", "20y", "--db", home / "y.db")
    for option in (("--volume", "2"), ("--rate", "5"), ("--bench", "pico-emu")):
        refused(2, "demo", "--scenario", "prk", *option)
    refused(2, "demo", "--scenario", "none")


def test_the_score_knows_right_late_early_and_missing():
    assert Scored("doubled", 20.0, 10.0, "doubled").right
    assert Scored("doubled", 20.0, 10.0, "doubled").delay_days == 10.0
    assert not Scored("doubled", 9.0, 10.0, "doubled").right
    assert not Scored("ceased", None, 10.0, "").right
    assert not Scored("ceased", 10.0, None, "ceased").right


@pytest.mark.campaign
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_whole_saga_is_called_right(hullwatch, home, seed):
    code, out, _ = hullwatch(
        "demo", "--scenario", "prk", "--db", home / "prk.db", "--json", "--seed", seed
    )
    got = json.loads(out)
    assert code == 0
    assert [call["call"] for call in got["calls"]] == ["doubled", "isolated", "ceased", "resurged"]
    assert [call["right"] for call in got["calls"]] == [True] * 4
    assert max(call["delay_days"] for call in got["calls"]) < 60
    truth = {call["call"]: call["truth_date"] for call in got["calls"]}
    assert truth["doubled"] == "2024-03-07"  # by hand: 35.4 days of growth from day 975
    assert truth["resurged"] == "2026-05-01"
