"""A full disk: one line, what was committed stays, and logging goes on when there is room."""

import os
import sqlite3
import subprocess

import pytest

from hullwatch import errors


@pytest.fixture
def small_disk(home):
    """A folder on a file system of 400 kB."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small file system")
    folder = home / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs a machine that lets root mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def demo(path):
    return ("demo", "--bench", "sim", "--for", "5d", "--json", "--db", path)


def test_a_full_disk_ends_a_demo_in_one_line_and_keeps_what_was_committed(
    hullwatch, small_disk, refused
):
    path = small_disk / "a.db"
    line = refused(errors.DiskFull.exit_code, *demo(path))
    assert str(path) in line
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        ((samples, past),) = connection.execute("SELECT samples, raw_next FROM boots").fetchall()
    finally:
        connection.close()
    assert samples == past > 100


def test_without_room_for_a_database_none_is_made(hullwatch, small_disk, refused):
    (small_disk / "full").write_bytes(bytes(390_000))
    refused(errors.DiskFull.exit_code, *demo(small_disk / "a.db"))
    assert sorted(path.name for path in small_disk.iterdir()) == ["full"]


def test_with_room_again_logging_and_reading_go_on(hullwatch, json_of, small_disk, refused):
    path = small_disk / "a.db"
    refused(errors.DiskFull.exit_code, *demo(path))
    bigger = ["mount", "-o", "remount,size=8m", str(small_disk)]
    subprocess.run(bigger, check=True)
    assert json_of("rates", "--db", path, "--json")["rates"]
    again = json_of("demo", "--bench", "sim", "--for", "2min", "--json", "--db", path)
    assert again["samples"] == 1200
