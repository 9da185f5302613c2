"""What goes wrong with `hullwatch flash`: told in one line with what to do, and the board boots."""

import json
import re
import shutil
import time
from types import SimpleNamespace

import pytest

from hullwatch import errors
from hullwatch.flash import errors as flash_errors
from hullwatch.flash import upload
from hullwatch.flash.build import build
from hullwatch.flash.corehash import core_hash, file_hash
from hullwatch.flash.wakeup import who
from hullwatch.transport import discover


@pytest.fixture
def fails(hullwatch):
    """Runs `flash`, which must fail with that code and one line after its notes; the line."""

    def run(code, *args):
        got, out, err = hullwatch("flash", *args)
        assert (got, out) == (code, ""), err
        assert "Traceback" not in err
        line = err.splitlines()[-1]
        assert re.fullmatch(r"hullwatch: .+ \(.+\)", line), err
        return line

    return run


def running(one):
    """Core hash of the node that runs there, as soon as one does."""
    deadline = time.monotonic() + 60
    while (hello := who(one.port_path)[0]) is None:
        assert time.monotonic() < deadline
    return hello.fields["core_hash"].hex()


def hash_of(files):
    code = ("main.py", "hullcore/", "hullnode/", "board/")
    return core_hash(
        {path: file_hash(data) for path, data in files.items() if path[:9].startswith(code)}
    )


def test_two_boards_and_no_node_is_ambiguous(bench, refused, hullwatch, monkeypatch):
    both = [bench(build("vm").contents()) for _ in range(2)]
    ports = [
        SimpleNamespace(device=one.port_path, serial_number=f"E66138528350B42{n}", vid=0x2E8A,
                        pid=5, product="Board in FS mode", location=f"1-{n}:1.0")
        for n, one in enumerate(both)
    ]  # fmt: skip
    monkeypatch.setattr(discover.find_port, "__defaults__", (None, lambda: ports))
    line = refused(errors.PortAmbiguous.exit_code, "flash")
    assert "E66138528350B420" in line
    assert "E66138528350B421" in line
    assert "USB serial number" in line
    code, out, err = hullwatch("flash", "--node", "E66138528350B421", "--json")
    assert (code, json.loads(out)["up_to_date"]) == (0, True), err
    assert [running(one) for one in both] == [build("vm").core_hash] * 2
    assert [one.boots for one in both] == [1, 1]


def test_a_program_of_somebody_else_is_stopped_and_kept(bench, hullwatch):
    """One that neither answers nor waits nor ends by itself."""
    one = bench({"main.py": b"print('mine')\nwhile True:\n    pass\n"})
    code, out, err = hullwatch("flash", "--node", one.port_path)
    assert code == 0, err
    assert "nothing answers" in err
    assert "the main.py that was there is now main.before.py" in out
    assert one.files()["main.before.py"].startswith(b"print('mine')")
    assert running(one) == build("vm").core_hash


def test_a_full_file_system(bench, older, filled, fails):
    files = filled(older, 3)
    one = bench(files)
    line = fails(flash_errors.NoRoom.exit_code, "--node", one.port_path, "--discard-records")
    assert re.search(r"\d+ kB free on the board, the update needs \d+ kB \(.*--db", line)
    assert running(one) == hash_of(files)


def test_unplugged_during_the_upload(bench, older, fails, hullwatch, monkeypatch):
    one = bench(older)
    sends = upload._told_full

    def pulled(repl, code):
        if code.startswith("_n = _f.write"):
            monkeypatch.undo()
            one.replug()
        sends(repl, code)

    monkeypatch.setattr(upload, "_told_full", pulled)
    line = fails(errors.PortLost.exit_code, "--node", one.port_path, "--discard-records")
    assert line.endswith("(plug it in and run the command again)")
    assert running(one) == hash_of(older)
    code, out, err = hullwatch("flash", "--node", one.port_path, "--discard-records", "--json")
    assert (code, json.loads(out)["core_hash"]) == (0, build("vm").core_hash), err


@pytest.mark.parametrize("told_by", ["its hash", "its parts"])
def test_a_damaged_module(bench, older, fails, tmp_path, told_by):
    """In the build on this computer, changed since it was made; or made like that."""
    folder = tmp_path / "build"
    shutil.copytree(build("vm").root, folder)
    path = folder / "hullcore/ticks.mpy"
    path.write_bytes(path.read_bytes()[:30])
    one = bench(older)
    words = ("--node", one.port_path, "--discard-records")
    if told_by == "its hash":
        line = fails(flash_errors.BuildError.exit_code, *words, "--build", folder)
        assert "a file is missing or damaged (build it again)" in line
        assert one.boots == 1
        assert running(one) == hash_of(older)
        return
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["hullcore/ticks.mpy"] = file_hash(path.read_bytes())
    manifest["core_hash"] = core_hash(manifest["files"])
    (folder / "manifest.json").write_text(json.dumps(manifest))
    line = fails(flash_errors.WrongMicroPython.exit_code, *words, "--build", folder)
    assert "hullcore/ticks.mpy is damaged (remove the build folder, build again)" in line
    assert running(one) == hash_of(older)
