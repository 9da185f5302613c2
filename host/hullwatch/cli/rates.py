"""`hullwatch rates`: the newest leak rates in a database, also while it is being written."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hullwatch.calibration import Behind, Book
from hullwatch.cli import figures, marklist
from hullwatch.cli.options import DEFAULT_DB, db_option, json_option, print_json
from hullwatch.cli.paths import running_database
from hullwatch.cli.standingview import behind_object, day, lines
from hullwatch.errors import InputError
from hullwatch.store import BootKey, DeviceClock, MarkRow, Reader, WindowRow
from hullwatch.store.windowtimes import marked

_Shown = tuple[WindowRow, figures.When, tuple[MarkRow, ...]]


@click.command("rates", epilog="Example: hullwatch rates --db jar.db --json")
@db_option(None)
@click.option("--node", default=None, help="Only this node.")
@json_option
def command(db: Path | None, node: str | None, as_json: bool) -> None:
    """Show the newest leak rate of each window length, per node.

    Below them: which calibrations stand behind them, as they stood when the newest was made.
    Without --db: the database of the running logger, else hullwatch.db. Acknowledges nothing.
    Marks are those that touch a window (hullwatch mark).
    """
    newest: dict[tuple[str, float], WindowRow] = {}
    clocks: dict[BootKey, DeviceClock] = {}
    path = db or running_database() or DEFAULT_DB
    with Reader.open(path) as reader:
        nodes = [known for known in reader.nodes() if node in (None, known.node)]
        if node is not None and not nodes:
            listed = ", ".join(known.node for known in reader.nodes()) or "none"
            raise InputError(f"{path} has no node {node}", f"it has: {listed}")
        for known in nodes:
            clocks.update(reader.clocks(known.node))
            lengths = {float(s) for c in reader.configs(known.node) for s in c.windows_s.split(",")}
            for length in sorted(lengths):
                for row in reader.windows(known.node, length, 1):
                    newest[known.node, length] = row
        rows = list(newest.values())
        marks = list(marked(reader, rows))
        shown = [(row, _time_of(row, clocks), on) for row, on in zip(rows, marks, strict=True)]
        stood = _behind(reader, shown)
    if as_json:
        print_json({
            "db": str(path), "rates": [_object(*one) for one in shown],
            "calibrations": [behind_object(behind) for behind in stood],
        })  # fmt: skip
        return
    if not newest:
        click.echo(f"{path}: no window is stored yet (the shortest needs 10 s and 8 samples)")
        return
    Console().print(_table(shown))
    for mark in {mark.number: mark for on in marks for mark in on}.values():
        click.echo(marklist.line(mark))
    for behind in stood:
        of = f" of {behind.node}" if len(stood) > 1 else ""
        click.echo(f"calibrations{of}, {day(behind.at_utc_us)}:")
        for line in lines(behind):
            click.echo(f"  {line}")


def _behind(reader: Reader, shown: list[_Shown]) -> list[Behind]:
    """By node, for its newest window; at the time it was stored where nothing tells its own."""
    newest: dict[str, tuple[WindowRow, figures.When]] = {}
    for row, when, _ in shown:
        if row.node not in newest or row.number > newest[row.node][0].number:
            newest[row.node] = row, when
    return [
        Book(reader, node).behind(row.epoch, row.config, when.latest_us or row.received_utc_us)
        for node, (row, when) in newest.items()
    ]


def _time_of(row: WindowRow, clocks: dict[BootKey, DeviceClock]) -> figures.When:
    """When the window was made, on the node's clock."""
    return figures.When.of(clocks[BootKey(row.node, row.epoch, row.boot)], row.device_ms)


def _object(row: WindowRow, when: figures.When, marks: tuple[MarkRow, ...]) -> dict[str, object]:
    return {
        "node": row.node, "window_s": row.window_s, "n": row.n,
        "first_sample": row.first_sample, "last_sample": row.last_sample,
        "leak_rate_pa_m3_s": row.leak_rate_pa_m3_s, "u95_pa_m3_s": row.u95_pa_m3_s,
        "u95_kind": row.u95_kind, "t_ref_k": row.t_ref_k, "compensation": row.compensation,
        "flags": row.flags, "received_utc_us": row.received_utc_us, **when.as_json(),
        "marks": [marklist.as_object(mark) for mark in marks],
    }  # fmt: skip


def _table(rows: list[_Shown]) -> Table:
    table = Table(
        title=figures.title("newest leak rates", (row.t_ref_k for row, *_ in rows)),
        title_justify="left",
    )
    for name in ("node", "window", "rate ± 95 %", "interval contains", "ended, UTC"):
        table.add_column(name, no_wrap=name != "interval contains")
    any_marked = any(marks for *_, marks in rows)
    if any_marked:
        table.add_column("marks")
    for row, when, marks in rows:
        table.add_row(
            row.node,
            figures.length(row.window_s),
            figures.with_uncertainty(row.leak_rate_pa_m3_s, row.u95_pa_m3_s),
            figures.contents(row.u95_kind, row.flags),
            str(when),
            *([", ".join(mark.label for mark in marks)] if any_marked else []),
        )
    return table
