"""Whatever is changed or lost after its commit is named with its position."""

import hashlib
import sqlite3
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hullwatch.errors import StoreError
from hullwatch.store import Reader, Store, repack

EPOCH = 0xE0C4
RAW, RECORD = "raw", "record"


@pytest.fixture
def filled(path, now_us, hello, raw_block, window_record, event_record, config_record, monkeypatch):
    """A closed database: records 0 … 9 (one hole), raw 0 … 439 (200 packed); its boot."""
    monkeypatch.setattr(repack, "SPAN_SAMPLES", 200)
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
            for block in [raw_block(40 * k) for k in range(6)]:
                batch.raw(key.node, key.epoch, block)
            batch.record(key.node, config_record(0), now_us)
            batch.record(key.node, event_record(1), now_us)
        while store.repack():
            pass
        with store.atomic() as batch:
            for block in [raw_block(280 + 40 * k) for k in range(4)]:
                batch.raw(key.node, key.epoch, block)
            for number in (2, 3, 4, 6, 7, 8, 9):
                batch.record(key.node, window_record(number), now_us + number)
    return key


def breaks(path):
    with Reader.open(path) as reader:
        return list(reader.check_chains())


def change(path, statement, *values):
    database = sqlite3.connect(path)
    with database:
        changed = database.execute(statement, values).rowcount
    database.close()
    assert changed > 0


def test_an_intact_chain_and_its_head(path, filled, now_us, window_record, raw_block):
    assert breaks(path) == []
    with Reader.open(path) as reader:
        records, raw = reader.chain_heads()
        stored = reader._all("SELECT data, received_utc_us FROM records ORDER BY number")
    value = hashlib.sha256(
        f"hullwatch chain 1\nrecord\n{filled.node}\n{EPOCH}\n-1\n".encode()
    ).digest()
    for data, received in stored:
        value = hashlib.sha256(value + struct.pack("<q", received) + data).digest()
    assert (records.stream, records.links, records.chain) == (RECORD, 9, value)
    value = hashlib.sha256(f"hullwatch chain 1\nraw\n{filled.node}\n{EPOCH}\n7\n".encode()).digest()
    for first in (0, 40, 80, 120, 160, 200, 280, 320, 360, 400):
        value = hashlib.sha256(value + raw_block(first).payload).digest()
    assert (raw.stream, raw.links, raw.chain) == (RAW, 10, value)
    assert value.hex() in str(raw)


@pytest.mark.parametrize(
    ("statement", "stream", "first", "past"),
    [
        ("DELETE FROM raw_blocks WHERE first = 0", RAW, 0, 200),
        ("DELETE FROM raw_blocks WHERE first = 320", RAW, 320, 360),
        ("DELETE FROM raw_blocks WHERE first = 400", RAW, 400, 400),
        ("DELETE FROM raw_blocks", RAW, 0, 0),
        ("UPDATE raw_blocks SET first = 241, past = 281 WHERE first = 200", RAW, 241, 281),
        ("UPDATE raw_blocks SET past = 241 WHERE first = 200", RAW, 200, 241),
        ("UPDATE raw_blocks SET blocks = 4 WHERE first = 0", RAW, 0, 200),
        ("UPDATE raw_blocks SET chain = x'00' WHERE first = 280", RAW, 280, 320),
        ("UPDATE raw_blocks SET link = NULL WHERE first = 280", RAW, 280, 281),
        ("UPDATE boots SET raw_chain = x'00'", RAW, 440, 440),
        ("UPDATE raw_levels SET high = high + 1 WHERE channel = 't_q16'", RAW, 0, 200),
        ("DELETE FROM raw_levels", RAW, 0, 200),
        ("UPDATE records SET received_utc_us = 5 WHERE number = 6", RECORD, 6, 7),
        ("UPDATE records SET device_ms = 5 WHERE number = 6", RECORD, 6, 7),
        ("UPDATE records SET link = 99 WHERE number = 9", RECORD, 9, 9),
        ("UPDATE windows SET leak_rate_pa_m3_s = 0 WHERE number = 7", RECORD, 7, 8),
        ("UPDATE events SET text = 'x' WHERE number = 1", RECORD, 1, 2),
        ("UPDATE configs SET volume_m3 = 2 WHERE number = 0", RECORD, 0, 1),
        ("DELETE FROM windows WHERE number = 2", RECORD, 2, 3),
        ("UPDATE spools SET record_links = 20", RECORD, 10, 10),
    ],
)
def test_what_was_changed_or_lost_is_named(path, filled, statement, stream, first, past):
    change(path, statement)
    found = breaks(path)
    assert found
    assert (found[0].stream, found[0].first, found[0].past) == (stream, first, past), found
    assert {b.stream for b in found} == {stream}
    assert (found[0].node, found[0].epoch) == (filled.node, EPOCH)
    assert found[0].reason


