"""`hullwatch config show|set|push`: a node's settings."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from hullcore import settings
from hullwatch.cli import configpush
from hullwatch.cli.options import json_option, print_json
from hullwatch.cli.reach import through
from hullwatch.cli.settingsline import parse_changes
from hullwatch.control import requests
from hullwatch.control.wire import Message
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.ingest.settings import check_changes, read_settings, write_settings


@click.group("config", epilog="Example: hullwatch config set volume_ul=1000000 period_us=100000")
def command() -> None:
    """Show or change a node's settings; --port says which, when there are several.

    Works while `hullwatch log` holds the port: the logger passes the request on.
    """


command.add_command(configpush.command)

_port_option = click.option("--port", default=None, help="Path or USB serial number of the port.")


@command.command("show", epilog="Example: hullwatch config show --port /dev/ttyACM0 --json")
@_port_option
@click.option("--toml", is_flag=True, help="As a file for config push.")
@json_option
def show(port: str | None, toml: bool, as_json: bool) -> None:
    """Show all settings in force."""
    answer = through(port, {"do": requests.CONFIG_SHOW}, _read)
    values = answer["settings"]
    assert isinstance(values, dict)
    if as_json:
        print_json(values)
        return
    if toml:
        click.echo(configpush.toml_of({str(key): str(text) for key, text in values.items()}))
        return
    table = Table()
    for name in ("setting", "value", "permitted"):
        table.add_column(name)
    for row in settings.SETTINGS:
        table.add_row(row[0], str(values.get(row[0], "?")), _permitted(row))
    Console().print(table)


@command.command("set", epilog="Example: hullwatch config set sensor=bmp280 address=118")
@click.argument("changes", nargs=-1, required=True, metavar="KEY=VALUE...")
@_port_option
@json_option
def set_(changes: tuple[str, ...], port: str | None, as_json: bool) -> None:
    """Change settings: all or none. The node restarts its measurement with them."""
    wanted = parse_changes(changes)
    put(port, wanted)
    if as_json:
        print_json({"written": wanted})
    else:
        click.echo("written; the node restarts with them")


def put(port: str | None, wanted: dict[str, str]) -> None:
    """Write settings to the node on a port, through its owner where it has one: all or none."""
    check_changes(wanted)

    def direct(dialogue: Dialogue) -> Message:
        write_settings(dialogue, wanted)
        return {"written": wanted}

    through(port, {"do": requests.CONFIG_SET, "settings": wanted}, direct)


def _read(dialogue: Dialogue) -> Message:
    return {"settings": read_settings(dialogue)}


def _permitted(row: tuple[object, ...]) -> str:
    limit = row[3]
    if isinstance(limit, tuple) and len(limit) == 2 and isinstance(limit[0], int):
        return f"{limit[0]} … {limit[1]}"
    if isinstance(limit, tuple):
        return ", ".join(str(x) for x in limit)
    return f"at most {limit} " + ("numbers" if isinstance(row[2], tuple) else "bytes")
