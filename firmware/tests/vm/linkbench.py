"""A link on a fake console: the host's side reads, decodes and answers when it is told to."""

import struct
from types import SimpleNamespace

from hullcore.messages import ACK, HELLO, WHO
from hullnode.link import Link
from hullnode.rawring import RawRing
from hullnode.spool import Spool

SESSION = 4711
STORE = 99


class FakeNode:
    """Answers what the link asks; `commands` lists what was executed."""

    def __init__(self) -> None:
        self.stamp = SimpleNamespace(epoch=5, boot=6)
        self.commands: list[tuple[int, bytes]] = []
        self.stores = {STORE}

    def command(self, message: int, payload: bytes) -> tuple[int, bytes]:
        self.commands.append((message, payload))
        return 0, b"done %d" % len(self.commands)

    def hello(self) -> tuple[int, bytes]:
        return HELLO, bytes(100)

    def status(self, number: int) -> bytes:
        return struct.pack("<I", number) + bytes(60)

    def may_ack(self, store: int) -> bool:
        return store in self.stores


class Bench:
    """`link`, and a host that has heard frames up to number `heard`."""

    def __init__(self, fakes, wire, now_ms: int = 0) -> None:
        self.wire = wire
        self.console = fakes.Console()
        self.spool = Spool(None, "", 0, 5, 0, 0, -1, 0)
        self.ring = RawRing(4000, None, 6)
        self.node = FakeNode()
        self.link = Link(self.console, self.spool, self.ring, self.node)
        self.now_ms = now_ms
        self.heard = 0xFFFF
        self.session = SESSION
        self.record_next = self.raw_next = 0

    def fill(self, records: int = 0, blocks: int = 0, size: int = 120) -> None:
        for _ in range(records):
            self.spool.append(struct.pack("<I", self.spool.next) + bytes(172))
        for _ in range(blocks):
            head = (6, 0, self.ring._end, 0, 0, 0, 30, 1, 0, 1, 0, 0, 0, 0)
            self.ring.append(struct.pack("<IIQHIIBBBBBiiI", *head) + bytes(max(0, size - 27)))

    def poll(self, ms: int = 0, step: int = 2) -> None:
        """Let time pass, polled as the node does."""
        for _ in range(0, ms + 1, step):
            while self.link.poll(self.now_ms % (1 << 30)):
                pass
            self.now_ms += step

    def say(
        self, message: int, payload: bytes = b"", seq: int = 0, session: int | None = None
    ) -> None:
        session = self.session if session is None else session
        self.console.feed(self.wire.encode(message, session, seq, payload))

    def who(self, protocol: int = 1, session: int = SESSION) -> None:
        self.say(WHO, struct.pack("<HH", protocol, session), session=0)
        self.session = session
        self.heard = 0xFFFF

    def ack(self, flags: int = 0, store: int = STORE, epoch: int = 5, boot: int = 6) -> None:
        self.say(ACK, struct.pack("<HBIIIQQ", self.heard, flags, epoch, self.record_next, boot,
                                  self.raw_next, store))  # fmt: skip

    def take(self) -> list[tuple[int, int, int, bytes]]:
        """What the host reads: all frames sent since, decoded; it has heard them."""
        frames = [self.wire.decode(data) for data in self.console.sent]
        self.console.sent.clear()
        if frames:
            self.heard = frames[-1][2]
        return frames

    def exchange(self, ms: int, **ack: int) -> list[tuple[int, int, int, bytes]]:
        """A host that reads and credits at once, for `ms`."""
        frames = []
        end = self.now_ms + ms
        while self.now_ms < end:
            self.poll(2)
            got = self.take()
            frames += got
            if got:
                self.ack(**ack)
        return frames
