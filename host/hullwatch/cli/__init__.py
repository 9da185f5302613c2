"""The command line: one file per command, errors in one line with a hint and an exit code."""

from hullwatch.cli.app import main

__all__ = ["main"]
