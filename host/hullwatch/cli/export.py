"""`hullwatch export`: what is stored, as tables for other programs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import click

from hullwatch.cli.options import db_option, json_option, print_json
from hullwatch.cli.waiting import waiting
from hullwatch.export import csvfile, parquetfile
from hullwatch.store import Reader

_TABLES = {
    "windows": csvfile.write_windows,
    "tests": csvfile.write_tests,
    "events": csvfile.write_events,
    "marks": csvfile.write_marks,
    "calibrations": csvfile.write_calibrations,
}


@click.command("export", epilog="Example: hullwatch export --db jar.db --what raw --out jar.csv")
@db_option()
@click.option(
    "--what",
    type=click.Choice([*_TABLES, "raw"]),
    default="windows",
    show_default=True,
    help="Table to write.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    show_default=True,
    help="Parquet holds raw samples and needs pip install 'hullwatch[parquet]'.",
)
@click.option("--node", default=None, help="Only this node.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File; without it CSV goes to stdout.",
)
@json_option
def command(
    db: Path, what: str, kind: str, node: str | None, out: Path | None, as_json: bool
) -> None:
    """Write windows, verdicts (tests), events or marks as CSV, raw samples also as Parquet.

    Windows and verdicts come with the volume used and the calibrations in force then.
    Works while a logger writes. A file appears only when it is complete. The raw file can be
    replayed: hullwatch demo --replay reads its first three columns.
    """
    if as_json and out is None:
        raise click.UsageError("--json reports about the file, so it needs --out")
    if kind == "parquet" and (out is None or what != "raw"):
        raise click.UsageError("--format parquet needs --what raw and --out")
    with Reader.open(db) as reader, waiting(f"{what} rows") as bar:

        def write(source: Reader, stream: TextIO) -> int:
            if what == "raw":
                return csvfile.write_raw(source, stream, node, bar.advance_to)
            return _TABLES[what](source, stream, node)

        if out is None:
            rows = write(reader, sys.stdout)
        elif kind == "parquet":
            rows = parquetfile.write_raw(reader, out, node, bar.advance_to)
        else:
            rows = csvfile.to_file(out, reader, write)
    if as_json:
        print_json({"file": str(out), "what": what, "rows": rows})
    elif out is not None:
        click.echo(f"{rows} rows of {what} in {out}")
