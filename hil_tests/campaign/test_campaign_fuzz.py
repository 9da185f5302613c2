"""A million hostile inputs to each parser: no exception, no command obeyed, memory bounded."""

from __future__ import annotations

import base64
import gc
import os
import random
import struct
import sys
import tracemalloc
import zlib
from pathlib import Path

import pytest

from accounting import slice_and_full
from hullwatch.bench.simbench import SimBench
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import VersionMismatch
from hullwatch.link import messages as m
from hullwatch.link.session import HostSession

SESSION = 4711
ROOM_BYTES = 200_000
"""What the node may hold more at the end than at the beginning, interpreter noise included."""
ROOM_BLOCKS, ROOM_RESIDENT = 1_000, 8_000_000
"""The same of the host: small blocks, counted; large ones would show in the process."""


def held():
    """Small blocks that the interpreter has given out, and bytes that the process holds.

    Not traced memory: after an exception that goes on counting blocks that are free again.
    """
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return sys.getallocatedblocks(), pages * os.sysconf("SC_PAGE_SIZE")


def frame(message, session, seq, payload):
    """As design and wire page say, with the standard library only."""
    body = struct.pack("<BHH", message, session, seq) + payload
    return b"\x1e" + base64.b64encode(body + struct.pack("<I", zlib.crc32(body))) + b"\n"


def inputs(seed, count):
    """(bytes, kind): noise, torn and damaged frames, frames of other sessions, and well-formed
    frames of this one whose payload has any length and content."""
    draw = random.Random(seed)
    for _ in range(count):
        kind = draw.randrange(6)
        payload = draw.randbytes(draw.choice((0, 1, 4, 8, 30, draw.randrange(176))))
        message = draw.randrange(256)
        seq = draw.randrange(65536)
        if kind == 0:
            yield draw.randbytes(draw.randrange(80)), "noise"
        elif kind == 1:
            whole = frame(message, SESSION, seq, payload)
            yield whole[: draw.randrange(len(whole))], "torn"
        elif kind == 2:
            whole = bytearray(frame(message, SESSION, seq, payload))
            at = draw.randrange(1, len(whole) - 1)
            whole[at] = draw.randrange(256)
            yield bytes(whole), "damaged"
        elif kind == 3:
            yield (
                frame(message, draw.choice((0, SESSION + 1, 65535)), seq, payload),
                "other session",
            )
        elif kind == 4:
            yield frame(draw.choice(list(m.BY_ID)), SESSION, seq, payload), "any payload"
        else:
            yield (
                b"\x1e" * draw.randrange(4) + bytes([draw.randrange(256)]) * draw.randrange(300),
                "run",
            )


def whole_frames(data):
    """Messages of this session that an independent reading of the stream finds whole."""
    found = []
    for line in data.split(b"\n"):
        text = line.rpartition(b"\x1e")[2].rstrip(b"\r")
        try:
            body = base64.b64decode(text)
        except ValueError:
            continue
        if len(body) >= 9 and zlib.crc32(body[:-4]) == struct.unpack("<I", body[-4:])[0]:
            message, session, _ = struct.unpack_from("<BHH", body)
            if session == SESSION:
                found.append(message)
    return found


@slice_and_full(3_000, 1_000_000)
def test_the_node_obeys_nothing_that_is_not_whole_and_of_its_session(request, trials):
    bench = SimBench(BenchSpec(seed=1))
    request.addfinalizer(bench.close)
    node, console = bench.node, bench.board.console
    asked = []
    node.link._node = Obedient(node, asked)
    who = frame(m.WHO.id, 0, 0, struct.pack("<HH", m.PROTOCOL_VERSION, SESSION))
    tracemalloc.start()
    start, _ = tracemalloc.get_traced_memory()
    sent = obeyed = 0
    tail = b""
    for data, kind in inputs(2, trials):
        if node.link.session != SESSION:  # a WHO among them has opened another
            console.put(b"\n" + who)
            settle(node)
            tail = b""
        console.put(data)
        settle(node)
        console.to_host.clear()
        stream = tail + data
        if asked:
            whole = whole_frames(stream + b"\n")
            assert all(message in whole for message in asked), (kind, data)
            obeyed += len(asked)
            asked.clear()
        tail = stream[stream.rfind(b"\n") + 1 :][-600:]
        sent += 1
    grown = tracemalloc.get_traced_memory()[0] - start
    tracemalloc.stop()
    assert sent > 0.9 * trials
    assert obeyed > trials / 200
    assert node.link.rx_bad > trials / 10
    assert grown < ROOM_BYTES


class Obedient:
    """The node as its link sees it; commands are noted, and done only when they are harmless."""

    def __init__(self, node, asked):
        self._node = node
        self._asked = asked
        self.stamp = node.stamp

    def command(self, message, payload):
        self._asked.append(message)
        if message in (m.REBOOT.id, m.CONFIG_COMMIT.id, m.TAKE_OVER.id):
            return 1, b""
        return self._node.command(message, payload)

    def __getattr__(self, name):
        return getattr(self._node, name)


def settle(node):
    """Let the link take all that waits."""
    while node.link.poll(node.clock.ms):
        pass


@slice_and_full(3_000, 1_000_000)
def test_the_host_takes_anything_without_raising(trials):
    session = HostSession(SESSION)
    session.take_output()
    blank = {"8s": bytes(8), "12s": bytes(12), "32s": bytes(32)}
    values = {f.name: blank.get(f.code, 0) for f in m.HELLO.fields}
    hello = m.HELLO.struct.pack(*(values | {"protocol": m.PROTOCOL_VERSION}).values())
    session.feed(frame(m.HELLO.id, SESSION, 0, hello), 0.0)
    assert session.hello is not None
    blocks, resident = held()
    events = 0
    for k, (data, _) in enumerate(inputs(3, trials)):
        now_s = k * 0.01
        try:
            events += len(session.feed(data, now_s))
            events += len(session.poll(now_s))
        except VersionMismatch:  # a HELLO of another protocol: the one thing that is said
            session = HostSession(SESSION)
            session.feed(frame(m.HELLO.id, SESSION, 0, hello), now_s)
        session.take_output()
    assert events > trials / 20
    assert session.splitter.counters.total > 0
    blocks_then, resident_then = held()
    assert blocks_then - blocks < ROOM_BLOCKS
    assert resident_then - resident < ROOM_RESIDENT


@pytest.mark.parametrize("value", range(0, 256, 51))
@slice_and_full(1, 150)
def test_every_byte_value_in_every_payload_position_passes_unchanged(value, trials):
    """Node's encoder, host's decoder, and back, at each position of the longest payload."""
    from hullcore import frame as codec

    for at in range(trials if trials > 1 else 5):
        payload = bytes([0x55] * at + [value] + [0xAA] * (149 - at))
        line = codec.encode(m.RECORD.id, SESSION, 1, payload)
        assert base64.b64decode(line[1:-1])[5:-4] == payload
        assert set(line[1:-1]) <= set(
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
        )
