"""Pictures of a report as SVG, legible in grey print. The same data give the same bytes."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hullwatch.errors import MissingCapability

if TYPE_CHECKING:
    from hullwatch.analysis.whole import Analysis
    from hullwatch.assess import Assessment
    from hullwatch.store import RawSamples, WindowRow

_HOUR_S, _DAY_S = 3600.0, 86400.0
_INCHES = (7.2, 3.6)
_STYLE = {
    "svg.hashsalt": "hullwatch", "svg.fonttype": "path", "axes.grid": True, "grid.color": "0.9",
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False,
    "figure.constrained_layout.use": True, "axes.formatter.useoffset": True,
    "path.simplify": True,
}  # fmt: skip
_SHADES = {
    "fill": "0.80",
    "evacuate": "0.80",
    "stabilise": "0.92",
    "measure": "1.0",
    "vent": "0.86",
}
_MOST = 4000
"""Points of one line: a page has no more columns."""

Drawer = Callable[[Any], None]


def drawn(drawers: Mapping[str, Drawer], tall: Sequence[str] = ()) -> dict[str, str]:
    """SVG by title; those in `tall` get half as much again in height.

    MissingCapability without matplotlib.
    """
    try:
        matplotlib = importlib.import_module("matplotlib")
        figure_of = importlib.import_module("matplotlib.figure").Figure
    except ImportError as error:
        raise MissingCapability(
            "a report's pictures need matplotlib", "pip install 'hullwatch[report]'"
        ) from error
    found = {}
    with matplotlib.rc_context(_STYLE):
        for title, drawer in drawers.items():
            width, height = _INCHES
            figure = figure_of(figsize=(width, height * (1.5 if title in tall else 1)))
            drawer(figure)
            out = io.StringIO()
            figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
            found[title] = out.getvalue()[out.getvalue().index("<svg") :]
    return found


def of_measurement(
    found: Assessment, windows: Sequence[WindowRow], limit: float | None
) -> dict[str, str]:
    """Decay with fit and residuals, rates over time, temperature, Allan deviation."""
    a = found.analysis
    drawers: dict[str, Drawer] = {"Pressure at T_ref, with the rate quoted": lambda f: decay(f, a)}
    if windows:
        drawers["Leak rate by the node's windows, with 95 % intervals"] = lambda f: rates(
            f, windows, limit
        )
    drawers["Temperature"] = lambda f: temperature(f, a)
    if a.allan:
        drawers["Allan deviation of the pressure at T_ref"] = lambda f: allan(f, a)
    return drawn(drawers, tall=("Pressure at T_ref, with the rate quoted",))


def of_test(
    raw: RawSamples, phases: Sequence[Mapping[str, Any]], opinion: Assessment | None
) -> dict[str, str]:
    """The whole test with its phases, then the measuring phase as the host sees it."""
    drawers: dict[str, Drawer] = {}
    if len(raw.sample):
        drawers["The test: pressure and temperature through its phases"] = lambda f: course(
            f, raw, phases
        )
    tall = ["The test: pressure and temperature through its phases"]
    if opinion is not None:
        a = opinion.analysis
        tall.append("The measuring phase: pressure at T_ref, with the host's rate")
        drawers[tall[-1]] = lambda f: decay(f, a)
        if a.allan:
            drawers["Allan deviation of the pressure at T_ref"] = lambda f: allan(f, a)
    return drawn(drawers, tall)


def of_batch(tests: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Every rate with its guard band against its limit, in order of the tests."""
    shown = [test for test in tests if test["value"] is not None]
    if not shown:
        return {}
    return drawn({"Leak rates with guard bands, in order of the tests": lambda f: parts(f, shown)})


