"""Recorded pressure through the sensor's registers: stored as recorded, fitted as it should be.

The oracle is least squares in fractions over the stored samples; numpy's agrees with both.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest

from hullwatch import errors
from hullwatch.store import Reader

LSB_PPA_S = 1
"""Slopes are stored in 1e-12 Pa/s."""

BEST_PA2_S = 0.08**2 / 12
"""White noise of a BMP581 at ×128: 0.08 Pa rms at 12 Hz (BST-BMP581-DS004)."""

FILES = [
    ("iss_astropi_mk2.csv", ()),
    ("ms5611_80hz.csv", ()),
    ("ms5611_80hz.csv", ("--compensation", "none")),
    ("tudelft_aluminium.csv", ("--pressure-kind", "gauge")),
    ("tudelft_prusa.csv", ("--pressure-kind", "gauge", "--ambient", "101300")),
    ("tudelft_ultimaker_006.csv", ("--pressure-kind", "gauge")),
    ("tudelft_ultimaker_015.csv", ("--pressure-kind", "gauge", "--ambient", "101300")),
]


@dataclass
class Played:
    """One replay: what the command said, what the store holds, what the file has."""

    said: dict
    raw: object
    windows: list
    config: object
    gaps: list
    t_s: np.ndarray
    p_pa: np.ndarray
    temp_c: np.ndarray


@pytest.fixture
def play(json_of):
    def run(path, *options):
        said = json_of(
            "demo", "--bench", "sim", "--replay", path, "--json", "--db", "a.db", *options
        )
        with Reader.open("a.db") as reader:
            (boot,) = reader.boots()
            (config,) = reader.configs()
            table = np.genfromtxt(path, delimiter=",", skip_header=1)
            return Played(
                said, reader.raw(boot.key), reader.windows(), config,
                reader.gaps(boot.key.node), *table.T,
            )  # fmt: skip

    return run


FINE = 40
"""Bits below 1/256 Pa in which the oracle normalises pressure."""


def exact_ppa_s(j, y_q8, period_us):
    """Slope in 1e-12 Pa/s of whole numbers of 1/256 Pa at whole sample numbers, as a fraction."""
    n, sj, sy = len(j), sum(j), sum(y_q8)
    sjj = sum(a * a for a in j)
    sjy = sum(a * b for a, b in zip(j, y_q8, strict=True))
    per_sample = Fraction(n * sjy - sj * sy, n * sjj - sj * sj)
    return per_sample * 10**12 * 10**6 / (256 * period_us)


def used(played, window):
    """(sample numbers from the window's first, p_q8, t_q16) of what the window may use."""
    raw = played.raw
    keep = (
        (raw.sample >= window.first_sample)
        & (raw.sample <= window.last_sample)
        & (raw.late_us == 0)
    )
    return (
        [int(x) - window.first_sample for x in raw.sample[keep]],
        [int(x) for x in raw.p_q8[keep]],
        [int(x) for x in raw.t_q16[keep]],
    )


def check_windows(played):
    """Every window's slopes and counts; returns how many windows there were."""
    period_us = played.config.period_us
    t_ref_q16 = Fraction(round(played.config.t_ref_k * 1000) * 65536, 1000)
    for window in played.windows:
        j, p_q8, t_q16 = used(played, window)
        assert window.n == len(j) >= 8
        span = window.last_sample - window.first_sample + 1
        assert ("GAP" in window.flags.split(",")) == (window.n < span)
        p_ppa_s = round(window.uncompensated_slope_pa_s * 1e12)
        y_ppa_s = round(window.slope_pa_s * 1e12)
        exact = exact_ppa_s(j, p_q8, period_us)
        # the column is a double: at thousands of Pa/s it holds fewer digits than the record
        double = Fraction(math.ulp(window.uncompensated_slope_pa_s)) * 10**12
        assert abs(p_ppa_s - exact) <= LSB_PPA_S + double
        if window.compensation == "none":
            assert y_ppa_s == p_ppa_s
        else:
            top, bottom = t_ref_q16.as_integer_ratio()
            fine = [((p * top) << FINE) // (t * bottom) for p, t in zip(p_q8, t_q16, strict=True)]
            lever = [abs(len(j) * a - sum_j) for sum_j in [sum(j)] for a in j]
            # each y within 1/256 Pa of p·T_ref/T
            bound = Fraction(sum(lever) * len(j), sum(a * a for a in lever))
            bound *= Fraction(10**18, 256 * period_us)
            wanted = exact_ppa_s(j, fine, period_us) / 2**FINE
            assert abs(y_ppa_s - wanted) <= bound + LSB_PPA_S
        fitted = np.polyfit(np.array(j) * period_us * 1e-6, np.array(p_q8) / 256, 1)[0]
        assert p_ppa_s * 1e-12 == pytest.approx(fitted, rel=1e-6, abs=2e-10)
        assert math.sqrt(12 * BEST_PA2_S / window.window_s**3) / 10 >= LSB_PPA_S * 1e-12
    return len(played.windows)


def check_presence(played, lengths_s=(10, 60, 600, 3600, 86400)):
    """Windows with at least eight samples are there, the others are not."""
    raw = played.raw
    good = raw.sample[raw.late_us == 0]
    found = {(w.window_s, w.first_sample) for w in played.windows}
    expected = set()
    n = 0
    for at, length_s in enumerate(lengths_s):
        if n == 0:
            count = (length_s * 10**6 + played.config.period_us // 2) // played.config.period_us
            n = count if count >= 8 else 0
        else:
            n *= length_s // lengths_s[at - 1]
        if n == 0:
            continue
        for first in range(0, int(raw.sample[-1]) + 2 - n, n):
            if np.count_nonzero((good >= first) & (good < first + n)) >= 8:
                expected.add((float(length_s), first))
    assert expected <= found
    beyond = found - expected  # the node goes on after the file's end, without samples
    assert all(first + 1 < raw.sample[-1] for _, first in beyond)
    assert len(beyond) <= len(lengths_s)


def check_samples(played, added_pa):
    """Each row once, in order, as the registers can say it; gaps of the file are gaps stored."""
    raw = played.raw
    assert len(raw.sample) == len(played.t_s)
    lsb_pa = max(played.config.pressure_lsb_pa, 1 / 256)
    assert np.max(np.abs(raw.p_q8 / 256 - played.p_pa - added_pa)) <= lsb_pa
    celsius = np.where(np.isnan(played.temp_c), 20.0, played.temp_c)
    assert np.max(np.abs(raw.t_q16 / 65536 - 273.15 - celsius)) <= 0.01
    period_s = played.config.period_us * 1e-6
    steps_s = np.diff(played.t_s)
    numbers = np.diff(raw.sample)
    assert np.all(numbers >= 1)
    assert np.max(np.abs(numbers - steps_s / period_s)) < 1.5
    late_by = raw.sample * period_s - (played.t_s - played.t_s[0])
    assert np.max(np.abs(late_by)) < 0.02 * played.t_s[-1] + 2 * period_s
    holes = {(g.first, g.past) for g in played.gaps if g.stream == "raw"}
    jumps = np.flatnonzero(numbers > 1)
    assert holes == {(int(raw.sample[k]) + 1, int(raw.sample[k + 1])) for k in jumps}
    assert all(g.reason for g in played.gaps)
    assert played.said["samples"] == len(raw.sample)
    assert played.said["gaps"] == len(holes)
    assert all(w["truth_pa_m3_s"] is None for w in played.said["windows"])


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("name", "options"), FILES)
def test_a_real_recording(play, recordings, name, options):
    played = play(recordings / name, *options)
    added = float(options[options.index("--ambient") + 1]) if "--ambient" in options else 0.0
    check_samples(played, added)
    assert check_windows(played) >= 10
    check_presence(played)
    compensable = "iss" in name or "ms5611" in name
    wanted = "sensor" if compensable and "none" not in options else "none"
    assert {w.compensation for w in played.windows} == {wanted}
    kinds = {w.pressure_kind for w in played.windows}
    assert kinds == {"gauge" if "gauge" in options and not added else "abs"}


def test_the_printed_slopes_of_the_air_chambers(play, recordings, home):
    """Whole-window slopes of three files, as stated beside them: −23.5, −70.3 and −37.2 Pa/s."""
    for name, slope in (("aluminium", -23.5), ("prusa", -70.3), ("ultimaker_006", -37.2)):
        played = play(recordings / f"tudelft_{name}.csv", "--pressure-kind", "gauge")
        t_s = played.raw.sample * played.config.period_us * 1e-6
        assert np.polyfit(t_s, played.raw.p_q8 / 256, 1)[0] == pytest.approx(slope, abs=0.6)
        (minute, *_) = [w for w in played.windows if w.window_s == 60]
        assert minute.slope_pa_s < 0
        assert minute.leak_rate_pa_m3_s > 0
        (home / "a.db").unlink()


def recording(path, t_s, p_pa, temp_c=None):
    rows = [
        f"{t:.4f},{p:.4f}," + ("" if temp_c is None else f"{temp_c[k]:.4f}")
        for k, (t, p) in enumerate(zip(t_s, p_pa, strict=True))
    ]
    path.write_text("t_s,p_pa,temp_c\n" + "\n".join(rows) + "\n")
    return path


@pytest.mark.parametrize("compensation", ["none", "sensor"])
def test_gaps_of_every_size(play, home, compensation):
    rng = np.random.default_rng(4)
    t_s = np.arange(2000) * 0.1
    keep = np.ones(2000, bool)
    keep[[5, 33, 34]] = False  # single and double
    keep[100:193] = False  # leaves seven of a window: withheld
    keep[200:292] = False  # leaves eight: reported
    keep[410:1190] = False  # more than a minute
    keep[1300:1500:2] = False  # every other
    p_pa = 101_000 - 0.2 * t_s + rng.normal(0, 0.3, 2000)
    temp_c = 21 + 0.002 * t_s + rng.normal(0, 0.01, 2000)
    path = recording(home / "gaps.csv", t_s[keep], p_pa[keep], temp_c[keep])
    played = play(path, "--compensation", compensation)
    assert played.config.period_us == 100_000
    assert played.raw.sample.tolist() == np.flatnonzero(keep).tolist()
    check_samples(played, 0.0)
    assert check_windows(played) >= 10
    check_presence(played)
    tens = {w.first_sample: w.n for w in played.windows if w.window_s == 10}
    assert 100 not in tens
    assert tens[200] == 8
    assert tens[1300] == tens[1400] == 50


def test_a_straight_line_is_measured_to_the_registers_resolution(play, home):
    t_s = np.arange(700) * 0.1
    played = play(
        recording(home / "line.csv", t_s, 101_325 - 0.5 * t_s, np.full(700, 20.0)),
        "--volume", "2.0",
    )  # fmt: skip
    (minute,) = [w for w in played.windows if w.window_s == 60]
    assert minute.uncompensated_slope_pa_s == pytest.approx(-0.5, abs=1.5 / 64 / 60)
    assert minute.leak_rate_pa_m3_s == pytest.approx(-minute.slope_pa_s * 2e-3, rel=1e-9)


def test_a_steady_leak_seen_through_a_warming_gas(play, home):
    """p·T_ref/T of a tight vessel is constant, whatever its temperature does."""
    t_s = np.arange(700) * 0.1
    temp_c = 20 + 0.02 * t_s
    p_pa = 100_000 * (temp_c + 273.15) / 293.15
    played = play(recording(home / "warm.csv", t_s, p_pa, temp_c))
    (minute,) = [w for w in played.windows if w.window_s == 60]
    assert minute.uncompensated_slope_pa_s == pytest.approx(0.02 * 100_000 / 293.15, rel=1e-3)
    assert abs(minute.slope_pa_s) < 2e-3


GOOD = ["t_s,p_pa,temp_c", *(f"{k / 10:.1f},101325,20" for k in range(20))]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (1, "time,pressure"), (1, ""), (4, "0.3,abc,20"), (5, "0.4,101325"), (6, "0.5,101325,20,9"),
        (7, "0.6;101325;20"), (8, "nan,101325,20"), (9, "0.8,inf,20"), (10, "0.1,101325,20"),
        (11, "0.9,-5,20"), (12, "1.1,9e9,20"), (13, "1.2,101325,900"), (14, ""), (21, "1.8,,20"),
    ],
)  # fmt: skip
def test_a_malformed_line_is_named(refused, files, home, line, text):
    rows = GOOD.copy()
    rows[line - 1] = text
    (home / "bad.csv").write_text("\n".join(rows) + "\n")
    told = refused(
        errors.MalformedReplay.exit_code, "demo", "--bench", "sim", "--replay", "bad.csv"
    )
    assert f"line {line}" in told
    assert files() == ["work/bad.csv"]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (51, b""), (51, b"\xff\xfe\x00"), (51, b"t_s,p_pa,temp_c\n"),
        (51, "\n".join(GOOD[:8]).encode()),
        (2, b"t_s,p_pa,temp_c\n" + b"".join(b"%.4f,101325,20\n" % (k / 1000) for k in range(50))),
        (2, b"t_s,p_pa,temp_c\n" + b"".join(b"%.4f,101325,20\n" % 1.5**k for k in range(40))),
    ],
    ids=["empty", "binary", "header only", "too few", "too fast", "no grid"],
)  # fmt: skip
def test_a_file_that_is_no_recording(refused, files, home, code, text):
    (home / "bad.csv").write_bytes(text)
    refused(code, "demo", "--bench", "sim", "--replay", "bad.csv")
    assert files() == ["work/bad.csv"]


