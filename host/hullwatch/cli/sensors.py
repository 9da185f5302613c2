"""`hullwatch sensors`: which sensors a node can be configured for, and which one it has."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from hullcore import settings
from hullwatch.cli.options import print_json
from hullwatch.cli.reach import through
from hullwatch.control import requests
from hullwatch.control.wire import Message
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.ingest.settings import read_settings
from hullwatch.sim.registers.catalogue import CATALOGUE

NAMES = {
    "bmp581": "Bosch BMP581, BMP585",
    "bmp280": "Bosch BMP280",
    "bme280": "Bosch BME280",
    "bmp388": "Bosch BMP388",
    "bmp390": "Bosch BMP390",
    "ms5611": "TE MS5611-01BA03",
    "ms5837": "TE MS5837-30BA",
    "lps22hb": "ST LPS22HB",
    "lps28dfw": "ST LPS28DFW",
    "dps310": "Infineon DPS310",
    "dps368": "Infineon DPS368",
    "hsc": "Honeywell HSC, SSC (I²C)",
    "ads1115": "0.5-4.5 V or 4-20 mA transducer on a TI ADS1115",
}


@click.command("sensors", epilog="Example: hullwatch sensors --json")
@click.option("--port", default=None, help="Also ask the node there which one it is set to.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list on stdout.")
def command(port: str | None, as_json: bool) -> None:
    """List the pressure sensors a node can have; `config set sensor=ID` chooses one.

    A sensor identifies itself when the node starts: a wrong chip is told as a fault, and no bus is
    scanned. With --port the node's own setting is marked.
    """
    chosen = "" if port is None else _chosen(port)
    rows = [_row(sensor, chosen) for sensor in settings.SENSORS if sensor != "none"]
    if as_json:
        print_json(rows)
        return
    table = Table()
    for name in ("id", "sensor", "measures", "Pa", "address", ""):
        table.add_column(name, no_wrap=name != "sensor")
    for row in rows:
        span = "declared" if row["declared"] else f"{row['min_pa']:,} … {row['max_pa']:,}"
        kind = "declared" if row["declared"] else str(row["kind"])
        mark = "configured" if row["configured"] else ""
        table.add_row(str(row["id"]), str(row["name"]), kind, span, f"{row['address']:#x}", mark)
    Console().print(table)


def _row(sensor: str, chosen: str) -> dict[str, object]:
    """Kind and range of a declared sensor are null: they are the specimen's."""
    entry = CATALOGUE[sensor]
    declared = sensor in settings.DECLARED
    return {
        "id": sensor,
        "name": NAMES[sensor],
        "declared": declared,
        "kind": None if declared else entry.kind,
        "min_pa": None if declared else entry.pressure_min_pa,
        "max_pa": None if declared else entry.pressure_max_pa,
        "address": entry.address,
        "configured": sensor == chosen,
    }


def _chosen(port: str) -> str:
    answer = through(port, {"do": requests.CONFIG_SHOW}, _read)
    values = answer["settings"]
    assert isinstance(values, dict)
    return str(values.get("sensor", ""))


def _read(dialogue: Dialogue) -> Message:
    return {"settings": read_settings(dialogue)}
