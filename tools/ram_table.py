"""Heap of the node, module by module, on the VM whose memory is laid out like the chip's.

`python tools/ram_table.py` measures and writes `firmware/RAM.md`; `--check` compares instead and
fails when a total has drifted or left its budget. The VM (`wasm32`) has 32-bit pointers, 31-bit
small ints and 16-byte heap blocks, as the RP2040; its numbers repeat to the byte.
"""

from __future__ import annotations

import ast
import binascii
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

import run_on_vm
from hullcore import settings
from hullwatch.errors import HullwatchError
from hullwatch.flash.build import build
from hullwatch.flash.compiler import Compiler
from hullwatch.link.messages import TEST_LOAD, TEST_START
from hullwatch.link.recordkinds import RECIPE
from hullwatch.sim.firmware import save_config

TARGET = run_on_vm.FIRMWARE / "RAM.md"
STAND_IN = run_on_vm.FIRMWARE / "tests" / "vm" / "chip" / "machine.py"
CONFIGURATIONS: dict[str, dict[str, object]] = {
    "spine": {"noise_profile": "off", "rapid_mpa_s": 0},
    "default": {},
    "everything on": {
        "noise_profile": "learn",
        "trend_s": (10, 60, 600, 3600, 86400),
        "reserve_limit_pa": 50_000,
        "temp_lag_ms": 60_000,
        "settling_ms": 0,
    },
    "two sensors and test programs": {
        "noise_profile": "calibrated",
        "rapid_mpa_s": 0,
        "aux_sensor": "tmp117",
        "compensation": "probe",
        "outputs": "16:supply:fill:nc:60:dump;17:dump:vent:nc:0",
        "overpressure_pa": 123_000,
        "temp_lag_ms": 60_000,
        "settling_ms": 0,
        "u_volume_ppm": 5_000,
        "p_out_pa": 50_000,
    },
}
"""What differs from the default settings, by the name of the configuration."""
BUDGETS = {
    "spine": 80_000, "default": 100_000, "everything on": 125_000,
    "two sensors and test programs": 120_000,
}  # fmt: skip
DRIFT = 0.03
_BOARD = "pico"
_BOARDS = ("from fakes import Board", "from twochips import TwoChips as Board")
_PADS = (16, 7216, 30_016)

# Collections happen where only small functions are running (see run_on_vm). What has returned left
# pointers on the stack, which would count as references: calls as deep overwrite them.
_USED = """
def overwrite(n):
    return n and overwrite(n - 1)
def used(collect):
    overwrite(60)
    collect()
    return gc.mem_alloc()
"""

_PROGRAM = """
pad = bytearray(PAD)
def take(name):
    __import__(name)
for name in ("gc",) + NAMES:
    take(name)
    print(name, used(gc.collect))
from board import board
from hullnode.node import Node
from hullnode.unload import collect
board.root = "$ROOT"
board.random32 = lambda: 7  # this VM has no source of randomness
board.collect = lambda: None  # and its collector does not see what the start is working on
board.files.statvfs = lambda path: (4096, 4096, 352, 300)  # nor does it know its free space
node = Node(board, 0)
print("node", used(collect))
"""

_RECIPE = {
    "kind": 0, "uses": 0b11, "target_pa": 101_000, "tolerance_pa": 5_000, "fill_ms": 20_000,
    "stabilise_ms": 1_000, "measure_s": 3_600, "vent_ms": 1_000, "limit_fpa_m3_s": 10**12,
    "gross_pa": 50_000, "seat_fpa_m3_s": -1, "vented": 1, "tries": 1,
}  # fmt: skip
"""A test that measures all the while, where there are outputs; other fields are 0."""

