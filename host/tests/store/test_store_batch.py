"""Nothing doubled, nothing overwritten, nothing acked that is not committed."""

import sqlite3

import pytest

from hullwatch.errors import DiskFull, StoreError
from hullwatch.store import BootKey, ClockFit, LinkCounters, Store, Stored

EPOCH = 0xE0C4


@pytest.fixture
def key(store, hello, now_us):
    with store.atomic() as batch:
        return batch.node(hello(), now_us)


def put_records(store, key, now_us, make, numbers, **head):
    with store.atomic() as batch:
        return [batch.record(key.node, make(n, **head), now_us) for n in numbers]


def put_raw(store, key, make, firsts, **changes):
    with store.atomic() as batch:
        return [batch.raw(key.node, key.epoch, make(first, **changes)) for first in firsts]


def test_hello_names_the_boot(key, uid):
    assert key == BootKey(uid.hex(), EPOCH, 7)


def test_a_repeat_is_harmless(store, key, now_us, event_record, raw_block):
    assert put_records(store, key, now_us, event_record, [0, 1, 1]) == [
        Stored.NEW,
        Stored.NEW,
        Stored.DUPLICATE,
    ]
    assert put_records(store, key, now_us + 5, event_record, [0, 1]) == [Stored.DUPLICATE] * 2
    assert put_raw(store, key, raw_block, [0, 40, 0]) == [
        Stored.NEW,
        Stored.NEW,
        Stored.DUPLICATE,
    ]
    assert put_raw(store, key, raw_block, [40, 0]) == [Stored.DUPLICATE] * 2
    assert [bool(outcome) for outcome in Stored] == [True, False, False]
    with store.reader() as reader:
        summary = reader.summary(key.node)
        assert (summary.records, summary.samples, summary.conflicts) == (2, 80, 0)
        assert [row.received_utc_us for row in reader.events()] == [now_us, now_us]


def test_other_bytes_under_the_same_number_are_kept_aside(
    store, key, now_us, event_record, raw_block
):
    put_records(store, key, now_us, event_record, [0, 1])
    put_raw(store, key, raw_block, [0, 40])
    for _ in range(3):  # a node that repeats itself does not fill the disk
        assert put_records(store, key, now_us, event_record, [1], a=5) == [Stored.CONFLICT]
        assert put_raw(store, key, raw_block, [40], seed=9) == [Stored.CONFLICT]
    assert put_raw(store, key, raw_block, [20]) == [Stored.CONFLICT]  # overlaps both
    assert put_raw(store, key, raw_block, [75], count=2) == [Stored.CONFLICT]  # inside one
    with store.reader() as reader:
        summary = reader.summary(key.node)
        assert (summary.records, summary.samples, summary.conflicts) == (2, 80, 4)
        assert [row.a for row in reader.events()] == [0, 0]
        assert reader.raw(key).p_q8.tolist()[40:] == raw_block(40).p_q8.tolist()
    assert store.raw_next(key) == 80


def test_a_wiped_node_that_counts_from_the_start_again_collides_with_nothing(
    store, key, now_us, hello, event_record, raw_block
):
    put_records(store, key, now_us, event_record, range(3))
    put_raw(store, key, raw_block, [0])
    with store.atomic() as batch:
        wiped = batch.node(hello(epoch=0xBEEF, boot=7), now_us + 1)
    assert (
        put_records(store, wiped, now_us, event_record, range(2), epoch=0xBEEF) == [Stored.NEW] * 2
    )
    assert put_raw(store, wiped, raw_block, [0], seed=5) == [Stored.NEW]
    assert (store.durable_next(key.node, EPOCH), store.durable_next(key.node, 0xBEEF)) == (3, 2)


def test_durable_next_stops_at_the_first_hole(store, key, now_us, event_record):
    assert store.durable_next(key.node, EPOCH) == 0
    put_records(store, key, now_us, event_record, [0, 1, 3, 4, 6])
    assert store.durable_next(key.node, EPOCH) == 2
    put_records(store, key, now_us, event_record, [2])
    assert store.durable_next(key.node, EPOCH) == 5
    put_records(store, key, now_us, event_record, [5])
    assert store.durable_next(key.node, EPOCH) == 7
    assert store.durable_next("unknown", 1) == 0
    assert store.raw_next(BootKey("unknown", 1, 1)) == 0


