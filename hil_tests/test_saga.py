"""Two weeks of one leak at a sample a minute: the node itself says what became of it."""

from __future__ import annotations

import pytest

from hullwatch.ingest.marks import RECOVERED, RELEARN, Mark, calibrate_noise, send_mark
from hullwatch.ingest.settings import write_settings

DAY_S = 86_400
LIMIT_PA_M3_S = 3e-3
SETTINGS = {
    "period_us": 60_000_000, "windows_s": (600, 3600), "trend_s": (3600,), "trend_learn": 24,
    "temp_lag_ms": 60_000, "temp_gradient_uk": 200, "settling_ms": 0, "u_volume_ppm": 2_000,
    "cease_limit_fpa_m3_s": round(LIMIT_PA_M3_S * 1e15), "cease_s": DAY_S, "drive_pa": 1_000,
}  # fmt: skip
CHAMBER = {
    "volume_m3": 1.0, "pressure_pa": 121_000.0, "day_amplitude_k": 0.0, "weather_rms_k": 0.0,
}  # fmt: skip


def days(node, count):
    """The host comes once a day for what the node has kept; its last hour's trend."""
    for _ in range(count):
        node.away(DAY_S)
        node.measured(1)
        node.until(node.logger.drained, 600)
    node.logger.finish()
    return node.windows(3600)[-1].trend


def calibrated(bench):
    """A node whose noise was learned in a tight chamber for two days, and is no longer learned."""
    node = bench.start(0.0, SETTINGS, chamber=CHAMBER)
    node.measured(1)
    days(node, 2)
    assert calibrate_noise(node.logger, int(node.bench.utc_s()), 3600).stored
    boot = node.boot().boot
    write_settings(node.logger, {"noise_profile": "calibrated"})
    node.until(lambda: node.boot().boot > boot, 60)
    node.first_boot = node.boot().boot
    return node


@pytest.mark.needs("leak", "truth", "any_chamber", "virtual_time")
def test_a_leak_is_steady_doubles_is_patched_ceases_and_comes_back(bench, measured):
    node = calibrated(bench)
    node.chamber.leak(1e-2)
    send_mark(node.logger, Mark(RELEARN))
    assert days(node, 4) == "STEADY"
    node.chamber.leak(2.5e-2)
    doubled_s = node.status()["ms"] / 1000
    assert days(node, 2) == "DOUBLED"
    node.chamber.leak(0.0)
    node.measured(1)
    send_mark(node.logger, Mark(RECOVERED))  # a known leak was imposed, and found with its size
    assert days(node, 3) == "CEASED"
    node.chamber.leak(1e-2)
    assert days(node, 3) == "RESURGED"

    rows = node.windows(3600)
    measured("hours stored", len(rows), "", low=12 * 24 - 1)
    errors = [abs(row.leak_rate_pa_m3_s - node.chamber.truth(row).pa_m3_s) for row in rows]
    inside = [error <= row.u95_pa_m3_s for error, row in zip(errors, rows, strict=True)]
    measured("of the hours cover their truth", sum(inside) / len(rows), "of 1", low=0.91)
    found = next(row for row in rows if row.trend in ("RISING", "DOUBLED"))
    late_h = (found.first_device_ms / 1000 + 3600 - doubled_s) / 3600
    measured("doubling found after", late_h, "h", high=6.0)
    outcome = node.verified()
    assert outcome.describe() == ""
    measured("trends computed again", outcome.trends.equal, "", low=4)
