"""Coverage of slope intervals under simulated noise: the node's own integers, block by block.

One trial is one 1 h window at 1 Hz. A group is ten windows to learn the profile from and ten that
follow and are judged with it; groups are independent series, each with a real leak. "Calibrated"
is a profile learned from a hundred windows of its own, made anew for every twenty groups. Per
noise: coverage of the learned and the calibrated profile's interval, of the cold start (six
sub-window slopes), and of what an ordinary least-squares fit would claim.

    python tools/coverage_slope.py --groups 1000     10,000 trials a row, about a minute and a half
"""

from __future__ import annotations

from dataclasses import dataclass

import click
import numpy as np
from numpy.typing import NDArray

from hullcore.allan import AllanLevels
from hullcore.leakrate import resolution_ppa_s, slope_ppa_s
from hullcore.noisefit import NoiseProfile, fit
from hullcore.scatter import Scatter
from hullcore.slopeinterval import half_width
from hullcore.student import T95_SCALE, t95

PERIOD_US = 1_000_000
WINDOW = 3600
PARTS = 6
BLOCK = 4  # samples: the shortest lag
JUDGED = 10
GROUPS_PER_CALIBRATION = 20
SIGMA_PA = 0.2
LEAK_PA_S = -0.05
Q_EQ = 10 * SIGMA_PA**2 / WINDOW**2
"""Walk at which both terms of var(slope) are equal, Pa²/s, at 1 Hz."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Noise:
    """White (Pa rms a sample), walk (Pa²/s), flicker (Pa rms over an octave), resolution (Pa)."""

    name: str
    white_pa: float = 0.0
    walk_pa2_s: float = 0.0
    flicker_pa: float = 0.0
    lsb_pa: float = 1 / 64

    def series(self, rng: np.random.Generator, n: int) -> NDArray[np.int64]:
        """n samples in 1/256 Pa around 101325 Pa with the leak."""
        y = 101_325.0 + LEAK_PA_S * np.arange(n) + rng.normal(0, self.white_pa or 1e-12, n)
        if self.walk_pa2_s:
            y += np.cumsum(rng.normal(0, np.sqrt(self.walk_pa2_s), n))
        if self.flicker_pa:
            y += self.flicker_pa * _flicker(rng, n)
        lsb_q8 = round(self.lsb_pa * 256)
        return np.rint(y * 256 / lsb_q8).astype(np.int64) * lsb_q8


def _flicker(rng: np.random.Generator, n: int) -> Floats:
    """1/f noise, 1 rms in every octave whatever the length."""
    spectrum = rng.normal(size=n // 2 + 1) + 1j * rng.normal(size=n // 2 + 1)
    f = np.arange(n // 2 + 1, dtype=float)
    f[0] = np.inf
    # E|spectrum|² = 2 a bin, so an octave of bins holds 4·ln 2 / n² after the inverse transform
    return np.asarray(np.fft.irfft(spectrum / np.sqrt(f), n) * n / np.sqrt(4 * np.log(2)))


CASES = (
    Noise("white", SIGMA_PA),
    Noise("random walk", 0.0, 1e-3),
    Noise("q = 0.1 q_eq", SIGMA_PA, 0.1 * Q_EQ),
    Noise("q = q_eq", SIGMA_PA, Q_EQ),
    Noise("q = 10 q_eq", SIGMA_PA, 10 * Q_EQ),
    Noise("q = 100 q_eq", SIGMA_PA, 100 * Q_EQ),
    Noise("flicker, weak", SIGMA_PA, 0.0, 0.005),
    Noise("flicker, strong", SIGMA_PA, 0.0, 0.1),
    Noise("white, 10 Pa steps", SIGMA_PA, 0.0, 0.0, 10.0),
    Noise("walk 0.1 Pa²/s, 10 Pa steps", SIGMA_PA, 0.1, 0.0, 10.0),
)


@dataclass
class Counts:
    """Windows judged and windows covered, by interval."""

    judged: int = 0
    learned: int = 0
    calibrated: int = 0
    cold: int = 0
    naive: int = 0

    def share(self, name: str) -> float:
        """Coverage in per cent."""
        return 100.0 * int(getattr(self, name)) / self.judged


_J = np.arange(WINDOW)
_SJ = int(_J.sum())
_DEN = WINDOW * int((_J**2).sum()) - _SJ**2
_PART = WINDOW // PARTS
_JP = np.arange(_PART)
_DEN_P = _PART * int((_JP**2).sum()) - int(_JP.sum()) ** 2


def profile_of(y_q8: NDArray[np.int64]) -> NoiseProfile | None:
    """The node's profile of a series."""
    levels = AllanLevels()
    for total in y_q8.reshape(-1, BLOCK).sum(axis=1).tolist():
        levels.add(total, BLOCK)
    return fit(levels, BLOCK * PERIOD_US, WINDOW * PERIOD_US)


