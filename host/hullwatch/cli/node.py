"""`hullwatch node`: looking after a node."""

from __future__ import annotations

import click

from hullwatch.cli import nodecare


@click.group("node", epilog="Example: hullwatch node reboot")
def command() -> None:
    """Look after a node.

    All work while `hullwatch log` holds the port: it lends it, the node stops for some seconds
    with its outputs released, and the logger goes on afterwards.
    """


for one in (nodecare.log, nodecare.reboot, nodecare.safe_mode):
    command.add_command(one)
