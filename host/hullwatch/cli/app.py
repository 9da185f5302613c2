"""`hullwatch`: the group, the error line, and the commands, imported only when called."""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import click

import hullwatch
from hullwatch.errors import HullwatchError

_COMMANDS = {
    "config": "Show or change a node's settings.",
    "demo": "Run a leaking chamber, log it and show the leak rate.",
    "doctor": "Explain this machine: ports, permissions, VM, versions.",
    "export": "Write windows, events or raw samples as CSV.",
    "log": "Log a node into a database, for ever.",
    "nodes": "List ports and the nodes behind them.",
    "rates": "Show the newest leak rates.",
}
INTERNAL_ERROR = 70


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
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Hullwatch: how much a sealed volume leaks, how sure that is, and whether it gets worse.

    \b
    Example: hullwatch demo --bench sim --for 2h
    """
    ctx.obj = debug


def main() -> NoReturn:
    """Run the command line; exit codes are those of `hullwatch.errors`."""
    debug = "--debug" in sys.argv
    try:
        code = cli.main(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except HullwatchError as error:
        if debug:
            raise
        _tell(error.message, error.hint)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        if debug:
            raise
        context = getattr(error, "ctx", None)
        hint = f"see: {context.command_path} --help" if context is not None else ""
        _tell(error.format_message(), hint)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(141)
    except Exception as error:
        if debug:
            raise
        _tell(f"internal error: {type(error).__name__}: {error}", "add --debug and report it")
        sys.exit(INTERNAL_ERROR)


def _tell(message: str, hint: str) -> None:
    text = " ".join(f"hullwatch: {message}".split())
    click.echo(f"{text} ({hint})" if hint else text, err=True)
