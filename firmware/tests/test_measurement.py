"""What a WINDOW record says, against numpy, exact fractions and scipy, from the samples alone."""

import math
import random
import statistics
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats

from hullcore import settings
from hullcore.estimator import (
    ACCEPTED,
    BAD_PRESSURE,
    BAD_TEMPERATURE,
    P_LIMIT_Q8,
    Estimator,
)
from hullcore.measurement import Measurement, window_body
from hullcore.messages import (
    FLAG_GAP,
    FLAG_LATE,
    FLAG_NO_DRIVE,
    FLAG_NOISE_ONLY,
    FLAG_RESOLUTION,
    FLAG_SATURATED,
)
from hullcore.plan import WindowPlan

FIELDS = (
    "window_ms config first last n first_wraps first_ms y_mean p_mean t_mean p_out slope_y slope_p "
    "u95_slope leak u95_leak t_ref gas compensation u95_kind pressure_kind subwindows profile dof "
    "u95_naive u_a u_b settling serial aux_mean reserve trend"
).split()
T_REF_K = Fraction(293150, 1000)
Q8, Q16 = 256, 65536


class Bench:
    """An estimator with its windows unpacked into dictionaries, newest last."""

    def __init__(self, lsb_q8: int = 1, due_ms: int = 0, **changes: object) -> None:
        config = settings.defaults() | {"windows_s": (10, 60)} | changes
        settings.check_together(config)
        self.m = Measurement(config, lsb_q8, 77)
        self.due_ms = due_ms
        self.windows: list[dict[str, int]] = []
        self.estimator = Estimator(
            self.m, WindowPlan(self.m.period_us, config["windows_s"]), self._on
        )

    def _on(self, length_s: int, first: int, last: int, sums: object, scatter: object) -> None:
        due = self.due_ms + first * self.m.period_us // 1000
        flags, body = window_body(self.m, length_s, first, last, sums, scatter, due)
        self.windows.append(dict(zip(FIELDS, body, strict=True)) | {"flags": flags})

    def feed(self, samples: list[tuple[int, int] | None]) -> None:
        for sample in samples:
            if sample is None:
                self.estimator.missing()
            else:
                self.estimator.sample(*sample)


def stream(seed: int, n: int, slope_q8: float, noise_q8: float, kelvin: float = 295.0) -> list:
    rng = random.Random(seed)
    return [
        (round(25_939_200 + slope_q8 * k + rng.gauss(0, noise_q8)),
         round((kelvin + 0.0003 * k) * Q16 + rng.gauss(0, 200)))
        for k in range(n)
    ]  # fmt: skip


def slope_pa_s(values_q8: list[Fraction], period_s: Fraction) -> Fraction:
    n = len(values_q8)
    j_mean = Fraction(n - 1, 2)
    num = sum((j - j_mean) * v for j, v in enumerate(values_q8))
    return num / sum((j - j_mean) ** 2 for j in range(n)) / Q8 / period_s


def test_slopes_and_rates_uncompensated():
    bench = Bench(compensation="none", volume_ul=2_500_000)
    samples = stream(1, 600, -3.0, 40)
    bench.feed(samples)
    window = bench.windows[-1]
    assert (window["window_ms"], window["first"], window["last"], window["n"]) == (
        60_000,
        0,
        599,
        600,
    )
    exact = slope_pa_s([Fraction(p) for p, _ in samples], Fraction(1, 10))
    assert abs(Fraction(window["slope_y"], 10**12) - exact) <= Fraction(1, 2 * 10**12)
    assert window["slope_y"] == window["slope_p"]
    numpy = np.polyfit(np.arange(600) * 0.1, [p / 256 for p, _ in samples], 1)[0]
    assert window["slope_y"] / 1e12 == pytest.approx(numpy, rel=1e-9)
    # Q = −V dp/dt · T_ref / T, the mean T of the window, 2.5 litres
    t_mean = Fraction(round(Fraction(sum(t for _, t in samples), 600)), Q16)
    t_ref = Fraction(round(T_REF_K * Q16), Q16)
    rate = -exact * Fraction(25, 10_000) * t_ref / t_mean
    one = Fraction(1, 10**15)
    assert abs(Fraction(window["leak"], 10**15) - rate) <= 3 * one
    assert window["leak"] > 0
    # the stream is at the declared outside pressure
    assert window["flags"] == FLAG_NOISE_ONLY | FLAG_NO_DRIVE


