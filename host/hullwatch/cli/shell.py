"""`hullwatch shell`: the REPL of a node, and back."""

from __future__ import annotations

import sys

import click

from hullwatch.control.borrow import held
from hullwatch.errors import InputError
from hullwatch.flash.procedure import target
from hullwatch.flash.running import who_may_be_stopped
from hullwatch.transport.rawrepl import RawRepl
from hullwatch.transport.terminal import Terminal


@click.command("shell", epilog="Example: hullwatch shell /dev/ttyACM0")
@click.argument("port", required=False)
def command(port: str | None) -> None:
    """Leave to the REPL of a node, type there, come back with Ctrl-].

    The node stops with its outputs released, and starts again afterwards. A logger that owns the
    port lends it and goes on; the gap is counted. Ctrl-D in the REPL starts the node under your
    eyes, Ctrl-C stops it.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "hullwatch shell needs a terminal", "programs talk to the REPL with mpremote exec"
        )
    info = target(port)
    with held(info, "hullwatch shell"):
        who_may_be_stopped(info.device)
        with RawRepl(info.device) as repl:
            repl.friendly()
        click.echo(f"REPL of {info.describe()}; Ctrl-] leaves it and starts the node again")
        with Terminal(info.device) as terminal:
            terminal.run()
        with RawRepl(info.device) as repl:
            repl.reset()
    click.echo("the node starts again")
