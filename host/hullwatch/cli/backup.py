"""`hullwatch backup`: a copy of a database, also while a logger writes it."""

from __future__ import annotations

from pathlib import Path

import click

from hullwatch.cli.options import db_option, json_option, print_json
from hullwatch.cli.waiting import waiting
from hullwatch.store import backup


@click.command("backup", epilog="Example: hullwatch backup --db jar.db --out jar-backup.db")
@db_option()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="New file; an existing one is refused.",
)
@json_option
def command(db: Path, out: Path, as_json: bool) -> None:
    """Copy a database as it is in one moment, while a logger may go on writing it.

    The copy is checked, and appears only when it is complete and on disk. To a node it is the same
    store: log into one of the two, not into both.
    """
    with waiting("pages copied") as bar:
        size = backup(db, out, bar.advance_to)
    if as_json:
        print_json({"file": str(out), "bytes": size})
    else:
        click.echo(f"{size / 1e6:.1f} MB in {out}")