def test_slopes_and_rates_compensated():
    bench = Bench(compensation="sensor", volume_ul=1_000_000)
    samples = stream(2, 600, -3.0, 40)
    bench.feed(samples)
    window = bench.windows[-1]
    t_ref = round(T_REF_K * Q16)
    exact_p = slope_pa_s([Fraction(p) for p, _ in samples], Fraction(1, 10))
    exact_y = slope_pa_s([Fraction(p * t_ref, t) for p, t in samples], Fraction(1, 10))
    assert abs(Fraction(window["slope_p"], 10**12) - exact_p) <= Fraction(1, 2 * 10**12)
    # each y is right to one unit of 1/256 Pa: white error of at most that size
    slope_se = 2 / Q8 / (0.1 * math.sqrt(600**3 / 12))
    assert float(Fraction(window["slope_y"], 10**12) - exact_y) == pytest.approx(
        0, abs=3 * slope_se
    )
    # the amount is already that at T_ref: 1 litre, femto from pico
    assert window["leak"] == round(Fraction(-window["slope_y"] * 10**15, 10**12 * 1000))
    y_mean = Fraction(sum(Fraction(p * t_ref, t) for p, t in samples), 600)
    assert abs(window["y_mean"] - y_mean) <= 1.5
    assert window["p_mean"] == round(Fraction(sum(p for p, _ in samples), 600))
    assert window["t_ref"] == 293150


@pytest.mark.parametrize("seed", range(5))
def test_the_interval_is_student_over_the_scatter_of_sub_windows(seed):
    bench = Bench(compensation="none", windows_s=(10, 60))
    samples = stream(seed, 600, -2.0, 60)
    bench.feed(samples)
    slopes = [float(slope_pa_s([Fraction(p) for p, _ in samples[k : k + 100]], Fraction(1, 10)))
              for k in range(0, 600, 100)]  # fmt: skip
    half = scipy.stats.t.ppf(0.975, 5) * statistics.stdev(slopes) / math.sqrt(6)
    window = bench.windows[-1]
    assert window["subwindows"] == 6
    assert window["u95_slope"] == pytest.approx(half * 1e12, rel=1e-4)
    assert window["u95_slope"] >= half * 1e12
    assert settings.U95_KINDS[window["u95_kind"]] == "noise_only_scatter"
    assert window["u95_leak"] == pytest.approx(
        window["u95_slope"] * abs(window["leak"] / window["slope_y"]), rel=1e-5
    )


def test_a_constant_gives_the_resolution_as_interval():
    bench = Bench(lsb_q8=4, compensation="none")
    bench.feed([(25_939_200, 19_539_558)] * 100)
    (window,) = bench.windows
    assert window["slope_y"] == window["leak"] == 0
    assert window["u95_slope"] == math.ceil(Fraction(3, 2) * Fraction(4, Q8) / 10 * 10**12)
    # the samples are at the declared outside pressure
    assert window["flags"] == FLAG_NOISE_ONLY | FLAG_RESOLUTION | FLAG_NO_DRIVE
    assert settings.U95_KINDS[window["u95_kind"]] == "noise_only_resolution"


