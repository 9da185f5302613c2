"""Re-analysing all of a store: `hullwatch analyse` over a year at 10 Hz. `python tools/bench`.

The store is that of `year`. The command runs as a process of its own, so that its memory is its
own and importing counts.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import year

_COMMAND = (sys.executable, "-c", "from hullwatch.cli import main; main()")


@dataclass(frozen=True)
class Reanalysis:
    """`wall_s` as the clock on the wall saw it, `cpu_s` of all threads, `peak_mib` of memory."""

    samples: int
    wall_s: float
    cpu_s: float
    peak_mib: float
    value_pa_s: float


def measure(directory: Path, days: float, seed: int = 1) -> Reanalysis:
    """Build `days` days in a new database in `directory`, and analyse them."""
    path = directory / "year.db"
    samples = round(days * year.SAMPLES_A_DAY / 64) * 64
    year.build(path, samples, np.random.default_rng(seed))
    return analysed(path)


def analysed(path: Path) -> Reanalysis:
    """Analyse all of a database with one node."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [*_COMMAND, "analyse", "--db", str(path), "--json"], capture_output=True, check=True
    )
    wall_s = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    unit = 1024 if sys.platform == "darwin" else 1  # bytes there, KiB elsewhere
    return Reanalysis(
        found["samples"], wall_s, cpu_s, after.ru_maxrss / unit / 1024, found["best"]["value"]
    )


def report(days: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as where:
        got = measure(Path(where), days)
    print(f"{days:g} days at 10 Hz, {got.samples:,} samples, analysed by every method")
    print(f"{got.wall_s:>12.1f} s, {got.cpu_s:.1f} s of processor, {got.peak_mib:.0f} MiB at most")
