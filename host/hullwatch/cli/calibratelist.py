"""`hullwatch calibrate list`: what is calibrated, until when, and what is missing."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hullwatch.calibration import Behind, Book, Standing, State
from hullwatch.cli import figures
from hullwatch.cli.calibrating import node_of
from hullwatch.cli.options import MOMENT, db_option, json_option, print_json
from hullwatch.cli.standingview import row_object, standing_object
from hullwatch.errors import InputError
from hullwatch.store import Reader


@click.command("list", epilog="Example: hullwatch calibrate list --db jar.db --at 2026-03-01")
@db_option()
@click.option("--node", default=None, help="Only this node.")
@click.option("--at", type=MOMENT, default=None, help="A date, instead of now.")
@click.option("--all", "every", is_flag=True, help="Also what newer ones have superseded.")
@json_option
def command(db: Path, node: str | None, at: int | None, every: bool, as_json: bool) -> None:
    """Show for every kind of calibration what is in force, expired or missing.

    The noise profile is the node's own: it is kept there, and in its PROFILE records.
    """
    at_us = time.time_ns() // 1000 if at is None else at
    with Reader.open(db) as reader:
        nodes = [node_of(reader, node)] if node else [row.node for row in reader.nodes()]
        if not nodes:
            raise InputError(f"{db} has no node", "log one first: hullwatch log")
        found = [_now(reader, known, at_us) for known in nodes]
        rows = [row for known in nodes for row in reader.calibrations(known)] if every else []
    if as_json:
        objects = [_object(behind, one) for behind in found for one in behind.standings]
        print_json({
            "at": figures.utc(at_us), "standings": objects, "all": [row_object(row) for row in rows]
        })  # fmt: skip
        return
    table = Table()
    for name in ("node", "kind", "state", "value ± 2 u", "until", "certificate", "remark"):
        table.add_column(name)
    for behind in found:
        for one in behind.standings:
            table.add_row(*_cells(behind, one))
    Console().print(table)
    for row in rows:
        click.echo(
            f"{figures.utc(row.calibrated_utc_us)} {row.node} {row.kind} {row.value:.8g} "
            f"± {row.u:.2g} {row.unit} (k = 1), {row.method}"
        )


def _now(reader: Reader, node: str, at_us: int) -> Behind:
    """With the volume of the newest configuration, whenever that was."""
    newest = reader.configs(node, 1)
    epoch, number = (newest[-1].epoch, newest[-1].number) if newest else (0, None)
    return Book(reader, node).behind(epoch, number, at_us)


def _remark(behind: Behind, one: Standing) -> str:
    """Whether the node measures with the calibrated volume."""
    return behind.remark if one.kind == "volume" and one.row is not None else ""


def _cells(behind: Behind, one: Standing) -> tuple[str, ...]:
    row = one.row
    if row is None:
        return one.node, one.kind, one.state.value, "", "", "", ""
    colour = "red" if one.state is State.EXPIRED else "green"
    value = figures.with_uncertainty(row.value, 2 * row.u, row.unit)
    return (
        one.node, one.kind, f"[{colour}]{one.state.value}[/]", value, one.ended, row.certificate,
        _remark(behind, one),
    )  # fmt: skip


def _object(behind: Behind, one: Standing) -> dict[str, object]:
    return {"node": one.node, **standing_object(one), "remark": _remark(behind, one)}
