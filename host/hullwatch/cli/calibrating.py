"""What all calibrations share: their options, keeping the result, showing the budget."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from hullwatch.analysis.budget import Budget
from hullwatch.cli import config, figures
from hullwatch.cli.options import DEFAULT_DB, DURATION, MOMENT, json_option, print_json
from hullwatch.cli.paths import running_database
from hullwatch.cli.reach import through
from hullwatch.cli.storing import put_row
from hullwatch.control import requests
from hullwatch.control.wire import Message
from hullwatch.errors import InputError
from hullwatch.store import CalibrationRow, Reader, Store
from hullwatch.store.calibrations import KINDS

_YEAR = "365d"


@dataclass(frozen=True)
class Keeping:
    """The shared options."""

    db: Path
    node: str | None
    certificate: str
    instrument: str
    note: str
    valid_for: float
    date: int | None
    dry_run: bool
    as_json: bool


def kept(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of `Keeping`; the command takes them as ``**given``."""
    for option in reversed((
        click.option(
            "--db", type=click.Path(path_type=Path, dir_okay=False),
            default=lambda: running_database() or DEFAULT_DB,
            help="Database file.  [default: that of the running logger, else hullwatch.db]",
        ),
        click.option("--node", default=None, help="Node, when the database has several."),
        click.option("--certificate", default="", help="Number of the certificate behind it."),
        click.option("--instrument", default="", help="Reference used: maker, model, serial."),
        click.option("--note", default="", help="Anything else, such as who did it."),
        click.option(
            "--valid-for", type=DURATION, default=_YEAR, show_default=True, help="Validity."
        ),
        click.option("--date", type=MOMENT, default=None, help="When it was done.  [default: now]"),
        click.option("--dry-run", is_flag=True, help="Show the result; keep and write nothing."),
        json_option,
    )):  # fmt: skip
        command = option(command)
    return command


applied = [
    click.option("--apply", is_flag=True, help="Also write it to the node's settings."),
    click.option("--port", default=None, help="Of the node, with --apply and several ports."),
]


def node_of(reader: Reader, node: str | None) -> str:
    """The node meant; InputError when it is not known, or when none is named of several."""
    known = [row.node for row in reader.nodes()]
    listed = ", ".join(known) or "none"
    if node is None:
        if len(known) == 1:
            return known[0]
        raise InputError(f"{reader.path} has {len(known)} nodes", f"name one with --node: {listed}")
    if node not in known:
        raise InputError(f"{reader.path} has no node {node}", f"it has: {listed}")
    return node


def sensor_key(reader: Reader, node: str) -> str:
    """Model and address of the node's pressure sensor, `bmp581@0x47`; empty when not known."""
    newest = reader.configs(node, 1)
    return f"{newest[-1].sensor}@{newest[-1].address:#x}" if newest else ""


def keep(
    given: Keeping, kind: str, found: Budget, method: str, *, sensor: str = "",
    t_ref_k: float | None = None,
) -> CalibrationRow:  # fmt: skip
    """The row of a result; stored unless it is a dry run."""
    with Reader.open(given.db) as reader:
        node = node_of(reader, given.node)
        if kind in ("zero", "gain", "noise") and not sensor:
            sensor = sensor_key(reader, node)
    now_us = time.time_ns() // 1000
    begin = now_us if given.date is None else given.date
    row = CalibrationRow(
        node=node, sensor=sensor, kind=kind, value=found.value, u=found.u,
        dof=None if math.isinf(found.dof) else found.dof, unit=KINDS[kind], t_ref_k=t_ref_k,
        calibrated_utc_us=begin, valid_until_utc_us=begin + round(given.valid_for * 1e6),
        recorded_utc_us=now_us, method=method, certificate=given.certificate,
        instrument=given.instrument, note=given.note,
        budget=json.dumps(budget_lines(found), ensure_ascii=False),
    )  # fmt: skip
    if not given.dry_run:
        _store(given.db, row)
    return row


def _store(path: Path, row: CalibrationRow) -> None:
    def direct(store: Store) -> Message:
        store.add_calibration(row)
        return {"stored": True}

    request: Message = {"do": requests.CALIBRATION_ADD, "calibration": asdict(row)}
    put_row(path, "hullwatch calibrate", request, direct)


def put(given: Keeping, settings: dict[str, str], port: str | None) -> None:
    """Write settings to the calibrated node, refused when another one is on the port."""
    with Reader.open(given.db) as reader:
        node = node_of(reader, given.node)
    answer = through(port, {"do": requests.STATUS}, lambda dialogue: {"node": dialogue.greet().uid})
    if answer.get("node") != node:
        raise InputError(
            f"node {answer.get('node')} is on the port, calibrated is {node}",
            "name the port of that node with --port",
        )
    config.put(port, settings)


def budget_lines(found: Budget) -> list[dict[str, object]]:
    """The inputs as they are stored and printed; infinite degrees of freedom are null."""
    return [
        {
            "name": line.quantity.name, "value": line.quantity.value, "u": line.quantity.u,
            "unit": line.quantity.unit, "contribution": line.contribution,
            "dof": None if math.isinf(line.quantity.dof) else line.quantity.dof,
        }
        for line in found.lines
    ]  # fmt: skip


def tell(
    given: Keeping, row: CalibrationRow, found: Budget, settings: dict[str, str] | None,
    written: bool,
) -> None:  # fmt: skip
    """Result, budget and what became of it; `settings` is what the node would need."""
    if given.as_json:
        print_json({
            "kind": row.kind, "node": row.node, "sensor": row.sensor, "value": row.value,
            "u": row.u, "unit": row.unit, "t_ref_k": row.t_ref_k, "dof": row.dof,
            "k": found.k, "u95": found.u95, "method": row.method, "budget": budget_lines(found),
            "calibrated": figures.utc(row.calibrated_utc_us),
            "valid_until": figures.utc(row.valid_until_utc_us), "stored": not given.dry_run,
            "settings": settings or {}, "applied": written,
        })  # fmt: skip
        return
    Console().print(_table(row, found))
    value = figures.with_uncertainty(row.value, found.u95, row.unit)
    at = f" {figures.reference(row.t_ref_k)}" if row.t_ref_k is not None else ""
    click.echo(f"{row.kind} of {row.node}: {value}{at} (95 %, k = {found.k:.2f})")
    end = datetime.fromtimestamp((row.valid_until_utc_us or 0) / 1e6, UTC).date()
    click.echo("not stored" if given.dry_run else f"stored, valid until {end}")
    if settings:
        words = " ".join(f"{key}={text}" for key, text in settings.items())
        told = f"written to the node: {words}" if written else f"for the node: {words} (--apply)"
        click.echo(told)


def _table(row: CalibrationRow, found: Budget) -> Table:
    table = Table(title=row.method, title_justify="left")
    for name in ("input", "value", "u", "unit", "dof", f"u in {row.unit}"):
        table.add_column(name)
    for line in found.lines:
        x = line.quantity
        dof = "∞" if math.isinf(x.dof) else f"{x.dof:g}"
        table.add_row(
            x.name, f"{x.value:.8g}", f"{x.u:.3g}", x.unit, dof, f"{line.contribution:.3g}"
        )
    dof = "∞" if math.isinf(found.dof) else f"{found.dof:g}"
    table.add_row("together", f"{found.value:.8g}", f"{found.u:.3g}", row.unit, dof, "")
    return table