def test_one_sub_window_gives_no_interval():
    bench = Bench(compensation="none", period_us=1_000_000)
    bench.feed([(25_939_200 + k, 19_539_558) if k in range(1, 9) else None for k in range(10)])
    (window,) = bench.windows
    assert window["n"] == 8
    assert window["flags"] & FLAG_GAP
    bench.feed([(25_939_200 + k * k, 19_539_558) for k in range(50)])
    assert bench.windows[-1]["subwindows"] == 6
    lonely = Bench(compensation="none", period_us=60_000_000, windows_s=(480, 960))
    lonely.feed([(25_939_200 + k % 3, 19_539_558) for k in range(16)])
    assert [w["subwindows"] for w in lonely.windows] == [2, 2, 2]


def test_flags_tell_of_gaps_and_late_samples():
    bench = Bench(compensation="none")
    samples = stream(3, 300, 0, 40)
    samples[50] = None
    for k, sample in enumerate(samples):
        if k == 150:
            bench.estimator.late()
        else:
            bench.feed([sample])
    flags = [w["flags"] & (FLAG_GAP | FLAG_LATE) for w in bench.windows]
    assert flags == [FLAG_GAP, FLAG_GAP | FLAG_LATE, 0]
    assert [w["n"] for w in bench.windows] == [99, 99, 100]


def test_numbers_past_a_field_are_limited_and_flagged():
    bench = Bench(compensation="none", volume_ul=10**13, period_us=10_000, windows_s=(1, 10))
    rng = random.Random(6)
    bench.feed([(rng.choice([0, P_LIMIT_Q8]), 19_539_558) for _ in range(1000)])
    shortest, longest = bench.windows[:-1], bench.windows[-1]
    assert {abs(w["leak"]) for w in shortest} == {2**63 - 1}
    assert {w["u95_leak"] for w in shortest} == {2**63 - 1}
    assert all(w["flags"] & FLAG_SATURATED for w in bench.windows)
    assert abs(longest["slope_y"]) < 2**63 - 1


def test_due_time_of_the_first_sample_splits_at_2_to_the_30():
    start = 3 * (1 << 30) - 5_000
    bench = Bench(compensation="none", due_ms=start)
    bench.feed([(25_939_200, 19_539_558)] * 200)
    due = [(w["first_wraps"] << 30) + w["first_ms"] for w in bench.windows]
    assert due == [start, start + 10_000]
    assert [w["first_wraps"] for w in bench.windows] == [2, 3]


@pytest.mark.parametrize("compensation", ["none", "sensor"])
def test_what_no_sensor_can_mean_is_counted_out(compensation):
    bench = Bench(compensation=compensation)
    e = bench.estimator
    t = 19_539_558
    verdicts = [
        e.sample(-1, t), e.sample(P_LIMIT_Q8 + 1, t), e.sample(0, t), e.sample(25_939_200, 0),
        e.sample(25_939_200, -5), e.sample(25_939_200, 1 << 25), e.sample(25_939_200, t),
    ]  # fmt: skip
    assert verdicts == [BAD_PRESSURE] * 2 + [ACCEPTED] + [BAD_TEMPERATURE] * 3 + [ACCEPTED]
    assert e.next_number() == 7
    bench.feed([(25_939_200, t)] * 93)
    assert bench.windows[0]["n"] == 95


def test_compensation_refuses_what_it_cannot_normalise():
    bench = Bench(compensation="sensor")
    e = bench.estimator
    t_ref = bench.m.t_ref_q16
    assert e.sample(25_939_200, 2 * t_ref // 3) == BAD_TEMPERATURE
    assert e.sample(25_939_200, 2 * t_ref // 3 + 1) == ACCEPTED
    assert e.sample(P_LIMIT_Q8, t_ref - Q16) == BAD_PRESSURE  # normalised past 2^30
    assert e.sample(P_LIMIT_Q8, t_ref) == ACCEPTED


@pytest.mark.parametrize("windows", [(1,), (1, 7), (10, 60)])
def test_a_period_too_long_for_any_window_reports_none_and_goes_on(windows):
    bench = Bench(compensation="none", period_us=60_000_000, windows_s=windows)
    bench.feed([(25_939_200, 19_539_558)] * 1000)
    assert bench.windows == []
    assert bench.estimator.next_number() == 1000
