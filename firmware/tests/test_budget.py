"""What a window says beside its slope: ordinary error, curvature, correlation, budget."""

import math

import numpy as np
import pytest
import scipy.stats

from hullcore import settings, systematic
from hullcore.estimator import Estimator
from hullcore.leakrate import rate_nk_s
from hullcore.measurement import Known, Measurement, window_body
from hullcore.messages import FLAG_COMPENSATION_WORSE, FLAG_NOISE_ONLY
from hullcore.noisefit import NoiseProfile
from hullcore.plan import WindowPlan
from hullcore.scatter import NO_SERIAL
from hullcore.settings import U95_KINDS
from hullwatch.link import recordkinds

NAMES = [field.name for field in recordkinds.WINDOW.fields]
T_K = 295.0


class Bench:
    """Feeds arrays of pressure (Pa) and temperature (K) at 10 Hz, keeps windows by name."""

    def __init__(self, known=None, **changes):
        self.config = settings.defaults() | {"windows_s": (10, 60)} | changes
        self.m = Measurement(self.config, 4, 1)
        self.known = known
        self.windows = []
        plan = WindowPlan(self.m.period_us, self.config["windows_s"])
        self.estimator = Estimator(self.m, plan, self._on)

    def _on(self, length_s, first, last, sums, scatter):
        flags, body = window_body(self.m, length_s, first, last, sums, scatter, 0, self.known)
        window = dict(zip(NAMES, body, strict=True))
        window["flags"] = flags
        window["rate_nk_s"] = rate_nk_s(sums.slope_t(), sums.spread(), self.m.period_us)
        self.windows.append(window)

    def feed(self, p_pa, t_k):
        for p, t in zip(p_pa, t_k, strict=True):
            self.estimator.sample(round(p * 256), round(t * 65536))
        return self.windows


def signal(n, sigma=0.3, slope=-0.5, seed=1, t_slope=0.0):
    rng = np.random.default_rng(seed)
    t_s = np.arange(n) / 10
    return 118_000 + slope * t_s + rng.normal(0, sigma, n), T_K + t_slope * t_s


@pytest.mark.parametrize(("sigma", "slope"), [(0.3, -0.5), (30.0, -5000.0), (0.02, 0.0)])
def test_the_ordinary_error_is_that_of_an_ordinary_fit(sigma, slope):
    p, t = signal(600, sigma, slope)
    windows = Bench(compensation="none").feed(p, t)
    for window in windows:
        lo, n = window["first"], window["n"]
        y = np.rint(p[lo : lo + n] * 256) / 256
        fit = scipy.stats.linregress(np.arange(n) / 10, y)
        half = fit.stderr * scipy.stats.t.ppf(0.975, n - 2)
        # above 30 degrees of freedom the table stays at t(30): at most 4.3 % wide
        assert half * 0.999 < window["u95_naive_ppa_s"] / 1e12 < half * 1.044 + 1e-9


def test_the_temperature_slope_is_least_squares():
    p, t = signal(600, t_slope=2.5e-4)
    for window in Bench(compensation="none").feed(p, t):
        t_q16 = np.rint(t[window["first"] : window["last"] + 1] * 65536) / 65536
        expected = np.polyfit(np.arange(len(t_q16)) / 10, t_q16, 1)[0]
        assert window["rate_nk_s"] / 1e9 == pytest.approx(expected, abs=1e-9)


def test_settling_is_bounded_by_the_curvature_times_the_longest_time_constant():
    tau, amplitude = 100.0, 50.0
    t_s = np.arange(600) / 10
    rng = np.random.default_rng(4)
    p = 118_000 + amplitude * np.exp(-t_s / tau) + rng.normal(0, 0.05, 600)
    minute = Bench(compensation="none", settling_ms=100_000).feed(p, np.full(600, T_K))[-1]
    left = amplitude / tau * np.exp(-30 / tau)  # mean settling slope over the minute, about
    assert left <= minute["settling_ppa_s"] / 1e12 <= 3 * left
    undeclared = Bench(compensation="none").feed(p, np.full(600, T_K))[-1]
    assert undeclared["settling_ppa_s"] == -1


