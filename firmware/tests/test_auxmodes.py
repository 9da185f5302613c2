"""What a window says with a second sensor, against exact fractions and the formulas in floats."""

import math
import random
from fractions import Fraction

import pytest

from hullcore import settings, systematic
from hullcore.estimator import (
    ACCEPTED,
    AUX_ABSENT,
    BAD_AUX,
    BAD_PRESSURE,
    BAD_TEMPERATURE,
    NO_AUX,
    P_LIMIT_Q8,
    estimator_for,
)
from hullcore.measurement import Measurement, window_body
from hullcore.messages import FLAG_GAP, FLAG_NO_DRIVE, FLAG_NOISE_ONLY, FLAG_RESOLUTION
from hullcore.plan import WindowPlan
from hullwatch.link import recordkinds

NAMES = [field.name for field in recordkinds.WINDOW.fields]
T_REF_Q16 = round(Fraction(293150, 1000) * 65536)
ZERO_PA = 101_325
PROBE = {"compensation": "probe", "aux_sensor": "tmp117"}
REFERENCE = {
    "compensation": "reference", "aux_sensor": "bmp581", "aux_address": 70, "reference_pa": ZERO_PA,
    "reference_leak_mpa_day": 0,
}  # fmt: skip
T_Q16 = 19_300_000


class Bench:
    """An estimator of the compensation asked for; windows as dictionaries, newest last."""

    def __init__(self, lsb_q8: int = 4, aux_lsb: int = 4, **changes: object) -> None:
        config = settings.defaults() | {"windows_s": (10, 60)} | changes
        settings.check_together(config)
        self.m = Measurement(config, lsb_q8, 77, aux_lsb)
        self.windows: list[dict[str, int]] = []
        plan = WindowPlan(self.m.period_us, config["windows_s"])
        self.estimator = estimator_for(self.m, plan, self._on)

    def _on(self, length_s: int, first: int, last: int, sums: object, scatter: object) -> None:
        flags, body = window_body(self.m, length_s, first, last, sums, scatter, 0)
        self.windows.append(dict(zip(NAMES, body, strict=True)) | {"flags": flags})

    def feed(self, samples: list[tuple[int, int, int]]) -> dict[str, int]:
        for sample in samples:
            self.estimator.sample(*sample)
        return self.windows[-1]


def stream(seed: int, n: int, zero: int) -> list[tuple[int, int, int]]:
    rng = random.Random(seed)
    return [
        (round(30_000_000 - 3 * k + rng.gauss(0, 60)), T_Q16 + 7 * k, round(zero + 30 * k
         + rng.gauss(0, 300)))
        for k in range(n)
    ]  # fmt: skip


def slope_pa_s(values_q8: list[Fraction], period_s: Fraction) -> Fraction:
    n = len(values_q8)
    middle = Fraction(n - 1, 2)
    num = sum((j - middle) * v for j, v in enumerate(values_q8))
    return num / sum((j - middle) ** 2 for j in range(n)) / 256 / period_s


@pytest.mark.parametrize(
    ("changes", "middle", "zero"),
    [(PROBE, T_Q16, T_REF_Q16), (REFERENCE, 25_900_000, ZERO_PA << 8)],
    ids=["probe", "reference"],
)
def test_slopes_are_those_of_the_exact_quotients(changes, middle, zero):
    samples = stream(1, 600, middle)
    window = Bench(**changes).feed(samples)
    exact = slope_pa_s([Fraction(p * zero, aux) for p, _, aux in samples], Fraction(1, 10))
    # each y is right to one unit of 1/256 Pa: white error of at most that size
    unit = 2 / 256 / (0.1 * math.sqrt(600**3 / 12))
    assert window["slope_y_ppa_s"] / 1e12 == pytest.approx(float(exact), abs=3 * unit)
    plain = slope_pa_s([Fraction(p) for p, _, _ in samples], Fraction(1, 10))
    assert abs(Fraction(window["slope_p_ppa_s"], 10**12) - plain) <= Fraction(1, 2 * 10**12)
    assert window["leak_rate_fpa_m3_s"] == round(Fraction(-window["slope_y_ppa_s"], 1))
    mean = Fraction(sum(aux for _, _, aux in samples), 600)
    assert abs(window["aux_mean"] - mean) <= Fraction(1, 2)
    t_of = 2 if changes is PROBE else 1
    assert abs(window["t_mean_q16"] - Fraction(sum(s[t_of] for s in samples), 600)) <= Fraction(
        1, 2
    )
    y_mean = sum(Fraction(p * zero, aux) for p, _, aux in samples) / 600
    assert abs(window["y_mean_q8"] - y_mean) <= 1.5
    assert settings.COMPENSATIONS[window["compensation"]] == changes["compensation"]