def test_a_store_that_comes_late_begins_at_the_oldest_record_held(
    store, now_us, hello, event_record
):
    with store.atomic() as batch:
        key = batch.node(hello(oldest_record=500), now_us)
    assert store.durable_next(key.node, EPOCH) == 500
    put_records(store, key, now_us, event_record, [501])
    assert store.durable_next(key.node, EPOCH) == 500
    put_records(store, key, now_us, event_record, [500])
    assert store.durable_next(key.node, EPOCH) == 502
    with store.atomic() as batch:  # back after the node overwrote 502…599
        batch.node(hello(oldest_record=600), now_us + 1)
    assert store.durable_next(key.node, EPOCH) == 600
    put_records(store, key, now_us, event_record, [550])  # it was on its way after all
    with store.reader() as reader:
        assert [(gap.first, gap.past) for gap in reader.gaps(key.node)] == [
            (0, 500),
            (502, 550),
            (551, 600),
        ]
        assert all("no longer held" in gap.reason for gap in reader.gaps(key.node))


def test_losses_the_node_states_are_not_waited_for(store, key, now_us, event_record, raw_block):
    put_records(store, key, now_us, event_record, [0, 1])
    put_raw(store, key, raw_block, [0, 80, 200])
    put_records(store, key, now_us, event_record, [5], code=5, a=2, b=4)  # RECORDS_LOST
    assert store.durable_next(key.node, EPOCH) == 6
    assert store.raw_next(key) == 40
    put_records(store, key, now_us, event_record, [6], code=6, a=40, b=79, c=7)  # RAW_LOST
    assert store.raw_next(key) == 120
    with store.atomic() as batch:
        batch.raw_hole(key, 120, 200, "no sample was taken")
        batch.raw_hole(key, 100, 250, "said again, wider")
    assert store.raw_next(key) == 250
    with store.reader() as reader:
        gaps = [(gap.stream, gap.first, gap.past, gap.reason) for gap in reader.gaps(key.node)]
    overwritten = "overwritten on the node before any acknowledgement"
    assert gaps == [
        ("raw", 40, 80, overwritten),
        ("raw", 120, 200, "no sample was taken"),
        ("raw", 240, 250, "said again, wider"),
        ("record", 2, 5, overwritten),
    ]


def test_gaps_nobody_explained_are_listed_as_open(store, key, now_us, event_record, raw_block):
    put_records(store, key, now_us, event_record, [2, 3, 7])
    put_raw(store, key, raw_block, [40, 200])
    put_raw(store, key, raw_block, [0], boot=8)
    with store.reader() as reader:
        gaps = [(gap.stream, gap.boot, gap.first, gap.past) for gap in reader.gaps(key.node)]
        assert {gap.reason for gap in reader.gaps(key.node)} == {""}
    assert gaps == [
        ("raw", 7, 0, 40),
        ("raw", 7, 80, 200),
        ("record", -1, 0, 2),
        ("record", -1, 4, 7),
    ]


def test_an_absurd_loss_event_states_nothing(store, key, now_us, event_record):
    for number, (a, b) in enumerate([(5, 4), (-1, 3), (0, 2**63 - 1), (-5, -1)]):
        put_records(store, key, now_us, event_record, [number], code=6, a=a, b=b)
    assert store.raw_next(key) == 0


def test_progress_survives_reopening(path, now_us, hello, event_record, raw_block):
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        put_records(store, key, now_us, event_record, [0, 1, 2, 9])
        put_raw(store, key, raw_block, [0, 40, 400])
    with Store.open(path, now_us) as store:
        assert store.durable_next(key.node, EPOCH) == 3
        assert store.raw_next(key) == 80
        put_raw(store, key, raw_block, [80])
        assert store.raw_next(key) == 120


def test_an_error_in_the_block_undoes_all_of_it(store, key, now_us, event_record, raw_block):
    def interrupted():
        with store.atomic() as batch:
            batch.record(key.node, event_record(0), now_us)
            batch.raw(key.node, EPOCH, raw_block(0))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (store.durable_next(key.node, EPOCH), store.raw_next(key)) == (0, 0)
    with store.reader() as reader:
        assert (reader.summary(key.node).records, reader.summary(key.node).samples) == (0, 0)
    assert put_records(store, key, now_us, event_record, [0]) == [Stored.NEW]


