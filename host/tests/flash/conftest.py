"""Boards to flash: a MicroPython VM behind a terminal, its littlefs image the board's flash."""

import json
import os
import shutil
import time

import pytest
import serial
from mpremote.transport_serial import SerialTransport

import capability
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.errors import PortLost, WrongDevice
from hullwatch.flash.build import build, load_build
from hullwatch.flash.compiler import Compiler
from hullwatch.flash.corehash import core_hash, file_hash
from hullwatch.flash.job import Job
from hullwatch.flash.sources import firmware_sources
from hullwatch.flash.wakeup import who
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
def remade(new_build, tmp_path):
    """The build with one module spoilt, as if it had been made so: its manifest agrees."""

    def compiled(text):
        (tmp_path / "source.py").write_bytes(text)
        Compiler().compile(tmp_path / "source.py", "source.py", tmp_path / "out.mpy")
        return (tmp_path / "out.mpy").read_bytes()

    def make(module, spoil):
        folder = tmp_path / "spoilt"
        shutil.copytree(new_build.root, folder)
        path = folder / f"{module}.mpy"
        path.write_bytes(spoil(compiled, path.read_bytes()))
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"][f"{module}.mpy"] = file_hash(path.read_bytes())
        manifest["core_hash"] = core_hash(manifest["files"])
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return load_build(folder)

    return make


class Bench:
    """A board, what is told while it is flashed, and what may go wrong meanwhile."""

    def __init__(self, files, wait=True):
        self.vm = VmBench(BenchSpec(seed=3), files=files)
        self.notes = []
        self.steps = []
        self.at = None
        self.then = None
        self._patch = pytest.MonkeyPatch()
        if wait:
            self._wait_for_life()

    @property
    def path(self):
        return self.vm.port_path

    def _wait_for_life(self):
        """A node has asked its bus for something, or the prompt is there."""
        deadline = time.monotonic() + 60
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

    def hello(self, seconds=60):
        """HELLO of whatever runs, once it does."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            hello, why = who(self.path)
            if hello is not None:
                return hello
            time.sleep(0.1)
        raise AssertionError(why)

    def unplug(self):
        """Cable out and in again: port and power are gone, then another terminal is there."""
        self.vm.replug()

    def darken(self):
        """The supply of a board fails, its port stays: a serial line of its own."""
        self.vm._lock.acquire()  # whoever holds it keeps the VM from being started
        self.vm.power_cut()
        self._lose_patience()

    def light(self):
        self.vm._lock.release()

    def garble(self):
        """What the board says next never arrives as it was said, nor is it complete before."""
        os.write(self.vm.hub._master, b"\x00nonsense>\x04")
        self._lose_patience()

    def _lose_patience(self):
        """From now on, not before, the host gives a silent board up after a moment."""
        read = serial.Serial.read

        def hasty(port, size=1):
            port.timeout = 0.2
            return read(port, size)

        self._patch.setattr(serial.Serial, "read", hasty)
        self._patch.setattr(SerialTransport.read_until, "__defaults__", (1.0, None, None))

    def cut_short(self):
        """Flash it, power or wire failing at `at`; None, or the outcome if it never got there."""
        try:
            return self.job().run()
        except (PortLost, WrongDevice):
            return None
        finally:
            self._patch.undo()

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
