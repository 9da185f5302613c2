"""`hullwatch`: the group, the error line, and the commands, imported only when called."""

from __future__ import annotations

import importlib
import signal
import sys
from types import FrameType
from typing import NoReturn

import click

import hullwatch
from hullwatch.errors import HullwatchError

_COMMANDS = {
    "alarms": "Raise alarms, tell people, acknowledge.",
    "analyse": "Leak rate by every method, with its noise and budget.",
    "backup": "Copy a database, also while a logger writes it.",
    "calibrate": "Measure what later results are judged by.",
    "config": "Show or change a node's settings.",
    "confirm": "Compare nodes on one chamber.",
    "convert": "Convert a leak rate into other units.",
    "demo": "Run a leaking chamber, log it and show the leak rate.",
    "doctor": "Explain this machine: ports, permissions, VM, versions.",
    "export": "Write windows, events, marks or raw samples as CSV or Parquet.",
    "flash": "Put this version's firmware on a board.",
    "gauge": "Gauge R&R of a table of readings.",
    "isolate": "Find the section that leaks, hatch by hatch.",
    "log": "Log a node into a database, for ever.",
    "mark": "Say what happened to a chamber: repairs, dockings, notes.",
    "monitor": "Watch chambers and leak rates in the terminal.",
    "node": "Look after a node.",
    "nodes": "List ports and the nodes behind them.",
    "prune": "Remove old raw samples; what they gave stays.",
    "rates": "Show the newest leak rates.",
    "report": "Write a report: HTML, PDF or data.",
    "sensors": "List the sensors a node can have.",
    "serve": "Show chambers, leak rates and tests in a browser.",
    "shell": "Leave to the REPL of a node, and come back.",
    "test": "Run leak tests: recipes, parts, verdicts.",
    "verify": "Recompute every stored result and compare.",
    "vigil": "Follow trends: worse, ceased, back, unwatched.",
}
INTERNAL_ERROR = 70
_INTERRUPTED = 130
_DEBUG = "--debug"
_PIPE_CLOSED = 141


class _Group(click.Group):
    """Loads a command's module when it is used: `--help` and completion stay fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"hullwatch.cli.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(hullwatch.__version__, prog_name="hullwatch")
@click.option("--debug", is_flag=True, help="Show the traceback of an error; anywhere on the line.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Hullwatch: how much a sealed volume leaks, how sure that is, and whether it gets worse.

    \b
    Example: hullwatch demo --bench sim --for 2h
    """
    ctx.obj = debug


def main() -> NoReturn:
    """Run the command line; exit codes are those of `hullwatch.errors`."""
    words = [word for word in sys.argv[1:] if word != _DEBUG]
    signal.signal(signal.SIGTERM, _interrupted)
    try:
        code = cli.main(words, standalone_mode=False)
    except Exception as error:
        if _DEBUG in sys.argv and not isinstance(error, click.exceptions.Exit):
            raise
        sys.exit(_told(error))
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)


def _interrupted(_signum: int, _frame: FrameType | None) -> NoReturn:
    """A service manager ends a command as Ctrl-C does: what was received is committed."""
    raise KeyboardInterrupt


def _told(error: Exception) -> int:
    """Print the one line an error deserves; its exit code."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.Abort):
        return _INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return _PIPE_CLOSED
    if isinstance(error, HullwatchError):
        _tell(error.message, error.hint)
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        _tell(error.format_message(), f"see: {context.command_path} --help" if context else "")
        return error.exit_code
    _tell(f"internal error: {type(error).__name__}: {error}", "add --debug and report it")
    return INTERNAL_ERROR


def _tell(message: str, hint: str) -> None:
    text = " ".join(f"hullwatch: {message}".split())
    click.echo(f"{text} ({hint})" if hint else text, err=True)