def test_residual_correlation_tells_a_curve_from_noise():
    rng = np.random.default_rng(9)
    white = 118_000 + rng.normal(0, 0.3, 600)
    curved = white + 5e-3 * (np.arange(600) / 10 - 30) ** 2
    flat = np.full(600, T_K)
    assert abs(Bench(compensation="none").feed(white, flat)[-1]["serial_e4"]) < 9_000
    assert Bench(compensation="none").feed(curved, flat)[-1]["serial_e4"] > 1_500
    few = Bench(compensation="none", period_us=1_000_000, windows_s=(10,))
    assert few.feed(white[:10], flat[:10])[0]["serial_e4"] == NO_SERIAL


def test_the_budget_is_the_formula_in_floats():
    declared = {
        "temp_lag_ms": 60_000, "temp_gradient_uk": 2_000, "settling_ms": 0,
        "tempco_mpa_k": 500, "drift_mpa_day": 3_200, "u_volume_ppm": 5_000, "u_gain_ppm": 1_000,
    }  # fmt: skip
    p, t = signal(600, t_slope=1e-4)
    window = Bench(**declared).feed(p, t)[-1]
    rate = max(abs(w["rate_nk_s"]) for w in Bench(**declared).feed(p, t)) / 1e9
    volume = 1e-3
    slope = window["slope_y_ppa_s"] / 1e12
    p_over_t = window["p_mean_q8"] / 256 / (window["t_mean_q16"] / 65536)
    temperature = p_over_t * 3 * (60 * rate + 2e-3) / 60
    bounds = temperature**2 + (0.5 * rate) ** 2 + (3.2 / 86400) ** 2
    u_b = volume * math.sqrt(bounds / 3 + slope**2 * (0.005**2 + 0.001**2))
    assert window["u_b_fpa_m3_s"] / 1e15 == pytest.approx(u_b, rel=1e-4)
    u_a = window["u_a_fpa_m3_s"] / 1e15
    dof = window["dof"]
    half = volume * window["u95_slope_ppa_s"] / 1e12
    assert u_a == pytest.approx(half / scipy.stats.t.ppf(0.975, dof), rel=1e-4)
    total = math.hypot(u_a, u_b)
    effective = math.floor(dof * (total / u_a) ** 4 * (1 - 1e-6))
    t95 = scipy.stats.t.ppf(0.975, effective)
    assert t95 * total * 0.999 <= window["u95_leak_fpa_m3_s"] / 1e15 <= t95 * total * 1.045
    assert U95_KINDS[window["u95_kind"]] == "full_scatter"
    assert not window["flags"] & FLAG_NOISE_ONLY


def test_without_a_declared_bound_nothing_systematic_is_claimed():
    window = Bench(u_volume_ppm=5_000, drift_mpa_day=3_200).feed(*signal(600))[-1]
    assert window["u_b_fpa_m3_s"] == -1
    assert window["flags"] & FLAG_NOISE_ONLY
    assert U95_KINDS[window["u95_kind"]].startswith("noise_only")


def test_a_profile_is_named_and_used_and_its_verdict_on_compensation_is_flagged():
    profile = NoiseProfile(9 * 10**12, 0, 10**11, 10**3, 0, 10**9)
    known = Known(profile, 42, 0b100, 2_000_000)
    windows = Bench(known).feed(*signal(600))
    assert {w["profile"] for w in windows} == {42}
    assert U95_KINDS[windows[0]["u95_kind"]] == "noise_only_profile"
    sigma2_s = 9e-3
    ideal = 1.96 * math.sqrt(12 * sigma2_s / 60**3)
    assert windows[-1]["u95_slope_ppa_s"] / 1e12 == pytest.approx(ideal, rel=0.05)
    # the lag nearest below 10 s is 2 s·2^2: that bit is set; below a minute it is 2 s·2^4
    assert windows[0]["flags"] & FLAG_COMPENSATION_WORSE
    assert not windows[-1]["flags"] & FLAG_COMPENSATION_WORSE


def test_a_hundredth_kelvin_is_what_the_physics_page_says():
    """0.01 K across an hour: 1.15 Pa/h·... (P/T)·0.01 K, from domain knowledge: 345.6 Pa/K."""
    m = Measurement(settings.defaults() | {"temp_lag_ms": 0, "temp_gradient_uk": 10_000}, 4, 0)
    bound = systematic.temperature_ppa_s(m, 101_325 * 256, round(293.15 * 65536), 0, 3_600_000_000)
    assert bound / 1e12 == pytest.approx(3 * 345.64 * 0.01 / 3600, rel=1e-4)
