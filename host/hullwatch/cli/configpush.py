"""`hullwatch config push`: a file of settings becomes those of a node, what differs and no more."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click

from hullcore import settings
from hullwatch.cli.options import json_option, print_json
from hullwatch.cli.reach import through
from hullwatch.control import requests
from hullwatch.control.wire import Message
from hullwatch.errors import InputError
from hullwatch.ingest.dialogue import Dialogue
from hullwatch.ingest.settings import check_changes, read_settings, write_settings


def settings_file(path: Path) -> dict[str, str]:
    """The settings of a TOML file, KEY = value a line, as text; InputError names the key."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "name a file of settings") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not TOML: {error}", "hullwatch config show --toml writes one"
        ) from error
    texts = {key: _text(value) for key, value in table.items()}
    try:
        check_changes(texts)
    except InputError as error:
        raise InputError(f"{path}: {error.message}", error.hint) from error
    return texts


def toml_of(values: dict[str, str]) -> str:
    """Settings as such a file."""
    lines = []
    for key, text in values.items():
        value = settings.check(key, text)
        if isinstance(value, tuple):
            lines.append(f"{key} = [{', '.join(map(str, value))}]")
        else:
            lines.append(f"{key} = {value}" if isinstance(value, int) else f'{key} = "{value}"')
    return "\n".join(lines)


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(str(one) for one in value)
    return str(value)


@click.command("push", epilog="Example: hullwatch config push jar-node.toml")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--port", default=None, help="Path or USB serial number of the port.")
@json_option
def command(file: Path, port: str | None, as_json: bool) -> None:
    """Bring a node to the settings in FILE: all that differ, or none.

    FILE is TOML, as config show --toml writes it; settings it does not name stay as they are.
    Nothing is written, and the node does not restart, when it has them all already.
    """
    wanted = settings_file(file)
    known = through(port, {"do": requests.CONFIG_SHOW}, _read)["settings"]
    assert isinstance(known, dict)
    differs = {
        key: text
        for key, text in wanted.items()
        if key not in known or settings.check(key, known[key]) != settings.check(key, text)
    }

    def direct(dialogue: Dialogue) -> Message:
        write_settings(dialogue, differs)
        return {"written": differs}

    if differs:
        through(port, {"do": requests.CONFIG_SET, "settings": differs}, direct)
    if as_json:
        print_json({"written": differs})
        return
    for key, text in differs.items():
        click.echo(f"{key}: {known.get(key, '?')} -> {text}")
    click.echo("written; the node restarts with them" if differs else "nothing differs")


def _read(dialogue: Dialogue) -> Message:
    return {"settings": read_settings(dialogue)}
