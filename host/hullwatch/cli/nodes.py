"""`hullwatch nodes`: which ports there are and who answers on them."""

from __future__ import annotations

import sys
import time

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from hullwatch.cli.options import json_option, print_json
from hullwatch.cli.reach import ask_owner
from hullwatch.control import requests
from hullwatch.control.registry import Holder, holders
from hullwatch.errors import HullwatchError
from hullwatch.ingest.owner import board_name, firmware_version
from hullwatch.ingest.ownport import own_dialogue
from hullwatch.transport.discover import list_ports


@click.command("nodes", epilog="Example: hullwatch nodes --json")
@click.argument("ports", nargs=-1)
@click.option("--watch", is_flag=True, help="Look again every two seconds, until Ctrl-C.")
@json_option
def command(ports: tuple[str, ...], watch: bool, as_json: bool) -> None:
    """List ports and the nodes behind them; asks, never acknowledges.

    Without PORTS: all serial ports with a USB identity and all ports held by a logger. With
    --watch and --json one object is printed whenever something has changed.
    """
    if watch:
        _watch(ports, as_json)
        return
    found = _rows(ports)
    if as_json:
        print_json({"nodes": found})
    else:
        Console().print(_table(found))


def _watch(ports: tuple[str, ...], as_json: bool) -> None:
    if as_json:
        before = None
        while True:
            found = _rows(ports)
            if found != before:
                print_json({"nodes": found})
                sys.stdout.flush()
            before = found
            time.sleep(_WATCH_S)
    with Live(_table(_rows(ports)), auto_refresh=False) as live:
        while True:
            time.sleep(_WATCH_S)
            live.update(_table(_rows(ports)), refresh=True)


def _rows(ports: tuple[str, ...]) -> list[dict[str, object]]:
    held = {holder.port: holder for holder in holders()}
    wanted = list(ports) or sorted({*held, *(p.device for p in list_ports() if p.vid is not None)})
    return [_look(port, held.get(port)) for port in wanted]


def _table(found: list[dict[str, object]]) -> Table | str:
    if not found:
        return "no port with a board on it (hullwatch doctor tells more)"
    table = Table()
    for name in ("port", "node", "board", "firmware", "boot", "held by", "remark"):
        table.add_column(name, no_wrap=name in ("port", "node"))
    for row in found:
        table.add_row(*(str(row[key]) for key in _KEYS))
    return table


_WATCH_S = 2.0
_KEYS = ("port", "node", "board", "firmware", "boot", "held_by", "remark")


def _look(port: str, holder: Holder | None) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(_KEYS, "")
    row["port"] = port
    try:
        if holder is not None:
            row["held_by"] = holder.describe()
            state = ask_owner(holder, {"do": requests.STATUS})
            row.update({key: state[key] for key in ("node", "board", "firmware", "boot")})
            row["remark"] = _remark(state)
        else:
            with own_dialogue(port) as dialogue:
                hello = dialogue.greet()
                row.update(node=hello.uid, board=board_name(hello), boot=hello.number("boot"),
                           firmware=firmware_version(hello))  # fmt: skip
    except HullwatchError as error:
        row["remark"] = error.message
    return row


def _remark(state: dict[str, object]) -> str:
    if state["connected"]:
        return ""
    return "lent to another command" if state["lent"] else "not connected at present"