def parts(figure: Any, tests: Sequence[Mapping[str, Any]]) -> None:
    """A marker for each verdict, so that grey print tells them apart."""
    ax = figure.subplots()
    markers = {"PASS": "o", "FAIL": "X", "GROSS": "s", "RETEST": "^", "INVALID": "v"}
    for verdict, marker in markers.items():
        own = [(k + 1, test) for k, test in enumerate(tests) if test["verdict"] == verdict]
        if own:
            ax.errorbar(
                [k for k, _ in own], [test["value"] for _, test in own],
                [test["guard"] or 0.0 for _, test in own], fmt=marker, color="0.2",
                markerfacecolor="white" if verdict == "PASS" else "0.2", markersize=4.5,
                elinewidth=0.8, label=verdict,
            )  # fmt: skip
    limits = [test["limit"] for test in tests]
    ax.step(range(1, len(tests) + 1), limits, "k--", where="mid", linewidth=1, label="limit")
    ax.set_xlabel("test")
    ax.set_ylabel("leak rate, Pa·m³/s")
    _legend(figure, ax)


def scale_of(length_s: float) -> tuple[float, str]:
    """(seconds in a unit of the time axis, its name)."""
    if length_s > 3 * _DAY_S:
        return _DAY_S, "days"
    return (_HOUR_S, "hours") if length_s > 2 * _HOUR_S else (1.0, "seconds")


def _gaps_as_gaps(t: Any, *columns: Any) -> list[Any]:
    """With a NaN where more than two steps are missing: no line is drawn through a gap."""
    steps = np.diff(t)
    at = np.flatnonzero(steps > 2.5 * np.median(steps)) + 1 if len(t) > 2 else np.array([], int)
    return [np.insert(np.asarray(column, float), at, np.nan) for column in (t, *columns)]


def _thinned(raw: RawSamples, values: Any) -> tuple[Any, Any]:
    """Time in s and values, the smallest and largest of each of at most `_MOST`/2 stretches."""
    t = raw.due_us / 1e6
    if len(t) <= _MOST:
        return t, values
    edges = np.linspace(0, len(t), _MOST // 2 + 1).astype(int)[:-1]
    low, high = np.minimum.reduceat(values, edges), np.maximum.reduceat(values, edges)
    return np.repeat(t[edges], 2), np.stack([low, high], axis=1).ravel()


def _legend(figure: Any, ax: Any) -> None:
    """Above the axes, where nothing lies under it."""
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=len(labels), frameon=False)


def decay(figure: Any, a: Analysis) -> None:
    """Normalised pressure with its line, and what is left over."""
    scale, unit = scale_of(a.series.length_s)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    s = a.series
    inside = (s.t_s >= a.stretch_s[0]) & (s.t_s <= a.stretch_s[1])
    top.plot(s.t_s / scale, s.y_pa, ".", color="0.5", markersize=3, label="means of samples")
    slope = a.best.value
    if slope is not None and inside.any():
        if a.chamber.volume_m3 is not None:
            slope = -slope / a.chamber.volume_m3
        t, y = s.t_s[inside], s.y_pa[inside]
        line = y.mean() + slope * (t - t.mean())
        top.plot(t / scale, line, "-", color="black", linewidth=1.2, label=f"by {a.best.name}")
        bottom.plot(t / scale, y - line, ".", color="0.3", markersize=3)
    for ax in (top, bottom):
        for mark in a.changes:
            ax.axvline(mark.at_s / scale, color="0.3", linestyle=":", linewidth=1)
        for repair in a.repairs:
            ax.axvline(repair.at_s / scale, color="black", linestyle="--", linewidth=1)
    top.set_ylabel("pressure, Pa")
    bottom.set_ylabel("residual, Pa")
    bottom.set_xlabel(f"{unit} after the start")
    _legend(figure, top)


