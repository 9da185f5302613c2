"""The host's process is killed, the host loses power: what was acknowledged is on the disk."""

from __future__ import annotations

import base64
import contextlib
import os
import random
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import capability
from accounting import Tally, audit, slice_and_full
from hullwatch.link import messages as m
from hullwatch.store import Reader, Store

SCRIPT = Path(__file__).with_name("remote_logger.py")
NOW_US = 1_700_000_000_000_000


class RemoteLogger:
    """Serves the port of a simulated node to a logger process until it is killed."""

    def __init__(self, one, folder, prefix=()):
        self._one = one
        path = folder / "port"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(str(path))
            listener.listen()
            arguments = [str(path), str(one.path), str(one.draw.randrange(1, 0x10000))]
            self.process = subprocess.Popen(
                [*prefix, sys.executable, str(SCRIPT), *arguments],
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            listener.settimeout(60)
            self._connection = listener.accept()[0]
        self._connection.settimeout(60)
        self._lines = self._connection.makefile("rb")

    def serve(self, requests):
        """Answer so many reads; what is written meanwhile goes to the node."""
        while requests:
            kind, argument = self._lines.readline().split()
            if kind == b"W":
                self._one.port.write(bytes.fromhex(argument.decode()))
                continue
            data = self._one.port.read(int(argument) / 1e6)
            head = b"%d %d\n" % (self._one.bench.clock.us, len(data))
            self._connection.sendall(head + data)
            requests -= 1

    def hang_up(self):
        """The port is gone: the logger closes its database and ends."""
        self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()
        self.process.wait(60)

    def kill(self):
        self.process.kill()
        self.process.wait()
        for line in self._left().splitlines():  # it was sent before it died
            if line.startswith(b"W ") and len(line) % 2 == 0:
                self._one.port.write(bytes.fromhex(line[2:].decode()))
        self._connection.close()

    def _left(self):
        """What a dead process had sent; its end resets the socket when it left ours unread."""
        pieces = []
        with contextlib.suppress(ConnectionResetError):
            while piece := self._lines.read1(65536):
                pieces.append(piece)
        return b"".join(pieces)


@pytest.mark.row("the logger is killed (SIGKILL) at any moment", "sim")
@slice_and_full(4, 200)
def test_killed(yard, tally, tmp_path, trials):
    one = yard()
    for _ in range(trials):
        one.store.close()
        remote = RemoteLogger(one, tmp_path)
        remote.serve(one.draw.randrange(2, 25))
        time.sleep(one.draw.uniform(0, 0.01))  # somewhere in what it does with the last answer
        remote.kill()
        one.store = Store.open(one.path, NOW_US)
        tally.trials += 1
    one.settle()
    tally.trials -= 1
    one.audit(tally)


CALL = re.compile(r"^(?:\d+ +)?(\w+)\((\d+)<([^>]*)>(?:, (.*))?\) += (-?\d+)")
DATA = re.compile(r'^"((?:[^"\\]|\\.)*)"(\.\.\.)?, (\d+)(?:, (\d+))?')


def calls_of(trace, folder):
    """(call, file name or "", data, number) of each call of a traced process."""
    for line in trace.read_text().splitlines():
        found = CALL.match(line)
        if not found or found[5] == "-1":
            continue
        name, path, rest = found[1], found[3], found[4] or ""
        within = path.startswith(str(folder)) and Path(path).name
        if name in ("pwrite64", "write", "sendto"):
            data = DATA.match(rest)
            assert data, line
            assert not data[2], "the trace cuts data off"
            content = data[1].encode("latin-1").decode("unicode_escape").encode("latin-1")
            yield name, within, content, int(data[4] or 0) if name == "pwrite64" else -1
        elif name == "ftruncate":
            yield name, within, b"", int(rest)
        elif name in ("fsync", "fdatasync"):
            yield "sync", within, b"", 0


class Disk:
    """Files as a disk has them: what was synced, and what was written since and may be there."""

    def __init__(self):
        self.synced = {}
        self.since = {}

    def apply(self, name, file, data, number):
        if name == "sync":
            for change in self.since.pop(file, []):
                self._write(self.synced, file, *change)
        else:
            self.since.setdefault(file, []).append((name, data, number))

    def _write(self, files, file, name, data, number):
        content = files.setdefault(file, bytearray())
        if name == "ftruncate":
            del content[number:]
            content.extend(bytes(number - len(content)))
            return
        at = len(content) if number < 0 else number
        content.extend(bytes(max(0, at + len(data) - len(content))))
        content[at : at + len(data)] = data

    def after_the_cut(self, draw):
        """One of the states it can be in: any of the later writes, each whole, torn, or not."""
        files = {file: bytearray(content) for file, content in self.synced.items()}
        for file, changes in self.since.items():
            for name, data, number in changes:
                fate = draw.randrange(3)
                if fate == 0:
                    continue
                kept = data if fate == 1 else data[: draw.randrange(len(data) // 512 + 1) * 512]
                if name == "ftruncate" or kept:
                    self._write(files, file, name, kept, number)
        return files


def acknowledged(data):
    """(record_next, raw_next) of the durable acks in what was written to the port."""
    for line in data.splitlines():
        if not line.startswith(b"W "):
            continue
        for text in bytes.fromhex(line[2:].decode()).split(b"\x1e")[1:]:
            body = base64.b64decode(text.strip())
            if body[0] == m.ACK.id:
                ack = m.ACK.unpack(body[5:-4])
                if ack["flags"] & 1:
                    yield ack["record_next"], ack["raw_next"]


@pytest.mark.row("the host loses power: files as last synced, later writes torn or lost", "sim")
@slice_and_full(10, 200)
def test_host_power_cut(yard, tally, tmp_path, trials):
    """One traced run; then the disk as it could be after a cut at any of its calls."""
    folder = tmp_path / "disk"
    folder.mkdir()
    one = yard(path=folder / "hull.db")
    one.store.close()
    for file in folder.iterdir():
        assert file.name == "hull.db" or not file.stat().st_size
    start = (folder / "hull.db").read_bytes()
    trace = tmp_path / "trace"
    strace = [
        capability.executable("strace"), "-f", "-y", "-s", "100000", "-x", "-o", str(trace),
        "-e", "trace=fsync,fdatasync,write,pwrite64,ftruncate,sendto",
    ]  # fmt: skip
    if subprocess.run([*strace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("needs a machine that lets strace trace")
    remote = RemoteLogger(one, tmp_path, strace)
    remote.serve(120)
    remote.hang_up()
    calls = list(calls_of(trace, folder))
    draw = random.Random(5)
    cuts = sorted(draw.sample(range(len(calls)), trials))
    disk = Disk()
    disk.synced["hull.db"] = bytearray(start)
    promised = (0, 0)
    uid = one.bench.board.uid.hex()
    key = (uid, one.bench.node.stamp.epoch, one.bench.node.stamp.boot)
    for number, (name, file, data, at) in enumerate(calls):
        if cuts and cuts[0] == number:
            cuts.pop(0)
            _audit_cut(disk, draw, tmp_path / f"cut{number}", one, promised, key, tally)
        if file:
            disk.apply(name, file, data, at)
        else:
            promised = max([promised, *acknowledged(data)])
    assert promised[0] > 3
    assert promised[1] >= 200
    assert not cuts


def _audit_cut(disk, draw, where, one, promised, key, tally):
    where.mkdir()
    for file, content in disk.after_the_cut(draw).items():
        if not file.endswith("-shm"):  # made anew from the log
            (where / file).write_bytes(content)
    path = where / "hull.db"
    Store.open(path, NOW_US).close()  # SQLite's own recovery, and ours
    found = Tally()
    audit(path, one.witness, found)
    with Reader.open(path) as reader:
        stored = reader.raw(reader.boots()[0].key).sample.tolist() if reader.boots() else []
    records = {
        n for (uid, epoch, n) in one.witness.records if (uid, epoch) == key[:2] and n < promised[0]
    }
    tally.trials += 1
    tally.records += found.records
    tally.samples += found.samples
    tally.doubled += found.doubled
    tally.invented += found.invented
    tally.lost["record"] += max(0, len(records) - found.records)
    tally.lost["sample"] += len(set(range(promised[1])) - set(stored))
