"""`hullwatch mark`: what people know and no sensor sees."""

from __future__ import annotations

import click

from hullwatch.cli import marking, marklist
from hullwatch.store.marks import KINDS, REVOKE


@click.group("mark", epilog='Example: hullwatch mark repair --db station.db "sealed crack 3"')
def command() -> None:
    """Say what happened to a chamber, and when: for its trend and for people.

    Marks are kept for ever: one entered by mistake is revoked by another. All work while
    `hullwatch log` writes the database.
    """


for kind in KINDS:
    if kind != REVOKE:
        command.add_command(marking.kind_command(kind))
command.add_command(marking.revoke)
command.add_command(marklist.command)
