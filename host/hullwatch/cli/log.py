"""`hullwatch log`: one node into one database, for ever."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.console import Console

from hullwatch.cli import figures
from hullwatch.cli.options import DURATION, db_option, json_option, print_json
from hullwatch.errors import ProtocolError
from hullwatch.ingest.owner import PortOwner
from hullwatch.ingest.realclock import RealClock
from hullwatch.link import recordview
from hullwatch.link.events import Console as NodeText
from hullwatch.link.events import Event, Record
from hullwatch.link.recordkinds import EVENT as EVENT_KIND
from hullwatch.link.recordkinds import EVENTS, WINDOW
from hullwatch.store import Store


@click.command("log", epilog="Example: hullwatch log /dev/ttyACM0 --db jar.db")
@click.argument("port", required=False)
@db_option()
@click.option("--for", "for_s", type=DURATION, default=None, help="Stop after this long.")
@click.option("--take-over", is_flag=True, help="Become the keeper of a node another store holds.")
@json_option
def command(
    port: str | None, db: Path, for_s: float | None, take_over: bool, as_json: bool
) -> None:
    """Log a node into a database until Ctrl-C.

    PORT is a path, a USB serial number, socket://HOST:PORT or rfc2217://HOST:PORT; without it the
    only Pico is taken. Every record is acknowledged to the node only when it is on disk. With
    --json each window and event is printed as one JSON object a line.
    """
    clock = RealClock()
    console = Console(stderr=True)

    def open_store() -> Store:
        return Store.open(db, time.time_ns() // 1000, "hullwatch log")

    owner = PortOwner(port, open_store, clock, console.print, take_over)
    end_s = None if for_s is None else clock.now_s() + for_s
    printer = _Printer(as_json)
    try:
        owner.run(lambda: end_s is not None and clock.now_s() >= end_s, printer.show)
    except KeyboardInterrupt:
        console.print("ended; the node keeps what was not stored yet")


class _Printer:
    """One line per window and event."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console()

    def show(self, event: Event) -> None:
        """Print what a person or a program waits for."""
        if isinstance(event, NodeText):
            if not self._as_json and event.text.strip():
                self._console.print(f"[node says] {event.text.strip()}", markup=False)
        elif isinstance(event, Record):
            try:
                record = recordview.parse(event.data)
            except ProtocolError:
                return  # counted where it is to be stored
            if record.kind == WINDOW.id:
                self._window(record)
            elif record.kind == EVENT_KIND.id:
                self._event(record)

    def _window(self, record: recordview.Record) -> None:
        half = record.integer("u95_leak_fpa_m3_s")
        rate = record.integer("leak_rate_fpa_m3_s") / 1e15
        u95 = half / 1e15 if half >= 0 else None
        seconds = record.integer("window_ms") / 1000
        if self._as_json:
            print_json(
                {"window_s": seconds, "n": record.integer("n"), "number": record.number,
                 "first_sample": record.integer("first"), "last_sample": record.integer("last"),
                 "leak_rate_pa_m3_s": rate, "u95_pa_m3_s": u95,
                 "t_ref_k": record.integer("t_ref_mk") / 1000}
            )  # fmt: skip
            return
        shown = figures.with_uncertainty(rate, u95, figures.LEAK_UNIT)
        at = figures.reference(record.integer("t_ref_mk") / 1000)
        self._console.print(f"{figures.length(seconds):>7}  {shown} {at}", soft_wrap=True)

    def _event(self, record: recordview.Record) -> None:
        code = record.integer("code")
        name = EVENTS[code - 1][0] if 0 < code <= len(EVENTS) else str(code)
        numbers = [record.integer(key) for key in "abc"]
        if self._as_json:
            print_json({"event": name, "number": record.number, "abc": numbers,
                        "text": record.text("text")})  # fmt: skip
        else:
            self._console.print(f"event {name} {numbers} {record.text('text')}", soft_wrap=True)
