"""How often the first interval of a node is right: the main job's command over many seeds.

Each seed runs `hullwatch demo --bench sim --for 2h --volume 1.0 --leak 1e-4 --seed N --json` as a
process of its own and takes the last 1 h window. Covered: its leak rate lies within 1 × u95 of its
own truth. The ratio says what that certainty costs: the median u95 over 1.96 × the standard
deviation of the errors from seed to seed, which is the half-width somebody would state who knew
the spread beforehand.

    python tools/coverage_cold_start.py                 seeds 1 to 200, about 5 minutes on 2 cores
    python tools/coverage_cold_start.py --last 20
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median, stdev

import click

SEEDS = range(1, 201)
COVERED_OF_200 = 182
RATIO_AT_MOST = 8.0

_WINDOW_S = 3600.0
_HULLWATCH = "from hullwatch.cli import main; main()"
_JOB = "demo --bench sim --for 2h --volume 1.0 --leak 1e-4 --json".split()


@dataclass(frozen=True)
class Hour:
    """The last 1 h window of one seed, Pa·m³/s."""

    seed: int
    leak: float
    u95: float
    truth: float

    @property
    def error(self) -> float:
        """Measured minus true."""
        return self.leak - self.truth

    @property
    def covered(self) -> bool:
        """Whether the truth lies within the interval."""
        return abs(self.error) <= self.u95


def last_hour(seed: int) -> Hour:
    """Run the command for one seed."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", _HULLWATCH, *_JOB, "--seed", str(seed),
             "--db", str(Path(folder) / "run.db")],
            capture_output=True, check=True,
        )  # fmt: skip
    hours = [w for w in json.loads(done.stdout)["windows"] if w["window_s"] == _WINDOW_S]
    window = max(hours, key=lambda w: int(w["last_sample"]))
    return Hour(
        seed, window["leak_rate_pa_m3_s"], window["u95_pa_m3_s"], window["truth_pa_m3_s"]
    )  # fmt: skip


def hours(seeds: Iterable[int], workers: int | None = None) -> list[Hour]:
    """The last hour of every seed, as many at a time as there are cores."""
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        return list(pool.map(last_hour, seeds))


def covered(found: list[Hour]) -> int:
    """How many intervals hold their truth."""
    return sum(hour.covered for hour in found)


def ratio(found: list[Hour]) -> float:
    """Median u95 over 1.96 standard deviations of the errors; at least two hours."""
    return median(hour.u95 for hour in found) / (1.96 * stdev(hour.error for hour in found))


@click.command()
@click.option("--first", default=SEEDS[0], show_default=True, help="First seed.")
@click.option("--last", default=SEEDS[-1], show_default=True, help="Last seed.")
def main(first: int, last: int) -> None:
    """Print coverage and cost of the cold-start interval."""
    seeds = range(first, last + 1)
    if len(seeds) < 2:
        raise click.UsageError("two seeds at least: one has no spread")
    found = hours(seeds)
    click.echo(f"covered {covered(found)}/{len(found)} (at least {COVERED_OF_200}/200)")
    click.echo(f"median u95 / (1.96 σ from seed to seed) = {ratio(found):.2f} (at most 8)")
    for hour in found:
        if not hour.covered:
            click.echo(f"seed {hour.seed}: error {hour.error:.2e}, u95 {hour.u95:.2e} Pa·m³/s")


if __name__ == "__main__":
    main()
