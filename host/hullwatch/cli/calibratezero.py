"""`hullwatch calibrate zero`: what a pressure sensor reads above a reference."""

from __future__ import annotations

import click

from hullwatch.analysis.budget import Quantity
from hullwatch.analysis.zerocal import zero
from hullwatch.calibration import span_mean
from hullwatch.cli import readings
from hullwatch.cli.calibrating import Keeping, keep, kept, node_of, tell
from hullwatch.cli.readings import Span
from hullwatch.store import Reader


@click.command(
    "zero",
    epilog='Example: hullwatch calibrate zero --reference "101318 ± 6 Pa (k=2)"'
    " --reading 2026-03-01T10:00..2026-03-01T10:30 --certificate K-1234",
)
@click.option(
    "--reference", type=readings.PRESSURE, required=True, help="Reference instrument, with ± U."
)
@click.option(
    "--reading", type=readings.PRESSURE_OR_SPAN, required=True,
    help="The sensor: a value ± u, or START..END of stored windows.",
)  # fmt: skip
@click.option("--sensor", default="", help="Such as bmp581@0x47.  [default: as configured]")
@kept
def command(reference: Quantity, reading: Quantity | Span, sensor: str, **given: object) -> None:
    """Zero of the pressure sensor: its reading minus a reference, at one pressure and height.

    Nothing on the node is changed: leak rates do not depend on a constant error. Results that use
    the absolute pressure do, and take it from the store.
    """
    keeping = Keeping(**given)  # type: ignore[arg-type]
    with Reader.open(keeping.db) as reader:
        node = node_of(reader, keeping.node)
        newest = reader.configs(node, 1)
        if isinstance(reading, Span):
            reading = span_mean(reader, node, reading.start_us, reading.past_us).pressure
    found = zero(reading, reference, newest[-1].pressure_lsb_pa if newest else 0.0)
    row = keep(keeping, "zero", found, "comparison with a reference", sensor=sensor)
    tell(keeping, row, found, None, False)
