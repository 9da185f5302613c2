"""Who holds a port: real locks, a second process, and what is left when one is killed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hullwatch.control.registry import claim, holder_of, holders, port_key
from hullwatch.control.rundir import own_runtime_dir, runtime_dirs
from hullwatch.errors import ControlError, PortBusy

PORT = "/dev/ttyACM42"
OTHER = "/dev/ttyACM43"

CLAIMER = """
import sys
from hullwatch.control.registry import claim
held = claim(sys.argv[1], "hullwatch log", "E6614104", "/x/run.db.sock", "/x/run.db")
print("held", flush=True)
sys.stdin.readline()
held.release()
"""

LOOKER = """
import sys
from hullwatch.control.registry import holder_of
holder_of(sys.argv[1])
print("looking", flush=True)
while True:
    holder_of(sys.argv[1])
"""


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "hullwatch"


@pytest.fixture
def other():
    """Another process that holds PORT."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIMER, PORT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_claim_is_seen_with_all_it_says(directory):
    with claim(PORT, "hullwatch log", "E6614104", "/x/run.db.sock", "/x/run.db") as held:
        seen = holder_of(PORT)
        assert seen == held.holder
        assert (seen.pid, seen.program, seen.port) == (os.getpid(), "hullwatch log", PORT)
        assert (seen.control, seen.database) == ("/x/run.db.sock", "/x/run.db")
        assert holders() == [seen]
        assert holder_of("e6614104") == seen
        assert holder_of(OTHER) is None
    assert holder_of(PORT) is None
    assert list(directory.iterdir()) == []


def test_the_file_is_json_and_for_its_owner_alone(directory):
    with claim(PORT, "hullwatch log"):
        [path] = directory.iterdir()
        assert json.loads(path.read_text())["port"] == PORT
        assert path.stat().st_mode & 0o777 == 0o600
        assert directory.stat().st_mode & 0o777 == 0o700


def test_a_second_claim_names_the_holder(other):
    with pytest.raises(PortBusy, match=rf"{PORT} is held by hullwatch log \(process {other.pid}\)"):
        claim(PORT, "hullwatch demo")
    with claim(OTHER, "hullwatch demo"):
        assert [holder.port for holder in holders()] == [PORT, OTHER]


def test_within_one_process_a_port_is_claimed_once():
    with claim(PORT, "one"), pytest.raises(PortBusy, match="one"):
        claim(PORT, "two")
    claim(PORT, "two").release()


def test_a_killed_holder_holds_nothing_though_its_file_is_there(directory, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert len(list(directory.iterdir())) == 1
    assert holder_of(PORT) is None
    assert holders() == []
    with claim(PORT, "hullwatch log"):
        assert holder_of(PORT).pid == os.getpid()
        assert len(list(directory.iterdir())) == 1


def test_a_longer_leftover_does_not_shine_through_a_shorter_text(directory):
    with claim(PORT, "a program with a long name") as held:
        [path] = directory.iterdir()
        held.update(database="/a/very/long/path/to/some.db")
        held.update(database="/b")
        assert json.loads(path.read_text())["database"] == "/b"
        assert holder_of(PORT).database == "/b"


def test_update_keeps_what_it_is_not_told():
    with claim(PORT, "hullwatch log", "E6614104") as held:
        held.update(control="/x.sock")
        held.update(database="/x.db")
        seen = holder_of(PORT)
        assert (seen.control, seen.database, seen.usb_serial) == ("/x.sock", "/x.db", "E6614104")


def test_links_and_their_target_are_one_port(tmp_path):
    target = tmp_path / "ttyACM0"
    target.touch()
    link = tmp_path / "by-id"
    link.symlink_to(target)
    with claim(str(link), "hullwatch log"):
        assert holder_of(str(target)).port == str(target)
        with pytest.raises(PortBusy):
            claim(str(target), "hullwatch log")


def test_a_url_is_its_own_name():
    assert port_key("socket://host:5000") == "socket://host:5000"
    with claim("socket://host:5000", "hullwatch log"):
        assert holder_of("socket://host:5000").program == "hullwatch log"
        assert holder_of("socket://host:5001") is None


def test_a_board_that_came_back_elsewhere_takes_its_claim_along():
    with claim(PORT, "hullwatch log", "E6614104") as held:
        held.move(OTHER)
        assert holder_of(PORT) is None
        assert holder_of(OTHER).port == OTHER
        assert holder_of("E6614104").port == OTHER
        with claim(PORT, "hullwatch demo"):
            with pytest.raises(PortBusy, match="demo"):
                held.move(PORT)
            assert holder_of(OTHER).program == "hullwatch log"
        held.move(OTHER)
    assert holders() == []


def test_a_removed_file_comes_back(directory):
    with claim(PORT, "hullwatch log") as held:
        held.keep()
        [path] = directory.iterdir()
        path.unlink()
        directory.rmdir()
        assert holder_of(PORT) is None
        held.keep()
        assert holder_of(PORT) == held.holder
    assert list(directory.iterdir()) == []


def test_a_successor_is_left_alone(directory):
    first = claim(PORT, "first")
    next(directory.iterdir()).unlink()
    with claim(PORT, "second"):
        with pytest.raises(PortBusy, match="second"):
            first.keep()
        first.release()
        first.release()
        assert holder_of(PORT).program == "second"


def test_a_locked_file_that_says_nothing_is_still_a_holder(directory):
    with claim(PORT, "hullwatch log"):
        [path] = directory.iterdir()
        path.write_text("{")
        assert holder_of(PORT).program == "another program"
        with pytest.raises(PortBusy, match="another program"):
            claim(PORT, "hullwatch log")


def test_many_looks_do_not_make_a_free_port_busy(directory):
    claim(PORT, "gone").release()
    looker = subprocess.Popen([sys.executable, "-c", LOOKER, PORT], stdout=subprocess.PIPE)
    with looker:
        assert looker.stdout.readline() == b"looking\n"
        for _ in range(200):
            claim(PORT, "hullwatch log").release()
        looker.kill()


def test_a_directory_open_to_others_is_refused(directory):
    directory.mkdir(mode=0o755)
    directory.chmod(0o755)
    with pytest.raises(ControlError, match="not yours alone"):
        claim(PORT, "hullwatch log")
    assert holders() == []


def test_a_link_in_place_of_the_directory_is_refused(directory, tmp_path):
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ControlError, match="not yours alone"):
        own_runtime_dir()


def test_a_link_in_place_of_the_file_is_refused(directory, tmp_path):
    with claim(PORT, "hullwatch log"):
        name = next(directory.iterdir()).name
    (directory / name).symlink_to(tmp_path / "victim")
    with pytest.raises(ControlError, match="cannot be written"):
        claim(PORT, "hullwatch log")
    assert not (tmp_path / "victim").exists()


def test_without_a_session_directory_a_folder_in_tmp_is_used(tmp_path):
    fallback = Path(f"/tmp/hullwatch-{os.getuid()}")
    for environ in ({}, {"XDG_RUNTIME_DIR": str(tmp_path / "none")}):
        directory = own_runtime_dir(environ)
        assert directory in (fallback, Path(f"/run/user/{os.getuid()}/hullwatch"))
        assert directory in runtime_dirs(environ)
