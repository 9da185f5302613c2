"""Heap of the node, module by module, on the VM whose memory is laid out like the chip's.

`python tools/ram_table.py` measures and writes `firmware/RAM.md`; `--check` compares instead and
fails when the total has drifted or left its budget. The VM (`wasm32`) has 32-bit pointers, 31-bit
small ints and 16-byte heap blocks, as the RP2040; its numbers repeat to the byte.
"""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

import run_on_vm
from hullwatch.errors import HullwatchError
from hullwatch.flash.build import build
from hullwatch.flash.compiler import Compiler

TARGET = run_on_vm.FIRMWARE / "RAM.md"
STAND_IN = run_on_vm.FIRMWARE / "tests" / "vm" / "chip" / "machine.py"
BUDGET = 80_000
DRIFT = 0.03
_BOARD = "pico"
_DRIVER = "hullnode.drivers.bmp581"

# Collections happen where only small functions are running (see run_on_vm); `take` is one.
_PROGRAM = """
def take(name):
    __import__(name)
    gc.collect()
    print(name, gc.mem_alloc())
def start(board):
    node = Node(board, 0)
    gc.collect()
    print("node", gc.mem_alloc())
    return node
gc.collect()
print("vm", gc.mem_alloc())
for name in NAMES:
    take(name)
from board import board
from hullnode.node import Node
board.root = "$ROOT"
board.random32 = lambda: 7  # this VM has no source of randomness
node = start(board)
print("loaded", " ".join([n for n in sys.modules]))
"""

_RUN = """
from allocations import Watch
from fakes import Board
from hullnode.node import Node
board = Board("$ROOT")
board.link_us = 50000
def used():
    gc.collect()
    return gc.mem_alloc()
node = Node(board, 0)
watch = Watch(node, board)
first = last = 0
first = last = used()
for k in range(70):
    watch.samples(100)
    last = max(last, used())
print("growth", last - first)
print("leaks", watch.leaks)
for closed in sorted(watch.most):
    print(closed[0], closed[1], int(closed[2]), watch.most[closed])
"""

_CLOSINGS = {
    (0, 0, 1): "a block of the estimator ends",
    (1, 0, 0): "a raw block ends",
    (0, 1, 1): "a window ends: 10 s",
    (0, 2, 1): "two windows end: 10 s and 1 min",
    (0, 3, 1): "three windows end: 10 s, 1 min and 10 min",
}


@dataclass(frozen=True)
class Table:
    """Bytes of heap: each module, what starting the node adds, and growth while it measures.

    `loaded` names every module in memory in the end.
    """

    modules: tuple[tuple[str, int], ...]
    node: int
    growth: int
    closings: tuple[tuple[str, int], ...]
    stand_ins: int
    loaded: tuple[str, ...]

    @property
    def total(self) -> int:
        """What is in use on a node, without the VM's own and what stands in for the chip."""
        return sum(size for _, size in self.modules) + self.node + self.growth


def measure() -> Table:
    """Import module by module, start the node with one BMP581 at 10 Hz, let it run 700 s."""
    with tempfile.TemporaryDirectory() as folder:
        root, chip, fakes = (Path(folder, name) for name in ("root", "chip", "fakes"))
        for path in (root, chip, fakes):
            path.mkdir()
        compiler = Compiler()
        compiler.compile(STAND_IN, "machine.py", chip / "machine.mpy")
        for name in ("fakes", "allocations"):
            source = STAND_IN.parent.parent / f"{name}.py"
            compiler.compile(source, source.name, fakes / f"{name}.mpy")
        code = build(_BOARD, Path(folder, "code")).root
        names = ("machine", *_import_order("hullnode.guard", _DRIVER, "board"))
        program = _PROGRAM.replace("NAMES", repr(names))
        printed = run_on_vm.run("wasm32", program, code, {"CHIP": chip, "ROOT": root}).stdout
        ran = run_on_vm.run("wasm32", _RUN, code, {"FAKES": fakes, "ROOT": root}).stdout
    return _table(printed.splitlines(), ran.splitlines())


