"""What a power cut leaves: every commit is on disk before it returns."""

import sqlite3

import pytest

from hullwatch.errors import DiskFull, StoreError
from hullwatch.store import Store


def test_every_commit_ends_with_a_sync_of_the_log(disk, path, now_us, hello, raw_block):
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        for k in range(20):
            disk.calls.clear()
            with store.atomic() as batch:
                batch.raw(key.node, key.epoch, raw_block(40 * k))
            disk.calls.append(("returned", ""))
            assert store.raw_next(key) == 40 * k + 40
            written = [k for k, call in enumerate(disk.calls) if call == ("write", "hull.db-wal")]
            assert written
            assert ("sync", "hull.db-wal") in disk.calls[written[-1] :]


def test_a_new_database_is_synced_before_it_gets_its_name(disk, path, now_us):
    Store.open(path, now_us).close()
    names = [name for what, name in disk.calls if what == "write" and name.endswith(".new")]
    last = max(k for k, call in enumerate(disk.calls) if call[1] in names)
    assert disk.calls[last][0] == "sync"
    assert all(name != "hull.db" for _, name in disk.calls[:last])


def test_whichever_write_fails_first_nothing_of_the_batch_stays(
    disk, path, now_us, hello, raw_block, window_record
):
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        before, fail_at, outcomes = 0, 0, set()
        while True:
            disk.calls.clear()
            disk.fail_from = fail_at
            try:
                with store.atomic() as batch:
                    for k in range(30):
                        batch.raw(key.node, key.epoch, raw_block(40 * (before + k)))
                    batch.record(key.node, window_record(before), now_us)
            except StoreError as error:
                outcomes.add(type(error))
            else:
                break
            finally:
                disk.fail_from = None
            assert store.raw_next(key) == 40 * before
            assert store.durable_next(key.node, key.epoch) == before
            with store.reader() as reader:
                assert reader.summary(key.node).samples == 0
                assert not reader.windows()
            fail_at += 1
        assert fail_at > 3
        assert outcomes == {DiskFull}
        assert store.raw_next(key) == 1200


def test_a_failed_sync_fails_the_commit(disk, path, now_us, hello, event_record):
    disk.failure = sqlite3.SQLITE_IOERR_FSYNC
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        disk.calls.clear()
        with store.atomic() as batch:
            batch.record(key.node, event_record(0), now_us)
        sync = disk.calls.index(("sync", "hull.db-wal"))
        disk.calls.clear()
        disk.fail_from = sync
        with pytest.raises(StoreError, match="reading or writing"), store.atomic() as batch:
            batch.record(key.node, event_record(1), now_us)
        disk.fail_from = None
        assert store.durable_next(key.node, key.epoch) == 1


def test_a_disk_that_is_full_from_the_start_leaves_no_file(disk, path, now_us):
    for fail_at in range(100):
        disk.calls.clear()
        disk.fail_from = fail_at
        try:
            Store.open(path, now_us).close()
        except DiskFull:
            assert list(path.parent.iterdir()) == []
        else:
            break
    assert 3 < fail_at < 99
