"""Coverage of the leak-rate interval while a chamber still settles after filling.

A trial is one window of p = a·exp(−t/τ) − leak + noise, begun at a random moment of the first five
time constants, through the node's own estimator with `settling_ms` declared. Counted: intervals
that contain the leak, whole and noise part alone, and their median width against the noise part.

    python tools/coverage_settling.py --trials 10000     about half a minute
"""

from __future__ import annotations

from dataclasses import dataclass

import click
import numpy as np

from hullcore import settings
from hullcore.estimator import Estimator
from hullcore.measurement import Measurement, window_body
from hullcore.plan import WindowPlan
from hullwatch.link.recordkinds import WINDOW

START_PA = 50.0
LEAK_PA_S = 0.01
SIGMA_PA = 0.2
WALK_PA2_S = 0.001
PERIOD_US = 1_000_000
LSB_Q8 = 4
NAMES = [field.name for field in WINDOW.fields]


@dataclass(frozen=True)
class Settling:
    """Window length and time constant in s; `declared`: longest time constant over the true one."""

    window_s: int
    tau_s: float
    declared: float


CASES = tuple(
    Settling(window_s, tau_s, declared)
    for window_s, tau_s in ((60, 120.0), (60, 600.0), (600, 120.0), (600, 600.0), (600, 1800.0))
    for declared in (1.0, 2.0)
)


@dataclass(frozen=True)
class Outcome:
    """Shares in per cent, width of the whole interval over its noise part (median)."""

    whole: float
    noise_only: float
    width: float


def _window(
    case: Settling, m: Measurement, plan: WindowPlan, rng: np.random.Generator
) -> dict[str, int]:
    said: list[dict[str, int]] = []

    def on_window(length_s: int, first: int, last: int, sums: object, scatter: object) -> None:
        _, body = window_body(m, length_s, first, last, sums, scatter, 0)
        said.append(dict(zip(NAMES, body, strict=True)))

    estimator = Estimator(m, plan, on_window)
    t_s = np.arange(plan.samples[0]) * PERIOD_US / 1e6
    begun_s = rng.uniform(0, 5 * case.tau_s)
    p_pa = 118_000 + START_PA * np.exp(-(begun_s + t_s) / case.tau_s) - LEAK_PA_S * t_s
    p_pa += rng.normal(0, SIGMA_PA, t_s.size)
    p_pa += np.cumsum(rng.normal(0, np.sqrt(WALK_PA2_S * PERIOD_US / 1e6), t_s.size))
    for p_q8 in (np.rint(p_pa * 256 / LSB_Q8).astype(np.int64) * LSB_Q8).tolist():
        estimator.sample(p_q8, m.t_ref_q16)
    return said[0]


def measure(case: Settling, trials: int, seed: int) -> Outcome:
    """`trials` independent windows of one case."""
    rng = np.random.default_rng([seed, case.window_s, round(case.tau_s)])
    config = settings.defaults() | {
        "period_us": PERIOD_US,
        "windows_s": (case.window_s,),
        "compensation": "none",
        "noise_profile": "off",
        "temp_lag_ms": 0,
        "settling_ms": round(case.tau_s * case.declared * 1000),
    }
    m = Measurement(config, LSB_Q8, 0)
    plan = WindowPlan(PERIOD_US, config["windows_s"])
    truth_fpa = LEAK_PA_S * config["volume_ul"] * 1e-9 * 1e15
    whole = noise_only = 0
    widths = []
    for _ in range(trials):
        window = _window(case, m, plan, rng)
        error = abs(window["leak_rate_fpa_m3_s"] - truth_fpa)
        noise = window["u95_slope_ppa_s"] * config["volume_ul"] / 1e6  # pPa/s to fPa·m³/s
        whole += error <= window["u95_leak_fpa_m3_s"]
        noise_only += error <= noise
        widths.append(window["u95_leak_fpa_m3_s"] / max(1.0, noise))
    return Outcome(100 * whole / trials, 100 * noise_only / trials, float(np.median(widths)))


@click.command()
@click.option("--trials", default=1000, show_default=True)
@click.option("--seed", default=1, show_default=True)
def main(trials: int, seed: int) -> None:
    """Print the coverage by window, time constant and declared bound."""
    click.echo("| window | τ | declared | trials | whole interval | noise part alone | width |")
    click.echo("|---|---|---|---|---|---|---|")
    for case in CASES:
        got = measure(case, trials, seed)
        click.echo(
            f"| {case.window_s} s | {case.tau_s:g} s | {case.declared * case.tau_s:g} s | {trials}"
            f" | {got.whole:.1f} | {got.noise_only:.1f} | {got.width:.1f} × |"
        )


if __name__ == "__main__":
    main()
