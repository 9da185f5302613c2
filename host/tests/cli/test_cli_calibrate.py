"""`hullwatch calibrate …` and `confirm`: from typed values and from windows of simulated nodes."""

import binascii
import json
import math
import struct
from datetime import UTC, datetime

import pytest

from hullwatch.link import recordview
from hullwatch.link.messages import HELLO
from hullwatch.link.recordkinds import CONFIG, HEADER, RECORD_BYTES, WINDOW
from hullwatch.store import ClockFit, Reader, Store

T0_S = 1_772_359_200  # 2026-03-01T10:00Z
NODES = (bytes.fromhex("e66138528350b42c"), bytes.fromhex("2b1fc4478569a7e9"))
NODE = NODES[0].hex()
HOUR = "2026-03-01T{:02d}:00..2026-03-01T{:02d}:00"


def _at(hour):
    return HOUR.format(hour, hour + 1)


def _record(number, kind, ms, **values):
    fields = {x.name: b"" if x.code.endswith("s") else 0 for x in kind.fields}
    assert set(values) <= set(fields)
    body = kind.struct.pack(*{**fields, **values}.values())
    head = HEADER.pack(number, 1, 1, kind.id, kind.version, ms >> 30, ms & 0x3FFFFFFF, 0)
    data = (head + body).ljust(RECORD_BYTES - 4, b"\0")
    return recordview.parse(data + struct.pack("<I", binascii.crc32(data)))


def _hello(uid):
    values = {x.name: 0 for x in HELLO.fields} | {
        "uid": uid, "boot": 1, "epoch": 1, "board": b"pico", "core_hash": bytes(32),
        "period_us": 100_000,
    }  # fmt: skip
    return HELLO.unpack(HELLO.struct.pack(*values.values()))


def _node(store, uid, hours, u_b=-1):
    """Windows of 10 min: (mean slope in Pa/s, scatter) for each hour, in one litre at 120 kPa."""
    with store.atomic() as batch:
        boot = batch.node(_hello(uid), T0_S * 10**6)
        batch.clock(boot, ClockFit(0, T0_S * 10**6, 0.0, 0, 0.0))
        batch.record(uid.hex(), _record(
            0, CONFIG, 0, sensor=b"bmp581", address=0x47, volume_ul=1_000_000, window_s_0=600,
            t_ref_mk=293_150, period_us=100_000, pressure_lsb_q8=4,
        ), T0_S * 10**6)  # fmt: skip
        number = 1
        for hour, (slope, scatter) in enumerate(hours):
            for k in range(6):
                first_ms = (hour * 3600 + k * 600) * 1000
                b = slope + scatter * (-1) ** k
                batch.record(uid.hex(), _record(
                    number, WINDOW, first_ms + 599_900, window_ms=600_000, config=0, n=6000,
                    first=first_ms // 100, last=first_ms // 100 + 5999, first_ms=first_ms,
                    y_mean_q8=120_000 * 256, p_mean_q8=120_003 * 256, t_mean_q16=293 * 65536,
                    slope_y_ppa_s=round(b * 1e12), leak_rate_fpa_m3_s=round(-b * 1e12),
                    u95_leak_fpa_m3_s=10**9, t_ref_mk=293_150, u_b_fpa_m3_s=u_b, u95_kind=1,
                ), T0_S * 10**6)  # fmt: skip
                number += 1


@pytest.fixture
def db(home):
    """One node: shut, leak opened, tight, and another that reads 1e-6 more with its bounds."""
    path = home / "jar.db"
    with Store.open(path, T0_S * 10**6) as store:
        _node(store, NODES[0], [(-2e-3, 1e-4), (-1.04e-1, 1e-4), (-3e-3, 0.0)])
    return path


@pytest.fixture
def pair(home):
    path = home / "pair.db"
    with Store.open(path, T0_S * 10**6) as store:
        _node(store, NODES[0], [(-1e-2, 1e-4), (-1e-2, 1e-5)])
        _node(store, NODES[1], [(-1.01e-2, 1e-4), (-1.2e-2, 1e-5)], u_b=10**8)
    return path


def _sd_of_mean(scatter):
    return scatter * math.sqrt(6 / 5) / math.sqrt(6)


