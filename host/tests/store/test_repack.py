"""Packing changes neither what readers see nor what is acknowledged, however it is interrupted."""

import os
import sqlite3
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hullwatch.errors import StoreError
from hullwatch.store import Reader, Store, Stored, rawcodec, repack, schema

EPOCH = 0xE0C4


@pytest.fixture
def small_spans(monkeypatch):
    monkeypatch.setattr(repack, "SPAN_SAMPLES", 200)


@pytest.fixture
def key(store, hello, now_us):
    with store.atomic() as batch:
        return batch.node(hello(), now_us)


def put(store, key, blocks):
    with store.atomic() as batch:
        return [batch.raw(key.node, key.epoch, block) for block in blocks]


def seen(path, key):
    with Reader.open(path) as reader:
        raw = reader.raw(key)
        columns = (raw.sample, raw.due_us, raw.late_us, raw.p_q8, raw.t_q16)
        return [c.tolist() for c in columns], reader.gaps(key.node), reader.summary(key.node)


def codecs(store):
    return [c for (c,) in store._connection.execute("SELECT codec FROM raw_blocks ORDER BY first")]


def packed(store):
    while store.repack():
        pass


def test_nothing_happens_before_a_span_is_full(store, key, raw_block, small_spans):
    put(store, key, [raw_block(40 * k) for k in range(4)])
    assert not store.repack()
    put(store, key, [raw_block(40 * k) for k in (4, 5)])
    before = seen(store.path, key)
    assert store.repack()
    assert not store.repack()
    assert codecs(store) == [rawcodec.SPAN, rawcodec.AS_RECEIVED]
    assert seen(store.path, key) == before
    assert store.raw_next(key) == 240


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40
)
@given(
    firsts=st.lists(st.integers(0, 60), min_size=1, max_size=60, unique=True),
    cuts=st.lists(st.integers(1, 10), min_size=1, max_size=20),
    late=st.sets(st.integers(0, 60)),
)
def test_readers_see_the_same_before_and_after(
    tmp_path_factory, hello, now_us, raw_block, firsts, cuts, late, small_spans
):
    path = tmp_path_factory.mktemp("packed") / "hull.db"
    blocks = []
    for k in firsts:
        if k in late:
            blocks.append(raw_block(40 * k, count=1, late_us=30_000))
            blocks.append(raw_block(40 * k + 1, count=39))
        else:
            blocks.append(raw_block(40 * k))
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        at = 0
        while at < len(blocks):
            size = cuts[at % len(cuts)]
            put(store, key, blocks[at : at + size])
            at += size
            before = seen(path, key)
            packed(store)
            assert seen(path, key) == before
        assert set(put(store, key, blocks)) == {Stored.DUPLICATE}
        with store.reader() as reader:
            assert list(reader.check_chains()) == []


def test_a_resent_block_is_recognised_inside_a_span(store, key, raw_block, small_spans):
    put(store, key, [raw_block(40 * k) for k in range(5)])
    packed(store)
    assert codecs(store) == [rawcodec.SPAN]
    assert put(store, key, [raw_block(80)]) == [Stored.DUPLICATE]
    assert put(store, key, [raw_block(80, seed=1)]) == [Stored.CONFLICT]
    assert put(store, key, [raw_block(90, count=10)]) == [Stored.CONFLICT]


def test_a_span_ends_at_a_hole_and_a_filled_hole_stays_in_its_place(
    store, key, raw_block, small_spans
):
    put(store, key, [raw_block(40 * k) for k in (0, 1, 3, 4, 5, 6, 7, 8)])
    packed(store)
    assert codecs(store) == [rawcodec.SPAN, rawcodec.SPAN, rawcodec.AS_RECEIVED]
    put(store, key, [raw_block(80)])
    packed(store)
    with store.reader() as reader:
        assert reader.raw(key).sample.tolist() == list(range(360))
        assert reader.gaps(key.node) == []
        assert list(reader.check_chains()) == []


def test_boots_that_ended_are_packed_when_together_they_fill_a_span(
    store, key, hello, now_us, raw_block, small_spans
):
    for boot in (7, 8, 9):
        with store.atomic() as batch:
            now = batch.node(hello(boot=boot), now_us)
        put(store, now, [raw_block(40 * k, boot=boot) for k in range(3)])
        packed(store)
    counts = store._connection.execute(
        "SELECT boot, COUNT(*) FROM raw_blocks GROUP BY boot ORDER BY boot"
    ).fetchall()
    assert counts in ([(7, 1), (8, 3), (9, 3)], [(7, 3), (8, 1), (9, 3)])


def test_packing_goes_on_where_the_last_process_left_it(
    path, hello, now_us, raw_block, monkeypatch
):
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        put(store, key, [raw_block(40 * k) for k in range(12)])
    monkeypatch.setattr(repack, "SPAN_SAMPLES", 200)
    with Store.open(path, now_us) as store:
        packed(store)
        assert codecs(store) == [rawcodec.SPAN, rawcodec.SPAN, 0, 0]
        put(store, key, [raw_block(480)])
        with store.reader() as reader:
            assert reader.raw(key).sample.tolist() == list(range(520))
            assert list(reader.check_chains()) == []


