"""`backup`, `prune` and `export --format parquet` as a person calls them."""

import json

import pytest

from hullwatch.store import ClockFit, Reader, Store

HOUR_US = 3_600_000_000


@pytest.fixture
def logged(home, monkeypatch):
    """A database whose only boot began at 2023-11-14T22:13:20Z: 500 samples, 0.1 s apart."""
    from hullcore.rawblock import RawPacker
    from hullwatch.link import rawblock
    from hullwatch.link.messages import HELLO

    texts = {"8s": bytes(8), "32s": bytes(32), "12s": bytes(12)}
    hello = HELLO.unpack(HELLO.struct.pack(*(texts.get(f.code, 0) for f in HELLO.fields)))
    hello["period_us"] = 100_000
    start_us = 1_700_000_000_000_000
    with Store.open(home / "jar.db", start_us) as store, store.atomic() as batch:
        key = batch.node(hello, start_us)
        batch.clock(key, ClockFit(0, start_us, 0.0, 100))
        for first in range(0, 500, 50):
            packer = RawPacker(0, 0)
            for k in range(50):
                packer.add(25_939_200 + k, 19_660_800)
            ms = first * 100
            block = packer.close(0, 0, first, ms >> 30, ms & 0x3FFFFFFF, 0, 0)
            batch.raw(key.node, key.epoch, rawblock.decode(block))
    return key


def test_backup(hullwatch, home, logged):
    code, out, _ = hullwatch("backup", "--db", "jar.db", "--out", "copy.db")
    assert code == 0
    assert "copy.db" in out
    with Reader.open(home / "copy.db") as reader:
        assert len(reader.raw(logged).sample) == 500
    code, out, err = hullwatch("backup", "--db", "jar.db", "--out", "copy.db")
    assert (code, out) == (25, "")
    assert "exists already" in err
    code, out, _ = hullwatch("backup", "--db", "jar.db", "--out", "b.db", "--json")
    assert json.loads(out) == {"file": "b.db", "bytes": (home / "b.db").stat().st_size}


def test_prune(hullwatch, home, logged):
    code, out, _ = hullwatch("prune", "--raw-before", "2023-11-14T23:13:40+01:00", "--dry-run")
    assert code == 6  # hullwatch.db, the default, is not there
    there = ("prune", "--db", "jar.db")
    code, out, _ = hullwatch(*there, "--raw-before", "2023-11-14T23:13:40+01:00", "--dry-run")
    assert (code, out) == (0, "200 raw samples would go\n")  # 20 s after the start
    code, out, _ = hullwatch(*there, "--raw-before", "2023-11-14T22:13:40", "--json")
    told = json.loads(out)
    assert (told["removed"], told["samples"]) == (True, 200)
    assert (told["boots"][0]["first"], told["boots"][0]["past"]) == (0, 200)
    code, out, _ = hullwatch(*there, "--raw-before", "1d", "--shrink")
    assert (code, out) == (0, "300 raw samples removed\n")
    with Reader.open(home / "jar.db") as reader:
        assert len(reader.raw(logged).sample) == 0


@pytest.mark.parametrize("when", ["yesterday", "", "2023-13-01", "-5d"])
def test_prune_needs_a_time(hullwatch, logged, when):
    code, _, err = hullwatch("prune", "--db", "jar.db", "--raw-before", when)
    assert code == 2
    assert err.count("\n") == 1


def test_prune_refuses_the_future_and_a_busy_database(hullwatch, home, logged):
    code, _, err = hullwatch("prune", "--db", "jar.db", "--raw-before", "2999-01-01")
    assert code == 2
    assert "future" in err
    with Store.open(home / "jar.db", 0, "hullwatch log"):
        code, _, err = hullwatch("prune", "--db", "jar.db", "--raw-before", "1d")
    assert code == 22
    assert "hullwatch log" in err


def test_parquet(hullwatch, home, logged):
    parquet = pytest.importorskip("pyarrow.parquet")
    code, out, _ = hullwatch(
        "export", "--db", "jar.db", "--what", "raw", "--format", "parquet", "--out", "a.parquet"
    )
    assert (code, out) == (0, "500 rows of raw in a.parquet\n")
    assert parquet.read_table(home / "a.parquet")["sample"].to_pylist() == list(range(500))
    code, _, err = hullwatch("export", "--db", "jar.db", "--format", "parquet", "--out", "b")
    assert code == 2
    assert "--what raw" in err
