"""`hullwatch flash --uf2`: MicroPython onto a board in BOOTSEL mode."""

from __future__ import annotations

from pathlib import Path

import click

from hullwatch.cli.options import print_json
from hullwatch.cli.waiting import waiting
from hullwatch.flash import uf2, volume


def flash_uf2(path: Path, folder: Path | None, as_json: bool) -> None:
    """Check the image, find the board's disk, copy."""
    image = uf2.load(path)
    disk = folder or volume.find_volume(volume.mount_points())
    with waiting(f"copying to {disk}, bytes") as bar:
        volume.copy(image, disk, bar.advance_to)
    if as_json:
        print_json({"chip": image.chip, "bytes": image.payload_bytes, "volume": str(disk)})
    else:
        click.echo(f"{image.payload_bytes // 1024} kB for the {image.chip} are on {disk}")
        click.echo("the board restarts with MicroPython; next: hullwatch flash")
