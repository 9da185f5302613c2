"""Check that files and functions stay small enough to be read in one go."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("firmware", "host", "hil_tests", "tools")
SUFFIXES = {".css", ".html", ".js", ".mjs", ".py", ".sh"}
MODULE_LINES = 400
FUNCTION_LINES = 40


def _docstring_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        if isinstance(first.value.value, str):
            return (first.end_lineno or first.lineno) - first.lineno + 1
    return 0


def check(source: str, path: str) -> Iterator[str]:
    """Yield one line for the file and each function of it that is too long.

    A function's docstring and decorators are not counted: tables of test cases and stated units
    are no complexity.
    """
    lines = source.count("\n")
    if lines > MODULE_LINES:
        yield f"{path}:1: {lines} lines, {MODULE_LINES} allowed: split by what it does"
    if not path.endswith(".py"):
        return
    for node in ast.walk(ast.parse(source, path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1 - _docstring_lines(node)
            if length > FUNCTION_LINES:
                allowed = f"{FUNCTION_LINES} allowed"
                yield f"{path}:{node.lineno}: {node.name}() has {length} lines, {allowed}"


@click.command()
def main() -> None:
    """Lint the length of modules and functions; exit 1 on findings."""
    found = [
        finding
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in SUFFIXES
        for finding in check(path.read_text("utf-8"), str(path.relative_to(ROOT)))
    ]
    for finding in found:
        click.echo(finding)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
