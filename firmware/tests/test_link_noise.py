"""The node's end of the wire when the host stalls, frames get lost, and noise comes in."""

import base64
import random
import struct

import pytest

from hullcore.messages import CONFIG_GET, PING, REBOOT, RECORD

FIFO = 256
SESSION = 4711
RESEND = 2


def heard(bench, wire, lines):
    """The host takes what was not lost on the way; numbers of the records among it."""
    records = set()
    for line in lines:
        message, session, seq, payload = wire.decode(line)
        assert session == bench.session
        bench.heard = seq
        if message == RECORD:
            records.add(struct.unpack_from("<I", payload)[0])
    return records


@pytest.mark.parametrize("seed", range(12))
def test_never_more_than_the_fifo_holds_is_unread(fakes, linkbench, wire, seed):
    """A host that stalls for seconds at any time, loses frames, loses acks, and comes back."""
    rng = random.Random(seed)
    bench = linkbench.Bench(fakes, wire)
    fifo = bytearray()
    worst = 0

    def write(data: bytes) -> int:
        nonlocal worst
        fifo.extend(data)
        worst = max(worst, len(fifo))
        return len(data)

    bench.console.write = write
    bench.node.command = lambda message, payload: (0, bytes(rng.randrange(160)))
    bench.who()
    received = set()
    for _ in range(600):
        bench.fill(records=rng.randrange(3), blocks=rng.randrange(2), size=rng.randrange(20, 130))
        wait_ms = rng.choice([2, 10, 50, 400, 1_200, 3_000])
        bench.poll(wait_ms)
        if wait_ms <= 50:  # a command that crosses with what has not been read yet
            bench.say(PING, seq=rng.randrange(65536))
            bench.poll(20)
        lines = bytes(fifo).splitlines(keepends=True)
        fifo.clear()
        received |= heard(bench, wire, [line for line in lines if rng.random() >= 0.1])
        kind = rng.random()
        if kind < 0.05:
            bench.who(session=rng.randrange(1, 65536))
        elif kind < 0.2:
            bench.say(PING, seq=rng.randrange(65536))
        elif kind < 0.9:
            bench.ack(RESEND if rng.random() < 0.1 else 0)
    assert worst <= FIFO
    assert worst > 150
    assert len(received) > 100


def says(line: bytes) -> bytes:
    try:
        return base64.b64decode(line)
    except ValueError:
        return b""


def mutated(rng: random.Random, good: list[bytes]) -> bytes:
    """Noise, or a good frame with something done to it that its CRC must notice."""
    kind = rng.randrange(5)
    if kind == 0:
        return rng.randbytes(rng.randrange(80))
    data = bytearray(rng.choice(good))
    if kind == 1:
        return bytes(data[: rng.randrange(1, len(data) - 1)])
    for _ in range(rng.choice([1, 1, 2, 8])):
        k = rng.randrange(1, len(data) - 1)
        data[k] = rng.choice(b"ABCxyz019+/") if kind < 4 else rng.randrange(256)
    return bytes(data)


def test_ten_thousand_pieces_of_garbage_execute_nothing(fakes, linkbench, wire):
    bench = linkbench.Bench(fakes, wire)
    rng = random.Random(11)
    bench.who()
    bench.exchange(20)
    good = [
        bench.wire.encode(message, SESSION, rng.randrange(65536), rng.randbytes(rng.randrange(40)))
        for message in [PING, REBOOT, CONFIG_GET, 35, 36, 37, 38, 39, 40, 255] * 5
    ]
    bodies = {base64.b64decode(data[1:-1]) for data in good}
    for _ in range(10_000):
        piece = mutated(rng, good)
        if any(says(part) in bodies for part in piece.split(b"\x1e")):
            continue  # whole after all: base64 leaves some bits unused
        bench.console.feed(piece)
        if rng.random() < 0.5:
            bench.console.feed(b"\n")
        while bench.link.poll(bench.now_ms):
            pass
    assert bench.node.commands == []
    assert bench.link.rx_bad > 1000
    bench.say(PING, seq=1)
    bench.poll(10)
    bench.say(PING, seq=1)
    bench.poll(10)
    assert bench.node.commands == [(PING, b"")]