def test_a_lost_record_is_named_though_its_neighbours_are_intact(path, filled):
    for table in ("windows", "records"):
        change(path, f"DELETE FROM {table} WHERE number = 4")
    (found,) = breaks(path)
    assert (found.first, found.past) == (4, 6)  # 5 was never stored
    assert "link" in found.reason


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_byte_of_a_row_that_is_flipped_is_found_in_its_row(path, filled, data):
    table, column, position = data.draw(
        st.sampled_from([("records", "data", "number"), ("raw_blocks", "data", "first")])
    )
    database = sqlite3.connect(path)
    rows = database.execute(f"SELECT {position}, {column} FROM {table}").fetchall()
    number, octets = data.draw(st.sampled_from(rows))
    changed = bytearray(octets)
    changed[data.draw(st.integers(0, len(octets) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    update = f"UPDATE {table} SET {column} = ? WHERE {position} = ?"
    with database:
        database.execute(update, (bytes(changed), number))
    found = breaks(path)
    assert len(found) == 1
    assert found[0].first == number
    with database:
        database.execute(update, (octets, number))
    database.close()
    assert breaks(path) == []


def test_any_byte_of_the_file_that_is_flipped_does_not_pass_for_another_content(path, filled):
    """Damage below SQL: named, refused, or in what carries no content."""
    whole = path.read_bytes()
    with Reader.open(path) as reader:
        intact = reader.raw(filled).p_q8.tolist(), reader.windows(), reader.events()
    silent = 0
    for at in range(4096 + 13, len(whole), 997):
        damaged = bytearray(whole)
        damaged[at] ^= 0x55
        path.write_bytes(damaged)
        try:
            with Reader.open(path) as reader:
                found = list(reader.check_chains())
                if not found:
                    silent += 1
                    now = reader.raw(filled).p_q8.tolist(), reader.windows(), reader.events()
                    assert now == intact
        except StoreError:
            pass
        for beside in ("-wal", "-shm"):
            path.with_name(path.name + beside).unlink(missing_ok=True)
    assert silent > 0  # free space of pages


def test_rows_from_before_there_were_chains_are_said_to_be_in_none(path, filled):
    change(path, "UPDATE records SET link = NULL, chain = NULL")
    change(path, "UPDATE spools SET record_links = 0, record_chain = NULL")
    (found,) = breaks(path)
    assert (found.first, found.past) == (0, 10)
    assert "in no chain" in found.reason


def test_a_chain_in_the_order_of_commits_not_of_numbers(
    path, now_us, hello, raw_block, monkeypatch
):
    monkeypatch.setattr(repack, "SPAN_SAMPLES", 120)
    with Store.open(path, now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        for order in ((4, 5, 6, 7, 8), (1,), (0,), (2, 3), (9, 10)):
            with store.atomic() as batch:
                for k in order:
                    batch.raw(key.node, key.epoch, raw_block(40 * k))
            while store.repack():
                pass
    assert breaks(path) == []
    change(path, "UPDATE raw_blocks SET chain = x'00' WHERE first = 40")
    assert breaks(path)[0].first == 40
