"""Nodes behind TCP serial servers that come and go, and loggers of them."""

import contextlib
import socket
import threading
import time

import pytest

from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.control.client import call
from hullwatch.control.registry import holders
from hullwatch.errors import (
    HullwatchError,
)
from hullwatch.ingest.owner import Listeners
from hullwatch.ingest.owners import PortOwners
from hullwatch.store import Reader, Store

SPEED = 6


class RealClock:
    def now_s(self):
        return time.monotonic()

    def utc_s(self):
        return time.time()


class SerialServer:
    """A simulated node behind `socket://`: its time passes whether anyone is connected or not.

    `mute` keeps the line up and the node unheard; `unplug` closes the line, `plug` opens it.
    """

    def __init__(self, seed=3):
        self._bench = SimBench(BenchSpec(seed=seed))
        self.uid = self._bench.board.uid.hex()
        self._listener = None
        self._line = None
        self.mute = False
        self._closing = False
        self._lock = threading.Lock()
        self.address = None
        self.plug()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return "socket://{}:{}".format(*self.address)

    def plug(self):
        with self._lock:
            self._listener = socket.create_server(self.address or ("127.0.0.1", 0))
            self._listener.setblocking(False)
            self.address = self._listener.getsockname()

    def unplug(self):
        with self._lock:
            for one in (self._listener, self._line):
                if one is not None:
                    one.close()
            self._listener = self._line = None

    def _run(self):
        port = self._bench.open_port()
        while not self._closing:
            said = port.read(0.05)
            while self._bench.board.console.to_host:
                said += port.read(0)
            with self._lock, contextlib.suppress(OSError):
                if self._line is None and self._listener is not None:
                    with contextlib.suppress(BlockingIOError):
                        self._line, _ = self._listener.accept()
                        self._line.setblocking(False)
                if self._line is not None:
                    if said and not self.mute:
                        self._line.sendall(said)
                    self._take(port)
            time.sleep(0.05 / SPEED)

    def _take(self, port):
        with contextlib.suppress(BlockingIOError):
            heard = self._line.recv(4096)
            if not heard:
                self._line.close()
                self._line = None
            elif not self.mute:
                port.write(heard)

    def close(self):
        self._closing = True
        self._thread.join(5)
        self.unplug()
        self._bench.close()


def _owners_of(path, specs, note=print, on_stored=None):
    def open_store():
        return Store.open(path, time.time_ns() // 1000)

    listeners = Listeners(note, on_stored=on_stored)
    return PortOwners(specs, open_store, RealClock(), listeners)


class Running:
    """A logger of one or several ports in a thread of its own."""

    def __init__(self, path, *specs):
        self.path = path
        self.notes = []
        self.stored = []
        self.error = None
        self._stop = False
        self.owners = _owners_of(path, specs, self.notes.append, self.stored.append)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            self.owners.run(lambda: self._stop)
        except HullwatchError as error:
            self.error = error

    def until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.error is None, self.error
            assert time.monotonic() < deadline, self.notes
            time.sleep(0.02)

    def noted(self, text):
        return any(text in note for note in self.notes)

    def samples(self):
        if not self.path.exists():
            return 0
        with Reader.open(self.path) as reader:
            return sum(boot.samples for boot in reader.boots())

    def ask(self, **request):
        holder = holders()[0]
        return call(holder.control, request, 20)

    def stop(self):
        self._stop = True
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture
def server(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr("hullwatch.ingest.dialogue.SILENT_S", 1.0)
    one = SerialServer()
    yield one
    one.close()


@pytest.fixture
def run(server, tmp_path):
    made = []

    def start(*specs):
        made.append(Running(tmp_path / "hull.db", *(specs or [server.url])))
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def serving():
    """Makes a served node of a seed; to be closed by who asks."""
    return SerialServer


@pytest.fixture
def owners_of():
    """Makes a `PortOwners` on a database and ports, not running."""
    return _owners_of


@pytest.fixture
def second(server):
    one = SerialServer(seed=4)
    yield one
    one.close()
