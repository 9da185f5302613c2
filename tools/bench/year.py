"""A year at 10 Hz in the store: size of a sample, time to open and to draw. `python tools/bench`.

Raw blocks are made whole arrays at a time and go through the real writer, packing included; the
noise is that of a BMP581. Parquet holds the same columns: pressure, temperature, sample number,
due time, lateness; delta encoding, zstd 9.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hullwatch.export import parquetfile
from hullwatch.link import rawblock
from hullwatch.link.messages import HELLO, RAW
from hullwatch.store import BootKey, Reader, Store

PERIOD_MS = 100
SAMPLES_A_DAY = 86_400_000 // PERIOD_MS
PIXELS = 2000
_BLOCK = 64  # samples, as the node sends them
_COMMIT = 2048  # blocks
_P_Q8, _T_Q16 = 101_325 * 256, 19_660_800
_RANGES = {"hour": 1 / 24, "day": 1.0, "month": 30.0, "year": 365.25}  # in days


@dataclass(frozen=True)
class Year:
    """`draw_s`: seconds from opening the file to the envelope of the newest …, by its length.

    ``bytes_per_sample`` is the whole file, free pages and blocks not yet packed included;
    ``span_bytes_per_sample`` what the packed ones take.
    """

    samples: int
    build_s: float
    bytes_per_sample: float
    span_bytes_per_sample: float
    parquet_bytes_per_sample: float
    open_s: float
    draw_s: dict[str, float]


def measure(directory: Path, days: float, seed: int = 1) -> Year:
    """Build `days` days in a new database in `directory`, then read it."""
    path = directory / "year.db"
    samples = round(days * SAMPLES_A_DAY / _BLOCK) * _BLOCK
    start = time.perf_counter()
    boot = build(path, samples, np.random.default_rng(seed))
    build_s = time.perf_counter() - start
    start = time.perf_counter()
    with Reader.open(path) as reader:
        open_s = time.perf_counter() - start
        if sum(b.samples for b in reader.boots()) != samples:
            raise RuntimeError("samples are missing")
        spans = reader.span_sizes(boot)
        part = parquetfile.write_raw(reader, directory / "raw.parquet", last=SAMPLES_A_DAY)
    return Year(
        samples, build_s, path.stat().st_size / samples,
        spans[1] / spans[0],
        (directory / "raw.parquet").stat().st_size / part, open_s,
        {
            name: _drawn(path, boot, samples, length)
            for name, length in _RANGES.items()
            if length <= days
        },
    )  # fmt: skip


def _drawn(path: Path, boot: BootKey, samples: int, days: float) -> float:
    start = time.perf_counter()
    with Reader.open(path) as reader:
        first = samples - round(days * SAMPLES_A_DAY)
        found = reader.envelope(boot, max(first, 0), samples, PIXELS)
    elapsed = time.perf_counter() - start
    if not found.count.all():
        raise RuntimeError("pixels without samples")
    return elapsed


def build(path: Path, samples: int, rng: np.random.Generator) -> BootKey:
    """A database of one node and boot with so many samples, packed."""
    texts = {"8s": bytes(8), "32s": bytes(32), "12s": bytes(12)}
    hello = HELLO.unpack(HELLO.struct.pack(*(texts.get(f.code, 0) for f in HELLO.fields)))
    hello["boot"], hello["period_us"] = 1, PERIOD_MS * 1000
    with Store.open(path, 0) as store:
        with store.atomic() as batch:
            boot = batch.node(hello, 0)
        for payloads in _payloads(samples, rng):
            blocks = rawblock.decode_many(payloads)
            with store.atomic() as batch:
                for block in blocks:
                    batch.raw(boot.node, boot.epoch, block)
            while store.repack():
                pass
    return boot


def _payloads(samples: int, rng: np.random.Generator) -> Iterator[list[bytes]]:
    """Blocks of 64 samples: 0.12 Pa rms at 1/64 Pa, 3 mK rms, a slow fall, a daily swing."""
    for low in range(0, samples, _COMMIT * _BLOCK):
        number = np.arange(low, min(low + _COMMIT * _BLOCK, samples))
        swing = np.sin(number * (2 * np.pi / SAMPLES_A_DAY))
        p = np.rint(rng.normal(0, 7.7, len(number)) - number * 1e-5 + swing * 2000).astype(np.int64)
        t = np.rint(rng.normal(0, 20, len(number)) + swing * 65536).astype(np.int64)
        yield _packed(number[::_BLOCK], _P_Q8 + 4 * p.reshape(-1, _BLOCK), _T_Q16 + t)


def _packed(
    firsts: NDArray[np.int64], p: NDArray[np.int64], flat_t: NDArray[np.int64]
) -> list[bytes]:
    t = flat_t.reshape(-1, _BLOCK)
    p_tails = ((p[:, 1:] - p[:, :1]) >> 2).astype("<i2")
    t_tails = (t[:, 1:] - t[:, :1]).astype("<i2")
    pack = RAW.struct.pack
    found = []
    for k, first in enumerate(firsts.tolist()):
        ms = first * PERIOD_MS
        head = pack(
            1, 0, first, ms >> 30, ms & (1 << 30) - 1, 0, _BLOCK, 2, 2, 2, 0,
            int(p[k, 0]), int(t[k, 0]), 0,
        )  # fmt: skip
        found.append(head + p_tails[k].tobytes() + t_tails[k].tobytes())
    return found


def report(days: float) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as where:
        got = measure(Path(where), days)
    print(f"{days:g} days at 10 Hz, {got.samples:,} samples, written and packed")
    print(f"{got.samples / got.build_s:>12,.0f} samples/s, {got.bytes_per_sample:.3f} bytes/sample")
    print(f"{got.span_bytes_per_sample:>12.3f} bytes/sample in packed spans, levels included")
    print(f"{got.parquet_bytes_per_sample:>12.3f} bytes/sample in Parquet (delta, zstd 9)")
    print(f"{got.open_s * 1e3:>12.1f} ms to open")
    for name, seconds in got.draw_s.items():
        print(f"{seconds * 1e3:>12.1f} ms to open and draw the newest {name}, {PIXELS} pixels")
