"""Pruning takes what is surely old, says so, and leaves everything else as it was."""

import os
import subprocess
import sys

import numpy as np
import pytest

from hullwatch.errors import InputError, StoreError
from hullwatch.store import ClockFit, Reader, Store, prune, repack

EPOCH = 0xE0C4


@pytest.fixture
def filled(store, hello, now_us, raw_block, window_record, monkeypatch):
    """Samples 0 … 599, one each 0.1 s from `now_us` on; 0 … 399 in two spans. Their boot."""
    monkeypatch.setattr(repack, "SPAN_SAMPLES", 200)
    with store.atomic() as batch:
        key = batch.node(hello(), now_us)
        batch.clock(key, ClockFit(ref_ms=0, utc_us=now_us, ppm=0, bound_us=1000, ppm_bound=0))
        batch.record(key.node, window_record(0), now_us)
        for k in range(14):
            batch.raw(key.node, key.epoch, raw_block(40 * k))
    while store.repack():
        pass
    return key


def pruned(store, now_us, seconds, **how):
    return list(store.prune_raw(now_us + round(seconds * 1e6), now_us + 10**12, **how))


def test_whole_rows_that_are_older_go_and_leave_a_stated_hole(store, filled, now_us):
    with store.reader() as reader:
        before = reader.raw(filled), reader.windows(), reader.envelope(filled, 0, 560, 3)
        heads = reader.chain_heads()
    (found,) = pruned(store, now_us, 45.0)  # 2 spans of 20 s, and one block of 4 s
    assert (found.first, found.past, found.rows, found.samples) == (0, 440, 3, 440)
    assert found.kept == ""
    with store.reader() as reader:
        left = reader.raw(filled)
        assert left.sample.tolist() == list(range(440, 560))
        assert left.p_q8.tolist() == before[0].p_q8[440:].tolist()
        (gap,) = reader.gaps(filled.node)
        assert (gap.first, gap.past) == (0, 440)
        assert gap.reason == "pruned on 2023-11-26"  # now_us and 10^6 s
        assert reader.windows() == before[1]
        assert list(reader.check_chains()) == []
        assert reader.chain_heads() == heads
        assert reader.summary(filled.node).samples == 120
        drawn = reader.envelope(filled, 0, 560, 3)
    np.testing.assert_array_equal(drawn.low[:2], before[2].low[:2])
    assert store.raw_next(filled) == 560


def test_a_second_time_and_what_comes_after(store, filled, now_us, raw_block):
    for seconds in (21.0, 41.0, 44.1):
        pruned(store, now_us, seconds)
    with store.atomic() as batch:
        for k in range(14, 24):
            batch.raw(filled.node, EPOCH, raw_block(40 * k))
    while store.repack():
        pass
    with store.reader() as reader:
        assert reader.raw(filled).sample.tolist() == list(range(440, 960))
        assert list(reader.check_chains()) == []
        assert [(g.first, g.past) for g in reader.gaps(filled.node)] == [
            (0, 200), (200, 400), (400, 440)
        ]  # fmt: skip
        assert reader.summary(filled.node).samples == 520
    store._connection.execute("DELETE FROM raw_blocks WHERE first = 440")  # a span of 200
    with store.reader() as reader:
        assert next(reader.check_chains()).past == 640


@pytest.mark.parametrize(
    ("seconds", "samples"), [(20.0, 0), (20.0005, 0), (20.002, 200), (1e5, 560)]
)
def test_the_bound_of_the_time_counts(store, filled, now_us, seconds, samples):
    (found,) = pruned(store, now_us, seconds)  # the last of 200 samples is due at 19.9 s, ± 1 ms
    assert found.samples == samples


def test_a_dry_run_changes_nothing(store, filled, now_us):
    before = list(store._connection.iterdump())
    (found,) = pruned(store, now_us, 1e5, dry=True)
    assert found.samples == 560
    assert list(store._connection.iterdump()) == before


