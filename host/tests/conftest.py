"""The wire as the message table states it, spoken by code of its own, and ports that misbehave."""

import base64
import random
import struct
import zlib

import pytest

from hullwatch.link import messages as m

UID = bytes.fromhex("e66138528350b42c")


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
            "boot": 7, "epoch": 0xE0C4, "oldest_record": 0, "next_record": 0, "store": 0,
            "config": 0, "period_us": 100_000, "wraps": 0, "ms": 1000, "board": b"fake",
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
