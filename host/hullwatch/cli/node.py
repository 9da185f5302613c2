"""`hullwatch node`: what can be told to a node, and looking after one."""

from __future__ import annotations

import click

from hullwatch.cli import nodecare
from hullwatch.cli.options import DURATION, json_option, print_json
from hullwatch.cli.reach import through
from hullwatch.control import requests
from hullwatch.control.wire import Message
from hullwatch.errors import InputError
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.ingest.marks import DECLARE, RECOVERED, RELEARN, Mark, send_mark

_MARKS = {"relearn": RELEARN, "recovered": RECOVERED, "declare": DECLARE}
_FPA = 1e15


@click.group("node", epilog="Example: hullwatch node mark relearn")
def command() -> None:
    """Tell a node about its chamber, and look after it.

    All work while `hullwatch log` holds the port. `mark` goes through the logger; for the others
    it lends the port, the node stops for some seconds with its outputs released, and the logger
    goes on afterwards.
    """


for one in (nodecare.log, nodecare.reboot, nodecare.safe_mode):
    command.add_command(one)


@command.command("mark", epilog="Example: hullwatch node mark declare --rate 2e-6 --u 1e-7")
@click.argument("what", type=click.Choice(list(_MARKS)))
@click.option("--port", default=None, help="Port or USB serial number, when there are several.")
@click.option("--window", type=DURATION, default=None, help="Only the trend of this window length.")
@click.option("--rate", type=float, default=None, help="declare: the known rate, Pa·m³/s.")
@click.option("--u", type=float, default=0.0, help="declare: its standard uncertainty, Pa·m³/s.")
@click.option("--bound", type=float, default=0.0, help="declare: its systematic bound, Pa·m³/s.")
@json_option
def mark(
    what: str, port: str | None, window: float | None, rate: float | None, u: float,
    bound: float, as_json: bool,
) -> None:  # fmt: skip
    """Mark what happened to the chamber, for its trends.

    \b
    relearn    it was opened, filled or repaired: what was learned is void
    recovered  a known leak was imposed and found with its size; one proof
               of cessation may use that
    declare    compare with a known rate instead of a learned one
    """
    if (what == "declare") != (rate is not None):
        raise InputError("--rate belongs to declare, and declare needs it", "such as --rate 2e-6")
    sent = Mark(_MARKS[what], round(window or 0), _fpa(rate or 0.0), _fpa(u), _fpa(bound))

    def direct(dialogue: Dialogue) -> Message:
        send_mark(dialogue, sent)
        return {"marked": True}

    through(port, sent.request(requests.TREND_MARK), direct)
    if as_json:
        print_json({"mark": what, "window_s": sent.window_s})
    else:
        click.echo(f"marked: {what}")


def _fpa(rate: float) -> int:
    if not abs(rate) < 1e6:
        raise InputError(f"{rate:g} Pa·m³/s is no leak rate", "rates are in Pa·m³/s, such as 2e-6")
    return round(rate * _FPA)