def test_what_may_still_be_filled_stays(store, filled, now_us, raw_block):
    with store.atomic() as batch:
        batch.raw(filled.node, EPOCH, raw_block(640))
    (found,) = pruned(store, now_us, 1e5)
    assert (found.past, found.kept) == (560, prune.MAY_BE_FILLED)
    with store.atomic() as batch:
        assert batch.raw(filled.node, EPOCH, raw_block(600))
        assert batch.raw(filled.node, EPOCH, raw_block(560))
    (found,) = pruned(store, now_us, 1e5)
    assert (found.first, found.past, found.kept) == (560, 680, "")


def test_what_has_no_time_stays(store, hello, now_us, raw_block):
    with store.atomic() as batch:
        key = batch.node(hello(), now_us)
        batch.raw(key.node, key.epoch, raw_block(0))
    (found,) = pruned(store, now_us, 1e5)
    assert (found.samples, found.kept) == (0, prune.TIME_UNKNOWN)


def test_the_future_is_refused(store, filled, now_us):
    with pytest.raises(InputError, match="future"):
        list(store.prune_raw(now_us + 1, now_us))


def test_whichever_write_fails_nothing_is_half_pruned(
    disk, path, hello, now_us, raw_block, monkeypatch
):
    monkeypatch.setattr(repack, "SPAN_SAMPLES", 200)
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
            batch.clock(key, ClockFit(ref_ms=0, utc_us=now_us, ppm=0, bound_us=1))
            for k in range(10):
                batch.raw(key.node, key.epoch, raw_block(40 * k))
        while store.repack():
            pass
        before = list(store._connection.iterdump())
        for fail_at in range(100):
            disk.calls.clear()
            disk.fail_from = fail_at
            try:
                pruned(store, now_us, 25.0)
            except StoreError:
                pass
            else:
                break
            finally:
                disk.fail_from = None
            assert list(store._connection.iterdump()) == before
        assert 1 < fail_at < 99
        with store.reader() as reader:
            assert reader.raw(key).sample.tolist() == list(range(200, 400))
            assert list(reader.check_chains()) == []


def test_shrink_gives_space_back(store, filled, now_us, path, raw_block):
    with store.atomic() as batch:
        for k in range(14, 300):
            batch.raw(filled.node, EPOCH, raw_block(40 * k))
    pruned(store, now_us, 1e5)
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = path.stat().st_size
    store.shrink()
    assert path.stat().st_size < before


PRUNER = """
import sys
from hullwatch.store import Store
store = Store.open(sys.argv[1], 0)
print("ready", flush=True)
for seconds in range(1, 1000):
    for _ in store.prune_raw(seconds * 1_000_000, 10**12):
        pass
    print(seconds, flush=True)
"""


def test_killed_while_pruning_the_rest_is_whole(path, hello, raw_block):
    with Store.open(path, 0) as store, store.atomic() as batch:
        key = batch.node(hello(), 0)
        batch.clock(key, ClockFit(ref_ms=0, utc_us=0, ppm=0, bound_us=1, ppm_bound=0))
        for k in range(400):
            batch.raw(key.node, key.epoch, raw_block(40 * k))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    rng = np.random.default_rng(3)
    starts = []
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", PRUNER, str(path)],
            stdout=subprocess.PIPE, env=environment, text=True,
        ) as pruner:  # fmt: skip
            for _ in range(rng.integers(5, 60)):
                pruner.stdout.readline()
            pruner.kill()
        with Reader.open(path) as reader:
            left = reader.raw(key).sample
            assert left.tolist() == list(range(left[0], 16_000))
            assert reader.boots()[0].samples == len(left)
            holes = reader.gaps(key.node)
            assert [holes[0].first, holes[-1].past] == [0, left[0]]
            assert list(reader.check_chains()) == []
            starts.append(int(left[0]))
    assert starts[-1] > 0
