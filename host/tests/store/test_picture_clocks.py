"""Clocks for pictures against the whole clock; windows between two times against all windows."""

import contextlib
import sqlite3

import numpy as np
import pytest

from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.ingest.logger import Logger
from hullwatch.store import BootKey, Reader, Store
from hullwatch.store.clocktime import DeviceClock
from hullwatch.store.pictureclocks import MOST_FITS

START_US = 1_767_225_600_000_000
DAYS = 90


@pytest.fixture(scope="module")
def boots(tmp_path_factory):
    """Three runs of a node with resets between; path."""
    path = tmp_path_factory.mktemp("boots") / "boots.db"
    with (
        contextlib.closing(SimBench(BenchSpec(seed=5, period_us=500_000))) as bench,
        Store.open(path, START_US) as store,
    ):
        for session in (7, 8, 9):
            logger = Logger(bench.open_port(), store, bench, session, lambda event: None, 5.0)
            end_s = bench.now_s() + 300
            while bench.now_s() < end_s:
                logger.step(1.0)
            logger.finish()
            bench.power_cut()
    return path


def test_windows_between_two_times_are_those_of_all_boots(boots):
    with Reader.open(boots) as reader:
        (node,) = (row.node for row in reader.nodes())
        clocks = reader.clocks(node)
        assert len(clocks) == 3
        rows = reader.windows(node, 10.0)
        ends = []
        for row in rows:
            clock = clocks[BootKey(node, row.epoch, row.boot)]
            ends.append(int(clock.utc_us(np.array([row.device_ms * 1000]))[0][0]))
        assert ends == sorted(ends)
        low, high, slack = START_US, START_US + 1_000_000_000, 2_000  # right to what fits bound
        for start, past in [
            (low, high), (ends[5] - slack, ends[-5] + slack), (ends[5] + slack, ends[6] - slack),
            (ends[40] - slack, ends[40] + slack), (low - 10**9, low), (high, high + 10**9),
            (ends[0] - slack, ends[-1] - slack),
        ]:  # fmt: skip
            got = reader.windows_utc(node, 10.0, start, past, 1000)
            wanted = [k for k, end in enumerate(ends) if start <= end < past]
            assert [row for row, _ in got] == [rows[k] for k in wanted]
            assert all(abs(end - ends[k]) < slack for (_, end), k in zip(got, wanted, strict=True))
            assert reader.windows_utc(node, 10.0, start, past, 3) == got[-3:]
        assert reader.windows_utc(node, 7.0, low, high, 10) == []


def test_thinned_clocks_tell_the_time_of_the_whole(tmp_path):
    path = tmp_path / "long.db"
    Store.open(path, START_US).close()
    boot = BootKey("n", 1, 1)
    rng = np.random.default_rng(3)
    ms = np.arange(2_000, DAYS * 86_400_000, 60_000)
    ppm = 20 + np.sin(ms / 4e7)  # as a crystal that feels the day
    true_us = START_US + ms * 1000 + np.cumsum(60_000 * 1e-3 * ppm).astype(np.int64)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO nodes VALUES ('n', 'b', 0, 0)")
        database.execute("INSERT INTO spools (node, epoch) VALUES ('n', 1)")
        database.execute("INSERT INTO boots (node, epoch, boot) VALUES ('n', 1, 1)")
        noise = rng.integers(-500, 500, len(ms))
        database.executemany(
            "INSERT INTO clock_fits VALUES ('n', 1, 1, ?, ?, ?, 1500, 3.0)",
            zip(ms.tolist(), (true_us + noise).tolist(), ppm.tolist(), strict=True),
        )
    assert len(ms) > 100 * MOST_FITS
    with Reader.open(path) as reader:
        whole = DeviceClock(reader.clock_fits(boot))
        for start_day, days, worst_us in ((0, DAYS, 200_000), (30, 0.2, 2_000), (89, 2, 20_000)):
            start = START_US + round(start_day * 86.4e9)
            past = start + round(days * 86.4e9)
            ((key, clock),) = reader.picture_clocks([boot], start, past)
            assert key == boot
            device_us = (
                np.linspace(start, min(past, int(true_us[-1])), 999).astype(np.int64) - START_US
            )
            far = np.abs(clock.utc_us(device_us)[0] - whole.utc_us(device_us)[0])
            assert far.max() < worst_us
        assert reader.picture_clocks([boot], START_US - 10**12, START_US - 10**11) == []
        assert reader.picture_clocks([BootKey("n", 1, 2)], 0, 1 << 62) == []
