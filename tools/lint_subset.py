"""Check that the firmware stays inside the Python that every node runs.

The same files run on CPython, on 64-bit MicroPython and on MicroPython with 31-bit small ints.
This reads their syntax trees and names what at least one of the three lacks, treats differently or
pays for with memory. The tables hold what MicroPython 1.27 (wasm32) and 1.29 (unix) were seen to
lack. What only types could tell (dictionary order, ints past 2^30) is left to tests on the VMs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent

_CORE_MODULES = {"array", "binascii", "hashlib", "hullcore", "json", "struct"}
_NODE_MODULES = _CORE_MODULES | {
    "collections",
    "errno",
    "gc",
    "hullnode",
    "io",
    "os",
    "select",
    "sys",
}
_BOARD_MODULES = _NODE_MODULES | {
    *("board", "machine", "micropython", "onewire", "random", "rp2", "socket", "time", "uctypes"),
    "vfs",
}
MODULES = {
    "hullcore": _CORE_MODULES,
    "hullnode": _NODE_MODULES,
    "boards": _BOARD_MODULES,
    "main.py": _NODE_MODULES | {"board", "micropython", "time"},
}
MODULE_HINTS = {
    "__future__": "annotations are never evaluated on the node; quote a name that is not there yet",
    "dataclasses": "write the class out",
    "enum": "use private constants: _IDLE = const(0)",
    "machine": "only boards touch the machine; take the port as an argument",
    "micropython": "take const from hullcore.compat, everything else from the board",
    "random": "randomness is an argument; the board has it",
    "time": "time is an argument; the board has the clock",
    "typing": "annotate with builtin types",
}
ABSENT_BUILTINS = set(
    "BlockingIOError BrokenPipeError BufferError ChildProcessError ConnectionAbortedError "
    "ConnectionError ConnectionRefusedError ConnectionResetError EnvironmentError ExceptionGroup "
    "BaseExceptionGroup FileExistsError FileNotFoundError FloatingPointError IOError "
    "InterruptedError IsADirectoryError ModuleNotFoundError NotADirectoryError PermissionError "
    "ProcessLookupError RecursionError ReferenceError SystemError TimeoutError UnboundLocalError "
    "UnicodeDecodeError UnicodeEncodeError UserWarning Warning aiter anext ascii breakpoint exit "
    "format quit slice vars".split()
)
ABSENT_METHODS = set(
    "_replace add_note as_integer_ratio bit_count bit_length capitalize casefold cast expandtabs "
    "format_map hexdigest is_integer isalnum isascii isdecimal isidentifier isnumeric isprintable "
    "iter_unpack ljust removeprefix removesuffix rjust swapcase tobytes "
    "with_traceback zfill".split()
)
ABSENT_MEMBERS = {
    ("os", "path"),
    ("os", "replace"),
    ("struct", "Struct"),
}
IGNORED_DUNDERS = {"__class_getitem__", "__format__", "__index__", "__init_subclass__"}
POSITIONAL_ONLY_CALLS = {
    "decode",
    "encode",
    "from_bytes",
    "rsplit",
    "split",
    "sum",
    "to_bytes",
    "zip",
}
SIDE_EFFECTS = {"input", "open", "print"}


@dataclass(frozen=True)
class Finding:
    """One place that leaves the subset."""

    path: str
    line: int
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message} ({self.hint})"


Complaint = tuple[ast.AST, str, str]
Rule = Callable[[ast.AST], Iterator[Complaint]]
ZoneRule = Callable[[ast.AST, str], Iterator[Complaint]]


def _imports(node: ast.AST, zone: str) -> Iterator[Complaint]:
    if isinstance(node, ast.ImportFrom):
        names = [node.module or ""]
    elif isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    else:
        return
    for name in names:
        top = name.split(".")[0]
        if top not in MODULES[zone]:
            hint = MODULE_HINTS.get(top, "only " + ", ".join(sorted(MODULES[zone])))
            yield node, f"{zone} must not import {name or 'relatively'}", hint


def _floats(node: ast.AST, zone: str) -> Iterator[Complaint]:
    if zone == "boards":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
        yield node, f"float literal {node.value}", "scaled integers: _q8, _q16, _us, _fpa_m3_s"
    if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
        yield node, "true division makes a float", "// with the rounding you mean"
    if isinstance(node, ast.Name) and node.id in ("float", "complex"):
        yield node, f"{node.id} is not used on the node", "scaled integers"


def _syntax(node: ast.AST) -> Iterator[Complaint]:
    if isinstance(node, ast.Match):
        yield node, "MicroPython has no match", "if and elif"
    elif isinstance(node, ast.TryStar):
        yield node, "MicroPython has no except*", "except"
    elif isinstance(node, ast.Raise) and node.cause is not None:
        yield (
            node,
            "MicroPython drops the cause of `raise ... from`",
            "carry a code in the exception",
        )
    elif isinstance(node, ast.arguments) and node.posonlyargs:
        yield node.posonlyargs[0], "MicroPython has no positional-only parameters", "drop the /"
    elif isinstance(node, ast.Assert):
        yield node, "asserts are compiled away on the node", "raise, or move the check into a test"
    elif isinstance(node, ast.ClassDef) and node.keywords:
        yield node, "MicroPython classes take no keywords", "a plain base class"
    elif isinstance(node, ast.FunctionDef) and node.name in IGNORED_DUNDERS:
        yield node, f"MicroPython never calls {node.name}", "an ordinary method"


def _displays(node: ast.AST) -> Iterator[Complaint]:
    display = isinstance(node, ast.List | ast.Tuple | ast.Set)
    if display and not isinstance(getattr(node, "ctx", None), ast.Store):
        for item in node.elts:  # type: ignore[attr-defined]  # the three displays have elts
            if isinstance(item, ast.Starred):
                yield item, "MicroPython cannot unpack inside a display", "build it by + or append"
    if isinstance(node, ast.Dict) and None in node.keys:
        yield node, "MicroPython cannot unpack inside a display", "copy() and update()"


def _slices(node: ast.AST) -> Iterator[Complaint]:
    if isinstance(node, ast.Delete):
        for target in node.targets:
            if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
                yield node, "MicroPython bytearrays delete no slices", "keep start and end indices"
    if isinstance(node, ast.Slice) and node.step is not None:
        yield node.step, "MicroPython str and bytes refuse a slice step", "a range loop"


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _operators(node: ast.AST) -> Iterator[Complaint]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        if _is_call_of(node.left, "bytearray") or _is_call_of(node.right, "bytearray"):
            yield node, "MicroPython cannot repeat a bytearray", "bytearray(b'..' * n)"
    if isinstance(node, ast.Call) and _is_call_of(node, "isinstance") and len(node.args) > 1:
        if isinstance(node.args[1], ast.BinOp):
            yield node, "MicroPython has no union of types", "isinstance(x, (a, b))"


def _calls(node: ast.AST) -> Iterator[Complaint]:
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if isinstance(node.func, ast.Name):
        name = node.func.id
    elif name in ABSENT_METHODS:
        yield node, f"MicroPython has no .{name}()", "write it out, or do it on the host"
    if name in POSITIONAL_ONLY_CALLS and node.keywords:
        yield node, f"MicroPython's {name}() takes no keywords", "pass by position"
    if name == "to_bytes" and len(node.args) < 2 and not node.keywords:
        yield node, "to_bytes() needs length and byte order", "to_bytes(4, 'little')"


def _names(node: ast.AST, zone: str) -> Iterator[Complaint]:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if (node.value.id, node.attr) in ABSENT_MEMBERS:
            yield node, f"MicroPython has no {node.value.id}.{node.attr}", "write it out"
    if not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
        return
    if node.id in ABSENT_BUILTINS:
        yield node, f"MicroPython has no builtin {node.id}", "OSError and its errno, or an own name"
    if zone == "hullcore" and node.id in SIDE_EFFECTS:
        yield node, f"hullcore does no I/O: {node.id}", "return the value, the caller does the I/O"


def _f_strings(node: ast.AST) -> Iterator[Complaint]:
    if not isinstance(node, ast.FormattedValue):
        return
    if node.conversion == ord("a"):
        yield node, "MicroPython f-strings have no !a", "!r"
    if any(isinstance(inner, ast.JoinedStr) for inner in ast.walk(node.value)):
        yield node, "f-string inside an f-string", "name the inner one first"


def _is_number(node: ast.AST) -> bool:
    inert = ast.BinOp | ast.UnaryOp | ast.operator | ast.unaryop
    return all(
        isinstance(part, inert) or (isinstance(part, ast.Constant) and type(part.value) is int)
        for part in ast.walk(node)
    )


def _constants(module: ast.Module) -> Iterator[Complaint]:
    """Private numbers of a module: without const() each costs a dictionary entry in RAM."""
    for node in module.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(node, ast.Assign) and isinstance(target, ast.Name):
            private = target.id.startswith("_") and target.id.isupper()
            if private and _is_number(node.value):
                yield node, f"{target.id} costs RAM", "const() from hullcore.compat folds it away"


def _parenthesised_with(module: ast.Module, lines: list[str]) -> Iterator[Complaint]:
    for node in ast.walk(module):
        if isinstance(node, ast.With) and len(node.items) > 1:
            after = lines[node.lineno - 1][node.col_offset + len("with") :].lstrip()
            if after.startswith("("):
                yield node, "MicroPython has no parenthesised with", "nest two with statements"


RULES: tuple[Rule, ...] = (_syntax, _displays, _slices, _operators, _calls, _f_strings)
ZONE_RULES: tuple[ZoneRule, ...] = (_imports, _floats, _names)


def _bound_names(module: ast.Module) -> set[str]:
    """Names the module gives a meaning of its own, whatever the builtins say."""
    nodes = list(ast.walk(module))
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    bound |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    return bound | {(n.asname or n.name) for n in nodes if isinstance(n, ast.alias)}


def check(source: str, path: str, zone: str) -> list[Finding]:
    """Return what `source` does outside the subset.

    `zone` is the part of the firmware it belongs to: a key of `MODULES`. Raises SyntaxError where
    CPython cannot read the source either.
    """
    module = ast.parse(source, path)
    complaints = [*_constants(module), *_parenthesised_with(module, source.splitlines())]
    bound = _bound_names(module)
    annotations = _annotation_nodes(module)
    for node in ast.walk(module):
        if node in annotations or (isinstance(node, ast.Name) and node.id in bound):
            continue
        for rule in RULES:
            complaints.extend(rule(node))
        for zone_rule in ZONE_RULES:
            complaints.extend(zone_rule(node, zone))
    findings = {Finding(path, getattr(n, "lineno", 0), text, hint) for n, text, hint in complaints}
    return sorted(findings, key=lambda finding: (finding.line, finding.message))


def _annotation_nodes(module: ast.Module) -> set[ast.AST]:
    """Everything inside annotations: the node's compiler skips it."""
    roots: list[ast.AST | None] = []
    for node in ast.walk(module):
        if isinstance(node, ast.AnnAssign | ast.arg):
            roots.append(node.annotation)
        elif isinstance(node, ast.FunctionDef):
            roots.append(node.returns)
    return {inner for root in roots if root is not None for inner in ast.walk(root)}


def firmware_files(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield every file that goes onto a node, with its zone."""
    for zone in MODULES:
        place = root / "firmware" / zone
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            if path.exists():
                yield path, zone


@click.command()
def main() -> None:
    """Lint the firmware for the MicroPython subset; exit 1 on findings."""
    count = 0
    for path, zone in firmware_files(ROOT):
        for finding in check(path.read_text("utf-8"), str(path.relative_to(ROOT)), zone):
            click.echo(finding)
            count += 1
    if count:
        click.echo(f"{count} places leave the MicroPython subset")
        sys.exit(1)


if __name__ == "__main__":
    main()
