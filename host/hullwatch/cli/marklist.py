"""`hullwatch mark list`, and how a mark is shown everywhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hullwatch.cli import figures
from hullwatch.cli.calibrating import node_of
from hullwatch.cli.options import db_option, json_option, print_json
from hullwatch.store import MarkRow, Reader


def span(mark: MarkRow) -> str:
    """Its moment, or from … to, UTC."""
    start, end = figures.utc(mark.from_utc_us) or "", figures.utc(mark.to_utc_us) or ""
    return start if start == end else f"{start} … {end}"


def about(mark: MarkRow) -> str:
    """Whom it is about."""
    return mark.node or (f"chamber {mark.chamber}" if mark.chamber else "all")


def line(mark: MarkRow) -> str:
    """One mark in one line."""
    what = f"{mark.label} of mark {mark.revokes}" if mark.revokes is not None else mark.label
    return f"{what}, {about(mark)}, {span(mark)}: {_words(mark)}"


def _words(mark: MarkRow) -> str:
    if mark.rate_pa_m3_s is None or mark.t_ref_k is None:
        return mark.text
    rate = figures.with_uncertainty(mark.rate_pa_m3_s, mark.u_pa_m3_s, figures.LEAK_UNIT)
    return f"{rate} (k = 1) {figures.reference(mark.t_ref_k)}, {mark.text}"


def as_object(mark: MarkRow) -> dict[str, object]:
    """As JSON: times as ISO 8601, all else as stored."""
    rest = {key: value for key, value in asdict(mark).items() if not key.endswith("_utc_us")}
    return {
        **rest,
        "from": figures.utc(mark.from_utc_us),
        "to": figures.utc(mark.to_utc_us),
        "entered": figures.utc(mark.entered_utc_us),
    }


@click.command("list", epilog="Example: hullwatch mark list --db station.db --all")
@db_option()
@click.option("--node", default=None, help="Only those about this node.")
@click.option("--all", "every", is_flag=True, help="Also revoked ones and revocations.")
@json_option
def command(db: Path, node: str | None, every: bool, as_json: bool) -> None:
    """List the marks in order of their time."""
    with Reader.open(db) as reader:
        marks = reader.marks(node_of(reader, node) if node else None, every)
    if as_json:
        print_json({"marks": [as_object(mark) for mark in marks]})
        return
    if not marks:
        click.echo(f"{db}: no marks")
        return
    table = Table()
    for name in ("mark", "about", "when, UTC", "what", "entered", "by"):
        table.add_column(name)
    for mark in marks:
        style = "dim strike" if mark.revoked_by is not None else ""
        entered = figures.utc(mark.entered_utc_us) or ""
        table.add_row(
            mark.label, about(mark), span(mark), _words(mark), entered, mark.entered_by, style=style
        )
    Console().print(table)
