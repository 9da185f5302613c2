"""The reference chamber's own tightness: told when its pressure moves by more than is declared."""

import numpy as np
import pytest

from hullcore import settings
from hullcore.measurement import Measurement
from hullcore.plan import WindowPlan
from hullcore.tightness import Tightness

T_K = 293.15


class Bench:
    """Ten minutes windows of a reference chamber at 1 Hz; `told` holds what was told."""

    def __init__(self, **changes):
        config = settings.defaults() | {
            "compensation": "reference", "aux_sensor": "bmp581", "aux_address": 70,
            "reference_pa": 101325, "reference_leak_mpa_day": 1_000, "reference_lag_ms": 0,
            "temp_lag_ms": 0, "period_us": 1_000_000, "windows_s": (60, 600),
        } | changes  # fmt: skip
        m = Measurement(config, 4, 0, 4)
        self.told = []
        plan = WindowPlan(m.period_us, config["windows_s"])
        self.tightness = Tightness(m, plan, lambda *what: self.told.append(what))

    def feed(self, p_pa, t_k):
        for p, t in zip(p_pa, t_k, strict=True):
            self.tightness.sample(round(p * 256), round(t * 65536))
        return self.told


def chamber(n, slope_pa_s, seed=1, sigma=0.2, t_slope=0.0, lag_s=0.0):
    """Pressure of a chamber that follows the gas, and the temperature of a sensor behind it."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(n)
    gas_k = T_K + t_slope * t_s
    return (101_325 + slope_pa_s * t_s) * gas_k / T_K + rng.normal(0, sigma, n), (
        gas_k - lag_s * t_slope
    )


def test_a_leak_is_told_once_with_its_slope():
    told = Bench().feed(*chamber(3600, -0.01))
    ((slope, half, last),) = told
    assert slope / 1e12 == pytest.approx(-0.01, rel=0.1)
    assert 0 < half / 1e12 < 0.005
    assert last == 1199


def test_one_that_ends_and_comes_again_is_told_again():
    p, t = chamber(9 * 600, 0.0)
    p[600:2400] -= 0.01 * np.arange(1800)
    p[2400:4200] -= 18
    p[4200:] -= 18 + 0.01 * np.arange(1200)
    assert [last for _, _, last in Bench().feed(p, t)] == [1799, 5399]


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_leak(seed):
    assert Bench().feed(*chamber(7200, 0.0, seed)) == []


def test_what_is_declared_is_no_leak():
    p, t = chamber(3600, -0.01)
    assert Bench(reference_leak_mpa_day=1_000_000).feed(p, t) == []  # 0.0116 Pa/s
    assert Bench(drift_mpa_day=1_000_000).feed(p, t) == []


def test_a_change_of_temperature_within_its_bound_is_no_leak():
    """The sensor's lag sets in with the ramp: what it hides looks like 1.7 Pa in ten minutes."""
    n = 1800
    t_s = np.arange(n)
    rate = 1e-4
    gas_k = T_K + rate * np.maximum(0, t_s - 600)
    sensor_k = gas_k - 50 * rate * (1 - np.exp(-np.maximum(0, t_s - 600) / 50))
    p = 101_325 * gas_k / T_K + np.random.default_rng(5).normal(0, 0.01, n)
    assert Bench(reference_lag_ms=50_000).feed(p, sensor_k) == []


def test_temperature_itself_is_taken_out():
    assert Bench().feed(*chamber(3600, 0.0, t_slope=1e-3)) == []


def test_holes_and_nonsense_make_no_leak():
    bench = Bench()
    p, t = chamber(3600, 0.0)
    for k in range(3600):
        if k % 10 == 3:
            bench.tightness.missing()
        elif k % 10 == 4:
            bench.tightness.sample(-5, round(t[k] * 65536))
        elif k % 10 == 5:
            bench.tightness.sample((1 << 30) - 1, 250 * 65536)
        else:
            bench.tightness.sample(round(p[k] * 256), round(t[k] * 65536))
    assert bench.told == []
