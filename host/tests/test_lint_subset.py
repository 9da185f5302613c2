"""The lint finds what the nodes refuse, and lets pass what all of them run."""

import subprocess
from pathlib import Path

import pytest

import capability
import lint_subset

# What each snippet was seen to do on MicroPython 1.27 (wasm32) or 1.29 (unix) stands beside it.
REFUSED = [
    ("import dataclasses", "import dataclasses"),  # no such module
    ("from typing import Any", "import typing"),
    ("from __future__ import annotations", "import __future__"),
    ("from . import frame", "relatively"),
    ("import machine", "import machine"),  # there is one, but boards alone may touch it
    ("import time", "import time"),
    ("def f(a, /): pass", "positional-only"),  # SyntaxError
    ("match 1:\n    case 1: pass", "match"),  # SyntaxError
    ("try: pass\nexcept* OSError: pass", "except*"),  # SyntaxError
    ("try: pass\nexcept OSError as e: raise ValueError(1) from e", "raise ... from"),  # warns
    ("class A(metaclass=type): pass", "class"),  # TypeError
    ("class A:\n    def __format__(self, s): return s", "__format__"),  # not called
    ("x = [*y, 1]", "unpack"),  # SyntaxError
    ("x = (*y, 1)", "unpack"),
    ("x = {*y, 1}", "unpack"),
    ("x = {**y}", "unpack"),
    ("def f(): return *y, 1", "unpack"),
    ("del x[1:2]", "delete"),  # TypeError for a bytearray
    ("x = y[::2]", "slice step"),  # NotImplementedError for str and bytes
    ("x = bytearray(2) * 3", "repeat"),  # TypeError
    ("x = 3 * bytearray(2)", "repeat"),
    ("isinstance(x, int | str)", "union"),  # TypeError
    ("zip(a, b, strict=True)", "keywords"),  # TypeError
    ("x.to_bytes(2, 'big', signed=True)", "keywords"),  # TypeError on 1.27
    ("int.from_bytes(x, byteorder='big')", "keywords"),
    ("x.to_bytes(2)", "byte order"),
    ("x.encode(encoding='utf-8')", "keywords"),  # TypeError
    ("x.bit_length()", "bit_length"),  # AttributeError
    ("x.zfill(3)", "zfill"),
    ("memoryview(x).cast('I')", "cast"),
    ("struct.iter_unpack('<b', x)", "iter_unpack"),
    ("x = struct.Struct", "struct.Struct"),
    ("os.path.join(a, b)", "os.path"),
    ("try: pass\nexcept TimeoutError: pass", "TimeoutError"),  # NameError
    ("x = vars(y)", "vars"),
    ("x = f'{y!a}'", "!a"),  # SyntaxError
    ("x = f\"{f'{y}'}\"", "f-string inside"),  # SyntaxError on 1.27
    ("with (open(a) as f, open(b) as g): pass", "parenthesised"),  # SyntaxError
    ("assert x", "assert"),  # compiled away
    ("_LIMIT = 1 << 12", "const"),  # a dictionary entry in RAM
    ("_LIMIT = -40", "const"),
    ("x = 0.5", "float literal 0.5"),  # single precision on the chip, and allocates
    ("x = 1j", "float literal"),
    ("x = a / b", "true division"),
    ("x /= b", "true division"),
    ("x = float(y)", "float"),
]

ACCEPTED = [
    "from hullcore.compat import const\n_LIMIT = const(1 << 12)",
    "LIMIT = 3",
    "_NAMES = ('a', 'b')",
    "import binascii\nimport struct",
    "x = a // b",
    "if (n := f()) > 3: pass",
    "x: int | None = None",
    "def f(x: float, *, y: 'list[int] | None' = None) -> float: pass",  # never evaluated
    "a, *b = c",
    "f(*a, *b, **c)",
    "x = y[1:2]\nz[0:2] = b'ab'",
    "x = bytearray(b'\\0' * 4)",
    "x.to_bytes(4, 'little')",
    "isinstance(x, (int, str))",
    "x = f'{y!r} {z:{w}}'",
    "with open(a) as f, open(b) as g: pass",
    "def format(x): return x\ny = format(3)",  # the module's own name
    "raise ValueError(1)",
]


def _messages(source: str, zone: str) -> list[str]:
    return [str(finding) for finding in lint_subset.check(source, "x.py", zone)]


@pytest.mark.parametrize(("source", "message"), REFUSED)
def test_refused(source: str, message: str) -> None:
    (finding,) = _messages(source, "hullnode")
    assert message in finding


@pytest.mark.parametrize("source", ACCEPTED)
def test_accepted(source: str) -> None:
    assert _messages(source, "hullnode") == []


def test_a_finding_names_file_line_and_a_way_out() -> None:
    assert _messages("x = 1\ny = x / 2\n", "hullcore") == [
        "x.py:2: true division makes a float (// with the rounding you mean)"
    ]


def test_zones_differ() -> None:
    assert _messages("import machine, time\nx = 0.5 / 2", "boards") == []
    assert _messages("import os", "hullnode") == []
    assert len(_messages("import os", "hullcore")) == 1
    assert len(_messages("print(1)\nopen('x')", "hullcore")) == 2
    assert _messages("print(1)\nopen('x')", "hullnode") == []
    assert _messages("import board, sys", "main.py") == []
    assert len(_messages("import machine", "main.py")) == 1


def test_everything_that_goes_onto_a_node_is_read(tmp_path: Path) -> None:
    for name in ("hullcore/a.py", "hullnode/drivers/b.py", "boards/pico/c.py", "main.py"):
        (tmp_path / "firmware" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "firmware" / name).write_text("")
    (tmp_path / "firmware" / "tests").mkdir()
    (tmp_path / "firmware" / "tests" / "test_a.py").write_text("")
    found = {(path.name, zone) for path, zone in lint_subset.firmware_files(tmp_path)}
    assert found == {
        ("a.py", "hullcore"),
        ("b.py", "hullnode"),
        ("c.py", "boards"),
        ("main.py", "main.py"),
    }


def test_unreadable_source_is_an_error() -> None:
    with pytest.raises(SyntaxError):
        lint_subset.check("def", "x.py", "hullcore")


def test_the_tables_agree_with_a_real_vm() -> None:
    """Nothing in the tables exists there: the lint forbids no more than it must."""
    vm = capability.executable("micropython")
    values = "(1, 'a', b'a', bytearray(1), memoryview(b'a'), ValueError(), OSError(1))"
    script = f"""
import builtins, os, struct, array, hashlib
values = {values} + (array.array('i'), hashlib.sha256(b''))
print([n for n in {sorted(lint_subset.ABSENT_METHODS)} for v in values if hasattr(v, n)])
print([n for n in {sorted(lint_subset.ABSENT_BUILTINS - {"slice"})} if hasattr(builtins, n)])
modules = {{"os": os, "struct": struct}}
print([n for m, n in {sorted(lint_subset.ABSENT_MEMBERS)} if hasattr(modules[m], n)])
"""
    result = subprocess.run([vm, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines() == ["[]", "[]", "[]"]
