"""`hullwatch calibrate enter`: a value from a certificate."""

from __future__ import annotations

import math
from dataclasses import replace

import click

from hullcore import settings
from hullwatch.analysis.budget import combine
from hullwatch.cli import readings
from hullwatch.cli.calibratevolume import settings_of
from hullwatch.cli.calibrating import Keeping, applied, keep, kept, put, tell
from hullwatch.errors import InputError

_TYPES = {"volume": readings.VOLUME, "gain": readings.RATIO, "zero": readings.PRESSURE}
_OF_SENSOR = ("gain", "zero")
_T_REF_K = settings.defaults()["t_ref_mk"] / 1000  # what a leak standard's amount is kept at


@click.command(
    "enter",
    epilog='Example: hullwatch calibrate enter volume "1.0012 ± 0.0008 L (k=2)"'
    ' --certificate K-1234 --instrument "weighed with water"',
)
@click.argument("kind", type=click.Choice([*_TYPES, "leak"]))
@click.argument("value")
@click.option("--sensor", default="", help="Such as bmp581@0x47.  [default: as configured]")
@applied[0]
@applied[1]
@kept
def command(
    kind: str, value: str, sensor: str, apply: bool, port: str | None, **given: object
) -> None:
    """Keep a VALUE that was calibrated elsewhere, such as "1.0012 ± 0.0008 L (k=2)".

    A gain is what the sensor reads per true Pa; a zero, what it reads above the truth; a leak is a
    leak standard ("1.02e-4 ± 2e-6 Pa·m³/s at 20C (k=2)"), for calibrate volume leak. Before a
    negative VALUE write --.
    """
    keeping = Keeping(**given)  # type: ignore[arg-type]
    if kind == "leak":
        quantity, t_ref_k = replace(readings.leak_rate(value, _T_REF_K), name=kind), _T_REF_K
    else:
        quantity, t_ref_k = replace(_TYPES[kind].convert(value, None, None), name=kind), None
    if kind != "zero" and not quantity.value > 0:
        raise InputError(f"a {kind} of {quantity.value} {quantity.unit}", "more than zero")
    found = combine(lambda x: x[kind], [quantity])
    written_as = None
    if kind == "volume":
        written_as = settings_of(found)
    elif kind == "gain":
        # the node corrects nothing: what is off by more than u counts with it
        written_as = {"u_gain_ppm": str(math.ceil(1e6 * math.hypot(found.u, found.value - 1)))}
    sensor = sensor if kind in _OF_SENSOR else ""
    row = keep(keeping, kind, found, "certificate", sensor=sensor, t_ref_k=t_ref_k)
    written = apply and written_as is not None and not keeping.dry_run
    if written and written_as is not None:
        put(keeping, written_as, port)
    tell(keeping, row, found, written_as, written)
