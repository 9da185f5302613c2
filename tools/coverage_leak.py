"""Coverage of the whole leak-rate interval: the node's own records against the chamber's truth.

Each run is one seed of the `sim` bench: a day cycle of 1 K, a probe that lags, a chip that warms
itself, its tempco and drift, a volume that is wrong by up to twice its standard uncertainty, and
bounds declared in the node's settings. Counted per window length: intervals that contain the mean
true molar loss over their window × R·T_ref.

    python tools/coverage_leak.py --seeds 60
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.ingest.logger import Logger
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.store import Store

LAG_S = 120.0
U_VOLUME = 0.005
HOURS = 2.25
DECLARED: dict[str, object] = {
    "temp_lag_ms": round(LAG_S * 1000),
    "temp_gradient_uk": 1000,
    "settling_ms": 0,
    "u_volume_ppm": round(U_VOLUME * 1e6),
    "tempco_mpa_k": 500,
    "drift_mpa_day": 0,
}


@dataclass
class Tally:
    """Windows judged, windows covered, and how wide they were against their error."""

    judged: int = 0
    covered: int = 0
    noise_only: int = 0


def run(seed: int, learn: bool, tallies: dict[float, Tally]) -> None:
    """One seed: every window of the run is judged, the first hour's included."""
    rng = np.random.default_rng([seed, 0xC0])
    volume_m3 = 1e-3
    stated_ul = round(volume_m3 * 1e9 * (1 + U_VOLUME * float(rng.normal())))
    chamber = ChamberSpec(seed=seed, probe_tau_s=LAG_S, volume_m3=volume_m3)
    extra = dict(DECLARED, volume_ul=stated_ul, noise_profile="learn" if learn else "off")
    bench = SimBench(BenchSpec(chamber=chamber, seed=seed, extra=extra))
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            Store.open(Path(folder) / "run.db", 0) as store,
        ):
            logger = Logger(bench.open_port(), store, bench, 1, lambda _: None, 20.0)
            while bench.now_s() < HOURS * 3600:
                logger.step(1.0)
            logger.finish()
            with store.reader() as reader:
                for row in reader.windows():
                    _judge(row.window_s, row.leak_rate_pa_m3_s, row.u95_pa_m3_s,
                           row.u95_slope_pa_s, bench, row.first_device_ms, tallies)  # fmt: skip
    finally:
        bench.close()


def _judge(
    window_s: float, rate: float, u95: float | None, u95_slope: float | None, bench: SimBench,
    first_ms: int, tallies: dict[float, Tally],
) -> None:  # fmt: skip
    truth = bench.truth_pa_m3_s(first_ms, first_ms + round(window_s * 1000))
    if truth is None or u95 is None or u95_slope is None:
        return
    tally = tallies[window_s]
    tally.judged += 1
    tally.covered += abs(rate - truth) <= u95
    tally.noise_only += abs(rate - truth) <= u95_slope * 1e-3


@click.command()
@click.option("--seeds", default=20, show_default=True)
@click.option("--learn/--no-learn", default=True, show_default=True, help="Learn noise profiles.")
def main(seeds: int, learn: bool) -> None:
    """Print the coverage per window length in per cent."""
    tallies: dict[float, Tally] = defaultdict(Tally)
    for seed in range(1, seeds + 1):
        run(seed, learn, tallies)
    click.echo("| window | windows | whole interval | its noise part alone |")
    click.echo("|---|---|---|---|")
    for window_s, tally in sorted(tallies.items()):
        whole, noise = 100 * tally.covered / tally.judged, 100 * tally.noise_only / tally.judged
        click.echo(f"| {window_s:g} s | {tally.judged} | {whole:.1f} | {noise:.1f} |")


if __name__ == "__main__":
    main()