def test_volume_by_known_leak_from_stored_windows(json_of, db):
    # a leak standard of 1.02e-4 Pa·m³/s at 20 °C and a slope of 0.102 Pa/s: one litre
    got = json_of(
        "calibrate", "volume", "leak", "--db", db, "--leak", "1.02e-4 ± 2e-6 Pa·m³/s at 20C (k=2)",
        "--shut", _at(10), "--open", _at(11), "--temperature", "19.85 ± 0.1 C",
        "--certificate", "K-77", "--instrument", "CL-2", "--json",
    )  # fmt: skip
    assert got["value"] == pytest.approx(1e-3, rel=1e-6)
    u_slopes = math.sqrt(2) * _sd_of_mean(1e-4) / 0.102
    relative = math.sqrt((1e-6 / 1.02e-4) ** 2 + u_slopes**2 + (0.1 / 293) ** 2)
    assert got["u"] == pytest.approx(relative * 1e-3, rel=1e-4)
    assert got["settings"] == {
        "volume_ul": "1000000", "u_volume_ppm": str(math.ceil(got["u"] / got["value"] * 1e6))
    }  # fmt: skip
    assert (got["stored"], got["applied"]) == (True, False)
    with Reader.open(db) as reader:
        (row,) = reader.calibrations(NODE, "volume")
    assert (row.value, row.u, row.certificate, row.instrument) == (
        got["value"], got["u"], "K-77", "CL-2"
    )  # fmt: skip
    names = [line["name"] for line in json.loads(row.budget)]
    assert names[:3] == ["leak", "slope with leak", "slope without"]
    assert row.valid_until_utc_us - row.calibrated_utc_us == 365 * 86400 * 10**6


def test_volume_by_expansion_shows_its_budget(hullwatch, db):
    code, out, err = hullwatch(
        "calibrate", "volume", "expansion", "--db", db, "--known-volume", "0.5 ± 0.002 L (k=2)",
        "--chamber", "150000 ± 20 Pa", "--known", "101325 ± 20 Pa", "--common", "133775 ± 20 Pa",
        "--temperature", "20 ± 0.05 C", "--dry-run",
    )  # fmt: skip
    assert (code, err) == (0, "")
    for words in ("known volume", "chamber temperature after", "together", "not stored"):
        assert words in out
    assert "volume_ul=1000000" in out
    with Reader.open(db) as reader:
        assert reader.calibrations() == []


def test_zero_against_a_reference(json_of, db):
    got = json_of(
        "calibrate", "zero", "--db", db, "--reference", "120001 ± 4 Pa (k=2)", "--reading", _at(12),
        "--json",
    )  # fmt: skip
    assert got["value"] == pytest.approx(2)
    assert got["u"] == pytest.approx(math.hypot(2, 4 / 256 / math.sqrt(12)))
    assert got["sensor"] == "bmp581@0x47"
    typed = json_of(
        "calibrate", "zero", "--db", db, "--reference", "120001 ± 2 Pa",
        "--reading", "1200.05 ± 0.01 hPa", "--sensor", "other@0x10", "--json",
    )  # fmt: skip
    assert typed["value"] == pytest.approx(4)
    assert typed["sensor"] == "other@0x10"


def test_background_of_a_leaking_and_of_a_tight_part(json_of, db):
    two = json_of(
        "calibrate", "background", "--db", db, "--first", _at(10), "--second", _at(12),
        "--settling", "10min", "--json",
    )  # fmt: skip
    assert two["value"] == pytest.approx(2e-6 - 3e-6, rel=1e-4)  # two hours are twelve τ
    assert (two["unit"], two["t_ref_k"]) == ("Pa·m³/s", 293.15)
    tight = json_of(
        "calibrate", "background", "--db", db, "--first", "3e-6 ± 1e-7 Pa·m³/s at 20C",
        "--part-below", "1e-7 mbar·L/s at 20C", "--json",
    )  # fmt: skip
    assert tight["value"] == pytest.approx(3e-6 - 0.5e-8)
    assert tight["u"] == pytest.approx(math.hypot(1e-7, 0.5e-8 / math.sqrt(3)))


def test_what_is_listed(json_of, hullwatch, db):
    date = ["--date", "2026-03-02", "--valid-for", "30d"]
    for value in ("1.0 ± 0.002 L", "1.5 ± 0.003 L (k=3)"):
        json_of("calibrate", "enter", "volume", value, "--db", db, *date, "--json")
    gain = json_of("calibrate", "enter", "gain", "1.0003 ± 0.0004", "--db", db, "--json")
    assert gain["settings"] == {"u_gain_ppm": "500"}

    def listed(at, *more):
        got = json_of("calibrate", "list", "--db", db, "--at", at, "--json", *more)
        return {x["kind"]: x for x in got["standings"]}, got["all"]

    now, every = listed("2026-03-20", "--all")
    assert {kind: x["state"] for kind, x in now.items()} == {
        "volume": "in force", "noise": "missing", "background": "missing", "zero": "missing",
        "gain": "missing", "leak": "missing",
    }  # fmt: skip
    assert now["volume"]["calibration"]["value"] == 1.5e-3
    assert now["volume"]["calibration"]["u"] == pytest.approx(1e-6)
    assert now["volume"]["remark"] == "the node uses 1 L, calibrated is 1.5 L ± 0.067 % (k = 1)"
    assert len(every) == 3
    assert listed("2026-03-01")[0]["volume"]["state"] == "missing"
    assert listed("2026-04-02")[0]["volume"]["state"] == "expired"
    code, out, _ = hullwatch("calibrate", "list", "--db", db, "--at", "2026-04-02")
    assert code == 0
    assert "expired" in out
    assert "2026-04-01" in out


