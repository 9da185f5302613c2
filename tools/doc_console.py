"""The console blocks of the documentation: run, and compared with what the page says they print.

A block is fenced as `console`. A line that starts with `$ ` is a command, the lines below it its
output. In that output `…` stands for anything within a line, and a line of `…` alone for any lines:
what differs from machine to machine or from run to run. Commands that need a board, minutes or a
second terminal are shown in `text` or `sh` blocks, which are not run.

All blocks of a page run in order in one empty folder, at 110 columns. In it `.venv` is the
environment that runs this and `host` that of the project, whose examples can be named. The folder's
path is shown as `/home/you`, that of the environment too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
HOME = "/home/you"
COLUMNS = "110"
ANY = "…"
LIMIT_S = 60
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """One command of a page and the output that the page shows."""

    command: str
    output: tuple[str, ...]


def shown(text: str) -> list[Shown]:
    """The commands of a page's console blocks, in order."""
    return [one for block in _BLOCK.findall(text) for one in _commands(block)]


def _commands(block: str) -> Iterator[Shown]:
    command = ""
    output: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            if command:
                yield Shown(command, tuple(output))
            command, output = line[2:], []
        else:
            output.append(line)
    if command:
        yield Shown(command, tuple(output))


def run(commands: list[Shown]) -> Iterator[tuple[Shown, tuple[str, ...]]]:
    """Run commands in order; each with the lines it really printed, stdout and stderr as one."""
    with tempfile.TemporaryDirectory(prefix="hullwatch-docs-") as name:
        home = Path(name).resolve()
        (home / ".venv").symlink_to(sys.prefix)
        (home / "host").symlink_to(_ROOT / "host")
        runtime = home / "run"
        runtime.mkdir(mode=0o700)
        environment = dict(
            os.environ, HOME=str(home), COLUMNS=COLUMNS, XDG_RUNTIME_DIR=str(runtime),
            XDG_DATA_HOME=str(home / "data"), PYTHONIOENCODING="utf-8",
        )  # fmt: skip
        environment.pop("VIRTUAL_ENV", None)
        for one in commands:
            done = subprocess.run(
                ["/bin/sh", "-c", one.command], cwd=home, env=environment, timeout=LIMIT_S,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                encoding="utf-8", check=False,
            )  # fmt: skip
            text = done.stdout.replace(str(home), HOME).replace(sys.prefix, f"{HOME}/.venv")
            yield one, tuple(line.rstrip() for line in text.strip("\n").splitlines())


def matches(expected: tuple[str, ...], actual: tuple[str, ...]) -> bool:
    """Whether a page's lines fit the real ones, `…` standing for anything."""
    pattern = ""
    for line in expected:
        if line.strip() == ANY:
            pattern += r"(?:[^\n]*\n)*"
        else:
            pattern += re.escape(line.rstrip()).replace(ANY, r"[^\n]*") + "\n"
    return re.fullmatch(pattern, "".join(line + "\n" for line in actual)) is not None


def refreshed(text: str) -> str:
    """A page with the output of its commands anew; output with a `…` that still fits is left."""
    results = iter(list(run(shown(text))))

    def block(match: re.Match[str]) -> str:
        lines = []
        for _ in _commands(match[1]):
            one, actual = next(results)
            fits = matches(one.output, actual)
            lines += ["$ " + one.command, *(one.output if fits else actual)]
        return "```console\n" + "".join(line + "\n" for line in lines) + "```"

    return _BLOCK.sub(block, text)
