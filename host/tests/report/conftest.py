"""Two stores, filled once: two hours of a leak, and leak tests of which one is tried twice."""

import contextlib
from pathlib import Path

import pytest

from hullwatch.bench.rig import load_rig
from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.ingest.logger import Logger
from hullwatch.ingest.settings import read_settings
from hullwatch.leaktest import follow, nodebody, recipefile
from hullwatch.store import Reader, Store
from hullwatch.store.calibrations import CalibrationRow

HOSTILE = "<b>jar&amp;</b>"
LEAK = 1e-4
BOUNDED = {
    "temp_lag_ms": 3_000, "temp_gradient_uk": 100, "settling_ms": 3_000, "u_volume_ppm": 2_000,
}  # fmt: skip
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
RIG = EXAMPLES / "rig.toml"
RECIPE = (EXAMPLES / "recipes" / "decay.toml").read_text()


class Desk:
    """A logger that also asks."""

    def __init__(self, path, spec):
        self.bench = SimBench(spec)
        self.store = Store.open(path, 1_700_000_000_000_000)
        self.logger = Logger(
            self.bench.open_port(), self.store, self.bench, 77, lambda event: None, 5.0
        )

    def run(self, seconds):
        end_s = self.bench.now_s() + seconds
        while self.bench.now_s() < end_s:
            self.logger.step(0.5)

    def ask(self, message, payload=b""):
        replies = []
        self.logger.ask(message, payload, replies.append)
        while not replies:
            self.logger.step(0.1)
        assert replies[0] is not None
        assert not replies[0].status
        return replies[0].data

    def ask_now(self, message, payload=b""):
        return self.ask(message, payload)

    def close(self):
        self.run(70)
        self.logger.finish()
        self.store.close()
        self.bench.close()


@pytest.fixture(scope="session")
def leaking(tmp_path_factory):
    """Path and true mean rate. Two hours at 2 Hz: 1e-4 Pa·m³/s out of 1 L, a hostile name."""
    path = tmp_path_factory.mktemp("leaking") / "jar.db"
    spec = BenchSpec(
        chamber=load_rig(RIG, seed=3, leak_pa_m3_s=LEAK).chamber, period_us=500_000, seed=3,
        extra={**BOUNDED, "name": HOSTILE, "reserve_limit_pa": 110_000},
    )  # fmt: skip
    desk = Desk(path, spec)
    desk.run(7200)
    with Reader.open(path) as reader:
        node = reader.nodes()[0].node
    now_us = round(desk.bench.utc_s() * 1e6)
    desk.store.add_calibration(
        CalibrationRow(
            node=node, sensor="", kind="volume", value=1e-3, u=2e-6, dof=None, unit="m³",
            t_ref_k=None, calibrated_utc_us=now_us - 10**13, valid_until_utc_us=now_us + 10**13,
            recorded_utc_us=now_us, method="weighed with water", certificate="V-<4711>",
            instrument="balance 3", note="", budget="[]",
        )
    )  # fmt: skip
    truth = desk.bench.truth_pa_m3_s(0, 7_200_000)
    desk.close()
    return path, truth


@pytest.fixture(scope="session")
def leaking_db(leaking):
    return leaking[0]


@pytest.fixture(scope="session")
def tested_db(tmp_path_factory):
    """A-1 and <A-3> pass; A-2, whose limit is its leak, is not decided, then fails.

    A-2 is measured for longer, or its uncertainty would be more than a quarter of its limit.
    """
    path = tmp_path_factory.mktemp("tested") / "tests.db"
    desk = Desk(path, load_rig(RIG, seed=3))
    desk.run(5)
    config = nodebody.configuration(read_settings(desk))
    for part, attempt, limit in (("A-1", 1, "1e-3"), ("A-2", 1, "8.2e-5"), ("A-2", 2, "8.2e-5"),
                                 ("<A-3>", 1, "1e-3")):  # fmt: skip
        text = RECIPE.replace("leak_pa_m3_s = 1e-3", f"leak_pa_m3_s = {limit}")
        if part == "A-2":
            text = text.replace("[measure]\ntime_s = 60", "[measure]\ntime_s = 300")
        recipe = recipefile.parse(text, "jar.toml")
        crc = follow.load(desk, nodebody.body_of(recipe, config))
        follow.start(desk, crc, part, attempt)
        follow.until_done(desk, lambda: desk.run(1), lambda progress: None)
    desk.close()
    return path


@pytest.fixture
def reader_of():
    with contextlib.ExitStack() as stack:
        yield lambda path: stack.enter_context(Reader.open(path))


def no_advance(_samples):
    """Nobody watches."""


@pytest.fixture(scope="session")
def quiet():
    return no_advance
