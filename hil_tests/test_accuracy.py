"""Known leaks over four decades, and what a step of the temperature does to the rate."""

from __future__ import annotations

import pytest

DECADES = (1e-5, 1e-4, 1e-3, 1e-2)
STILL = {"day_amplitude_k": 0.0, "weather_rms_k": 0.0}
"""A room that keeps its temperature: what is left is the instrument."""

FALL_PA_S = 1.0
BOUNDS = {"temp_lag_ms": 30_000, "temp_gradient_uk": 20, "settling_ms": 0, "u_volume_ppm": 2_000}
"""What is declared of the chamber, so that the interval is a full one."""


@pytest.mark.needs("leak", "truth")
@pytest.mark.parametrize("leak", DECADES)
def test_a_known_leak_is_measured(bench, measured, leak):
    """Where the chamber can be chosen, each leak lets its pressure fall equally fast."""
    spec = {}
    if bench.can("any_chamber"):
        chamber = {**STILL, "volume_m3": leak / FALL_PA_S, "self_heat_k": 0.0}
        spec = {"chamber": chamber, "seed": 1 + DECADES.index(leak)}
    node = bench.start(leak, {**BOUNDS, "period_us": 200_000, "windows_s": (10, 30)}, **spec)
    window = node.measure(30)
    truth = node.chamber.truth(window)
    assert window.u95_kind.startswith("full")
    share = window.leak_rate_pa_m3_s / truth.pa_m3_s
    u95 = (window.u95_pa_m3_s + truth.u95_pa_m3_s) / truth.pa_m3_s
    measured("leak rate", window.leak_rate_pa_m3_s, "Pa·m³/s", u95=window.u95_pa_m3_s)
    slack = 0.05 if spec else 1.5 * u95
    measured("of the known leak", share, "of 1", 1.0 - slack, 1.0 + slack, u95)
    measured("error in half-widths", abs(share - 1.0) / u95, "", high=1.5)


@pytest.mark.needs("heat", "truth", "any_chamber")
def test_a_step_of_temperature_is_no_leak(bench, measured):
    """The room warms by 3 K: pressure rises with it, the compensated rate must not follow.

    Gas, wall and probe settle in seconds here. With all declared the interval contains the
    truth in every window; the uncompensated slope is far outside of it.
    """
    quick = {
        **STILL, "gas_tau_s": 1.0, "wall_tau_s": 25.0, "probe_tau_s": 1.0, "self_heat_k": 0.0,
        "wall_j_m2_k": 1e6, "volume_m3": 1e-3,
    }  # fmt: skip
    settings = {**BOUNDS, "temp_lag_ms": 5_000, "period_us": 200_000, "windows_s": (10,)}
    node = bench.start(1e-4, settings, chamber=quick)
    before = node.measure(10)
    node.chamber.heat(3.0)
    node.run(80)
    rows = [
        row
        for row in node.windows(10)
        if row.first_device_ms > before.first_device_ms and row.u95_pa_m3_s is not None
    ]
    assert len(rows) >= 4
    kelvin = node.raw().t_q16 / 65536
    measured("warmer by", kelvin[-20:].mean() - kelvin[:20].mean(), "K", 2.5, 3.2)
    steepest = max(rows, key=lambda row: abs(row.uncompensated_slope_pa_s))
    apparent = abs(steepest.uncompensated_slope_pa_s) * quick["volume_m3"]
    measured("apparent rate without compensation", apparent, "Pa·m³/s", low=2e-3)
    for row in rows:
        truth = node.chamber.truth(row).pa_m3_s
        assert abs(row.leak_rate_pa_m3_s - truth) <= 1.5 * row.u95_pa_m3_s, row
    worst = max(abs(row.leak_rate_pa_m3_s - 1e-4) for row in rows)
    measured("largest error with compensation", worst, "Pa·m³/s", high=apparent / 3)
