"""How fast the host takes samples in: part of `python tools/bench`.

Ours: frame lines, CRC, raw blocks decoded, hash-chained, committed, and packed when a span is
full. Against it a plain logger: `readline`, JSON,
one row a sample. Both commit as often, with the same durability (WAL, `synchronous=FULL`), on the
same disk, in turn; what counts is the ratio of one run.
"""

from __future__ import annotations

import io
import json
import random
import sqlite3
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from hullcore import frame
from hullcore.messages import RAW
from hullcore.rawblock import CAPACITY, RawPacker
from hullwatch.link import rawblock
from hullwatch.link.messages import HELLO
from hullwatch.link.splitter import FrameSplitter
from hullwatch.store import Store

BLOCKS_PER_COMMIT = 200
_PERIOD_MS = 100
_P_Q8, _T_Q16 = 101_325 * 256, 19_660_800


@dataclass(frozen=True)
class Result:
    """Samples a second, median over the repeats; `bytes_per_sample` on our disk."""

    samples: int
    ours_per_s: float
    plain_per_s: float
    bytes_per_sample: float

    @property
    def ratio(self) -> float:
        """How many times as fast as the plain logger."""
        return self.ours_per_s / self.plain_per_s


def measure(directory: Path, samples: int = 256_000, repeats: int = 3, seed: int = 1) -> Result:
    """Log `samples` samples of 10 Hz BMP581 noise both ways into new databases in `directory`."""
    values = _noise(samples, random.Random(seed))
    lines = _frames(values)
    text = _json_lines(values)
    ours, plain = [], []
    for k in range(repeats):
        ours.append(_timed_ours(directory / f"ours{k}.db", lines, samples))
        plain.append(_timed_plain(directory / f"plain{k}.db", text, samples))
    return Result(
        samples,
        samples / statistics.median(ours),
        samples / statistics.median(plain),
        (directory / "ours0.db").stat().st_size / samples,
    )


def _noise(samples: int, rng: random.Random) -> list[tuple[int, int]]:
    """Pressure with 0.12 Pa rms at 1/64 Pa, temperature with 3 mK rms at 1/65536 K."""
    return [
        (_P_Q8 + 4 * round(rng.gauss(0, 7.7)), _T_Q16 + round(rng.gauss(0, 20)))
        for _ in range(samples)
    ]


def _frames(values: list[tuple[int, int]]) -> list[bytes]:
    """The stream of the node, cut where the host commits."""
    packer = RawPacker(2, 0)
    blocks, first = [], 0
    for k, (p_q8, t_q16) in enumerate(values, 1):
        packer.add(p_q8, t_q16)
        while packer.count == CAPACITY or packer.full or (packer.count and k == len(values)):
            ms = first * _PERIOD_MS
            blocks.append(packer.close(1, 0, first, ms >> 30, ms & 0x3FFFFFFF, 0, 0))
            first = k - packer.count
    stream = [frame.encode(RAW, 1, k & 0xFFFF, block) for k, block in enumerate(blocks)]
    cuts = range(0, len(stream), BLOCKS_PER_COMMIT)
    return [b"".join(stream[at : at + BLOCKS_PER_COMMIT]) for at in cuts]


def _json_lines(values: list[tuple[int, int]]) -> bytes:
    return b"".join(
        json.dumps({"n": n, "p_pa": p / 256, "t_k": t / 65536}).encode() + b"\n"
        for n, (p, t) in enumerate(values)
    )


def _timed_ours(path: Path, stream: list[bytes], samples: int) -> float:
    widths = {"8s": bytes(8), "32s": bytes(32), "12s": bytes(12)}
    hello = HELLO.unpack(HELLO.struct.pack(*(widths.get(f.code, 1) for f in HELLO.fields)))
    with Store.open(path, 0) as store:
        with store.atomic() as batch:
            boot = batch.node(hello, 0)
        splitter = FrameSplitter()
        start = time.perf_counter()
        for piece in stream:
            frames = splitter.feed(piece).frames
            blocks = rawblock.decode_many([payload for _, _, _, payload in frames])
            with store.atomic() as batch:
                for block in blocks:
                    batch.raw(boot.node, boot.epoch, block)
            store.repack()
        elapsed = time.perf_counter() - start
        if store.raw_next(boot) != samples:
            raise RuntimeError("samples are missing")
    return elapsed


def _timed_plain(path: Path, text: bytes, samples: int) -> float:
    per_commit = BLOCKS_PER_COMMIT * CAPACITY
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE samples (n INTEGER PRIMARY KEY, p_pa REAL, t_k REAL)")
    port = io.BytesIO(text)
    start = time.perf_counter()
    database.execute("BEGIN")
    taken = 0
    while line := port.readline():
        row = json.loads(line)
        database.execute(
            "INSERT INTO samples VALUES (?, ?, ?)", (row["n"], row["p_pa"], row["t_k"])
        )
        taken += 1
        if taken % per_commit == 0:
            database.execute("COMMIT")
            database.execute("BEGIN")
    database.execute("COMMIT")
    elapsed = time.perf_counter() - start
    database.close()
    if taken != samples:
        raise RuntimeError("samples are missing")
    return elapsed


def report(samples: int) -> None:
    """Measure and print samples a second of both, and the ratio."""
    with tempfile.TemporaryDirectory() as where:
        result = measure(Path(where), samples)
    print(f"{result.samples} samples, a commit every {BLOCKS_PER_COMMIT} blocks")
    print(f"frame + CRC + decode + commit  {result.ours_per_s:>12,.0f} samples/s")
    print(f"readline + JSON + insert       {result.plain_per_s:>12,.0f} samples/s")
    print(f"ratio                          {result.ratio:>12.1f}")
    print(f"on disk                        {result.bytes_per_sample:>12.2f} bytes/sample")