def _table(lines: list[str], ran: list[str]) -> Table:
    steps = [(name, int(size)) for name, size in (line.split() for line in lines[:-1])]
    sizes = [(steps[k][0], steps[k][1] - steps[k - 1][1]) for k in range(1, len(steps))]
    (_, stand_ins), *modules, (_, node) = sizes
    loaded = tuple(sorted(lines[-1].split()[1:]))
    rows = [tuple(int(x) for x in line.split()) for line in ran[2:]]
    most = {row[:3]: row[3] for row in rows}
    closings = (
        ("a sample that ends none of these", int(ran[1].split()[1])),
        *((text, most[key]) for key, text in _CLOSINGS.items()),
    )
    return Table(tuple(modules), node, int(ran[0].split()[1]), closings, stand_ins, loaded)


def _source(module: str) -> Path | None:
    parts = module.split(".")
    if parts[0] == "board":
        parts = ["boards", _BOARD, *parts[1:]]
    path = run_on_vm.FIRMWARE.joinpath(*parts)
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(module: str) -> Iterator[str]:
    """Firmware modules that importing `module` imports first: its packages, then its own."""
    parts = module.split(".")
    for k in range(1, len(parts)):
        yield ".".join(parts[:k])
    source = _source(module)
    assert source is not None, module
    for node in ast.parse(source.read_text("utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _import_order(*roots: str) -> list[str]:
    """All firmware modules under `roots`, each after those it imports."""
    order: list[str] = []

    def visit(module: str) -> None:
        if module not in order and _source(module) is not None:
            for needed in _imports(module):
                if needed != module:
                    visit(needed)
            if module not in order:
                order.append(module)

    for root in roots:
        visit(root)
    return order


def text_of(table: Table) -> str:
    """The page as it is committed."""
    rows = [f"| `{name}` | {size:,} |" for name, size in table.modules]
    closings = [f"| {text} | {size:,} |" for text, size in table.closings]
    modules = sum(size for _, size in table.modules)
    return f"""# Heap of the node

Made by `tools/ram_table.py`; the tests compare it with a new measurement. Bytes in use after a
collection, on MicroPython with 32-bit pointers, 31-bit small ints and 16-byte blocks: the modules
as `.mpy`, imported one after the other (each row is what that module adds, and where the table of
interned names grows, it grows there), then the node started with the default configuration: one
BMP581 at 10 Hz. A Pico has about 235,000 bytes; the budget is {BUDGET:,}.

| what | bytes |
|---|---:|
{chr(10).join(rows)}
| **all modules** | **{modules:,}** |
| the node, started: spool, raw ring, estimator, link | {table.node:,} |
| growth in its first 700 s, window and block sums | {table.growth:,} |
| **total** | **{table.total:,}** |

Not counted: what stands in for the chip's `machine` and its sensor here ({table.stand_ins:,}
bytes), and what the VM uses before anything is imported.

## Allocated and dropped again

Most bytes that one poll of the running node leaves for the next collection:

| when | bytes |
|---|---:|
{chr(10).join(closings)}
"""


def committed_total() -> int | None:
    """Total of the committed table, None without one."""
    try:
        line = next(
            x for x in TARGET.read_text("utf-8").splitlines() if x.startswith("| **total**")
        )
    except (OSError, StopIteration):
        return None
    return int(line.split("**")[3].replace(",", ""))


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail on drift or over budget.")
def main(check: bool) -> None:
    """Measure the heap of the node; write the table, or check the one that is committed."""
    try:
        table = measure()
    except (HullwatchError, run_on_vm.VmError, run_on_vm.VmMissing) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{table.total} bytes of {BUDGET}")
    if not check:
        TARGET.write_text(text_of(table), "utf-8")
    elif (known := committed_total()) is None or abs(table.total - known) > DRIFT * known:
        raise click.ClickException(f"{TARGET.name} says {known}: run tools/ram_table.py")
    if table.total > BUDGET:
        raise click.ClickException(f"{table.total - BUDGET} bytes over the budget")


if __name__ == "__main__":
    main()
