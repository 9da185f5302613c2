"""`hullwatch gauge`: Gauge R&R of a table of readings."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hullwatch.analysis.gaugeintervals import Interval, Intervals, intervals
from hullwatch.analysis.gaugerr import (
    POOL_ABOVE,
    Components,
    Source,
    Variance,
    average_and_range,
    variance,
)
from hullwatch.analysis.gaugestudy import Reading, crossed, read_csv
from hullwatch.analysis.repeats import Repeatability, Repeats, repeatability
from hullwatch.cli.options import json_option, print_json
from hullwatch.errors import InputError

_GOOD, _BAD = 10, 30  # AIAG chapter II, guidelines for %GRR


@click.command("gauge", epilog="Example: hullwatch gauge study.csv --tolerance 2e-5")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--tolerance", type=float, help="Upper minus lower limit, in the unit of the values.")
@click.option(
    "--pool-above", type=click.FloatRange(0, 1), default=POOL_ABOVE, show_default=True,
    help="p above which the interaction of operators and parts is taken as none.",
)  # fmt: skip
@click.option("--blank", default=None, help="Part that is no part: what nothing reads.")
@json_option
def command(
    file: Path, tolerance: float | None, pool_above: float, blank: str | None, as_json: bool
) -> None:
    """Gauge R&R of FILE, a CSV with the columns part, operator, trial, value.

    Average-and-range and analysis of variance (AIAG, 4th edition), with 95 % intervals. With one
    operator: repeatability alone, its interval, and the blank.
    """
    if tolerance is not None and not tolerance > 0:
        raise InputError(f"a tolerance of {tolerance}", "upper minus lower limit, positive")
    readings = read_csv(file)
    if not readings:
        raise InputError(f"{file}: no readings", "one a line, below the names of the columns")
    if len({reading.operator for reading in readings}) == 1:
        _tell_repeats(repeatability(readings, blank), as_json)
        return
    apart = [reading for reading in readings if reading.part == blank]
    if blank is not None and not apart:
        raise InputError(f"{file}: no part {blank}", "--blank names one of the parts")
    _tell_study([r for r in readings if r.part != blank], apart, tolerance, pool_above, as_json)


def _tell_study(
    readings: list[Reading], apart: list[Reading], tolerance: float | None, pool_above: float,
    as_json: bool,
) -> None:  # fmt: skip
    study = crossed(readings)
    by_range, analysis = average_and_range(study), variance(study, pool_above)
    limits = intervals(analysis)
    nothing = sum(r.value for r in apart) / len(apart) if apart else None
    if as_json:
        print_json({
            "average_and_range": _object(by_range, tolerance),
            "anova": _object(analysis.components, tolerance)
            | {"pooled": analysis.pooled, "sources": [_source(s) for s in analysis.sources]},
            "interval95": asdict(limits),
            "blank_mean": nothing,
        })  # fmt: skip
        return
    console = Console()
    console.print(_variance_table(analysis))
    console.print(_components_table(by_range, analysis.components, limits))
    for line in _words(analysis.components, tolerance):
        click.echo(line)
    if nothing is not None:
        click.echo(f"blank: {nothing:.6g}, mean of {len(apart)}")


def _object(found: Components, tolerance: float | None) -> dict[str, object]:
    return {
        "ev": found.equipment, "av": found.appraiser, "interaction": found.interaction,
        "grr": found.gauge, "pv": found.part, "tv": found.total,
        "grr_percent": found.percent(found.gauge) if found.total else None,
        "grr_percent_of_tolerance": tolerance and found.percent_of_tolerance(tolerance),
        "ndc": found.categories,
    }  # fmt: skip


def _source(source: Source) -> dict[str, object]:
    return asdict(source) | {"mean_square": source.mean_square}


def _variance_table(analysis: Variance) -> Table:
    table = Table(title="analysis of variance", title_justify="left")
    for name in ("source", "dof", "sum of squares", "mean square", "F", "p"):
        table.add_column(name)
    shown = [*analysis.sources, *([analysis.error] if analysis.pooled else [])]
    for source in shown:
        table.add_row(
            source.name, str(source.dof), f"{source.squares:.6g}", f"{source.mean_square:.6g}",
            "" if source.f is None else f"{source.f:.3f}",
            "" if source.p is None else f"{source.p:.4f}",
        )  # fmt: skip
    return table


def _components_table(by_range: Components, found: Components, limits: Intervals) -> Table:
    table = Table(title="standard deviations", title_justify="left")
    for name in ("", "average and range", "ANOVA", "% of total", "95 % interval"):
        table.add_column(name)
    rows: tuple[tuple[str, float, float, Interval | None], ...] = (
        ("repeatability EV", by_range.equipment, found.equipment, limits.equipment),
        ("operators AV", by_range.appraiser, found.appraiser, None),
        ("operator × part", by_range.interaction, found.interaction, None),
        ("R&R", by_range.gauge, found.gauge, limits.gauge),
        ("parts PV", by_range.part, found.part, limits.part),
        ("total TV", by_range.total, found.total, None),
    )
    for name, ranged, value, limit in rows:
        interval = "" if limit is None else f"{limit[0]:.4g} … {limit[1]:.4g}"
        percent = f"{found.percent(value):.1f}" if found.total else "?"
        table.add_row(name, f"{ranged:.6g}", f"{value:.6g}", percent, interval)
    low, high = limits.gauge_percent
    table.caption = f"R&R in % of total: 95 % interval {low:.1f} … {high:.1f}"
    return table


def _words(found: Components, tolerance: float | None) -> list[str]:
    if not found.total:
        return ["nothing varies: the values are too coarse for a study"]
    percent = found.percent(found.gauge)
    verdict = "acceptable" if percent <= _GOOD else "to be improved"
    if _GOOD < percent <= _BAD:
        verdict = "acceptable for some uses"
    ndc = found.categories
    share = f"R&R is {percent:.1f} % of the total variation: {verdict}"
    lines = [
        f"{share} (AIAG: up to {_GOOD} % good, above {_BAD} % not)",
        f"distinct categories: {'any number' if ndc is None else ndc} (AIAG: 5 or more)",
    ]
    if tolerance is not None:
        lines.append(f"6 R&R is {found.percent_of_tolerance(tolerance):.1f} % of the tolerance")
    return lines


def _tell_repeats(found: Repeatability, as_json: bool) -> None:
    if as_json:
        print_json(asdict(found))
        return
    table = Table(title="repeatability, one operator", title_justify="left")
    for name in ("part", "n", "mean", "standard deviation", "95 % interval"):
        table.add_column(name)
    for part in found.parts:
        table.add_row(*_cells(part.part, part))
    low, high = found.sd95
    table.add_row("together", f"dof {found.dof}", "", f"{found.sd:.4g}", f"{low:.4g} … {high:.4g}")
    if found.blank is not None:
        table.add_row(*_cells(f"blank: {found.blank.part}", found.blank))
    Console().print(table)
    if found.within_blank:
        click.echo(f"not more than the blank: {', '.join(found.within_blank)}")


def _cells(name: str, part: Repeats) -> tuple[str, ...]:
    limits = "" if part.sd95 is None else f"{part.sd95[0]:.4g} … {part.sd95[1]:.4g}"
    sd = "" if part.sd is None else f"{part.sd:.4g}"
    return name, str(part.n), f"{part.mean:.6g}", sd, limits
