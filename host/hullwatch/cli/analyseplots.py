"""Pictures of an analysis as SVG, drawn by matplotlib (extra `report`); legible in grey print."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hullwatch.errors import InputError, MissingCapability

if TYPE_CHECKING:
    from hullwatch.analysis.whole import Analysis
    from hullwatch.assess import Assessment

_HOUR_S, _DAY_S = 3600.0, 86400.0
_STYLE = {
    "svg.hashsalt": "hullwatch",  # the same picture for the same data, to the byte
    "svg.fonttype": "none", "axes.grid": True, "grid.color": "0.9", "font.size": 10,
    "axes.spines.top": False, "axes.spines.right": False, "figure.constrained_layout.use": True,
}  # fmt: skip


def draw(found: Assessment, folder: Path) -> list[Path]:
    """`pressure.svg`, `methods.svg`, `allan.svg` in a folder that is made; their paths.

    MissingCapability without matplotlib; InputError when the folder cannot be made or written.
    """
    try:
        matplotlib = importlib.import_module("matplotlib")
        figure_of = importlib.import_module("matplotlib.figure").Figure
    except ImportError as error:
        raise MissingCapability(
            "pictures need matplotlib", "pip install 'hullwatch[report]'"
        ) from error
    drawers = {"pressure": _pressure, "methods": _methods, "allan": _allan}
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with matplotlib.rc_context(_STYLE):
            for name, drawer in drawers.items():
                figure = figure_of(figsize=(8, 5))
                drawer(figure, found.analysis)
                paths.append(folder / f"{name}.svg")
                figure.savefig(paths[-1], metadata={"Date": None})
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}", "name a folder that can be made") from error
    return paths


def _scale(a: Analysis) -> tuple[float, str]:
    length = a.series.length_s
    if length > 3 * _DAY_S:
        return _DAY_S, "days"
    return (_HOUR_S, "hours") if length > 2 * _HOUR_S else (1.0, "seconds")


def _pressure(figure: Any, a: Analysis) -> None:
    """Normalised pressure with its line, and what is left over."""
    scale, unit = _scale(a)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    s = a.series
    inside = (s.t_s >= a.stretch_s[0]) & (s.t_s <= a.stretch_s[1])
    top.plot(s.t_s / scale, s.y_pa, ".", color="0.55", markersize=3, label="means of readings")
    slope = a.best.value
    if slope is not None and inside.any():
        if a.chamber.volume_m3 is not None:
            slope = -slope / a.chamber.volume_m3
        t, y = s.t_s[inside], s.y_pa[inside]
        line = y.mean() + slope * (t - t.mean())
        top.plot(t / scale, line, "-", color="black", linewidth=1.2, label=f"rate by {a.best.name}")
        bottom.plot(t / scale, y - line, ".", color="0.35", markersize=3)
    for ax in (top, bottom):
        for change in a.changes:
            ax.axvline(change.at_s / scale, color="0.3", linestyle=":", linewidth=1)
        for repair in a.repairs:
            ax.axvline(repair.at_s / scale, color="black", linestyle="--", linewidth=1)
    top.set_ylabel("pressure at T_ref, Pa")
    bottom.set_ylabel("left over, Pa")
    bottom.set_xlabel(f"{unit} after the start")
    top.legend(frameon=False)


def _methods(figure: Any, a: Analysis) -> None:
    """Each method with its interval."""
    axes = figure.subplots()
    shown = [m for m in a.methods if m.value is not None]
    names = [m.name.replace("_", " ") for m in shown] + [f"to quote: {a.best.name}"]
    for k, m in enumerate([*shown, a.best]):
        if m.value is None or m.low is None or m.high is None:
            continue
        bars = [[m.value - m.low], [m.high - m.value]]
        strong = k == len(shown)
        axes.errorbar(
            [m.value], [k], xerr=bars, fmt="s" if strong else "o", capsize=4,
            color="black" if strong else "0.4",
        )  # fmt: skip
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.ticklabel_format(axis="x", style="sci", scilimits=(-3, 4), useMathText=True)
    sign = "positive = gas lost" if a.chamber.volume_m3 is not None else "falling = negative"
    axes.set_xlabel(f"{a.unit} at {a.chamber.t_ref_k - 273.15:g} °C, 95 % intervals ({sign})")


def _allan(figure: Any, a: Analysis) -> None:
    """Allan deviation with its interval and the noise that was fitted."""
    axes = figure.subplots()
    lag = np.array([p.lag_s for p in a.allan])
    deviation = np.array([p.deviation_pa for p in a.allan])
    good = deviation > 0
    bars = np.array([[p.deviation_pa - p.low_pa, p.high_pa - p.deviation_pa] for p in a.allan])
    if good.any():
        axes.errorbar(
            lag[good], deviation[good], yerr=bars[good].T, fmt="o", color="0.4", capsize=3,
            markersize=4, label="measured, 95 %",
        )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        if a.noise is not None and a.noise.noise.parts.any():
            grid = np.geomspace(lag[good][0], lag[good][-1], 100)
            fitted = np.sqrt([a.noise.noise.allan_variance(float(x)) for x in grid])
            axes.plot(grid, fitted, "-", color="black", linewidth=1.2, label="fitted noise")
        axes.legend(frameon=False)
    axes.set_xlabel("averaging time, s")
    axes.set_ylabel("Allan deviation, Pa")
