"""An analysis as a table for people."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from hullwatch.assess.told import as_json
from hullwatch.cli import figures

if TYPE_CHECKING:
    from hullwatch.analysis.result import Result
    from hullwatch.analysis.whole import Analysis
    from hullwatch.assess import Assessment

__all__ = ["as_json", "show"]

_HOUR_S, _DAY_S = 3600.0, 86400.0


def show(found: Assessment, plots: Iterable[Path] = ()) -> None:
    """Print it."""
    a = found.analysis
    console = Console()
    click.echo(
        f"node {found.node} {found.name}".rstrip()
        + f": {found.samples:,} samples, {_length(a.series.length_s)}, {_when(found)}"
    )
    console.print(_table(a))
    click.echo(f"to quote: {_quoted(a)}")
    for flag in a.best.flags:
        click.echo(f"  {flag}")
    for line in (*_facts(a), *_events(found)):
        click.echo(line)
    for note in a.notes:
        click.echo(f"cannot say: {note}" if "not known" in note else f"note: {note}")
    for path in plots:
        click.echo(f"picture: {path}")


def _when(found: Assessment) -> str:
    if found.start_utc_us is None or found.past_utc_us is None:
        return "time of day unknown"
    return f"{figures.utc(found.start_utc_us)} to {figures.utc(found.past_utc_us)}"


def _length(seconds: float) -> str:
    if seconds >= 2 * _DAY_S:
        return f"{seconds / _DAY_S:.3g} days"
    return f"{seconds / _HOUR_S:.3g} h" if seconds >= 2 * _HOUR_S else f"{seconds:.4g} s"


def _table(a: Analysis) -> Table:
    unit = f"{a.unit} {figures.reference(a.chamber.t_ref_k)}"
    sign = "positive = gas lost" if a.unit == figures.LEAK_UNIT else "falling = negative"
    table = Table(title=f"rates, {unit} ({sign}), 95 %, noise part", title_justify="left")
    for name in ("method", "rate ± U", "k", "dof", "notes"):
        table.add_column(name, no_wrap=name != "notes")
    for method in a.methods:
        if method.value is None:
            table.add_row(method.name, "–", "", "", "; ".join(method.refusals))
            continue
        k = f"{method.k:.2f}" if method.k is not None else ""
        dof = f"{method.dof:.0f}" if method.dof and math.isfinite(method.dof) else "∞"
        table.add_row(
            method.name, figures.with_uncertainty(method.value, method.u95), k, dof, _own(method)
        )
    return table


def _own(method: Result) -> str:
    words = list(method.flags)
    d = method.details
    if "ucl95_pct_day" in d:
        words.append(f"{d['leak_pct_day']:.4g} %/day, customary UCL {d['ucl95_pct_day']:.4g}")
    if "naive_u95_pa_s" in d and method.u95:
        words.append(f"an ordinary fit claims ± {d['naive_u95_pa_s']:.2g} Pa/s")
    if "lambda_per_s" in d:
        words.append(f"λ = {d['lambda_per_s']:.4g} /s")
    if "tau_s" in d and not method.flags:
        words.append(f"settles with τ = {d['tau_s']:.3g} s, {d['amplitude_pa']:.3g} Pa")
    if "day_amplitude_pa" in d:
        words.append(f"day {d['day_amplitude_pa']:.3g} Pa")
    return ", ".join(words)


def _quoted(a: Analysis) -> str:
    if a.best.value is None:
        return "nothing: " + "; ".join(a.best.refusals)
    unit = f"{a.unit} {figures.reference(a.chamber.t_ref_k)}"
    value = figures.with_uncertainty(a.best.value, a.best.u95, unit)
    whole = "whole budget" if a.budget and a.budget.full else "noise only" if (
        a.budget is None or not a.budget.u_slope_pa_s
    ) else "budget with gaps"  # fmt: skip
    return f"{a.best.name}, {value} (95 %, k = {a.best.k:.2f}, {whole}): {a.why_best}"


def _facts(a: Analysis) -> list[str]:
    lines = []
    if a.budget is not None:
        shares = sorted(a.budget.budget.lines, key=lambda line: -line.contribution)
        told = [f"{x.quantity.name} {x.contribution:.2g}" for x in shares if x.contribution]
        lines.append(f"budget (u): {', '.join(told)} {a.unit}")
    if a.noise is not None:
        n = a.noise.noise
        lines.append(
            f"noise: white {n.white_pa2_s:.3g} Pa²·s, flicker {n.flicker_pa2:.3g} Pa²,"
            f" random walk {n.walk_pa2_s:.3g} Pa²/s"
        )
    if a.compensation is not None:
        lines.append(f"temperature compensation: {a.compensation.verdict}")
        lines += [f"  {cause}" for cause in a.compensation.causes]
    return lines


def _events(found: Assessment) -> list[str]:
    a, lines = found.analysis, []
    for change in a.changes:
        at = f"{_at(found, change.at_s)} [{_at(found, change.low_s)}, {_at(found, change.high_s)}]"
        if change.kind == "jump":
            lines.append(f"jump of {change.size_pa:.3g} Pa at {at}")
        else:
            lines.append(
                f"the slope changed at {at}:"
                f" {change.before_pa_s:.3g} → {change.after_pa_s:.3g} Pa/s"
            )
    lines += [f"{repair.said()} ({_at(found, repair.at_s)})" for repair in a.repairs]
    if a.reserve is not None:
        r = a.reserve
        lines.append(
            f"reserve to {r.limit_pa:.6g} Pa: {_time(r.linear.seconds)}, at least"
            f" {_time(r.linear.shortest_s)} (linear)"
        )
        if r.choked is None:
            lines.append(f"  no choked form: {r.why_not_choked}")
        else:
            lines.append(
                f"  {_time(r.choked.seconds)}, at least {_time(r.choked.shortest_s)} (choked)"
            )
    return lines


def _at(found: Assessment, seconds: float) -> str:
    if found.start_utc_us is None:
        return _length(seconds)
    at = datetime.fromtimestamp(found.start_utc_us / 1e6 + seconds, UTC)
    return at.strftime("%Y-%m-%d %H:%M")


def _time(seconds: float) -> str:
    return _length(seconds) if math.isfinite(seconds) else "never"