_RUN = """
for name in NAMES:
    __import__(name)
from allocations import Watch
FROM_BOARDS
from hullnode.node import Node
from hullnode.unload import collect
board = Board("$ROOT")
board.link_us = 50000
node = Node(board, 0)
if node.sequencer:
    status, crc = node.command(LOAD, RECIPE)
    assert status == 0, crc
    assert node.command(START, crc + b"\\x01part")[0] == 0
    while node.sequencer.phase != 4:  # measuring: there it stays
        node.poll()
        board.time.advance(1000)
watch = Watch(node, board)
first = last = 0
first = last = used(collect)
for k in range(70):
    watch.samples(100)
    last = max(last, used(collect))
print("loaded", " ".join([n for n in sys.modules]))
print("growth", last - first)
print("leaks", watch.leaks)
print("flash", watch.flash)
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
    """Bytes of heap of one configuration: each module, what starting the node adds, and growth
    while it measures.

    `loaded` names the node's modules in memory in the end, `most` has the most bytes one poll
    leaves by (raw blocks, records, whether a block of the estimator) that closed in it, `flash`
    those of a poll that wrote to the flash.
    """

    modules: dict[str, int]
    node: int
    growth: int
    leaks: int
    flash: int
    most: dict[tuple[int, ...], int]
    stand_ins: int
    loaded: frozenset[str]

    @property
    def total(self) -> int:
        """What is in use on a node, without the VM's own and what stands in for the chip."""
        return sum(self.modules.values()) + self.node + self.growth


def measure(names: tuple[str, ...] = tuple(CONFIGURATIONS)) -> dict[str, Table]:
    """For each configuration: import module by module, start the node with one BMP581 at 10 Hz,
    let it run 700 s.
    """
    with tempfile.TemporaryDirectory() as folder:
        chip, fakes = (Path(folder, name) for name in ("chip", "fakes"))
        for path in (chip, fakes):
            path.mkdir()
        compiler = Compiler()
        compiler.compile(STAND_IN, "machine.py", chip / "machine.mpy")
        for name in ("fakes", "twochips", "allocations"):
            source = STAND_IN.parent.parent / f"{name}.py"
            compiler.compile(source, source.name, fakes / f"{name}.mpy")
        code = build(_BOARD, Path(folder, "code")).root
        tables = {}
        for name in names:
            changes = CONFIGURATIONS[name]
            root = Path(folder, name)
            root.mkdir()
            save_config(root, settings.defaults() | changes)
            tables[name] = _measure(code, chip, fakes, root, changes)
    return tables


def _recipe_for(wiring: str) -> bytes:
    values: dict[str, object] = dict.fromkeys((f.name for f in RECIPE.fields), 0)
    values.update(_RECIPE, name=b"ram", wiring=binascii.crc32(wiring.encode()))
    return RECIPE.struct.pack(*values.values())


def _measure(code: Path, chip: Path, fakes: Path, root: Path, changes: dict[str, object]) -> Table:
    wiring = str(changes.get("outputs", "none"))

    def run(program: str, names: tuple[str, ...], **extra: Path) -> list[str]:
        program = _USED + program.replace("NAMES", repr(names))
        program = program.replace("FROM_BOARDS", _BOARDS["aux_sensor" in changes])
        program = program.replace("RECIPE", repr(_recipe_for(wiring)))
        program = program.replace("LOAD", str(TEST_LOAD.id)).replace("START", str(TEST_START.id))
        done = run_on_vm.run("wasm32", program, code, {**extra, "ROOT": root})
        return done.stdout.splitlines()

    # what a running node keeps, also of what it imports late: known only when it has run
    kept = sorted(_ours(run(_RUN, (), FAKES=fakes)[0]))
    names = tuple(_import_order("hullnode.guard", *kept, "board"))
    # a number in a buffer can look like an address here, where the heap begins near zero, and hold
    # on to what lies there: the chip's heap is at 0x20000000. Three layouts, the least is counted
    program = [_PROGRAM.replace("PAD", str(pad)) for pad in _PADS]
    runs = [run(text, ("machine", *names), CHIP=chip) for text in program]
    printed = min(runs, key=lambda lines: int(lines[-1].split()[1]) - int(lines[0].split()[1]))
    loaded, growth, leaks, flash, *rows = run(_RUN, names[:-1], FAKES=fakes)
    steps = [(name, int(size)) for name, size in (line.split() for line in printed)]
    sizes = [(steps[k][0], steps[k][1] - steps[k - 1][1]) for k in range(1, len(steps))]
    (_, stand_ins), *modules, (_, node) = sizes
    closed = [tuple(int(x) for x in row.split()) for row in rows]
    return Table(
        dict(modules), node, int(growth.split()[1]), int(leaks.split()[1]),
        int(flash.split()[1]), {row[:3]: row[3] for row in closed}, stand_ins, _ours(loaded),
    )  # fmt: skip


def _ours(line: str) -> frozenset[str]:
    return frozenset(x for x in line.split()[1:] if x.split(".")[0] in ("hullcore", "hullnode"))


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