@pytest.mark.parametrize("changes", [PROBE, REFERENCE], ids=["probe", "reference"])
def test_a_sample_without_the_second_value_counts_as_missing(changes):
    middle = T_Q16 if changes is PROBE else 25_900_000
    samples = stream(2, 600, middle)
    holes = random.Random(3).sample(range(600), 50)
    for k in holes:
        samples[k] = (*samples[k][:2], NO_AUX)
    window = Bench(**changes).feed(samples)
    assert window["n"] == 550
    assert window["flags"] & FLAG_GAP
    kept = [aux for _, _, aux in samples if aux != NO_AUX]
    assert abs(window["aux_mean"] - Fraction(sum(kept), 550)) <= Fraction(1, 2)


def test_what_a_probe_cannot_mean_is_counted_out():
    bench = Bench(**PROBE)
    e = bench.estimator
    p, low = 25_939_200, 2 * T_REF_Q16 // 3
    verdicts = [
        e.sample(p, 0, T_Q16), e.sample(p, -5, T_Q16), e.sample(p, T_Q16, NO_AUX),
        e.sample(p, T_Q16), e.sample(p, T_Q16, low), e.sample(p, T_Q16, low + 1),
        e.sample(p, T_Q16, 1 << 25), e.sample(-1, T_Q16, T_Q16), e.sample(P_LIMIT_Q8, 1, T_REF_Q16
        - 65536),
    ]  # fmt: skip
    assert verdicts == [ACCEPTED, ACCEPTED, AUX_ABSENT, AUX_ABSENT, BAD_AUX, ACCEPTED, BAD_AUX,
                        BAD_PRESSURE, BAD_PRESSURE]  # fmt: skip
    assert e.next_number() == len(verdicts)


def test_what_a_reference_cannot_mean_is_counted_out():
    bench = Bench(**REFERENCE)
    e = bench.estimator
    p, zero = 25_939_200, ZERO_PA << 8
    low = 2 * zero // 3
    verdicts = [
        e.sample(p, T_Q16, low), e.sample(p, T_Q16, low + 1), e.sample(p, T_Q16, 2 * zero - 1),
        e.sample(p, T_Q16, 2 * zero), e.sample(p, T_Q16, NO_AUX), e.sample(p, 0, zero),
        e.sample(p, 1 << 25, zero), e.sample(-1, T_Q16, zero), e.sample(P_LIMIT_Q8, T_Q16, zero),
        e.sample(P_LIMIT_Q8, T_Q16, zero - 256),
    ]  # fmt: skip
    assert verdicts == [BAD_AUX, ACCEPTED, ACCEPTED, BAD_AUX, AUX_ABSENT, BAD_TEMPERATURE,
                        BAD_TEMPERATURE, BAD_PRESSURE, ACCEPTED, BAD_PRESSURE]  # fmt: skip
    assert e.next_number() == len(verdicts)


def test_the_steps_of_a_probe_are_steps_of_y():
    """A TMP117 that does not move: 1/128 K at 120 kPa is 3.2 Pa of normalised pressure."""
    samples = [(30_720_000, T_Q16, T_REF_Q16)] * 600
    window = Bench(aux_lsb=512, **PROBE).feed(samples)
    step_pa = 4 / 256 + 120_000 / 293.15 / 128
    assert window["flags"] & FLAG_RESOLUTION
    assert window["u95_slope_ppa_s"] / 1e12 == pytest.approx(1.5 * step_pa / 60, rel=2e-3)


def test_the_steps_of_a_reference_are_steps_of_y():
    """P is three times P_ref: a step there is worth three here."""
    samples = [(3 * ZERO_PA * 256, T_Q16, ZERO_PA * 256)] * 600
    window = Bench(aux_lsb=40, **REFERENCE).feed(samples)
    assert window["u95_slope_ppa_s"] / 1e12 == pytest.approx(1.5 * 124 / 256 / 60, rel=2e-3)


DECLARED = {
    "temp_lag_ms": 60_000, "temp_gradient_uk": 2_000, "settling_ms": 0, "tempco_mpa_k": 500,
    "drift_mpa_day": 3_200, "u_volume_ppm": 5_000, "u_gain_ppm": 1_000,
}  # fmt: skip


def budget(window: dict[str, int], rate: float, more: float) -> float:
    """u_B of the page, one litre; `more` is the sum of the squares of further bounds."""
    p_over_t = window["p_mean_q8"] / 256 / (window["t_mean_q16"] / 65536)
    temperature = p_over_t * 3 * (60 * rate + 2e-3) / 60
    bounds = temperature**2 + (0.5 * rate) ** 2 + (3.2 / 86400) ** 2 + more
    slope = window["slope_y_ppa_s"] / 1e12
    return 1e-3 * math.sqrt(bounds / 3 + slope**2 * (0.005**2 + 0.001**2))


