"""Parquet: every column to the bit, unknown times null, nothing half-written."""

import pytest

from hullwatch.errors import InputError, MissingCapability
from hullwatch.export import parquetfile
from hullwatch.store import ClockFit


@pytest.fixture
def filled(store, hello, now_us, config_record, raw_block):
    with store.atomic() as batch:
        key = batch.node(hello(), now_us)
        batch.clock(key, ClockFit(0, now_us, 0.0, 250, 10.0))
        batch.record(key.node, config_record(0), now_us)
        batch.raw(key.node, key.epoch, raw_block(0))
        batch.raw(key.node, key.epoch, raw_block(80, count=1, late_us=1_234))
        batch.raw(key.node, key.epoch, raw_block(0, count=2, boot=6, config=99))
    return key


def test_every_value(store, filled, now_us, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    with store.reader() as reader:
        assert parquetfile.write_raw(reader, tmp_path / "raw.parquet") == 43
        raw = [reader.raw(filled._replace(boot=6)), reader.raw(filled)]
    table = parquet.read_table(tmp_path / "raw.parquet").to_pydict()
    for name in ("sample", "late_us", "p_q8", "t_q16"):
        assert table[name] == [v for part in raw for v in getattr(part, name).tolist()]
    assert table["due_us"] == [None, None, *range(0, 4_000_000, 100_000), 8_000_000]
    assert table["utc_us"][:2] == [None, None]
    assert table["utc_us"][42:] == [now_us + 8_001_234]
    assert table["utc_bound_us"][42:] == [250 + 81]  # 10 ppm of 8 s, rounded up
    assert table["aux"] == [None] * 43
    assert table["boot"] == [6] * 2 + [7] * 41
    assert set(table["node"]) == {filled.node}


def test_the_database_itself_is_not_overwritten(store, filled):
    pytest.importorskip("pyarrow")
    with store.reader() as reader, pytest.raises(InputError, match="itself"):
        parquetfile.write_raw(reader, store.path)
    with store.reader() as reader:
        assert reader.boots()


def test_without_pyarrow_it_says_what_to_install(store, filled, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with store.reader() as reader, pytest.raises(MissingCapability) as refusal:
        parquetfile.write_raw(reader, tmp_path / "raw.parquet")
    assert "hullwatch[parquet]" in refusal.value.hint
    assert not (tmp_path / "raw.parquet").exists()
