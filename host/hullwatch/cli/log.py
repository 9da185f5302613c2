"""`hullwatch log`: one or several nodes into one database, for ever."""

from __future__ import annotations

import time
from pathlib import Path

import click
from rich.console import Console

from hullwatch.cli import figures
from hullwatch.cli.options import DURATION, db_option, json_option, print_json
from hullwatch.ingest.collect import Committed
from hullwatch.ingest.owner import Listeners
from hullwatch.ingest.owners import PortOwners
from hullwatch.ingest.realclock import RealClock
from hullwatch.link.events import Console as NodeText
from hullwatch.link.events import Event
from hullwatch.link.recordkinds import EVENT as EVENT_KIND
from hullwatch.link.recordkinds import EVENTS, WINDOW
from hullwatch.store import Store


@click.command("log", epilog="Example: hullwatch log /dev/ttyACM0 --db jar.db")
@click.argument("ports", nargs=-1)
@db_option()
@click.option("--for", "for_s", type=DURATION, default=None, help="Stop after this long.")
@click.option("--take-over", is_flag=True, help="Become the keeper of a node another store holds.")
@json_option
def command(
    ports: tuple[str, ...], db: Path, for_s: float | None, take_over: bool, as_json: bool
) -> None:
    """Log one or several nodes into a database until Ctrl-C.

    Each of PORTS is a path, a USB serial number, socket://HOST:PORT or rfc2217://HOST:PORT; without
    any the only Pico is taken. A board is known by its USB serial number, wherever it is plugged in
    later. Every record is acknowledged to the node only when it is on disk. With --json each window
    and event is printed as one JSON object a line, once, when it is on disk.
    """
    clock = RealClock()
    console = Console(stderr=True)

    def open_store() -> Store:
        return Store.open(db, time.time_ns() // 1000, "hullwatch log")

    printer = _Printer(as_json)
    listeners = Listeners(console.print, printer.show, printer.stored)
    owners = PortOwners(ports or (None,), open_store, clock, listeners, take_over)
    end_s = None if for_s is None else clock.now_s() + for_s
    try:
        owners.run(lambda: end_s is not None and clock.now_s() >= end_s)
    except KeyboardInterrupt:
        console.print("ended; the node keeps what was not stored yet")
        raise


class _Printer:
    """One line per window and event."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._console = Console()

    def show(self, event: Event) -> None:
        """Print what a node prints itself."""
        if isinstance(event, NodeText) and not self._as_json and event.text.strip():
            self._console.print(f"[node says] {event.text.strip()}", markup=False)

    def stored(self, done: Committed) -> None:
        """Print a window or event that is new on disk."""
        if done.record.kind == WINDOW.id:
            self._window(done)
        elif done.record.kind == EVENT_KIND.id:
            self._event(done)

    def _window(self, done: Committed) -> None:
        record = done.record
        half = record.integer("u95_leak_fpa_m3_s")
        rate = record.integer("leak_rate_fpa_m3_s") / 1e15
        u95 = half / 1e15 if half >= 0 else None
        seconds = record.integer("window_ms") / 1000
        if self._as_json:
            print_json(
                {**_head(done), "window_s": seconds, "n": record.integer("n"),
                 "first_sample": record.integer("first"), "last_sample": record.integer("last"),
                 "leak_rate_pa_m3_s": rate, "u95_pa_m3_s": u95,
                 "t_ref_k": record.integer("t_ref_mk") / 1000}
            )  # fmt: skip
            return
        shown = figures.with_uncertainty(rate, u95, figures.LEAK_UNIT)
        at = figures.reference(record.integer("t_ref_mk") / 1000)
        self._console.print(f"{figures.length(seconds):>7}  {shown} {at}", soft_wrap=True)

    def _event(self, done: Committed) -> None:
        record = done.record
        code = record.integer("code")
        name = EVENTS[code - 1][0] if 0 < code <= len(EVENTS) else str(code)
        numbers = [record.integer(key) for key in "abc"]
        if self._as_json:
            print_json({**_head(done), "event": name, "abc": numbers, "text": record.text("text")})
        else:
            self._console.print(f"event {name} {numbers} {record.text('text')}", soft_wrap=True)


def _head(done: Committed) -> dict[str, object]:
    """Which record it is and when it was made; UTC is null until the first round trip."""
    return {
        "node": done.node, "number": done.record.number, "boot": done.record.boot,
        "device_ms": done.record.device_ms, "utc": figures.utc(done.utc_us),
        "utc_bound_s": None if done.utc_bound_us is None else done.utc_bound_us / 1e6,
    }  # fmt: skip
