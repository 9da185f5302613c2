"""What is read back is what was written, also while it is being written."""

import itertools
import sqlite3
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hullwatch.store import (
    BootKey,
    ConfigRow,
    EventRow,
    Reader,
    Store,
    WindowRow,
    rawread,
)
from hullwatch.store.ranges import subtracted

EPOCH = 0xE0C4


@pytest.fixture
def key(store, hello, now_us):
    with store.atomic() as batch:
        return batch.node(hello(), now_us)


@pytest.mark.parametrize(
    ("table", "row"), [("windows", WindowRow), ("events", EventRow), ("configs", ConfigRow)]
)
def test_rows_have_the_columns_of_their_table(store, table, row):
    columns = [c[1] for c in store._connection.execute(f"PRAGMA table_info({table})")]
    assert columns == [column.name for column in fields(row)]


def test_a_window_in_si_units(store, key, now_us, window_record, uid):
    with store.atomic() as batch:
        batch.record(key.node, window_record(
            0, first=700, flags=0b1001, ms=9, wraps=1, reserve=3600, trend=3
        ), now_us)  # fmt: skip
        batch.record(key.node, window_record(1, u95=-1, gas=77), now_us)
    with store.reader() as reader:
        row, bare = reader.windows()
    assert row == WindowRow(
        node="e66138528350b42c", epoch=EPOCH, number=0, boot=7, device_ms=2**30 + 9,
        received_utc_us=now_us, window_s=10.0, n=100, first_sample=700, last_sample=799,
        first_device_ms=5000, leak_rate_pa_m3_s=1e-4, u95_pa_m3_s=2.5e-6,
        u95_kind="noise_only_scatter", slope_pa_s=-0.1, u95_slope_pa_s=1e-3,
        uncompensated_slope_pa_s=-0.09, compensation="sensor", pressure_mean_pa=101_325.0,
        normalised_mean_pa=101_000.0, temperature_mean_k=300.0, outside_pressure_pa=100_000.0,
        pressure_kind="abs", gas="air", t_ref_k=293.15, subwindows=5, config=0,
        flags="GAP,NOISE_ONLY", reserve_s=3600, trend="RISING",
    )  # fmt: skip
    assert (bare.u95_pa_m3_s, bare.gas, bare.flags) == (None, "unknown (77)", "")
    assert (bare.reserve_s, bare.trend) == (None, None)


def test_reserve_time_that_is_no_number(store, key, now_us, window_record):
    with store.atomic() as batch:
        for number, value in enumerate((0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0)):
            batch.record(key.node, window_record(number, reserve=value, trend=99), now_us)
    with store.reader() as reader:
        rows = reader.windows()
    assert [row.reserve_s for row in rows] == [None, -1, 0xFFFFFFFD, 0]
    assert {row.trend for row in rows} == {"unknown (98)"}


def test_events_and_configurations_in_words(store, key, now_us, event_record, config_record):
    with store.atomic() as batch:
        batch.record(key.node, event_record(0, code=2, severity=1, a=-5, text=b"bus"), now_us)
        batch.record(key.node, event_record(1, code=999, severity=9), now_us)
        batch.record(key.node, config_record(2), now_us)
    with store.reader() as reader:
        known, unknown = reader.events()
        (config,) = reader.configs()
    assert (known.event, known.severity, known.a, known.text) == (
        "SENSOR_FAULT",
        "warning",
        -5,
        "bus",
    )
    assert (unknown.event, unknown.severity) == ("unknown (999)", "unknown (9)")
    assert config == ConfigRow(
        node=key.node, epoch=EPOCH, number=2, boot=7, device_ms=0, received_utc_us=now_us,
        generation=4, name="jar", sensor="bmp581", address=0x47, oversampling=64,
        period_us=100_000, pressure_lsb_pa=4 / 256, pressure_kind="abs", compensation="sensor",
        gas="helium", volume_m3=0.001, t_ref_k=293.15, outside_pressure_pa=101_325.0,
        windows_s="10,60",
    )  # fmt: skip


def test_windows_by_node_length_and_newest(store, key, now_us, hello, window_record):
    with store.atomic() as batch:
        other = batch.node(hello(uid=bytes(8)), now_us + 1)
        wiped = batch.node(hello(epoch=3), now_us + 2)
        for number in range(12):
            batch.record(key.node, window_record(number, 60_000 if number % 6 == 5 else 10_000), 1)
        batch.record(other.node, window_record(0), 1)
        for number in range(2):
            batch.record(wiped.node, window_record(number, epoch=3), 1)
    with store.reader() as reader:
        assert [n.node for n in reader.nodes()] == [key.node, other.node]
        assert [r.number for r in reader.windows(key.node)] == [*range(12), 0, 1]
        assert [r.number for r in reader.windows(key.node, window_s=60)] == [5, 11]
        assert [(r.epoch, r.number) for r in reader.windows(key.node, 10, last=3)] == [
            (EPOCH, 10),
            (3, 0),
            (3, 1),
        ]
        assert len(reader.windows()) == 15
        assert reader.windows(last=0) == []
        assert reader.windows("no such node") == []
        assert [boot.key for boot in reader.boots(key.node)] == [key, wiped]
        assert reader.boots()[0].firmware == "1.2.3"
        assert reader.boots()[0].reset_cause == "power-on"
        assert reader.boots()[0].core_hash == bytes(range(32)).hex()