def _slope(y: NDArray[np.int64], j: NDArray[np.int64], den: int) -> int:
    n = len(y)
    return slope_ppa_s(n * int(j @ y) - int(j.sum()) * int(y.sum()), den, PERIOD_US)


def _cold(y: NDArray[np.int64], lsb_q8: int) -> int:
    scatter = Scatter()
    for part in y.reshape(PARTS, _PART):
        scatter.add(_slope(part, _JP, _DEN_P), 0)
    return max(scatter.half_width(), resolution_ppa_s(lsb_q8, WINDOW, PERIOD_US))


def _naive(y: NDArray[np.int64]) -> float:
    x = _J - _J.mean()
    v = y / 256.0
    b = float(x @ v) / float(x @ x)
    rss = float(((v - v.mean() - b * x) ** 2).sum())
    u = np.sqrt(rss / (WINDOW - 2) / float(x @ x))
    return float(t95(WINDOW - 2) / T95_SCALE * u * 1e12)


def measure(noise: Noise, groups: int, seed: int, calibration_windows: int = 100) -> Counts:
    """Run `groups` groups of one kind of noise."""
    rng = np.random.default_rng([seed, *noise.name.encode()])
    lsb_q8 = round(noise.lsb_pa * 256)
    calibrated = None
    truth = round(LEAK_PA_S * 1e12)
    counts = Counts()
    for group in range(groups):
        if group % GROUPS_PER_CALIBRATION == 0:
            calibrated = profile_of(noise.series(rng, calibration_windows * WINDOW))
        series = noise.series(rng, (10 + JUDGED) * WINDOW)
        learned = profile_of(series[: 10 * WINDOW])
        for y in series[10 * WINDOW :].reshape(JUDGED, WINDOW):
            error = abs(_slope(y, _J, _DEN) - truth)
            counts.judged += 1
            counts.learned += error <= _half(learned, lsb_q8)
            counts.calibrated += error <= _half(calibrated, lsb_q8)
            counts.cold += error <= _cold(y, lsb_q8)
            counts.naive += error <= _naive(y)
    return counts


def _half(profile: NoiseProfile | None, lsb_q8: int) -> int:
    return half_width(profile, WINDOW, _DEN, WINDOW, PERIOD_US, lsb_q8)[0] if profile else -1


@click.command()
@click.option("--groups", default=100, show_default=True, help="Ten judged windows each.")
@click.option("--seed", default=1, show_default=True)
def main(groups: int, seed: int) -> None:
    """Print the coverage table in per cent."""
    click.echo("| noise | trials | learned | calibrated | cold start | ordinary fit |")
    click.echo("|---|---|---|---|---|---|")
    for noise in CASES:
        counts = measure(noise, groups, seed)
        shares = " | ".join(
            f"{counts.share(name):.1f}" for name in ("learned", "calibrated", "cold", "naive")
        )
        click.echo(f"| {noise.name} | {counts.judged} | {shares} |")


if __name__ == "__main__":
    main()
