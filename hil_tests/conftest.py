"""The bench a run of the suite is on: `pytest hil_tests --bench sim|mpy|pico-emu`."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import capability
from hullwatch.bench.base import Bench
from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.ingest.logger import Logger
from hullwatch.store import Store

SPEED = 10.0
"""Device seconds per second of the `mpy` bench."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bench", default="sim", choices=("sim", "mpy", "pico-emu"),
                     help="where the firmware runs")  # fmt: skip


def make_bench(name: str, spec: BenchSpec) -> Bench:
    """The bench of this run; a stated skip where this machine lacks what it needs."""
    if name == "sim":
        return SimBench(spec)
    if name == "mpy":
        capability.executable("micropython")
        from hullwatch.bench.vmbench import VmBench

        return VmBench(spec, SPEED)
    uf2 = os.environ.get("HULLWATCH_UF2")
    if not uf2:
        pytest.skip("needs HULLWATCH_UF2: a MicroPython image (UF2) for the Pico")
    from hullwatch.bench.emu.emubench import EmuBench

    return EmuBench(spec, Path(uf2))


class Site:
    """A bench with a logger on it and a store behind it."""

    def __init__(self, bench: Bench, store: Store) -> None:
        self.bench = bench
        self.store = store
        self.port = bench.open_port()
        session = random.Random(bench.name).randrange(1, 0x10000)
        self.logger = Logger(self.port, store, bench, session, lambda _: None)

    def run(self, device_s: float) -> None:
        """Log for so long in device time."""
        end_s = self.bench.now_s() + device_s
        while self.bench.now_s() < end_s:
            self.logger.step(0.05 if self.bench.name == "mpy" else 0.5)
        self.logger.finish()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Makes a site on the chosen bench from the fields of a BenchSpec."""
    made: list[Site] = []

    def make(**fields: object) -> Site:
        bench = make_bench(request.config.getoption("--bench"), BenchSpec(**fields))
        store = Store.open(tmp_path / f"{len(made)}.db", time.time_ns() // 1000)
        made.append(Site(bench, store))
        return made[-1]

    yield make
    for one in made:
        one.port.close()
        one.bench.close()
        one.store.close()