def test_raw_samples_come_back_with_their_due_times(
    store, key, now_us, config_record, raw_block, monkeypatch
):
    monkeypatch.setattr(rawread, "CHUNK_SAMPLES", 120)
    blocks = [raw_block(first, config=4) for first in (0, 40, 80, 160, 200, 240, 280)]
    blocks.append(raw_block(320, count=1, config=4, late_us=30_000))
    with store.atomic() as batch:
        batch.record(key.node, config_record(4), now_us)
        for block in blocks:
            batch.raw(key.node, EPOCH, block)
    numbers = np.concatenate([np.arange(b.first, b.past) for b in blocks])
    pressures = np.concatenate([b.p_q8 for b in blocks])
    temperatures = np.concatenate([b.t_q16 for b in blocks])
    with store.reader() as reader:
        for first, past in ((0, 2**63 - 1), (0, 0), (5, 6), (39, 41), (119, 161), (130, 150)):
            got = reader.raw(key, first, past)
            inside = (numbers >= first) & (numbers < past)
            assert got.sample.tolist() == numbers[inside].tolist()
            assert got.p_q8.tolist() == pressures[inside].tolist()
            assert got.t_q16.tolist() == temperatures[inside].tolist()
            assert got.due_us.tolist() == (numbers[inside] * 100_000).tolist()
        everything = reader.raw(key)
        assert everything.late_us.tolist() == [0] * 280 + [30_000]
        assert everything.p_q8.dtype == np.int32
        assert len(list(reader.raw_chunks(key))) == 3
        assert len(reader.raw(BootKey("none", 0, 0)).sample) == 0


def test_without_a_configuration_the_period_is_that_of_hello_or_unknown(store, key, raw_block):
    with store.atomic() as batch:
        batch.raw(key.node, EPOCH, raw_block(0, count=3, config=9))
        batch.raw(key.node, EPOCH, raw_block(0, count=3, config=9, boot=2))
    with store.reader() as reader:
        assert reader.raw(key).due_us.tolist() == [0, 100_000, 200_000]
        assert reader.raw(key._replace(boot=2)).due_us.tolist() == [-1, -1, -1]


def test_readers_see_each_commit_and_never_hold_up_the_writer(path, now_us, hello, raw_block):
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        with Reader.open(path) as one, Reader.open(path) as two:
            for k in range(50):
                chunks = one.raw_chunks(key)
                next(chunks, None)  # left unfinished while the writer goes on
                with store.atomic() as batch:
                    batch.raw(key.node, EPOCH, raw_block(40 * k))
                assert two.summary(key.node).samples == 40 * (k + 1)
                assert len(two.raw(key).sample) == 40 * (k + 1)
        with pytest.raises(sqlite3.OperationalError), Reader.open(path) as reader:
            reader._connection.execute("DELETE FROM raw_blocks")


RANGES = st.lists(st.integers(0, 60), max_size=14, unique=True).map(
    lambda cuts: list(zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False))
)


def members(ranges):
    return {n for first, past in ranges for n in range(first, past)}


@given(RANGES, RANGES)
def test_subtraction_of_ranges_is_that_of_sets(ranges, taken):
    left = subtracted(ranges, taken)
    assert members(left) == members(ranges) - members(taken)
    assert sum(past - first for first, past in left) == len(members(left))
    assert left == sorted(left)


STEPS = st.lists(st.tuples(st.booleans(), st.integers(0, 25), st.integers(1, 6)))
EPOCHS = itertools.count(1)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_settled_and_missing_agree_with_plain_sets(store, now_us, hello, raw_block, steps):
    """Any order of blocks and stated holes: cursor, gaps and contents as set arithmetic says."""
    epoch = next(EPOCHS)  # a spool of its own for each example
    with store.atomic() as batch:
        key = batch.node(hello(epoch=epoch), now_us)
    stored, stated = set(), set()
    for is_block, first, count in steps:
        numbers = set(range(first, first + count))
        with store.atomic() as batch:
            if is_block:
                if batch.raw(key.node, epoch, raw_block(first, count)):
                    assert not stored & numbers
                    stored |= numbers
                else:
                    assert stored & numbers
            else:
                batch.raw_hole(key, first, first + count, "said")
                stated |= numbers - stored
        settled = next(n for n in range(100) if n not in stored | stated)
        assert store.raw_next(key) == settled
    with store.reader() as reader:
        gaps = [g for g in reader.gaps(key.node) if g.epoch == epoch]
        assert reader.raw(key).sample.tolist() == sorted(stored)
    said = members((g.first, g.past) for g in gaps if g.reason)
    unsaid = members((g.first, g.past) for g in gaps if not g.reason)
    assert said == stated - stored
    assert unsaid == set(range(max(stored, default=-1) + 1)) - stored - stated
