"""`hullwatch flash`: this version's firmware onto a board."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from hullwatch.cli.options import json_option, print_json
from hullwatch.cli.settingsline import parse_changes
from hullwatch.errors import InputError
from hullwatch.flash.build import build, load_build
from hullwatch.flash.job import Outcome
from hullwatch.flash.procedure import Told, Wish, describe, flash, target


@click.command("flash", epilog="Example: hullwatch flash --node E66138528350B42C")
@click.option("--node", default=None, help="Port or USB serial number, when there are several.")
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting for the node; repeat it.",
)
@click.option(
    "--db",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Where records go that the node still holds, should they have to be fetched first.",
)
@click.option("--discard-records", is_flag=True, help="Flash even if such records are lost.")
@click.option(
    "--build",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="A finished build instead of this version's own (tools/build_mpy.py makes one).",
)
@click.option(
    "--uf2",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Put this MicroPython on a board in BOOTSEL mode, instead of the firmware.",
)
@click.option(
    "--volume",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of that board's disk.  [default: found]",
)
@json_option
def command(
    node: str | None, changes: tuple[str, ...], db: Path | None, discard_records: bool,
    folder: Path | None, uf2: Path | None, volume: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Put this version's firmware on a board.

    Only what differs is sent. A logger that owns the port lends it and goes on afterwards. An
    interruption at any moment leaves the old version running, or a board that finishes the update
    itself at its next start; run the command again and it goes on where it was.
    """
    if uf2 is not None:
        if node or changes or db or discard_records or folder:
            raise InputError("--uf2 goes with --volume only", "flash the firmware afterwards")
        from hullwatch.cli.flashuf2 import flash_uf2

        flash_uf2(uf2, volume, as_json)
        return
    if volume is not None:
        raise InputError("--volume needs --uf2", "it is the disk that a UF2 file goes to")
    wish = Wish(
        build if folder is None else lambda _board: load_build(folder),
        parse_changes(changes), db, discard_records,
    )  # fmt: skip
    console = Console(stderr=True)
    with _bars(console) as bars:
        done = flash(target(node), wish, Told(lambda text: _note(console, text), bars.show))
    if as_json:
        print_json(_object(done))
    else:
        _tell(done)


def _note(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, markup=False, highlight=False)


def _object(done: Outcome) -> dict[str, object]:
    core = done.hello.fields["core_hash"]
    assert isinstance(core, bytes)
    return {
        "node": done.hello.uid, "core_hash": core.hex(), "boot": done.hello.number("boot"),
        "sent_bytes": done.sent_bytes, "files": len(done.placed), "removed": len(done.removed),
        "up_to_date": not done.placed,
    }  # fmt: skip


def _tell(done: Outcome) -> None:
    if done.placed:
        removed = f", {len(done.removed)} removed" if done.removed else ""
        click.echo(f"{len(done.placed)} files put in place{removed}, {done.sent_bytes} bytes sent")
    else:
        click.echo("up to date: nothing was sent")
    if done.kept_main:
        click.echo("the main.py that was there is now main.before.py")
    if done.boot_py:
        click.echo("boot.py on the board is not Hullwatch's and was left: it runs before main.py")
    click.echo(f"{describe(done.hello)}, boot {done.hello.number('boot')}")


class _Bars:
    """One bar for each step, made when the step begins."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, what: str, done: int, total: int) -> None:
        """So far is this step."""
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=total)
        self._progress.update(self._tasks[what], completed=done)


@contextmanager
def _bars(console: Console) -> Iterator[_Bars]:
    columns = (
        TextColumn("{task.description:>9}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        yield _Bars(progress)
