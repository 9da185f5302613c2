"""How often a vigil is wrong, and how late it is right: the table of `host/docs/vigil.md`.

Simulated chambers of one cubic metre: readings with white noise, records by hullcore, windows of
24 h with a calibrated profile, followed by `hullwatch.vigil` at the default of one false alarm a
year and 20 baseline windows. A day's window has a standard uncertainty of SIGMA.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from hullwatch.bench.records import Noise, record_readings
from hullwatch.store import MarkRow, Store
from hullwatch.vigil import Criteria, NodeVigil, assess

START_US = 1_700_006_400_000_000
DAY_US = 86_400_000_000
PERIOD_S = 60.0
PER_DAY = 1440
WHITE_PA = 1.0
SIGMA = (12 * WHITE_PA**2 * PERIOD_S / 86_400.0**3) ** 0.5
"""Standard uncertainty of a day's rate in Pa·m³/s: white noise, one cubic metre."""
LIMIT = 20 * SIGMA
CEASE_DAYS = 7


@dataclass(frozen=True)
class Case:
    """Rates by day in SIGMA; a known leak on days 30 to 38 where ``proof``; the day it changes."""

    name: str
    rates: NDArray[np.float64]
    called: str
    true_day: float | None
    proof: bool = False


def cases() -> list[Case]:
    """The rows of the table."""
    flat = np.full(365, 50.0)
    jump = np.concatenate((np.full(100, 50.0), np.full(60, 110.0)))
    slow = 50.0 * np.exp2(np.maximum(0.0, np.arange(220) - 100.0) / 60.0)
    sealed = np.zeros(90)
    at_limit = np.full(90, LIMIT / SIGMA)
    back = np.concatenate((np.zeros(60), np.full(30, 2 * LIMIT / SIGMA)))
    return [
        Case("steady for a year: RISING", flat, "RISING", None),
        Case("steady for a year: DOUBLED", flat, "DOUBLED", None),
        Case("2.2 times from day 100 on: DOUBLED", jump, "DOUBLED", 100.0),
        Case("doubling in 60 days from day 100 on: DOUBLED", slow, "DOUBLED", 160.0),
        Case("sealed: CEASED", sealed, "CEASED", 38.0, proof=True),
        Case("sealed, no known leak imposed: CEASED", sealed, "CEASED", None),
        Case("leaks at the limit: CEASED", at_limit, "CEASED", None, proof=True),
        Case("back at twice the limit on day 60: RESURGED", back, "RESURGED", 60.0, proof=True),
        Case("stays sealed: RESURGED", sealed, "RESURGED", None, proof=True),
    ]


def vigil_of(case: Case, rng: np.random.Generator, folder: Path) -> NodeVigil:
    """One chamber, recorded and followed."""
    known = 40 * SIGMA
    rates = case.rates * SIGMA
    if case.proof:
        rates = rates.copy()
        rates[30:38] += known
    loss = np.repeat(rates, PER_DAY) * PERIOD_S
    pressure = 1e5 - np.cumsum(loss) + rng.normal(0.0, WHITE_PA, len(loss))
    samples = (
        np.rint(pressure * 64).astype(np.int32) * 4,
        np.full(len(loss), round(293.15 * 65536), np.int32),
    )
    settings: dict[str, object] = {
        "name": "jar", "period_us": round(PERIOD_S * 1e6), "windows_s": (86_400,), "p_out_pa": 0,
        "volume_ul": 10**9, "noise_profile": "calibrated", "settling_ms": 0, "temp_lag_ms": 0,
    }  # fmt: skip
    criteria = Criteria(cease_limit_pa_m3_s=LIMIT, cease_s=CEASE_DAYS * 86_400)
    with Store.open(folder / f"{rng.integers(1 << 60)}.db", START_US) as store:
        noise = Noise(WHITE_PA**2 * PERIOD_S, 0.0)
        record_readings(store, bytes(8), settings, START_US, samples, noise)
        if case.proof:
            end_us = START_US + 38 * DAY_US
            store.add_mark(MarkRow(
                0, "known-leak", "", "", START_US + 30 * DAY_US, end_us, "standard", known,
                known / 100, 0.0, 293.15, False, "trial", end_us, None,
            ))  # fmt: skip
        with store.reader() as reader:
            (chamber,) = assess(reader, START_US + len(rates) * DAY_US, criteria=criteria)
    return chamber.nodes[0]


def row(name: str, days: list[float | None], true_day: float | None) -> str:
    """A line of the table: how many called, how many before it was true, mean delay."""
    called = [day for day in days if day is not None]
    early = len(called) if true_day is None else sum(day < true_day for day in called)
    late = [day - true_day for day in called if true_day is not None and day >= true_day]
    delay = f"{np.mean(late):.1f} d (longest {max(late):.1f})" if late else "-"
    return f"| {name} | {len(days)} | {len(called)} | {early} | {delay} |"


@click.command()
@click.option("--trials", type=int, default=100, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def main(trials: int, seed: int) -> None:
    """Print the table."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[float | None]] = {}
    listed = cases()
    for _ in range(trials):
        for case in listed:
            with tempfile.TemporaryDirectory() as folder:
                vigil = vigil_of(case, rng, Path(folder))
            days = [c.utc_us for c in vigil.calls if c.new == case.called and c.old != c.new]
            found.setdefault(case.name, []).append((days[0] - START_US) / DAY_US if days else None)
    print("| chamber: call | trials | called | wrongly | mean delay |")
    print("|---|---|---|---|---|")
    for case in listed:
        print(row(case.name, found[case.name], case.true_day))


if __name__ == "__main__":
    main()
