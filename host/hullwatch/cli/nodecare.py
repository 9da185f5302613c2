"""`hullwatch node log|reboot|safe-mode`: a node that has to be looked after.

These stop the node for some seconds, outputs released. A logger that owns the port lends it and
goes on afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from hullwatch.cli.options import json_option, print_json
from hullwatch.control.borrow import held
from hullwatch.control.registry import holder_of
from hullwatch.errors import PortBusy
from hullwatch.flash.boardstate import BoardState, survey
from hullwatch.flash.procedure import describe, target
from hullwatch.flash.running import who_may_be_stopped
from hullwatch.flash.wakeup import await_node
from hullwatch.transport.discover import PortInfo, find_port
from hullwatch.transport.rawrepl import RawRepl

_CRASH = "crash.txt"


@click.command("log", epilog="Example: hullwatch node log /dev/ttyACM0 --json")
@click.argument("port", required=False)
@click.option("--clear", is_flag=True, help="Remove the crash log afterwards.")
@json_option
def log(port: str | None, clear: bool, as_json: bool) -> None:
    """Fetch the crash log: the last exception or watchdog reset, with its traceback."""
    info = target(port)
    with held(info, "hullwatch node log"), _stopped(info) as repl:
        state = survey(repl)
        if clear and state.crash:
            repl.run(f"import os; os.remove({_CRASH!r})")
    if as_json:
        print_json(_object(state))
        return
    click.echo(state.micropython)
    click.echo(state.crash.rstrip() if state.crash else "no crash is on record")


@click.command("reboot", epilog="Example: hullwatch node reboot /dev/ttyACM0")
@click.argument("port", required=False)
@json_option
def reboot(port: str | None, as_json: bool) -> None:
    """Reset the chip and wait until the node answers; also out of safe mode."""
    info = target(port)
    with held(info, "hullwatch node reboot"):
        with _stopped(info):
            pass
        hello = await_node(lambda: find_port(info.spec))
    if as_json:
        print_json({"node": hello.uid, "boot": hello.number("boot")})
    else:
        click.echo(f"{describe(hello)}, boot {hello.number('boot')}")


@click.command("safe-mode", epilog="Example: hullwatch node safe-mode /dev/ttyACM0")
@click.argument("port", required=False)
def safe_mode(port: str | None) -> None:
    """Stop the node and leave it at its prompt: outputs released, watchdog off.

    `hullwatch node reboot`, a power cycle or a logger (after three seconds) starts it again.
    """
    info = target(port)
    holder = holder_of(info.device)
    if holder is not None:
        raise PortBusy(
            f"{holder.describe()} logs this node and would start it again", "end that one first"
        )
    with held(info, "hullwatch node safe-mode"):
        who_may_be_stopped(info.device)
        with RawRepl(info.device) as repl:
            repl.friendly()
    click.echo("the node has stopped: outputs released, watchdog off, REPL")
    click.echo("hullwatch node reboot starts it again")


@contextmanager
def _stopped(info: PortInfo) -> Iterator[RawRepl]:
    """The node's REPL for the block; afterwards the chip is reset."""
    who_may_be_stopped(info.device)
    with RawRepl(info.device) as repl:
        try:
            yield repl
        finally:
            repl.reset()


def _object(state: BoardState) -> dict[str, object]:
    return {
        "node": state.uid, "micropython": state.micropython, "core_hash": state.core_hash,
        "crash": state.crash, "unacked_records": state.unacked_records,
        "free_bytes": state.free_blocks * state.block_bytes,
    }  # fmt: skip