def text_of(tables: dict[str, Table]) -> str:
    """The page as it is committed."""
    spine = tables["spine"]
    changes = "; ".join(
        f"*{name}*: {', '.join(f'`{key}={value}`' for key, value in changes.items())}"
        for name, changes in CONFIGURATIONS.items() if changes
    )  # fmt: skip
    return f"""# Heap of the node

Made by `tools/ram_table.py`; the tests compare it with a new measurement. Bytes in use after a
collection, on MicroPython with 32-bit pointers, 31-bit small ints and 16-byte blocks: the modules
as `.mpy`, imported one after the other (each row is what that module adds, and where the table of
interned names grows, it grows there), then the node started with one BMP581 at 10 Hz. A Pico has
about 235,000 bytes. {changes}.

Modules that only the start or a change of settings needs are forgotten by the next collection
(`hullnode/unload.py`) and are not here, or given back in the row of the start; the names they
interned stay, in that row.

| what | {" | ".join(tables)} |
|---|{"---:|" * len(tables)}
{chr(10).join(_rows(tables))}

Not counted: what stands in for the chip's `machine` and its sensor here ({spine.stand_ins:,}
bytes), and what the VM uses before anything is imported.

## Allocated and dropped again

Most bytes that one poll of the running node leaves for the next collection:

| when | {" | ".join(tables)} |
|---|{"---:|" * len(tables)}
{chr(10).join(_closings(list(tables.values())))}
"""


def _closings(columns: list[Table]) -> Iterator[str]:
    yield _row("a sample that ends none of these", [t.leaks for t in columns])
    for key, text in _CLOSINGS.items():
        yield _row(text, [t.most.get(key) for t in columns])
    flash = [t.flash for t in columns]
    yield _row("records or a page of raw blocks are written to the flash", flash)
    most = [max(t.most.values()) for t in columns]
    yield _row("most of all: a noise profile is fitted, a trend told besides", most)


def _rows(tables: dict[str, Table]) -> Iterator[str]:
    columns = list(tables.values())
    for name in dict.fromkeys(name for table in columns for name in table.modules):
        yield _row(f"`{name}`", [t.modules.get(name) for t in columns])
    yield _row("**all modules**", [sum(t.modules.values()) for t in columns], "**")
    yield _row("the node, started: spool, raw ring, link", [t.node for t in columns])
    yield _row("growth in its first 700 s", [t.growth for t in columns])
    yield _row("**total**", [t.total for t in columns], "**")
    yield _row("budget", [BUDGETS[name] for name in tables])


def _row(what: str, sizes: Sequence[int | None], mark: str = "") -> str:
    cells = ["" if size is None else f"{mark}{size:,}{mark}" for size in sizes]
    return f"| {what} | {' | '.join(cells)} |"


def committed_totals() -> dict[str, int]:
    """Totals of the committed table by configuration; empty without one."""
    try:
        line = next(
            x for x in TARGET.read_text("utf-8").splitlines() if x.startswith("| **total**")
        )
    except (OSError, StopIteration):
        return {}
    sizes = [int(x.replace(",", "")) for x in line.split("**")[3::2]]
    return dict(zip(CONFIGURATIONS, sizes, strict=False))


def complaints(tables: dict[str, Table]) -> list[str]:
    """What is wrong with a measurement: over a budget, or not what the committed table says."""
    known = committed_totals()
    found = []
    for name, table in tables.items():
        if table.total > BUDGETS[name]:
            found.append(f"{name}: {table.total - BUDGETS[name]} bytes over the budget")
        if abs(table.total - known.get(name, 0)) > DRIFT * table.total:
            found.append(f"{name}: {TARGET.name} says {known.get(name)}: run tools/ram_table.py")
    return found


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail on drift or over budget.")
def main(check: bool) -> None:
    """Measure the heap of the node; write the table, or check the one that is committed."""
    try:
        tables = measure()
    except (HullwatchError, run_on_vm.VmError, run_on_vm.VmMissing) as error:
        raise click.ClickException(str(error)) from error
    for name, table in tables.items():
        click.echo(f"{name}: {table.total} bytes of {BUDGETS[name]}")
    if not check:
        TARGET.write_text(text_of(tables), "utf-8")
    if wrong := complaints(tables):
        raise click.ClickException("; ".join(wrong))


if __name__ == "__main__":
    main()