def quiet(n: int, t_step: int, p_q8: int = 30_000_000) -> list[tuple[int, int, int]]:
    """A chamber and a reference that follow the temperature, with a little noise."""
    rng = random.Random(9)
    return [
        (round(p_q8 * (T_Q16 + t_step * k) / T_Q16 + rng.gauss(0, 40)), T_Q16 + t_step * k,
         round((ZERO_PA << 8) * (T_Q16 + t_step * k) / T_REF_Q16 + rng.gauss(0, 40)))
        for k in range(n)
    ]  # fmt: skip


@pytest.mark.parametrize("leak_mpa_day", [0, 2_000_000])
def test_the_budget_with_a_reference_holds_both_sensors_and_its_own_leak(leak_mpa_day):
    samples = quiet(600, 7, p_q8=3 * 25_939_200)
    bench = Bench(**(REFERENCE | DECLARED | {"reference_leak_mpa_day": leak_mpa_day}))
    window = bench.feed(samples)
    rate = 7 / 65536 * 10
    gain = window["y_mean_q8"] / window["aux_mean"]
    assert gain == pytest.approx(3 * (T_REF_Q16 / T_Q16) ** 2, rel=1e-3)
    own = (0.5 * rate) ** 2 + (3.2 / 86400) ** 2 + (leak_mpa_day / 1000 / 86400) ** 2
    assert window["u_b_fpa_m3_s"] / 1e15 == pytest.approx(
        budget(window, rate, gain**2 * own), rel=1e-3
    )
    assert not window["flags"] & FLAG_NOISE_ONLY
    assert settings.U95_KINDS[window["u95_kind"]] == "full_scatter"


def test_without_a_bound_on_the_reference_s_own_leak_it_is_noise_only():
    window = Bench(**(REFERENCE | DECLARED | {"reference_leak_mpa_day": -1})).feed(quiet(600, 7))
    assert window["u_b_fpa_m3_s"] == -1
    assert window["flags"] & FLAG_NOISE_ONLY


def test_the_budget_with_a_probe_is_that_of_its_own_temperature():
    samples = [(p, T_Q16, t) for p, t, _ in quiet(600, 7)]
    window = Bench(**(PROBE | DECLARED)).feed(samples)
    assert window["u_b_fpa_m3_s"] / 1e15 == pytest.approx(
        budget(window, 7 / 65536 * 10, 0.0), rel=1e-3
    )


def test_without_compensation_the_whole_effect_of_temperature_is_in_the_bound():
    """No leak, a ramp of 1 mK/s: dp/dt is all temperature, and the interval must say so."""
    samples = [(p, t, NO_AUX) for p, t, _ in quiet(600, 7)]
    window = Bench(**({"compensation": "none"} | DECLARED)).feed(samples)
    rate = 7 / 65536 * 10
    p_over_t = window["p_mean_q8"] / 256 / (window["t_mean_q16"] / 65536)
    temperature = p_over_t * (rate + 3 * (60 * rate + 2e-3) / 60)
    bounds = temperature**2 + (0.5 * rate) ** 2 + (3.2 / 86400) ** 2
    slope = window["slope_p_ppa_s"] / 1e12
    u_b = math.sqrt(bounds / 3 + slope**2 * (0.005**2 + 0.001**2))
    at_t_ref = T_REF_Q16 / window["t_mean_q16"]
    assert window["u_b_fpa_m3_s"] / 1e15 == pytest.approx(1e-3 * u_b * at_t_ref, rel=1e-3)
    assert abs(window["leak_rate_fpa_m3_s"]) <= window["u95_leak_fpa_m3_s"]


def test_a_gauge_reading_counts_from_the_outside_pressure():
    """20 kPa above 101,325 Pa: the gas is at 121 kPa, and nothing drives a leak at 0."""
    gauge = {"compensation": "none", "pressure_kind": "gauge", "temp_lag_ms": 0,
             "temp_gradient_uk": 10_000, "drift_mpa_day": 1}  # fmt: skip
    window = Bench(**gauge).feed([(20_000 * 256 + k % 3, T_Q16, NO_AUX) for k in range(600)])
    assert not window["flags"] & FLAG_NO_DRIVE
    bound = (121_325 / (T_Q16 / 65536)) * 3 * 0.01 / 60
    u_b = 1e-3 * bound / math.sqrt(3) * T_REF_Q16 / T_Q16
    assert window["u_b_fpa_m3_s"] / 1e15 == pytest.approx(u_b, rel=1e-3)
    even = Bench(**gauge).feed([(3, T_Q16, NO_AUX)] * 600)
    assert even["flags"] & FLAG_NO_DRIVE


def test_the_page_s_formula_of_what_is_left_uncorrected():
    """1 mK/s at 101,325 Pa and 293.15 K: 0.34564 Pa/s (domain knowledge: 345.64 Pa/K)."""
    value = systematic.uncorrected_ppa_s(101_325 * 256, T_REF_Q16, 1_000_000)
    assert value / 1e12 == pytest.approx(0.34564, rel=1e-4)