def rates(figure: Any, windows: Sequence[WindowRow], limit: float | None) -> None:
    """Every window as a bar of its interval; hollow where the interval is of the noise alone."""
    ax = figure.subplots()
    boots = list(dict.fromkeys((row.epoch, row.boot) for row in windows))
    origin = dict.fromkeys(boots, 0.0)
    end = 0.0
    for key in boots:
        own = [row for row in windows if (row.epoch, row.boot) == key]
        origin[key] = end - own[0].first_device_ms / 1e3
        end += (own[-1].first_device_ms - own[0].first_device_ms) / 1e3 + own[-1].window_s
    scale, unit = scale_of(end)
    for whole, face in ((True, "black"), (False, "white")):
        rows = [r for r in windows if r.u95_kind.startswith("noise_only") != whole]
        if not rows:
            continue
        t = np.array([
            origin[r.epoch, r.boot] + r.first_device_ms / 1e3 + r.window_s / 2 for r in rows
        ]) / scale  # fmt: skip
        value = np.array([r.leak_rate_pa_m3_s for r in rows])
        half = np.array([r.u95_pa_m3_s or 0.0 for r in rows])
        ax.errorbar(
            t, value, half, fmt="o", color="0.25", markerfacecolor=face, markersize=3,
            elinewidth=0.8, label="whole interval" if whole else "interval of the noise alone",
        )  # fmt: skip
    if limit is not None:
        ax.axhline(limit, color="black", linestyle="--", linewidth=1, label="limit")
    ax.axhline(0, color="0.5", linewidth=0.8)
    ax.set_ylabel("leak rate, Pa·m³/s")
    ax.set_xlabel(f"{unit} (windows of {windows[0].window_s:g} s; boots follow each other)")
    _legend(figure, ax)


def temperature(figure: Any, a: Analysis) -> None:
    """Of the thermometer that the pressure is normalised with."""
    scale, unit = scale_of(a.series.length_s)
    ax = figure.subplots()
    t, kelvin = _gaps_as_gaps(a.series.t_s, a.series.temperature_k)
    ax.plot(t / scale, kelvin, "-", color="0.3", linewidth=1)
    ax.set_ylabel("temperature, K")
    ax.set_xlabel(f"{unit} after the start")


def methods(figure: Any, a: Analysis) -> None:
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


def allan(figure: Any, a: Analysis) -> None:
    """Deviation by averaging time with 95 % limits, and the noise model through it."""
    ax = figure.subplots()
    points = [p for p in a.allan if p.deviation_pa > 0]
    lag = np.array([p.lag_s for p in points])
    bars = [[max(0.0, p.deviation_pa - p.low_pa), p.high_pa - p.deviation_pa] for p in points]
    if points:
        ax.errorbar(
            lag, [p.deviation_pa for p in points], np.array(bars).T, fmt="o", color="0.3",
            markersize=3.5, elinewidth=0.8, label="measured, 95 %",
        )  # fmt: skip
        ax.set_xscale("log")
        ax.set_yscale("log")
        if a.noise is not None and a.noise.noise.parts.any():
            grid = np.geomspace(lag[0], lag[-1], 100)
            model = np.sqrt([a.noise.noise.allan_variance(float(one)) for one in grid])
            ax.plot(grid, model, "-", color="black", linewidth=1, label="noise model")
        _legend(figure, ax)
    ax.set_xlabel("averaging time, s")
    ax.set_ylabel("Allan deviation, Pa")


def course(figure: Any, raw: RawSamples, phases: Sequence[Mapping[str, Any]]) -> None:
    """Pressure and temperature as measured, over shades that name the phases."""
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    start = float(raw.due_us[0]) / 1e6
    for ax, values in ((top, raw.p_q8 / 256.0), (bottom, raw.t_q16 / 65536.0)):
        t, y = _thinned(raw, values)
        t, y = _gaps_as_gaps(t, y) if len(raw.sample) <= _MOST else (t, y)
        ax.plot(t - start, y, "-", color="0.15", linewidth=1)
    times = raw.due_us / 1e6 - start
    last = float(times[-1])
    for phase in phases:
        at = np.searchsorted(raw.sample, (phase["first"], phase["past"]))
        begin, end = (float(one) for one in times[np.minimum(at, len(times) - 1)])
        for ax in (top, bottom):
            ax.axvspan(begin, end, color=_SHADES.get(phase["name"], "0.95"), zorder=0, linewidth=0)
        wide = end - begin > 0.12 * last  # the name of a short one stands upright inside
        top.text(
            begin, 1.02 if wide else 0.06, f" {phase['name']}", fontsize=8, va="bottom",
            rotation=0 if wide else 90, transform=top.get_xaxis_transform(),
        )  # fmt: skip
    top.set_ylabel("pressure, Pa")
    bottom.set_ylabel("temperature, K")
    bottom.set_xlabel("seconds after filling began")
