"""A backup is one moment of the database, complete or absent, also while it is being written."""

import sqlite3
import subprocess
import threading

import pytest

from hullwatch.errors import (
    CorruptDatabase,
    DiskFull,
    ForeignDatabase,
    NewerSchema,
    StoreError,
    Unwritable,
)
from hullwatch.store import Reader, Store, backup


def nothing(_done, _total):
    pass


@pytest.fixture
def filled(store, hello, now_us, raw_block):
    with store.atomic() as batch:
        key = batch.node(hello(), now_us)
        for k in range(2000):
            batch.raw(key.node, key.epoch, raw_block(40 * k))
    return key


def test_a_copy_can_be_read_and_logged_into(store, filled, path, now_us, raw_block, tmp_path):
    seen = []
    size = backup(path, tmp_path / "copy.db", lambda done, total: seen.append((done, total)))
    assert size == (tmp_path / "copy.db").stat().st_size
    assert seen[-1][0] == seen[-1][1] > 0
    with Store.open(tmp_path / "copy.db", now_us) as copy, copy.reader() as reader:
        assert copy.store_id == store.store_id
        assert copy.raw_next(filled) == 80_000
        assert list(reader.check_chains()) == []
        with copy.atomic() as batch:
            assert batch.raw(filled.node, filled.epoch, raw_block(80_000))
    assert store.raw_next(filled) == 80_000
    assert sorted(p.name for p in tmp_path.iterdir() if "copy" in p.name) == ["copy.db"]


def test_while_another_connection_commits_all_the_time(store, filled, path, raw_block, tmp_path):
    def while_copying(done, total):
        nonlocal first
        with store.atomic() as batch:
            batch.raw(filled.node, filled.epoch, raw_block(first))
        first += 40

    first = 80_000
    backup(path, tmp_path / "copy.db", while_copying)
    assert first > 80_000
    with Reader.open(tmp_path / "copy.db") as reader:
        assert len(reader.raw(filled).sample) == 80_000
        assert list(reader.check_chains()) == []


def test_a_logger_in_another_thread_is_not_held_up(path, now_us, hello, raw_block, tmp_path):
    ended = threading.Event()
    began = threading.Event()
    counts = []

    def log():
        with Store.open(path, now_us) as store:
            with store.atomic() as batch:
                key = batch.node(hello(), now_us)
            first = 0
            while not ended.is_set() or first < 400:
                with store.atomic() as batch:
                    batch.raw(key.node, key.epoch, raw_block(first))
                first += 40
                began.set()
            counts.append(first)

    logger = threading.Thread(target=log)
    logger.start()
    began.wait(10)
    try:
        backup(path, tmp_path / "copy.db", nothing)
    finally:
        ended.set()
        logger.join()
    with Reader.open(tmp_path / "copy.db") as reader:
        (boot,) = reader.boots()
        assert 0 < boot.samples <= counts[0]
        assert len(reader.raw(boot.key).sample) == boot.samples


def test_nothing_is_overwritten(store, path, tmp_path):
    for name in ("copy.db", "hull.db"):
        (tmp_path / "copy.db").write_bytes(b"precious")
        with pytest.raises(Unwritable, match="exists already"):
            backup(path, tmp_path / name, nothing)
        assert (tmp_path / "copy.db").read_bytes() == b"precious"


def test_what_is_no_database_of_ours_is_not_copied(tmp_path, path, now_us):
    out = tmp_path / "copy.db"
    with pytest.raises(StoreError, match="no database"):
        backup(tmp_path / "none.db", out, nothing)
    (tmp_path / "text").write_text("x" * 200)
    with pytest.raises(ForeignDatabase):
        backup(tmp_path / "text", out, nothing)
    Store.open(path, now_us).close()
    with pytest.raises(Unwritable, match="directory"):
        backup(path, tmp_path / "no" / "where.db", nothing)
    database = sqlite3.connect(path)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(NewerSchema):
        backup(path, out, nothing)
    assert not out.exists()


def test_a_damaged_database_gives_no_backup(filled, store, path, tmp_path):
    store.close()
    octets = bytearray(path.read_bytes())
    for at in range(4096 * 3, len(octets), 4096):
        octets[at : at + 8] = b"\xff" * 8
    path.write_bytes(octets)
    with pytest.raises(CorruptDatabase):
        backup(path, tmp_path / "copy.db", nothing)
    assert not [p for p in tmp_path.iterdir() if "copy" in p.name]


def test_a_full_disk_leaves_no_half_backup(filled, path, tmp_path):
    where = tmp_path / "small"
    where.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(where)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small disk needs root")
    try:
        with pytest.raises(DiskFull, match="no backup was made"):
            backup(path, where / "copy.db", nothing)
        assert list(where.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", str(where)], check=True)