def test_what_is_not_yet_committed_is_not_durable(store, key, now_us, event_record, raw_block):
    with store.atomic() as batch, store.reader() as reader:
        batch.record(key.node, event_record(0), now_us)
        batch.raw(key.node, EPOCH, raw_block(0))
        assert (store.durable_next(key.node, EPOCH), store.raw_next(key)) == (0, 0)
        assert reader.events() == []
    assert (store.durable_next(key.node, EPOCH), store.raw_next(key)) == (1, 40)


def test_no_write_outside_a_transaction(store, key, now_us, event_record):
    with store.atomic() as batch:
        pass
    with pytest.raises(RuntimeError, match="ended"):
        batch.record(key.node, event_record(0), now_us)
    with store.atomic(), pytest.raises(RuntimeError, match="inside"), store.atomic():
        pass


def test_a_node_that_never_said_hello_is_refused(store, now_us, event_record, raw_block):
    with pytest.raises(StoreError, match="HELLO"), store.atomic() as batch:
        batch.record("00" * 8, event_record(0), now_us)
    with pytest.raises(StoreError, match="HELLO"), store.atomic() as batch:
        batch.raw("00" * 8, 1, raw_block(0))
    with pytest.raises(StoreError), store.atomic() as batch:
        batch.counters("00" * 8, 1, 1, LinkCounters())


def test_records_of_a_kind_from_the_future_are_kept_and_acked(store, key, now_us, event_record):
    import binascii
    import struct

    from hullwatch.link import recordview

    data = bytearray(event_record(0).data)
    data[12] = 200
    data[172:] = struct.pack("<I", binascii.crc32(data[:172]))
    with store.atomic() as batch:
        assert batch.record(key.node, recordview.parse(bytes(data)), now_us)
    assert store.durable_next(key.node, EPOCH) == 1
    with store.reader() as reader:
        assert reader.events() == []
        assert reader.summary(key.node).records == 1


def test_full_disk_rolls_back_and_the_store_goes_on_when_there_is_room(
    store, key, now_us, event_record, raw_block
):
    put_raw(store, key, raw_block, [0])
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(DiskFull) as caught:
        put_raw(store, key, raw_block, range(40, 40_000, 40))
    assert "nothing of this batch" in caught.value.message
    assert store.raw_next(key) == 40
    store._connection.execute("PRAGMA max_page_count = 1000000")
    put_raw(store, key, raw_block, range(40, 4_000, 40))
    assert store.raw_next(key) == 4_000
    with store.reader() as reader:
        assert reader.summary(key.node).samples == 4_000


def test_counters_replace_within_a_session_and_add_up_over_sessions(store, key, now_us):
    for started, totals in (
        (1, LinkCounters(10, 1, 2, 3, 4)),
        (1, LinkCounters(20, 2, 2, 3, 5)),
        (9, LinkCounters(1, 1, 1, 1, 1)),
    ):
        with store.atomic() as batch:
            batch.counters(key.node, started, now_us, totals)
    with store.reader() as reader:
        s = reader.summary(key.node)
    assert (s.frames, s.crc_errors, s.malformed, s.duplicates, s.telemetry_lost) == (21, 3, 3, 4, 6)


def test_clock_fits_are_kept_per_boot(store, key):
    fits = [ClockFit(1000, 5_000_000, -3.5, 400), ClockFit(9000, 13_000_000, -3.0, 300, 2.0)]
    with store.atomic() as batch:
        for fit in (fits[1], ClockFit(1000, 1, 1.0, 1), fits[0]):
            batch.clock(key, fit)
        batch.clock(key._replace(boot=6), fits[0])
    with store.reader() as reader:
        assert reader.clock_fits(key) == fits
        assert reader.clock_fits(key._replace(boot=6)) == fits[:1]


def test_the_tables_hold_together(store, key, now_us, window_record, event_record, raw_block):
    put_records(store, key, now_us, window_record, range(3))
    put_records(store, key, now_us, event_record, [3], boot=5)
    put_raw(store, key, raw_block, [0], boot=6)
    plain = sqlite3.connect(store.path)
    assert plain.execute("PRAGMA foreign_key_check").fetchall() == []
    assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert plain.execute("SELECT DISTINCT LENGTH(data) FROM records").fetchall() == [(176,)]
    plain.close()
