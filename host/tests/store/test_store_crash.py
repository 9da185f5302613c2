"""A logger killed at any moment loses nothing it said was stored, and the next one goes on."""

import os
import random
import subprocess
import sys

import pytest

from hullwatch.errors import DiskFull
from hullwatch.store import Store

WRITER = """
import struct, sys
from hullcore.rawblock import RawPacker
from hullwatch.link import rawblock
from hullwatch.link.messages import HELLO
from hullwatch.store import Store

values = {"8s": bytes(8), "32s": bytes(32), "12s": bytes(12)}
hello = HELLO.unpack(HELLO.struct.pack(*(values.get(f.code, 0) for f in HELLO.fields)))
store = Store.open(sys.argv[1], 0)
with store.atomic() as batch:
    key = batch.node(hello, 0)
while True:
    first = store.raw_next(key)
    packer = RawPacker(0, 0)
    packer.add(first, first)
    with store.atomic() as batch:
        batch.raw(key.node, key.epoch, rawblock.decode(packer.close(0, 0, first, 0, 0, 0, 0)))
    print(store.raw_next(key), flush=True)
"""


def test_killed_at_any_moment_nothing_committed_is_lost(path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    rng = random.Random(1)
    said = 0
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        ) as writer:
            for _ in range(rng.randrange(1, 30)):
                said = int(writer.stdout.readline())
            writer.kill()
            rest = writer.stdout.read().split("\n")
        said = max([said, *(int(line) for line in rest[:-1] if line)])
        with Store.open(path, 0) as store, store.reader() as reader:
            (boot,) = reader.boots()
            samples = reader.raw(boot.key)
            assert samples.sample.tolist() == list(range(len(samples.sample)))
            assert samples.p_q8.tolist() == samples.sample.tolist()
            assert len(samples.sample) >= said
            assert store.raw_next(boot.key) == len(samples.sample)


@pytest.fixture
def small_disk(tmp_path):
    where = tmp_path / "small"
    where.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(where)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("mounting a small disk needs root")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def test_a_real_full_disk(small_disk, now_us, hello, raw_block):
    ballast = small_disk / "ballast"
    with Store.open(small_disk / "hull.db", now_us) as store:
        with store.atomic() as batch:
            key = batch.node(hello(), now_us)
        ballast.write_bytes(bytes(100_000))

        def filled():
            first = 0
            while True:
                try:
                    with store.atomic() as batch:
                        for k in range(20):
                            batch.raw(key.node, key.epoch, raw_block(first + 40 * k))
                except DiskFull:
                    return first
                first += 800

        first = filled()
        assert store.raw_next(key) == first > 0
        ballast.unlink()
        with store.atomic() as batch:
            batch.raw(key.node, key.epoch, raw_block(first))
        assert store.raw_next(key) == first + 40
        with store.reader() as reader:
            assert reader.summary(key.node).samples == first + 40
            assert reader.gaps(key.node) == []


def test_no_room_even_for_a_new_database(small_disk, now_us):
    ballast = small_disk / "ballast"
    with pytest.raises(OSError, match="space"):
        ballast.write_bytes(bytes(1_000_000))
    with pytest.raises(DiskFull):
        Store.open(small_disk / "hull.db", now_us)
    assert [p.name for p in small_disk.iterdir()] == ["ballast"]
