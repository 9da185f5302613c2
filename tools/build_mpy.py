"""Compile the firmware for one board: `python tools/build_mpy.py --board pico --out build/pico`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from hullwatch.errors import HullwatchError
from hullwatch.flash.build import build
from hullwatch.flash.sources import boards


@click.command()
@click.option("--board", default="pico", show_default=True, help="; ".join(boards()))
@click.option("--out", type=click.Path(path_type=Path), help="Folder; the build cache without it.")
def main(board: str, out: Path | None) -> None:
    """Compile the firmware for BOARD and print where it is and its core hash."""
    try:
        result = build(board, out)
    except HullwatchError as error:
        click.echo(f"Error: {error} ({error.hint})", err=True)
        sys.exit(error.exit_code)
    size = sum((result.root / name).stat().st_size for name in result.files)
    click.echo(f"{result.root}: {len(result.files)} files, {size} bytes")
    click.echo(f"core hash {result.core_hash}")


if __name__ == "__main__":
    main()
