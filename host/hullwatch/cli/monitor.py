"""`hullwatch monitor`: the dashboard's twin in a terminal, over SSH as well."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from hullwatch.cli import figures
from hullwatch.cli.options import DEFAULT_DB, DURATION, db_option, json_option, print_json
from hullwatch.cli.paths import running_database
from hullwatch.store import EventRow, Reader
from hullwatch.web.overview import FAULT, MEASURING, SILENT, overview
from hullwatch.web.owners import NodeAsker, Owners

_BARS = "▁▂▃▄▅▆▇█"
_SPARK = 40
_STYLES = {MEASURING: "green", SILENT: "bold red", FAULT: "bold red"}
_TRENDS = {"RISING": "yellow", "DOUBLED": "bold red", "RESURGED": "bold red", "CEASED": "green"}
_SEVERITIES = {"alarm": "bold red", "warning": "yellow"}
_LONGEST_S = 4_294_967_293  # as recordkinds.RESERVES says


@click.command("monitor", epilog="Example: hullwatch monitor --db jar.db")
@db_option(None)
@click.option("--every", type=DURATION, default=1.0, help="How often to look.  [default: 1s]")
@click.option("--once", is_flag=True, help="Print how it stands and end.")
@json_option
def command(db: Path | None, every: float, once: bool, as_json: bool) -> None:
    """Watch every chamber of a database in the terminal, until Ctrl-C.

    State, newest leak rates with their 95 % half-widths, reserve time, trend, a running test,
    newest events. Reads beside whatever writes, and changes nothing. Without a terminal, and with
    --once or --json, it is printed once.
    """
    path = (db or running_database() or DEFAULT_DB).absolute()
    with Reader.open(path) as reader:
        owners = Owners(path)
        if as_json:
            print_json({"db": str(path), "nodes": overview(reader, _now_us())})
            return
        console = Console()
        if once or not console.is_terminal:
            console.print(_screen(reader, owners))
            return
        with Live(
            _screen(reader, owners), auto_refresh=False, screen=Console().is_terminal
        ) as live:
            while True:
                live.update(_screen(reader, owners), refresh=True)
                time.sleep(every)


def _now_us() -> int:
    return time.time_ns() // 1000


def _screen(reader: Reader, owners: Owners) -> RenderableType:
    now_us = _now_us()
    found = overview(reader, now_us)
    if not found:
        return Text("no node has been logged into this database yet")
    parts: list[RenderableType] = [_chamber(reader, owners, one, now_us) for one in found]
    clock = figures.utc(now_us) or ""
    return Group(*parts, Text(f"{reader.path}  {clock}  Ctrl-C ends", style="dim"))


def _chamber(reader: Reader, owners: Owners, one: dict[str, Any], now_us: int) -> Panel:
    head = Text()
    head.append(one["state"], style=_STYLES.get(one["state"], "dim"))
    if one["state"] == SILENT:
        head.append(f" for {(now_us - one['heard_utc_us']) / 1e6:.0f} s")
    if one["latest"]:
        celsius = one["latest"]["temperature_k"] - 273.15
        head.append(f"   {one['latest']['pressure_pa']:.1f} Pa   {celsius:.2f} °C")
    if one["trend"]:
        state = one["trend"]["state"]
        head.append(f"   trend {state.lower()}", style=_TRENDS.get(state, ""))
    test = _test(owners, one["node"])
    parts: list[RenderableType] = [head, *([test] if test else [])]
    parts += [_windows(reader, one), _events(reader.events(one["node"], 4))]
    title = Text(f" {one['name'] or 'chamber'}  {one['node']} ", style="bold")
    return Panel(Group(*parts), title=title, title_align="left", border_style="dim")


def _test(owners: Owners, node: str) -> Text | None:
    """A running test, where the program that logs can be asked."""
    from hullwatch.errors import HullwatchError
    from hullwatch.leaktest import follow

    try:
        now = follow.progress(NodeAsker(owners, owners.of(node), 1.0))
    except HullwatchError:
        return None
    if not now.running:
        return None
    left_s = max(0.0, now.planned_s - now.elapsed_s)
    return Text(f"test {now.number}: {now.phase}, at most {left_s:.0f} s more", style="yellow")


def _windows(reader: Reader, one: dict[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    refs = sorted({window["t_ref_k"] for window in one["windows"]})
    unit = f"{figures.LEAK_UNIT} {' and '.join(map(figures.reference, refs))}"
    for name in ("window", f"leak rate ± 95 %, {unit}", "interval contains", "reserve", "before"):
        table.add_column(name, header_style="dim")
    for window in one["windows"]:
        rows = reader.windows(one["node"], window["window_s"], _SPARK)
        table.add_row(
            figures.length(window["window_s"]),
            figures.with_uncertainty(window["leak_rate_pa_m3_s"], window["u95_pa_m3_s"]),
            figures.contents(window["u95_kind"], ",".join(window["flags"])),
            _reserve(window["reserve_s"]),
            spark([row.leak_rate_pa_m3_s for row in rows]),
        )
    return table


def _reserve(seconds: int | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 0:
        return "never"
    if seconds >= _LONGEST_S:
        return "> 136 a"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds} s"


def spark(values: Sequence[float]) -> str:
    """Values as bars between their lowest and highest."""
    if not values:
        return ""
    low, high = min(values), max(values)
    size = (high - low) or 1.0
    return "".join(_BARS[min(7, int(8 * (value - low) / size))] for value in values)


def _events(events: Sequence[EventRow]) -> Text:
    text = Text()
    for event in reversed(events):
        at = (figures.utc(event.received_utc_us) or "")[:19].replace("T", " ")
        words = f"{at}  {event.event.replace('_', ' ').lower()}  {event.text}".rstrip()
        text.append(words + "\n", style=_SEVERITIES.get(event.severity, "dim"))
    text.rstrip()
    return text
