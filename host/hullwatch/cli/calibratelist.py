"""`hullwatch calibrate list`: what is calibrated, until when, and what is missing."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hullwatch.calibration import Standing, State, standings
from hullwatch.cli import figures
from hullwatch.cli.calibrating import node_of
from hullwatch.cli.options import MOMENT, db_option, json_option, print_json
from hullwatch.errors import InputError
from hullwatch.store import CalibrationRow, ConfigRow, Reader

_SAME = 1e-6  # a node counts µL and the store has all digits: more than that is another volume


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
        found = [state for known in nodes for state in standings(reader, known, at_us)]
        configs = {known: reader.configs(known, 1) for known in nodes}
        rows = [row for known in nodes for row in reader.calibrations(known)] if every else []
    if as_json:
        objects = [_object(state, configs[state.node]) for state in found]
        print_json({"at": figures.utc(at_us), "standings": objects, "all": list(map(_row, rows))})
        return
    table = Table()
    for name in ("node", "kind", "state", "value ± 2 u", "until", "certificate", "remark"):
        table.add_column(name)
    for state in found:
        table.add_row(*_cells(state, configs[state.node]))
    Console().print(table)
    for row in rows:
        click.echo(
            f"{figures.utc(row.calibrated_utc_us)} {row.node} {row.kind} {row.value:.8g} "
            f"± {row.u:.2g} {row.unit} (k = 1), {row.method}"
        )


def _remark(state: Standing, configs: list[ConfigRow]) -> str:
    """Whether the node measures with the calibrated volume."""
    if state.kind != "volume" or state.row is None or not configs:
        return ""
    used = configs[-1].volume_m3
    if abs(used - state.row.value) <= _SAME * state.row.value + 1e-9:
        return ""
    return f"the node uses {used:.7g} m³"


def _cells(state: Standing, configs: list[ConfigRow]) -> tuple[str, ...]:
    row = state.row
    if row is None:
        return state.node, state.kind, state.state.value, "", "", "", ""
    colour = "red" if state.state is State.EXPIRED else "green"
    value = figures.with_uncertainty(row.value, 2 * row.u, row.unit)
    return (
        state.node, state.kind, f"[{colour}]{state.state.value}[/]", value, state.ended,
        row.certificate, _remark(state, configs),
    )  # fmt: skip


def _object(state: Standing, configs: list[ConfigRow]) -> dict[str, object]:
    return {
        "node": state.node, "kind": state.kind, "state": state.state.value,
        "calibration": _row(state.row) if state.row else None,
        "remark": _remark(state, configs),
    }  # fmt: skip


def _row(row: CalibrationRow) -> dict[str, object]:
    times = {
        "calibrated": figures.utc(row.calibrated_utc_us),
        "valid_until": figures.utc(row.valid_until_utc_us),
        "recorded": figures.utc(row.recorded_utc_us),
    }
    kept = {k: v for k, v in asdict(row).items() if not k.endswith("_utc_us")}
    return kept | times | {"budget": json.loads(row.budget)}
