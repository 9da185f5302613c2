"""Whose file it is, who may write it, and that a refused file is left as it was."""

import multiprocessing
import os
import sqlite3
import subprocess
import sys

import pytest

from hullwatch import errors
from hullwatch.store import Reader, Store, schema
from hullwatch.store.schema import APPLICATION_ID, SCHEMA_VERSION, migrate


def contents(directory):
    """Files and what they hold, but for the empty log and its index that a reader leaves."""
    return {
        p.name: p.read_bytes() if p.is_file() else None
        for p in sorted(directory.iterdir())
        if not p.name.endswith("-shm") and not (p.name.endswith("-wal") and not p.stat().st_size)
    }


def test_a_new_store_has_an_id_that_stays(path, now_us):
    with Store.open(path, now_us) as store:
        store_id = store.store_id
    assert 0 < store_id < 2**63
    with Store.open(path, now_us + 1) as again:
        assert again.store_id == store_id
    with Reader.open(path) as reader:
        assert reader.store_id == store_id
    assert list(contents(path.parent)) == ["hull.db"]


def test_two_stores_differ(tmp_path, now_us):
    ids = set()
    for name in "abcdef":
        with Store.open(tmp_path / name, now_us) as store:
            ids.add(store.store_id)
    assert len(ids) == 6


def test_the_file_says_what_it_is_and_how_it_is_kept(path, now_us):
    with Store.open(path, now_us) as store:
        pragma = {
            name: store._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2: FULL
    header = path.read_bytes()[:100]
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID  # file format, "1.3.17"
    assert int.from_bytes(header[60:64], "big") == SCHEMA_VERSION


def test_an_empty_file_becomes_a_store(path, now_us):
    path.touch()
    Store.open(path, now_us).close()
    Reader.open(path).close()


def test_odd_characters_in_the_name(tmp_path, now_us):
    for name in ("a b.db", "50%.db", "what?.db", "a#b.db", "é.db", "'quoted'.db"):
        with Store.open(tmp_path / name, now_us) as store:
            assert store.path.is_file()
        Reader.open(tmp_path / name).close()
    assert len(contents(tmp_path)) == 6


def test_a_link_locks_what_it_points_to(tmp_path, path, now_us):
    Store.open(path, now_us).close()
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with Store.open(link, now_us), pytest.raises(errors.StoreLocked):
        Store.open(path, now_us)


def foreign_sqlite(path):
    with sqlite3.connect(path) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE mine (a)")
    other.close()


def newer(path):
    Store.open(path, 0).close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    other.close()


def cut_short(path):
    Store.open(path, 0).close()
    os.truncate(path, path.stat().st_size // 2)


def damaged(path):
    Store.open(path, 0).close()
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xa5" * 3996  # the page that names the tables
    path.write_bytes(data)


@pytest.mark.parametrize("opener", [lambda p: Store.open(p, 0), Reader.open])
@pytest.mark.parametrize(
    ("prepare", "error"),
    [
        (lambda p: p.write_text("t_s,p_pa\n0,101325\n" * 100), errors.ForeignDatabase),
        (lambda p: p.write_bytes(b"x"), errors.ForeignDatabase),
        (lambda p: p.write_bytes(bytes(8192)), errors.ForeignDatabase),
        (foreign_sqlite, errors.ForeignDatabase),
        (newer, errors.NewerSchema),
        (cut_short, errors.CorruptDatabase),
        (damaged, errors.CorruptDatabase),
        (lambda p: p.mkdir(), errors.StoreError),
        (os.mkfifo, errors.StoreError),
    ],
)
def test_an_unusable_file_is_refused_and_left_untouched(path, opener, prepare, error):
    prepare(path)
    before = contents(path.parent)
    with pytest.raises(error) as caught:
        opener(path)
    assert contents(path.parent) == before
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message + caught.value.hint
    assert caught.value.hint


@pytest.mark.parametrize("where", ["/proc/hull.db", "/nowhere/hull.db", "/dev/null"])
def test_an_impossible_path_is_refused(where):
    with pytest.raises(errors.StoreError) as caught:
        Store.open(where, 0)
    assert where in caught.value.message
    assert caught.value.hint


def test_a_reader_of_nothing_makes_nothing(path):
    with pytest.raises(errors.StoreError, match="no database"):
        Reader.open(path)
    assert contents(path.parent) == {}


def test_a_left_over_log_is_not_replayed_into_a_new_database(path, now_us):
    left = path.with_name("hull.db-wal")
    left.write_bytes(b"what a deleted database left")
    with pytest.raises(errors.StoreError, match="left over"):
        Store.open(path, now_us)
    assert list(contents(path.parent)) == ["hull.db-wal"]


def test_what_a_reader_leaves_of_a_deleted_database_is_no_obstacle(path, now_us):
    Store.open(path, now_us).close()
    Reader.open(path).close()
    path.unlink()
    Store.open(path, now_us).close()
    Reader.open(path).close()


def test_a_second_writer_is_told_who_the_first_is(path, now_us):
    with Store.open(path, now_us, "hullwatch demo"):
        with pytest.raises(errors.StoreLocked, match=rf"hullwatch demo \(process {os.getpid()}\)"):
            Store.open(path, now_us)
        Reader.open(path).close()
    Store.open(path, now_us).close()


def test_another_process_is_refused_too(path, now_us):
    with Store.open(path, now_us, "hullwatch log"):
        code = "import sys; from hullwatch.store import Store; Store.open(sys.argv[1], 0)"
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert f"hullwatch log (process {os.getpid()}) is logging to it" in done.stderr


def test_a_lock_whose_holder_was_killed_is_free(path, now_us):
    context = multiprocessing.get_context("fork")
    ready = context.Event()

    def hold():
        Store.open(path, now_us)
        ready.set()
        context.Event().wait()

    holder = context.Process(target=hold)
    holder.start()
    assert ready.wait(30)
    with pytest.raises(errors.StoreLocked):
        Store.open(path, now_us)
    holder.kill()
    holder.join()
    Store.open(path, now_us).close()


def test_a_foreign_writer_makes_the_transaction_fail_not_hang(path, now_us, store, monkeypatch):
    store._connection.execute("PRAGMA busy_timeout = 20")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(errors.StoreLocked, match="write lock"), store.atomic():
        pytest.fail("the block must not run")
    other.execute("ROLLBACK")
    other.close()
    with store.atomic():
        pass


def test_migrations_are_run_once_and_all_or_none(path, now_us):
    Store.open(path, now_us).close()
    longer = (*schema.MIGRATIONS, ("CREATE TABLE extra (a)",), ("CREATE TABLE extra2 (a)",))
    broken = (*schema.MIGRATIONS, ("CREATE TABLE extra (a)",), ("no SQL",))
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN")
        with pytest.raises(sqlite3.OperationalError):
            migrate(other, broken)
        other.execute("ROLLBACK")
        assert other.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        for _ in range(2):
            migrate(other, longer)
        assert other.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION + 2,)
        assert other.execute("SELECT COUNT(*) FROM extra2").fetchone() == (0,)
    other.close()


def test_every_store_error_has_its_own_exit_code():
    kinds = [
        errors.StoreError,
        errors.ForeignDatabase,
        errors.NewerSchema,
        errors.StoreLocked,
        errors.DiskFull,
        errors.CorruptDatabase,
    ]
    codes = {kind.exit_code for kind in kinds}
    assert len(codes) == len(kinds)
    assert all(2 < code <= 125 for code in codes)
