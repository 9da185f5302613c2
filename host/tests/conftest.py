"""The wire spoken by code of its own, ports that misbehave, a node with its store."""

import base64
import contextlib
import random
import sqlite3
import struct
import sys
import zlib

import pytest

import one_clock
from hullwatch.bench import littlefsimage
from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.cli.app import main
from hullwatch.ingest.logger import Logger
from hullwatch.link import messages as m
from hullwatch.link.events import Status
from hullwatch.sim.bus import SimBus
from hullwatch.store import Store

_NOW_US = 1_700_000_000_000_000
UID = bytes.fromhex("e66138528350b42c")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Of the whole run, not of this folder alone."""
    one_clock.group(items)


class Wire:
    """Frames made and read with base64, zlib and the table; nothing of the project's codec."""

    def frame(self, message, session, seq, payload=b""):
        """`message` from the table, or any id."""
        number = getattr(message, "id", message)
        body = struct.pack("<BHH", number, session, seq) + payload
        body += struct.pack("<I", zlib.crc32(body))
        return b"\x1e" + base64.b64encode(body) + b"\n"

    def parse(self, data):
        """(message, session, seq, payload) of each frame; every byte must belong to one."""
        found = []
        for line in data.splitlines(keepends=True):
            assert line[:1] == b"\x1e"
            assert line[-1:] == b"\n"
            assert len(line) <= 256
            body = base64.b64decode(line[1:-1], validate=True)
            assert zlib.crc32(body[:-4]) == struct.unpack("<I", body[-4:])[0]
            message, session, seq = struct.unpack_from("<BHH", body)
            found.append((m.BY_ID[message], session, seq, body[5:-4]))
        return found

    def hello(self, session, seq=0, **changes):
        values = {
            "protocol": m.PROTOCOL_VERSION, "fw_major": 1, "fw_minor": 2, "fw_patch": 3,
            "reset_cause": 1, "capabilities": 0, "uid": UID, "core_hash": bytes(range(32)),
            "boot": 7, "epoch": 0xE0C4, "oldest_record": 0, "next_record": 0,
            "raw_boot": 7, "oldest_raw": 0,
            "store": 0, "config": 0, "period_us": 100_000, "wraps": 0, "ms": 1000, "board": b"fake",
        }  # fmt: skip
        assert set(changes) <= set(values)
        values.update(changes)
        return self.frame(m.HELLO, session, seq, m.HELLO.struct.pack(*values.values()))

    def status(self, session, seq, **changes):
        values = dict.fromkeys((f.name for f in m.STATUS.fields), 0)
        assert set(changes) <= set(values)
        values.update(changes)
        return self.frame(m.STATUS, session, seq, m.STATUS.struct.pack(*values.values()))

    def reply(self, session, seq, command, token, status=0, data=b""):
        payload = struct.pack("<BHB", command.id, token, status) + data
        return self.frame(m.REPLY, session, seq, payload)


@pytest.fixture(scope="session")
def wire():
    return Wire()


