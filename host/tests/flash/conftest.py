"""Boards to flash: a MicroPython VM behind a terminal, its littlefs image the board's flash."""

import time

import pytest
from mpremote.transport_serial import SerialTransport

import capability
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.errors import PortBusy
from hullwatch.flash.build import build
from hullwatch.flash.compiler import Compiler
from hullwatch.flash.job import Job
from hullwatch.flash.sources import firmware_sources
from hullwatch.flash.wakeup import who
from hullwatch.transport import rawrepl
from hullwatch.transport.discover import find_port


@pytest.fixture(scope="session")
def new_build():
    """This version's build for the VM."""
    capability.executable("micropython")
    capability.module("littlefs")
    return build("vm")


@pytest.fixture(scope="session")
def old_files(new_build, tmp_path_factory):
    """Files of a working version before: five modules differ, one is gone since."""
    folder = tmp_path_factory.mktemp("old")
    sources = firmware_sources("vm")
    files = new_build.contents()
    for name in ("hullcore/ticks", "hullcore/fields", "hullnode/clock", "hullnode/link"):
        source = folder / "source.py"
        source.write_text(sources[name + ".py"].read_text() + "\n_OLD = True\n")
        Compiler().compile(source, name + ".py", folder / "out.mpy")
        files[name + ".mpy"] = (folder / "out.mpy").read_bytes()
        assert files[name + ".mpy"] != new_build.contents()[name + ".mpy"]
    files["main.py"] += b"\n# the version before\n"
    files["hullnode/retired.mpy"] = b"M\x06\x00\x1f"
    return files


@pytest.fixture
def hasty(monkeypatch):
    """A host without patience: a board that is gone is gone after a moment."""
    monkeypatch.setattr(rawrepl, "_READ_S", 0.4)
    monkeypatch.setattr(rawrepl, "_ENTER_S", 1)
    monkeypatch.setattr(rawrepl, "_LONG_S", 3)
    monkeypatch.setattr(SerialTransport.read_until, "__defaults__", (1.0, None, None))


class Bench:
    """A board, what is told while it is flashed, and what may go wrong meanwhile."""

    def __init__(self, files, flash_blocks=352, speed=1.0):
        self.vm = VmBench(BenchSpec(seed=3, flash_blocks=flash_blocks), speed, files=files)
        self.path = self.vm.port_path
        self.notes = []
        self.steps = []
        self.at = None
        self.then = None
        self._wait_for_life()

    def _wait_for_life(self):
        """A node has asked its bus for something, or the prompt is there."""
        deadline = time.monotonic() + 20
        while not (self.vm.server.requests or self.vm.hub._said.endswith(b">>> ")):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def progress(self, what, done, total):
        self.steps.append((what, done, total))
        if self.at == (what, done):
            self.at = None
            self.then()

    def find(self):
        return find_port(self.path)

    def job(self, build_for=None, **options):
        return Job(self.find, build_for or build, self.notes.append, self.progress, **options)

    def hello(self, seconds=20):
        """HELLO of whatever runs, once it does."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                hello, why = who(self.path)
            except PortBusy as error:  # a VM being started has this process's files for a moment
                hello, why = None, error.message
            if hello is not None:
                return hello
            time.sleep(0.1)
        raise AssertionError(why)

    def runs(self, core_hash):
        """Whether a node answers whose files have this core hash."""
        return self.hello().fields["core_hash"].hex() == core_hash

    def close(self):
        self.vm.close()


@pytest.fixture
def board(new_build):
    """Makes boards from the files on them; they end with the test."""
    made = []

    def make(files=None, **options):
        made.append(Bench({} if files is None else files, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
