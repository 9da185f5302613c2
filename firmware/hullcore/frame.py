"""Frames: 0x1E, base64 of header + payload + CRC-32, LF; at most 256 bytes. No I/O, no raising.

No control byte occurs inside a frame, so the stream resynchronises at every line and everything
between frames is console text.
"""

import binascii
import struct

from hullcore.compat import const
from hullcore.messages import HEADER

START = 0x1E
END = 0x0A
MAX_LINE = 254  # base64 characters between the delimiters
MAX_PAYLOAD = 180
_HEAD = const(5)
_CRC = const(4)

OK = 0
BAD_BASE64 = 1
BAD_LENGTH = 2
BAD_CRC = 3


def encode(message: int, session: int, seq: int, payload: bytes) -> bytes:
    """One frame as it goes on the wire; ValueError when the payload exceeds 180 bytes."""
    if len(payload) > MAX_PAYLOAD:
        raise ValueError("payload of %d bytes" % len(payload))
    body = struct.pack(HEADER, message, session, seq) + payload
    body += struct.pack("<I", binascii.crc32(body))
    return b"\x1e" + binascii.b2a_base64(body)


def decode_line(line: bytes) -> tuple:
    """(status, message, session, seq, payload) of the characters between 0x1E and LF.

    status is OK, BAD_BASE64, BAD_LENGTH or BAD_CRC; the rest is 0, 0, 0, b"" unless OK.
    """
    try:
        body = binascii.a2b_base64(line)
    except ValueError:
        return (BAD_BASE64, 0, 0, 0, b"")
    n = len(body) - _CRC
    if n < _HEAD:
        return (BAD_LENGTH, 0, 0, 0, b"")
    if binascii.crc32(body[:n]) != struct.unpack_from("<I", body, n)[0]:
        return (BAD_CRC, 0, 0, 0, b"")
    message, session, seq = struct.unpack_from(HEADER, body)
    return (OK, message, session, seq, body[_HEAD:n])


class LineBuffer:
    """Collects one frame from single bytes into a buffer made once; counts what it drops.

    `put(byte)` returns True when `line()` holds the characters of a whole line.
    """

    def __init__(self) -> None:
        self._buffer = bytearray(MAX_LINE)
        self._n = 0
        self._inside = False
        self.dropped = 0

    def put(self, byte: int) -> bool:
        """Take one byte from the wire; bytes outside frames are ignored."""
        if byte == START:
            if self._inside:
                self.dropped += 1  # the previous frame never ended
            self._inside = True
            self._n = 0
            return False
        if not self._inside:
            return False
        if byte == END:
            self._inside = False
            return True
        if self._n == MAX_LINE:
            self._inside = False
            self.dropped += 1
            return False
        self._buffer[self._n] = byte
        self._n += 1
        return False

    def line(self) -> bytes:
        """The characters of the line just completed."""
        return bytes(memoryview(self._buffer)[: self._n])
