"""`hullwatch vigil`: is it getting worse, has it stopped, is it back, and is anyone watching."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hullwatch.cli import figures
from hullwatch.cli.calibrating import node_of
from hullwatch.cli.options import DURATION, MOMENT, db_option, json_option, print_json
from hullwatch.cli.readings import leak_rate
from hullwatch.errors import InputError
from hullwatch.store import Reader
from hullwatch.vigil import ChamberVigil, Criteria, NodeVigil, assess
from hullwatch.vigil.ratingtable import load_table, shipped_text

ALARM = 61
"""Exit code when a chamber asks for people."""

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(
    "vigil",
    epilog='Example: hullwatch vigil --db station.db --window 24h --limit "1e-5 Pa·m³/s at 20C"',
)
@db_option()
@click.option("--node", default=None, help="Only this node.")
@click.option("--window", type=DURATION, default=None, help="Length of the windows to follow.")
@click.option("--limit", default=None, help="Rate below which a leak has ceased.")
@click.option("--cease", type=DURATION, default=None, help="For how long it must stay below.")
@click.option("--drive", type=click.IntRange(0), default=None, help="Least driving pressure, Pa.")
@click.option("--learn", type=click.IntRange(2), default=None, help="Windows of a baseline.")
@click.option("--missing", type=DURATION, default=None, help="Longest time without a window.")
@click.option("--recheck", type=DURATION, default=None, help="Longest time without a known leak.")
@click.option("--ratings", type=_FILE, default=None, help="Your rating table.")
@click.option("--print-ratings", is_flag=True, help="Print the shipped table and end.")
@click.option("--at", type=MOMENT, default=None, help="As of this time.  [default: now]")
@click.option("--watch", type=DURATION, default=None, help="Again and again at this interval.")
@json_option
@click.pass_context
def command(
    context: click.Context, /, db: Path, node: str | None, ratings: Path | None,
    print_ratings: bool, at: int | None, watch: float | None, as_json: bool, **given: Any,
) -> None:  # fmt: skip
    """Follow the trend of every chamber from what is stored: states, proofs, alarms, rating.

    Criteria are the node's own (trend_s and the like) unless named here. Ends with 61 when
    there is an alarm: RISING, DOUBLED, RESURGED, a missing check, parties that disagree.
    """
    if print_ratings:
        click.echo(shipped_text(), nl=False)
        return
    if at is not None and watch is not None:
        raise InputError("--at is one moment, --watch goes on", "give one of the two")
    table = load_table(ratings)
    while True:
        now_us = time.time_ns() // 1000 if at is None else at
        with Reader.open(db) as reader:
            chosen = node_of(reader, node) if node else None
            criteria = _criteria(reader, chosen, given)
            found = assess(reader, now_us, chosen, criteria, table)
        _tell(found, now_us, as_json)
        if watch is None:
            break
        time.sleep(watch)
    if any(chamber.alarm for chamber in found):
        context.exit(ALARM)


def _criteria(reader: Reader, node: str | None, given: dict[str, Any]) -> Criteria | None:
    """The criteria asked for, None when nothing was named."""
    from hullwatch.vigil.windows import criteria_of

    names = {
        "window": "window_s", "cease": "cease_s", "drive": "drive_pa", "learn": "learn",
        "missing": "missing_s", "recheck": "recheck_s",
    }  # fmt: skip
    changes: dict[str, Any] = {
        field: round(given[name]) for name, field in names.items() if given[name] is not None
    }
    nodes = [node] if node else [row.node for row in reader.nodes()]
    own = [found for name in nodes if (found := criteria_of(reader, name)) is not None]
    if given["limit"] is not None:
        configs = reader.configs(node, 1)
        t_ref_k = configs[-1].t_ref_k if configs else 293.15
        changes["cease_limit_pa_m3_s"] = leak_rate(given["limit"], t_ref_k, need_u=False).value
    return replace(own[0] if own else Criteria(), **changes) if changes else None


def _tell(found: tuple[ChamberVigil, ...], now_us: int, as_json: bool) -> None:
    if as_json:
        print_json({"at": figures.utc(now_us), "chambers": [_object(one) for one in found]})
        return
    if not found:
        click.echo("no node is in this database")
    console = Console()
    for chamber in found:
        console.print(f"[bold]{chamber.chamber}[/]: [bold]{chamber.state}[/]", highlight=False)
        for vigil in chamber.nodes:
            _show(console, vigil)
        if chamber.confirmation.words:
            verdict = chamber.confirmation.verdict or "not confirmed"
            click.echo(f"  second party: {verdict}; {chamber.confirmation.words}")
        if chamber.rating is not None:
            rating = chamber.rating
            click.echo(
                f"  rating: {rating.rating} ({rating.why}; {rating.table}, {rating.version})"
            )
        for alarm in chamber.alarms:
            console.print(f"  [red]ALARM[/] {alarm}", highlight=False)


def _show(console: Console, vigil: NodeVigil) -> None:
    rate = "no window"
    if vigil.rate_pa_m3_s is not None and vigil.t_ref_k is not None:
        value = figures.with_uncertainty(vigil.rate_pa_m3_s, vigil.u95_pa_m3_s, figures.LEAK_UNIT)
        rate = f"{value} {figures.reference(vigil.t_ref_k)}"
    length = figures.length(vigil.criteria.window_s)
    console.print(
        f"  {vigil.node}: {vigil.state}, {rate}; {vigil.windows} windows of {length}, "
        f"{vigil.masked} masked by marks, {vigil.ignored} unusable",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    proof = vigil.proof
    console.print(
        f"  proof of cessation: {proof.quiet_s / 86400:.1f} of {proof.asked_s / 86400:.1f} d below "
        f"{proof.limit_pa_m3_s:.3g} {figures.LEAK_UNIT}, known leak "
        f"{'recovered' if proof.known_leak else 'not recovered'}",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    if vigil.doubling is not None:
        high = "∞" if vigil.doubling.high_s is None else f"{vigil.doubling.high_s / 86400:.0f}"
        times = (
            f"{vigil.doubling.time_s / 86400:.0f} d [{vigil.doubling.low_s / 86400:.0f}, {high}]"
        )
        console.print(f"  doubling time {times}", highlight=False)
    table = Table()
    for name in ("when, UTC", "from", "to", "why"):
        table.add_column(name)
    for call in vigil.calls:
        table.add_row(figures.utc(call.utc_us), call.old, call.new, call.words)
    if vigil.calls:
        console.print(table)


def _object(chamber: ChamberVigil) -> dict[str, object]:
    return {**_told(asdict(chamber)), "alarm": chamber.alarm}


def _told(value: Any) -> Any:
    """Times in µs as ISO 8601 under a name without its unit."""
    if isinstance(value, dict):
        return {
            key.removesuffix("_utc_us") if key != "utc_us" else "utc": (
                figures.utc(one) if key.endswith("utc_us") else _told(one)
            )
            for key, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [_told(one) for one in value]
    return value