class NoisyPort:
    """A port whose bytes get lost, doubled, flipped, torn, held back; seeded.

    `share` is the chance of each piece of at most `most` bytes to suffer; `calm` ends it.
    """

    def __init__(self, port, seed, share=0.05, most=120):
        self._port = port
        self._random = random.Random(seed)
        self.share = share
        self._most = most
        self._held = b""
        self.harmed = 0
        self.name = port.name

    def calm(self):
        self.share = 0.0

    def _harmed(self, data):
        draw = self._random
        out = []
        while data:
            n = draw.randint(1, self._most)
            piece, data = data[:n], data[n:]
            if draw.random() >= self.share:
                out.append(piece)
                continue
            self.harmed += 1
            kind = draw.randrange(5)
            if kind == 1:
                out += [piece, piece]
            elif kind == 2:
                at = draw.randrange(len(piece))
                out.append(
                    piece[:at] + bytes([piece[at] ^ 1 << draw.randrange(8)]) + piece[at + 1 :]
                )
            elif kind == 3:
                out.append(piece[: len(piece) // 2])
            elif kind == 4 and out:
                out[-1], piece = piece, out[-1]
                out.append(piece)
        return b"".join(out)

    def read(self, timeout_s):
        return self._harmed(self._port.read(timeout_s))

    def write(self, data):
        # a real console takes 0x03 and 0x04 for keys: noise that makes them is a test of its own
        self._port.write(self._harmed(data).replace(b"\x03", b"\x13").replace(b"\x04", b"\x14"))

    def close(self):
        self._port.close()


@pytest.fixture(scope="session")
def noisy():
    return NoisyPort


class Site:
    """A simulated node, a database, and whichever logger runs at present."""

    def __init__(self, path, bench=None, **spec):
        self.path = path
        self.bench = bench or SimBench(BenchSpec(**{"seed": 3, **spec}))
        self.store = Store.open(path, _NOW_US)
        self.events = []
        self.port = self.bench.open_port()
        self.logger = None
        self.stood_s = 0.0

    def now_s(self):
        """What a computer's monotonic clock shows: not the time it was suspended."""
        return self.bench.now_s() - self.stood_s

    def utc_s(self):
        return self.bench.utc_s()

    def log(self, port=None, commit_s=1.0, **options):
        self.logger = Logger(
            port or self.port, self.store, self, random.randrange(1, 0x10000),
            self.events.append, commit_s, **options,
        )  # fmt: skip
        return self.logger

    def run(self, seconds, step_s=0.5):
        end_s = self.bench.now_s() + seconds
        while self.bench.now_s() < end_s:
            self.logger.step(step_s)

    def sleep(self, seconds):
        """The host stands still, as a closed notebook: nobody reads, USB drops the rest."""
        self.stood_s += seconds
        end_us = self.bench.clock.us + round(seconds * 1e6)
        while self.bench.clock.us < end_us:
            self.bench.run_until(end_us)
            self.bench.board.console.to_host.clear()

    def die(self):
        """As by SIGKILL: nothing more is committed or said; the next logger opens the file anew."""
        self.logger = None
        self.store.close()
        self.store = Store.open(self.path, _NOW_US)

    def status(self):
        return [e for e in self.events if isinstance(e, Status)][-1].fields

    def drain(self, seconds=70):
        """Long enough for the node's own resend, 30 s, to have come twice."""
        self.run(seconds)
        self.logger.finish()

    def close(self):
        self.port.close()
        self.store.close()
        self.bench.close()

    def boots(self):
        with self.store.reader() as reader:
            return [row.key for row in reader.boots()]

    def raw(self, boot=-1):
        with self.store.reader() as reader:
            return reader.raw(self.boots()[boot])

    def summary(self):
        with self.store.reader() as reader:
            (node,) = reader.nodes()
            return reader.summary(node.node)

    def records(self):
        """Numbers of all stored records by epoch."""
        found = {}
        with contextlib.closing(sqlite3.connect(self.store.path)) as database:
            rows = database.execute("SELECT epoch, number FROM records ORDER BY number")
            for epoch, number in rows:
                found.setdefault(epoch, []).append(number)
        return found

    def complete(self, boot=-1):
        """Every sample and record of the boot from number 0 on, once; returns the samples."""
        raw = self.raw(boot)
        assert raw.sample.tolist() == list(range(len(raw.sample)))
        for numbers in self.records().values():
            assert numbers == list(range(len(numbers)))
        summary = self.summary()
        assert summary.gaps == ()
        assert summary.conflicts == 0
        return raw


@pytest.fixture
def site(tmp_path):
    with contextlib.ExitStack() as stack:

        def make(**spec):
            made = Site(tmp_path / f"hull{len(list(tmp_path.iterdir()))}.db", **spec)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def hullwatch(capsys, monkeypatch):
    """Runs a command in this process; (exit code, stdout, stderr)."""

    def run(*args):
        monkeypatch.setattr(sys, "argv", ["hullwatch", *map(str, args)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run


@pytest.fixture
def filled():
    """Files of a board, and one more that leaves so many blocks free of a Pico's 352."""

    def fill(files, blocks):
        fs = littlefsimage._opened(littlefsimage.image_of(files), littlefsimage.BLOCKS)
        free = littlefsimage.BLOCKS - fs.used_block_count
        return {**files, "mine.bin": b"x" * ((free - blocks) * 4080)}

    return fill


class ChipBench:
    """One simulated chip on a bus; clock and front end in one, noting what was asked."""

    def __init__(self, model, address=None, **options):
        self.now_us = 5_000
        self.sample = (101325.0, 25.0)
        self.asked = []
        self.address = address or model.ADDRESS
        self.bus = SimBus()
        self.chip = model(self, lambda: self.now_us, **options)
        self.bus.add(self.address, self.chip)

    def measure(self, t_us, white_pa, white_k):
        self.asked.append((t_us, white_pa, white_k))
        return self.sample

    def wait(self, us):
        self.now_us += us

    def get(self, register, n=1):
        buf = bytearray(n)
        self.bus.readfrom_mem_into(self.address, register, buf)
        return bytes(buf)

    def put(self, register, *values):
        self.bus.writeto_mem(self.address, register, bytes(values))

    def send(self, *values):
        self.bus.writeto(self.address, bytes(values))

    def take(self, n):
        buf = bytearray(n)
        self.bus.readfrom_into(self.address, buf)
        return bytes(buf)


@pytest.fixture(scope="session")
def chip_bench():
    return ChipBench
