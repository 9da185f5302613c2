"""`hullwatch calibrate`: what later results are judged by."""

from __future__ import annotations

import click

from hullwatch.cli import (
    calibratebackground,
    calibrateenter,
    calibratelist,
    calibratenoise,
    calibratevolume,
    calibratezero,
)


@click.group("calibrate", epilog="Example: hullwatch calibrate list --db jar.db")
def command() -> None:
    """Measure what later results are judged by, each with its uncertainty and validity.

    ± is a standard uncertainty, or k times it where (k=2) is written behind. Calibrations are
    kept in the database for ever; the newest of a kind counts.
    """


for _part in (
    calibratevolume,
    calibratenoise,
    calibratezero,
    calibratebackground,
    calibrateenter,
    calibratelist,
):
    command.add_command(_part.command)
