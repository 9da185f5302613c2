"""`hullwatch calibrate enter`: a value from a certificate."""

from __future__ import annotations

import math
from dataclasses import replace

import click

from hullwatch.analysis.budget import combine
from hullwatch.cli import readings
from hullwatch.cli.calibratevolume import settings_of
from hullwatch.cli.calibrating import Keeping, applied, keep, kept, put, tell
from hullwatch.errors import InputError

_TYPES = {"volume": readings.VOLUME, "gain": readings.RATIO, "zero": readings.PRESSURE}


@click.command(
    "enter",
    epilog='Example: hullwatch calibrate enter volume "1.0012 ± 0.0008 L (k=2)"'
    ' --certificate K-1234 --instrument "weighed with water"',
)
@click.argument("kind", type=click.Choice(list(_TYPES)))
@click.argument("value")
@click.option("--sensor", default="", help="Such as bmp581@0x47.  [default: as configured]")
@applied[0]
@applied[1]
@kept
def command(
    kind: str, value: str, sensor: str, apply: bool, port: str | None, **given: object
) -> None:
    """Keep a VALUE that was calibrated elsewhere, such as "1.0012 ± 0.0008 L (k=2)".

    A gain is what the sensor reads per true Pa; a zero, what it reads above the truth. Before a
    negative VALUE write --.
    """
    keeping = Keeping(**given)  # type: ignore[arg-type]
    quantity = replace(_TYPES[kind].convert(value, None, None), name=kind)
    if kind != "zero" and not quantity.value > 0:
        raise InputError(f"a {kind} of {quantity.value} {quantity.unit}", "more than zero")
    found = combine(lambda x: x[kind], [quantity])
    settings = None
    if kind == "volume":
        settings = settings_of(found)
    elif kind == "gain":
        # the node corrects nothing: what is off by more than u counts with it
        settings = {"u_gain_ppm": str(math.ceil(1e6 * math.hypot(found.u, found.value - 1)))}
    row = keep(keeping, kind, found, "certificate", sensor="" if kind == "volume" else sensor)
    written = apply and settings is not None and not keeping.dry_run
    if written and settings is not None:
        put(keeping, settings, port)
    tell(keeping, row, found, settings, written)