def test_two_nodes_that_agree(json_of, pair):
    nodes = [uid.hex() for uid in NODES]
    got = json_of("confirm", *nodes, "--db", pair, "--span", _at(10), "--common", 1, "--json")
    ua, ub = _sd_of_mean(1e-7), math.hypot(_sd_of_mean(1e-7), 1e-7)
    assert got["verdict"] == "agree"
    assert [x["u_pa_m3_s"] for x in got["nodes"]] == pytest.approx([ua, ub], rel=1e-6)
    assert [x["noise_only"] for x in got["nodes"]] == [True, False]
    weights = 1 / ua**2, 1 / ub**2
    mean = (weights[0] * 1e-5 + weights[1] * 1.01e-5) / sum(weights)
    assert got["value_pa_m3_s"] == pytest.approx(mean, rel=1e-6)
    birge = max(1.0, got["birge"])
    assert got["u_pa_m3_s"] == pytest.approx(
        math.hypot(birge / math.sqrt(sum(weights)), 0.01 * 1.005e-5), rel=1e-6
    )


def test_two_nodes_that_do_not_agree_and_a_limit(hullwatch, pair):
    nodes = [uid.hex() for uid in NODES]
    code, out, err = hullwatch("confirm", *nodes, "--db", pair, "--span", _at(11))
    assert (code, err) == (1, "")
    assert "DISAGREE" in out
    assert "joint" not in out.replace("no joint result", "")
    for limit, expected in (("1e-4", 0), ("1e-6", 1), ("1.01e-5", 1)):
        code, out, _ = hullwatch(
            "confirm", *nodes, "--db", pair, "--span", _at(10), "--limit", f"{limit} Pa·m³/s at 20C"
        )
        assert code == expected, out


def test_refusals(refused, db):
    span = ["--shut", _at(10), "--open", _at(11)]
    leak = ["calibrate", "volume", "leak", "--db", db]
    assert "no uncertainty" in refused(2, *leak, "--leak", "1e-4 Pa·m³/s at 20C", *span)
    assert "exchanged" in refused(
        2, *leak, "--leak", "1e-4 ± 1e-6 Pa·m³/s at 20C", "--shut", _at(11), "--open", _at(10)
    )
    night = "2026-03-02T10:00..2026-03-02T11:00"
    assert "0 windows" in refused(
        2, *leak, "--leak", "1e-4 ± 1e-6 Pa·m³/s at 20C", "--shut", night, "--open", _at(11)
    )
    background = ["calibrate", "background", "--db", db, "--first", _at(10)]
    assert "one of" in refused(2, *background)
    assert "--settling" in refused(2, *background, "--second", _at(11))
    zero = ["calibrate", "zero", "--db", db, "--reference", "1 ± 1 bar"]
    assert "is no duration" in refused(2, *zero, "--reading", "5 o'clock..6 o'clock")
    assert "no node ff" in refused(2, *zero, "--reading", "1 ± 1 bar", "--node", "ff")
    assert "no uncertainty" in refused(2, *zero, "--reading", "1 bar")
    assert "confirm itself" in refused(2, "confirm", NODE, "--db", db, "--span", _at(10))
    missing = db.parent / "none.db"
    assert "no database" in refused(6, "calibrate", "enter", "gain", "1 ± 0.1", "--db", missing)
    assert not missing.exists()


def test_dates_are_utc(json_of, db):
    got = json_of(
        "calibrate", "enter", "zero",  "--db", db, "--date", "2026-03-01T12:00+02:00",
        "--json", "--", "-3 ± 1 Pa",
    )  # fmt: skip
    assert got["calibrated"] == "2026-03-01T10:00:00.000Z"
    assert datetime.fromisoformat(got["calibrated"]) == datetime(2026, 3, 1, 10, tzinfo=UTC)
