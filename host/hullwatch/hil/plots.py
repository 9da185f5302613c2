"""Plots of a report: SVG that stands inside the page, needs no file and no network."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

_STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9aa5b1",
    "axes.labelcolor": "#334e68",
    "xtick.color": "#627d98",
    "ytick.color": "#627d98",
    "svg.fonttype": "none",  # text stays text: half the size, and it can be searched
}
_BLUE, _RED, _GREEN, _GREY = "#2b6cb0", "#c53030", "#2f855a", "#829ab1"
_MARKS = "osD^v"


def course(node: dict[str, Any], salt: str) -> str:
    """Pressure and temperature above, leak rates with intervals and truth below.

    ``node``: one of `evidence.of_test`. ``salt`` makes the ids of the drawing its own.
    """
    seconds, pressure_pa, kelvin = node["pressure"]
    if not seconds:
        return ""
    unit_s, unit = _time_unit(seconds[-1])
    with mpl.rc_context({**_STYLE, "svg.hashsalt": salt}):
        tall = bool(node["windows"])
        figure = Figure(figsize=(13.0, 4.0 if tall else 1.9), layout="constrained")
        rows = figure.subplots(2 if tall else 1, 1, sharex=True, squeeze=False)[:, 0]
        upper = rows[0]
        at = [second / unit_s for second in seconds]
        upper.plot(at, [pa / 1000 for pa in pressure_pa], color=_BLUE, linewidth=0.9)
        upper.set_ylabel("pressure, kPa", color=_BLUE)
        upper.ticklabel_format(useOffset=False)
        warm = upper.twinx()
        warm.plot(at, [one - 273.15 for one in kelvin], color=_RED, linewidth=0.7, alpha=0.7)
        warm.set_ylabel("sensor, °C", color=_RED)
        warm.ticklabel_format(useOffset=False)
        if tall:
            _rates(rows[1], node["windows"], unit_s)
        rows[-1].set_xlabel(f"time of the node, {unit}")
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _rates(axes: Any, windows: list[Any], unit_s: float) -> None:
    """Windows of each length with their intervals; the truth in green where it is known."""
    lengths = sorted({row[0] for row in windows})
    # the interval of a short window would leave no room for the long ones
    shown = lengths[1:] if len(lengths) > 1 else lengths
    for mark, length in zip(_MARKS, shown, strict=False):
        rows = [row for row in windows if row[0] == length]
        axes.errorbar(
            [row[1] / unit_s for row in rows], [row[2] for row in rows],
            yerr=[row[3] or 0.0 for row in rows], fmt=mark, markersize=2.8, linewidth=0.7,
            color=(_BLUE, _GREY, _RED)[_MARKS.index(mark) % 3], label=_length(length),
        )  # fmt: skip
    known = [(row[1] / unit_s, row[4]) for row in windows if row[4] is not None]
    if known:
        axes.plot(*zip(*sorted(known), strict=True), color=_GREEN, linewidth=1.1, label="truth")
    axes.axhline(0.0, color=_GREY, linewidth=0.5)
    axes.set_ylabel("leak rate, Pa·m³/s")
    axes.ticklabel_format(axis="y", scilimits=(-2, 3))
    axes.legend(frameon=False, ncols=6, loc="lower right", bbox_to_anchor=(1.0, 0.97))


def _time_unit(end_s: float) -> tuple[float, str]:
    for unit_s, name, from_s in ((86400.0, "days", 172800.0), (3600.0, "h", 7200.0)):
        if end_s >= from_s:
            return unit_s, name
    return 1.0, "s"


def _length(seconds: float) -> str:
    for unit_s, name in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= unit_s:
            return f"{seconds / unit_s:g} {name}"
    return f"{seconds:g} s"