def test_no_file(refused, files):
    refused(errors.InputError.exit_code, "demo", "--bench", "sim", "--replay", "none.csv")
    assert files() == []


@pytest.mark.parametrize(
    "options",
    [
        ("--pressure-kind", "gauge", "--compensation", "sensor"),
        ("--ambient", "101325"), ("--sensor", "ms5837", "--ambient", "1"),
    ],
)  # fmt: skip
def test_options_a_recording_cannot_have(refused, files, home, options):
    (home / "good.csv").write_text("\n".join(GOOD) + "\n")
    refused(2, "demo", "--bench", "sim", "--replay", "good.csv", *options)
    assert files() == ["work/good.csv"]


def test_gauge_with_a_ridiculous_ambient(refused, files, home):
    (home / "good.csv").write_text("\n".join(GOOD) + "\n")
    for ambient in ("-1", "nan", "1e9"):
        refused(
            2, "demo", "--bench", "sim", "--replay", "good.csv", "--pressure-kind", "gauge",
            "--ambient", ambient,
        )  # fmt: skip
    assert files() == ["work/good.csv"]


def test_gauge_without_ambient_is_not_compensated_with_it_it_may_be(play, home):
    path = home / "good.csv"
    path.write_text("\n".join(["t_s,p_pa,temp_c", *(f"{k / 10},50000,20" for k in range(150))]))
    played = play(path, "--pressure-kind", "gauge")
    assert {(w.compensation, w.pressure_kind) for w in played.windows} == {("none", "gauge")}
    (home / "a.db").unlink()
    played = play(path, "--pressure-kind", "gauge", "--ambient", "60000")
    assert {(w.compensation, w.pressure_kind) for w in played.windows} == {("sensor", "abs")}
