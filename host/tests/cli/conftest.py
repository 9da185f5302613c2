"""The command line: in this process for refusals, as processes for everything that lives longer."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
import tty
from pathlib import Path

import pytest

import capability
from hullwatch.bench.spec import BenchSpec
from hullwatch.bench.vmbench import VmBench
from hullwatch.flash.build import build
from hullwatch.flash.compiler import Compiler
from hullwatch.flash.sources import firmware_sources
from hullwatch.ingest import realclock
from hullwatch.sim.firmware import config_files

COMMAND = [sys.executable, "-c", "from hullwatch.cli import main; main()"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty working folder, and nothing of the user's own within reach."""
    for name in ("data", "run", "work"):
        (tmp_path / name).mkdir(mode=0o700)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.delenv("HULLWATCH_UF2", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


def left(home):
    """Every file below the home folder that a command has made."""
    return sorted(
        str(path.relative_to(home.parent)) for path in home.parent.rglob("*") if path.is_file()
    )


@pytest.fixture
def files(home):
    return lambda: left(home)


@pytest.fixture
def refused(hullwatch):
    """Runs a command that must fail with that code, one line and a hint; returns the line."""

    def run(code, *args):
        got, out, err = hullwatch(*args)
        assert got == code, (got, err)
        assert out == ""
        assert re.fullmatch(r"hullwatch: [^\n]+ \([^\n]+\)\n", err), err
        assert "Traceback" not in err
        return err

    return run


@pytest.fixture
def hurried(monkeypatch):
    """The logger's clock runs eight times as fast: patience costs less."""
    zero = time.monotonic()
    monkeypatch.setattr(
        realclock.RealClock, "now_s", lambda self: zero + 8 * (time.monotonic() - zero)
    )


class Process:
    """A `hullwatch` process with what it has printed so far."""

    def __init__(self, args, prefix=()):
        self._process = subprocess.Popen(
            [*prefix, *COMMAND, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        self.pid = self._process.pid
        self.out = b""
        self.err = b""
        self._readers = [
            threading.Thread(target=self._read, args=(name, stream), daemon=True)
            for name, stream in (("out", self._process.stdout), ("err", self._process.stderr))
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, name, stream):
        while data := os.read(stream.fileno(), 65536):
            setattr(self, name, getattr(self, name) + data)

    def until(self, pattern, seconds=30, where="out"):
        """The first match in what it prints; fails when it ends or time runs out before."""
        deadline = time.monotonic() + seconds
        while not (match := re.search(pattern, getattr(self, where).decode())):
            assert time.monotonic() < deadline, (pattern, self.out, self.err)
            assert self._process.poll() is None, (pattern, self.out, self.err)
            time.sleep(0.02)
        return match

    def rows(self):
        """The JSON objects printed so far, one a line."""
        return [json.loads(line) for line in self.out.decode().splitlines(keepends=True)
                if line.endswith("\n")]  # fmt: skip

    def running(self):
        return self._process.poll() is None

    def signal(self, number):
        self._process.send_signal(number)

    def end(self, seconds=30):
        """Wait for its end; the exit code."""
        code = self._process.wait(seconds)
        for reader in self._readers:
            reader.join(5)
        return code

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
        self.end()
        self._process.stdout.close()
        self._process.stderr.close()


@pytest.fixture
def start():
    """Starts `hullwatch` processes that end with the test."""
    running = []

    def run(*args, prefix=()):
        running.append(Process(args, prefix))
        return running[-1]

    yield run
    for process in reversed(running):
        process.close()


@pytest.fixture
def served(start):
    """A node on a MicroPython VM behind a terminal, served by another process; its path.

    Three times as fast as a clock on the wall.
    """
    capability.executable("micropython")
    capability.module("littlefs")
    server = start("demo", "--bench", "mpy", "--no-log", "--speed", 3, "--for", "900s")
    yield server.until(r"node on (\S+)\n")[1]
    assert server.running()
    assert server.err == b""


@pytest.fixture
def older(tmp_path):
    """Files of a node whose layouts of records are another version's, as far as anyone can tell."""
    capability.executable("micropython")
    source = tmp_path / "messages.py"
    source.write_text(firmware_sources("vm")["hullcore/messages.py"].read_text() + "\n_OLD = 1\n")
    Compiler().compile(source, "hullcore/messages.py", tmp_path / "messages.mpy")
    spec = BenchSpec(seed=3)
    files = build("vm").contents() | config_files(spec.node_settings())
    return files | {"hullcore/messages.mpy": (tmp_path / "messages.mpy").read_bytes()}


@pytest.fixture
def bench():
    """Boards in this process, by the files on them; each is there when its program runs."""
    capability.executable("micropython")
    capability.module("littlefs")
    made = []

    def make(files):
        made.append(VmBench(BenchSpec(seed=3), files=files))
        deadline = time.monotonic() + 60
        while made[-1].server.requests <= 20 and not made[-1].hub._said:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return made[-1]

    yield make
    for one in made:
        one.close()


class PtyDevice:
    """Something on a serial port; `answer(data)` gives what it says to what it gets."""

    def __init__(self, answer):
        self._master, slave = os.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave
        self.heard = b""
        self._closing = False
        self._answer = answer
        self._thread = threading.Thread(target=self._carry, daemon=True)
        self._thread.start()

    def _carry(self):
        while not self._closing:
            if not select.select([self._master], [], [], 0.02)[0]:
                continue
            try:
                data = os.read(self._master, 4096)
            except OSError:
                return
            self.heard += data
            self.say(self._answer(data))

    def say(self, data):
        if data:
            os.write(self._master, data)

    def close(self):
        self._closing = True
        self._thread.join(5)
        for handle in (self._master, self._slave):
            if handle >= 0:
                os.close(handle)
        self._master = self._slave = -1


@pytest.fixture
def device():
    """Puts a device on a pseudo-terminal."""
    made = []

    def put(answer):
        made.append(PtyDevice(answer))
        return made[-1]

    yield put
    for one in made:
        if one._master >= 0:
            one.close()


@pytest.fixture
def interrupt():
    return signal.SIGINT


@pytest.fixture
def json_of(hullwatch):
    """Runs a command that must succeed and print one JSON object, which it returns."""

    def run(*args):
        code, out, err = hullwatch(*args)
        assert (code, err) == (0, ""), (code, out, err)
        (line,) = out.splitlines()
        return json.loads(line, parse_constant=pytest.fail)

    return run


@pytest.fixture
def recordings():
    """The folder of real recordings beside the project; a stated skip without it."""
    root = Path(__file__).resolve().parents[3]
    folder = Path(os.environ.get("HULLWATCH_DATA", root.parent / "shared" / "data")) / "normalised"
    if not folder.is_dir():
        pytest.skip("needs the recordings in ../shared/data/normalised")
    return folder
