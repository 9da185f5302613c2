"""Coverage of the intervals of `hullwatch.analysis` under simulated noise, method by method.

One trial is one series of 128 bins over an hour (three days for the day cycle) with the truth that
the method is made for: a line, an exponential that loses 40 %, a line and outgassing, a line and a
day, a repair after half the time. The noise of a trial is all that a method is given: it has to fit
white, flicker and walk from the same series. q_eq is the walk at which white noise and walk make
the same variance of the slope.

    python tools/coverage_analysis.py --trials 2000     a table row in about two minutes
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
import numpy as np
from numpy.typing import NDArray

from hullwatch.analysis import diurnal
from hullwatch.analysis.changes import changes
from hullwatch.analysis.exponential import exponential
from hullwatch.analysis.fitting import Fitting
from hullwatch.analysis.noisemodel import Noise, covariance, kernels
from hullwatch.analysis.outgassing import with_outgassing
from hullwatch.analysis.repair import compared
from hullwatch.analysis.result import Result
from hullwatch.analysis.series import DAY_S, Series
from hullwatch.analysis.straight import parts

Floats = NDArray[np.float64]
N = 128
HOUR_S = 3600.0
LEVEL_PA = 101_325.0
WHITE = 1e-3
"""White noise, Pa²·s: 0.1 Pa at 10 Hz."""


def noises(length_s: float) -> dict[str, Noise]:
    """The rows, for a length: q_eq depends on it."""
    q_eq = 10 * WHITE / length_s**2
    weak = WHITE / length_s  # flicker of the size of white noise at the whole length
    return {
        "white": Noise(WHITE, 0.0, 0.0),
        "q = 0.1 q_eq": Noise(WHITE, 0.0, 0.1 * q_eq),
        "q = q_eq": Noise(WHITE, 0.0, q_eq),
        "q = 10 q_eq": Noise(WHITE, 0.0, 10 * q_eq),
        "q = 100 q_eq": Noise(WHITE, 0.0, 100 * q_eq),
        "random walk": Noise(0.0, 0.0, q_eq),
        "flicker, weak": Noise(WHITE, weak, 0.0),
        "flicker, strong": Noise(WHITE, 100 * weak, 0.0),
    }


@dataclass
class Tally:
    """Trials, intervals that held the truth, and the sum of their half-widths over the ideal."""

    trials: int = 0
    held: int = 0
    refused: int = 0
    wide: float = 0.0

    def add(self, low: float, high: float, truth: float, ideal: float = math.nan) -> None:
        """One interval; `ideal` is 1.96 true standard deviations of the best there is."""
        self.trials += 1
        self.held += low <= truth <= high
        if math.isfinite(high - low):
            self.wide += (high - low) / 2 / ideal

    def text(self) -> str:
        """`95.1 (1.3 ×)`."""
        if not self.trials:
            return "–"
        share = 100 * self.held / self.trials
        width = self.wide / self.trials
        return f"{share:.1f} ({width:.1f} ×)" if width > 0 else f"{share:.1f}"


class Source:
    """Series of one noise: `draw` gives N bins of it."""

    def __init__(self, noise: Noise, length_s: float, rng: np.random.Generator) -> None:
        self.position = np.arange(N)
        self.bin_s = length_s / N
        self.ones = np.ones(N)
        self.matrix = covariance(noise, kernels(self.position, self.bin_s, self.ones))
        self._root = np.linalg.cholesky(self.matrix)
        self._rng = rng

    def draw(self, truth: Floats) -> Series:
        """A series of a true course and noise."""
        y = LEVEL_PA + truth + self._root @ self._rng.normal(size=N)
        return Series(self.position, self.bin_s, self.ones, y, np.full(N, 293.15), y)

    def ideal(self, columns: Floats, at: int = 1) -> float:
        """1.96 standard deviations of a coefficient by generalised least squares, noise known."""
        inside = np.linalg.inv(columns.T @ np.linalg.solve(self.matrix, columns))
        return 1.96 * math.sqrt(float(inside[at, at]))

    @property
    def t(self) -> Floats:
        """Middles of the bins, s."""
        return np.asarray((self.position + 0.5) * self.bin_s)


def _add(tally: Tally, result: Result, truth: float, ideal: float) -> None:
    if result.low is None or result.high is None:
        tally.refused += 1
    else:
        tally.add(result.low, result.high, truth, ideal)


def _line(source: Source, tallies: dict[str, Tally]) -> None:
    slope = -0.01
    design = np.column_stack((source.ones, source.t))
    ideal = source.ideal(design)
    series = source.draw(slope * source.t)
    fitting = Fitting.of_line(series)
    _add(tallies["parts"], parts(series).mean, slope, ideal)
    _add(tallies["line"], fitting.line(), slope, ideal)
    _add(tallies["gls"], fitting.generalised(), slope, ideal)
    mass, total = fitting.mass_point(), fitting.total_time()
    _add(tallies["mass-point"], mass, slope, ideal)
    _add(tallies["total-time"], total, slope, ideal)
    percent = -slope / LEVEL_PA * 8.64e6
    for name, result, key in (
        ("mass-point UCL, customary", mass, "ucl95_pct_day"),
        ("mass-point UCL, this noise", mass, "noise_ucl95_pct_day"),
        ("total-time UCL, customary", total, "ucl95_pct_day"),
    ):
        # the level at the start is drawn with the noise: a part in 10^6 of the rate
        tallies[name].add(-math.inf, result.details[key], percent)


def _exponential(source: Source, tallies: dict[str, Tally]) -> None:
    rate, size, length = 0.5 / HOUR_S, LEVEL_PA, float(source.t[-1] - source.t[0])
    since = source.t - source.t[0]
    series = source.draw(size * np.expm1(-rate * since))
    truth = size * math.expm1(-rate * length) / length
    ideal = source.ideal(np.column_stack((source.ones, source.t)))
    _add(tallies["exponential"], exponential(series, 0.0), truth, ideal)


def _outgassing(source: Source, tallies: dict[str, Tally]) -> None:
    tau, slope = 0.15 * HOUR_S, 0.01
    column = -np.expm1(-source.t / tau)
    ideal = source.ideal(np.column_stack((source.ones, source.t, column)))
    big = 40 * ideal * HOUR_S
    result = with_outgassing(source.draw(slope * source.t + big * column))
    _add(tallies["outgassing"], result, slope, ideal)


def _repair(source: Source, tallies: dict[str, Tally]) -> None:
    half = source.t[N // 2] - source.bin_s / 2
    early = (source.t < half).astype(float)
    late = 1 - early
    since = source.t - half
    design = np.column_stack((early, early * since, late, late * since))
    u = source.ideal(design) / 1.96
    before, after = -12 * u, -3 * u
    series = source.draw(before * early * since + after * late * since)
    cut = compared(series, half).cut
    # to first order: u of the ratio, in per cent
    ideal = 1.96 * 100 * math.hypot(1.0, 0.25) / 12
    _add(tallies["repair, cut in %"], cut, 75.0, ideal)


def _false_alarms(source: Source, tallies: dict[str, Tally]) -> None:
    found = changes(source.draw(-0.01 * source.t))
    tallies["change points: none found"].add(0.0, 0.0, float(len(found) > 0))


def _day(source: Source, tallies: dict[str, Tally]) -> None:
    slope = -1e-4
    series = source.draw(slope * source.t)
    design = np.column_stack((source.ones, source.t, diurnal.columns(series)))
    wave = 100 * np.sin(2 * np.pi * source.t / DAY_S + 0.7)
    day = Series(series.position, series.bin_s, series.share, series.p_pa, series.temperature_k,
                 series.y_pa + wave)  # fmt: skip
    _add(tallies["diurnal"], diurnal.with_day(day), slope, source.ideal(design))


ROWS = (
    "parts", "line", "gls", "mass-point", "total-time", "mass-point UCL, customary",
    "mass-point UCL, this noise", "total-time UCL, customary", "exponential", "outgassing",
    "repair, cut in %", "change points: none found", "diurnal",
)  # fmt: skip
_HOURLY: tuple[Callable[[Source, dict[str, Tally]], None], ...] = (
    _line, _exponential, _outgassing, _repair, _false_alarms,
)  # fmt: skip


def measure(case: str, trials: int, seed: int) -> dict[str, Tally]:
    """All methods under one noise."""
    rng = np.random.default_rng([seed, *case.encode()])
    tallies = {row: Tally() for row in ROWS}
    hour = Source(noises(HOUR_S)[case], HOUR_S, rng)
    days = Source(noises(3 * DAY_S)[case], 3 * DAY_S, rng)
    for _ in range(trials):
        for method in _HOURLY:
            method(hour, tallies)
        _day(days, tallies)
    return tallies


def table(found: dict[str, dict[str, Tally]]) -> Iterator[str]:
    """The rows of the page: methods down, noises across."""
    yield "| method | " + " | ".join(found) + " |"
    yield "|---" * (len(found) + 1) + "|"
    for row in ROWS:
        yield f"| {row} | " + " | ".join(tallies[row].text() for tallies in found.values()) + " |"


@click.command()
@click.option("--trials", default=200, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--only", default="", help="One noise.")
def main(trials: int, seed: int, only: str) -> None:
    """Print coverage in per cent, and mean half-width over that of the best with known noise."""
    cases = [only] if only else list(noises(HOUR_S))
    for line in table({case: measure(case, trials, seed) for case in cases}):
        click.echo(line)


if __name__ == "__main__":
    main()
