"""How long the dashboard's server takes for a year and for a million points; prints a table.

The database is made for it: one node, one run of 366 days, a sample every 10 s, a clock fit a
minute (half a million, as a logger leaves them), windows of 10 s to 24 h. Needs `hullwatch[web]`.
"""

from __future__ import annotations

import http.client
import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from pathlib import Path

import click
import numpy as np

from hullwatch.link import rawblock
from hullwatch.link.messages import HELLO, RAW
from hullwatch.store import BootKey, Store
from hullwatch.web.owners import Owners
from hullwatch.web.server import in_thread, listening
from hullwatch.web.site import Site

START_US = 1_735_689_600_000_000
PERIOD_MS = 10_000
DAYS = 366
_BLOCK = 64
_LENGTHS_S = (10, 60, 600, 3600, 86_400)
_DAY_US = 86_400_000_000
_TRIES = 5


def build(path: Path, days: int) -> BootKey:
    """Samples through the writer; fits and windows as rows."""
    texts = {"8s": bytes(8), "32s": bytes(32), "12s": bytes(12)}
    hello = HELLO.unpack(HELLO.struct.pack(*(texts.get(f.code, 0) for f in HELLO.fields)))
    hello["boot"], hello["period_us"] = 1, PERIOD_MS * 1000
    samples = days * 86_400_000 // PERIOD_MS // _BLOCK * _BLOCK
    rng = np.random.default_rng(1)
    with Store.open(path, START_US) as store:
        with store.atomic() as batch:
            boot = batch.node(hello, START_US)
        for low in range(0, samples, 4096 * _BLOCK):
            blocks = rawblock.decode_many(_payloads(low, min(samples, low + 4096 * _BLOCK), rng))
            with store.atomic() as batch:
                for block in blocks:
                    batch.raw(boot.node, boot.epoch, block)
            while store.repack():
                pass
    _rows(path, boot, samples * PERIOD_MS)
    return boot


def _payloads(low: int, past: int, rng: np.random.Generator) -> list[bytes]:
    p = np.rint(rng.normal(0, 7.7, past - low)).astype(np.int64).reshape(-1, _BLOCK)
    t = np.rint(rng.normal(0, 20, past - low)).astype(np.int64).reshape(-1, _BLOCK)
    found = []
    for k in range(len(p)):
        first = low + k * _BLOCK
        ms = first * PERIOD_MS
        head = RAW.struct.pack(
            1, 0, first, ms >> 30, ms & (1 << 30) - 1, 0, _BLOCK, 2, 2, 2, 0,
            int(25_900_000 + 4 * p[k, 0]), int(19_660_800 + t[k, 0]), 0,
        )  # fmt: skip
        tails = (p[k, 1:] - p[k, 0]).astype("<i2"), (t[k, 1:] - t[k, 0]).astype("<i2")
        found.append(head + tails[0].tobytes() + tails[1].tobytes())
    return found


def _rows(path: Path, boot: BootKey, length_ms: int) -> None:
    key = tuple(boot)
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany(
            "INSERT INTO clock_fits VALUES (?, ?, ?, ?, ?, 0.0, 2000, 5.0)",
            ((*key, ms, START_US + ms * 1000) for ms in range(2000, length_ms, 60_000)),
        )
        columns = [row[1] for row in database.execute("PRAGMA table_info (windows)")]
        marks = ", ".join("?" * len(columns))
        database.executemany(
            f"INSERT INTO windows VALUES ({marks})", _windows(columns, boot, length_ms)
        )
        columns = [row[1] for row in database.execute("PRAGMA table_info (configs)")]
        told = {"window_s": 0.0, "windows_s": ",".join(map(str, _LENGTHS_S)), "number": 0}
        row = [
            {**dict(zip(("node", "epoch", "boot"), key, strict=True)), **told}.get(c, 1)
            for c in columns
        ]
        database.execute(f"INSERT INTO configs VALUES ({', '.join('?' * len(columns))})", row)


def _windows(columns: list[str], boot: BootKey, length_ms: int):  # type: ignore[no-untyped-def]
    number = 0
    for ms in range(10_000, length_ms, 10_000):
        for length_s in _LENGTHS_S:
            if ms % (length_s * 1000):
                continue
            number += 1
            known = {
                "node": boot.node, "epoch": boot.epoch, "boot": boot.boot, "number": number,
                "device_ms": ms, "window_s": length_s, "leak_rate_pa_m3_s": 1e-4,
                "u95_pa_m3_s": 1e-5, "u95_kind": "full_profile", "flags": "", "t_ref_k": 293.15,
                "gas": "air", "compensation": "sensor", "pressure_kind": "abs",
            }  # fmt: skip
            yield [known.get(column, 0) for column in columns]


def timed_ms(port: int, path: str) -> tuple[float, int]:
    """Median time of some requests, each on a connection of its own, and bytes of the answer."""
    took = []
    for _ in range(_TRIES):
        start = time.perf_counter()
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as link:
            link.request("GET", path)
            answer = link.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise RuntimeError(body.decode())
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took), len(body)


@click.command()
@click.option("--days", default=DAYS, show_default=True)
def main(days: int) -> None:
    """Build, serve, ask, print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "year.db"
        boot = build(path, days)
        end_us = START_US + days * _DAY_US
        listener = listening("127.0.0.1", 0)
        site = Site(path, lambda: end_us, "", Owners(path, list))
        with in_thread(site, listener):
            port = listener.getsockname()[1]
            print(f"{path.stat().st_size / 1e6:.0f} MB\n")
            print("| the newest … | pressure, 1000 pixels | leak rate | kB |\n|---|---|---|---|")
            for name, span in (
                ("year", days),
                ("116 days: a million samples", 116),
                ("month", 30),
                ("day", 1),
                ("hour", 1 / 24),
            ):
                span_us = round(span * _DAY_US)
                query = f"from_utc_us={end_us - span_us}&to_utc_us={end_us}"
                root = f"/api/v1/nodes/{boot.node}"
                samples, size = timed_ms(port, f"{root}/samples?{query}&pixels=1000")
                rates, more = timed_ms(port, f"{root}/windows?{query}&window_s={span_us / 150e6}")
                print(
                    f"| {name} | {samples:.0f} ms | {rates:.0f} ms | {(size + more) / 1000:.0f} |"
                )
            print(f"\noverview: {timed_ms(port, '/api/v1/nodes')[0]:.0f} ms")


if __name__ == "__main__":
    main()
