"""The same tests on every bench: `pytest hil_tests --bench mpy`; without it, on sim and mpy.

A file in benches/ says what a bench is and can do. A test names the capabilities it needs; where a
bench lacks one it is a stated skip.
"""

from __future__ import annotations

import os
import random
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

import capability
from hullwatch.bench.spec import BenchSpec
from hullwatch.cli import benches
from hullwatch.ingest.logger import Logger
from hullwatch.link.events import Status
from hullwatch.store import Store

FOLDER = Path(__file__).parent / "benches"
USUAL = ("sim", "mpy")


def pytest_addoption(parser):
    parser.addoption(
        "--bench", action="append", metavar="NAME", default=[],
        help=f"bench to run hil_tests on, repeatable; one of {', '.join(known())}",
    )  # fmt: skip


def known():
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def pytest_generate_tests(metafunc):
    if "declared" in metafunc.fixturenames:
        wanted = metafunc.config.getoption("--bench", default=[]) or USUAL
        unknown = set(wanted) - set(known())
        if unknown:
            raise pytest.UsageError(f"no bench {unknown.pop()}; there are {', '.join(known())}")
        metafunc.parametrize("declared", wanted, indirect=True)


@pytest.fixture
def declared(request):
    """What the bench's file says; skips where this machine cannot run it or the test needs more."""
    facts = SimpleNamespace(**tomllib.loads((FOLDER / f"{request.param}.toml").read_text()))
    for program in getattr(facts, "needs_programs", ()):
        capability.executable(program)
    for package in getattr(facts, "needs_packages", ()):
        capability.module(package)
    for variable in getattr(facts, "needs_environment", ()):
        if not os.environ.get(variable):
            pytest.skip(f"bench {facts.name} needs {variable}")
    for mark in request.node.iter_markers("needs"):
        for name in mark.args:
            if name not in facts.capabilities:
                pytest.skip(f"bench {facts.name} has no {name}")
    return facts


class Rig:
    """A bench with a logger on it and the store they fill."""

    def __init__(self, declared, path, spec):
        self.declared = declared
        self.spec = spec
        uf2 = os.environ.get("HULLWATCH_UF2")
        self.bench = benches.start(declared.name, spec, declared.speed, Path(uf2) if uf2 else None)
        self.store = Store.open(path, 1_700_000_000_000_000, "hil_tests")
        self.events = []
        self.port = self.bench.open_port()
        self.log()

    def log(self, **options):
        """A new logger on the same port, whatever became of the one before."""
        session = random.randrange(1, 0x10000)
        self.logger = Logger(
            self.port, self.store, self.bench, session, self.events.append, 1.0, **options
        )
        return self.logger

    def until(self, condition, device_s):
        """Log until it holds; fails after so much device time."""
        end_s = self.bench.now_s() + device_s
        while not condition():
            assert self.bench.now_s() < end_s, "the condition did not come to hold in time"
            self.logger.step(self.declared.step_s)

    def heard(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def status(self):
        found = self.heard(Status)
        return found[-1].fields if found else {"next_sample": 0, "next_record": 0, "state": -1}

    def measured(self, samples, device_s=600):
        """Log until that many samples of the present boot are measured and all of it is stored."""

        def stored():
            boot = self.logger.collector.boot
            status = self.status()
            return (
                boot is not None
                and status["next_sample"] >= samples
                and self.store.raw_next(boot) >= samples
                and self.store.durable_next(boot.node, boot.epoch) >= status["next_record"]
            )

        self.until(stored, device_s)
        self.logger.finish()

    def close(self):
        self.port.close()
        self.store.close()
        self.bench.close()


@pytest.fixture
def rig(declared, tmp_path):
    """Makes the bench of this run, with a logger."""
    made = []

    def make(**spec):
        path = tmp_path / f"hil{len(made)}.db"
        made.append(Rig(declared, path, BenchSpec(**{"seed": 7, **spec})))
        return made[-1]

    yield make
    for one in made:
        one.close()


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(*capabilities): what a bench must be able to do")


@pytest.fixture
def evidence(rig, declared, record_property):
    """Leaves in the test report which bench, node and firmware it was."""

    def leave(one):
        hello = one.logger.session.hello
        record_property("bench", declared.name)
        if hello is not None:
            record_property("node", hello.uid)
            record_property("core_hash", hello.fields["core_hash"].hex())

    return leave