def test_blocks_of_an_older_schema_are_read_packed_and_said_to_be_in_no_chain(
    path, hello, now_us, raw_block, monkeypatch
):
    database = sqlite3.connect(path)
    schema.migrate(database, schema.MIGRATIONS[:1])
    database.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    database.execute("INSERT INTO identity VALUES (1, 99, 0)")
    database.execute("INSERT INTO nodes VALUES ('e66138528350b42c', 'pico', 0, 0)")
    database.execute("INSERT INTO spools VALUES ('e66138528350b42c', 57540, 0, 0)")
    database.execute(
        "INSERT INTO boots (node, epoch, boot, raw_next, raw_past, samples)"
        " VALUES ('e66138528350b42c', 57540, 7, 240, 240, 240)"
    )
    database.executemany(
        "INSERT INTO raw_blocks VALUES ('e66138528350b42c', 57540, 7, ?, ?, 0, ?)",
        [(40 * k, 40 * k + 40, raw_block(40 * k).payload) for k in range(6)],
    )
    database.commit()
    database.close()
    monkeypatch.setattr(repack, "SPAN_SAMPLES", 200)
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        packed(store)
        put(store, key, [raw_block(240 + 40 * k) for k in range(5)])
        packed(store)
        assert codecs(store) == [1, 0, 1]
        with store.reader() as reader:
            assert reader.raw(key).sample.tolist() == list(range(440))
            (found,) = reader.check_chains()
    assert (found.first, found.past) == (0, 201)
    assert "in no chain" in found.reason


def test_a_damaged_block_stays_as_it_is(store, key, raw_block, small_spans):
    put(store, key, [raw_block(40 * k) for k in range(5)])
    store._connection.execute("UPDATE raw_blocks SET data = x'00' WHERE first = 40")
    assert not store.repack()
    assert codecs(store) == [0] * 5
    put(store, key, [raw_block(200 + 40 * k) for k in range(5)])
    assert store.repack()
    assert codecs(store) == [0] * 5 + [1]


def test_a_reader_between_two_chunks_does_not_notice(
    store, key, raw_block, small_spans, monkeypatch
):
    monkeypatch.setattr("hullwatch.store.rawread.CHUNK_SAMPLES", 80)
    put(store, key, [raw_block(40 * k) for k in range(15)])
    with store.reader() as reader:
        chunks = []
        for chunk in reader.raw_chunks(key):
            chunks.append(chunk.sample)
            store.repack()
    assert np.concatenate(chunks).tolist() == list(range(600))


def test_whichever_write_fails_the_samples_stay_in_one_form(
    disk, path, hello, now_us, raw_block, small_spans
):
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        put(store, key, [raw_block(40 * k) for k in range(5)])
        before = seen(path, key)
        for fail_at in range(100):
            disk.calls.clear()
            disk.fail_from = fail_at
            try:
                made = store.repack()
            except StoreError:
                made = False
            finally:
                disk.fail_from = None
            assert seen(path, key) == before
            if made:
                break
            assert codecs(store) == [0] * 5
        assert 1 < fail_at < 99
        assert codecs(store) == [1]


PACKER = """
import struct, sys
from hullcore.rawblock import RawPacker
from hullwatch.link import rawblock
from hullwatch.link.messages import HELLO
from hullwatch.store import Store, repack

repack.SPAN_SAMPLES = 300
values = {"8s": bytes(8), "32s": bytes(32), "12s": bytes(12)}
hello = HELLO.unpack(HELLO.struct.pack(*(values.get(f.code, 0) for f in HELLO.fields)))
store = Store.open(sys.argv[1], 0)
with store.atomic() as batch:
    key = batch.node(hello, 0)
while True:
    with store.atomic() as batch:
        for first in range(store.raw_next(key), store.raw_next(key) + 600, 60):
            packer = RawPacker(0, 0)
            for k in range(60):
                packer.add(first + k, -first - k)
            batch.raw(key.node, key.epoch, rawblock.decode(packer.close(0, 0, first, 0, 0, 0, 0)))
    print(store.raw_next(key), flush=True)
    while store.repack():
        pass
"""


def test_killed_while_packing_every_sample_is_there_once(path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    rng = np.random.default_rng(2)
    spans = 0
    for _ in range(6):
        with subprocess.Popen(
            [sys.executable, "-c", PACKER, str(path)],
            stdout=subprocess.PIPE, env=environment, text=True,
        ) as writer:  # fmt: skip
            for _ in range(rng.integers(1, 12)):
                said = int(writer.stdout.readline())
            writer.kill()
            rest = writer.stdout.read().split("\n")
        said = max([said, *(int(line) for line in rest[:-1] if line)])
        with Reader.open(path) as reader:
            (boot,) = reader.boots()
            samples = reader.raw(boot.key)
            assert samples.sample.tolist() == list(range(len(samples.sample)))
            assert samples.p_q8.tolist() == samples.sample.tolist()
            assert samples.t_q16.tolist() == (-samples.sample).tolist()
            assert len(samples.sample) >= said
            assert boot.samples == len(samples.sample)
            assert list(reader.check_chains()) == []
            spans = reader._all("SELECT COUNT(*) FROM raw_blocks WHERE codec = 1")[0][0]
    assert spans > 5
