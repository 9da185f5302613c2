"""`hullwatch export`: CSV of windows, events or raw samples."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click
from rich.console import Console
from rich.progress import Progress, TextColumn

from hullwatch.cli.options import db_option, json_option, print_json
from hullwatch.export import csvfile
from hullwatch.store import Reader


@click.command("export", epilog="Example: hullwatch export --db jar.db --what raw --out jar.csv")
@db_option()
@click.option(
    "--what",
    type=click.Choice(["windows", "events", "raw"]),
    default="windows",
    show_default=True,
    help="Table to write.",
)
@click.option("--node", default=None, help="Only this node.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File; without it CSV goes to stdout.",
)
@json_option
def command(db: Path, what: str, node: str | None, out: Path | None, as_json: bool) -> None:
    """Write windows, events or raw samples as CSV.

    Works while a logger writes. A file appears only when it is complete. The raw file can be
    replayed: hullwatch demo --replay reads its first three columns.
    """
    if as_json and out is None:
        raise click.UsageError("--json reports about the file, so it needs --out")
    with Reader.open(db) as reader, _progress() as bar:
        task = bar.add_task(f"{what} rows", total=None)

        def write(source: Reader, stream: TextIO) -> int:
            if what == "windows":
                return csvfile.write_windows(source, stream, node)
            if what == "events":
                return csvfile.write_events(source, stream, node)
            return csvfile.write_raw(source, stream, node, lambda n: bar.update(task, completed=n))

        rows = write(reader, sys.stdout) if out is None else csvfile.to_file(out, reader, write)
    if as_json:
        print_json({"file": str(out), "what": what, "rows": rows})
    elif out is not None:
        click.echo(f"{rows} rows of {what} in {out}")


def _progress() -> Progress:
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description} {task.completed}"),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
