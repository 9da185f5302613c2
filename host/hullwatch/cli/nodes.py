"""`hullwatch nodes`: which ports there are and who answers on them."""

from __future__ import annotations

import click
from rich.console import Console
from rich.table import Table

from hullwatch.cli.options import json_option, print_json
from hullwatch.cli.reach import ask_owner, own_dialogue
from hullwatch.control import requests
from hullwatch.control.registry import Holder, holders
from hullwatch.errors import HullwatchError
from hullwatch.ingest.owner import board_name, firmware_version
from hullwatch.transport.discover import list_ports


@click.command("nodes", epilog="Example: hullwatch nodes --json")
@click.argument("ports", nargs=-1)
@json_option
def command(ports: tuple[str, ...], as_json: bool) -> None:
    """List ports and the nodes behind them; asks, never acknowledges.

    Without PORTS: all serial ports with a USB identity and all ports held by a logger.
    """
    held = {holder.port: holder for holder in holders()}
    wanted = list(ports) or sorted({*held, *(p.device for p in list_ports() if p.vid is not None)})
    found = [_look(port, held.get(port)) for port in wanted]
    if as_json:
        print_json({"nodes": found})
        return
    if not found:
        click.echo("no port with a board on it (hullwatch doctor tells more)")
        return
    table = Table()
    for name in ("port", "node", "board", "firmware", "boot", "held by", "remark"):
        table.add_column(name, no_wrap=name in ("port", "node"))
    for row in found:
        table.add_row(*(str(row[key]) for key in _KEYS))
    Console().print(table)


_KEYS = ("port", "node", "board", "firmware", "boot", "held_by", "remark")


def _look(port: str, holder: Holder | None) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(_KEYS, "")
    row["port"] = port
    try:
        if holder is not None:
            row["held_by"] = holder.describe()
            state = ask_owner(holder, {"do": requests.STATUS})
            row.update({key: state[key] for key in ("node", "board", "firmware", "boot")})
            row["remark"] = "" if state["connected"] else "not connected at present"
        else:
            with own_dialogue(port) as dialogue:
                hello = dialogue.greet()
                row.update(node=hello.uid, board=board_name(hello), boot=hello.number("boot"),
                           firmware=firmware_version(hello))  # fmt: skip
    except HullwatchError as error:
        row["remark"] = error.message
    return row
