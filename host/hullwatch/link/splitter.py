"""Bytes from the wire into frames and console text; never raises on noise, counts it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hullcore import frame

_TEXT_LIMIT = 4096  # console text without a line end is passed on at this length
PROMPT = b">>> "


@dataclass
class LineCounters:
    """What the decoder dropped, by reason."""

    bad_base64: int = 0
    bad_length: int = 0
    bad_crc: int = 0
    unfinished: int = 0

    @property
    def total(self) -> int:
        """Frames dropped for whatever reason."""
        return self.bad_base64 + self.bad_length + self.bad_crc + self.unfinished


@dataclass
class Chunk:
    """What one `feed` found: frames as (message, session, seq, payload), text between them."""

    frames: list[tuple[int, int, int, bytes]] = field(default_factory=list)
    text: bytes = b""


class FrameSplitter:
    """Splits whole lines in bulk: 0x1E starts a frame, LF ends it, the rest is console text."""

    def __init__(self) -> None:
        self._tail = b""
        self.counters = LineCounters()

    def feed(self, data: bytes) -> Chunk:
        """Take bytes in pieces of any size."""
        lines = (self._tail + data).split(b"\n")
        self._tail = lines.pop()
        chunk = Chunk()
        text: list[bytes] = []
        for line in lines:
            start = line.rfind(b"\x1e")
            if start < 0:
                text.append(line + b"\n")
                continue
            if start:
                text.append(self._before(line[:start]))
            self._frame(line[start + 1 :], chunk)
        if len(self._tail) > _TEXT_LIMIT or self._tail.endswith(PROMPT):
            text.append(self._before(self._tail))
            self._tail = b""
        chunk.text = b"".join(text)
        return chunk

    def _before(self, part: bytes) -> bytes:
        """Console text in front of a frame; a frame that never ended is counted, not shown."""
        cut = part.find(b"\x1e")
        if cut < 0:
            return part
        self.counters.unfinished += part.count(b"\x1e")
        return part[:cut]

    def _frame(self, line: bytes, chunk: Chunk) -> None:
        if len(line) > frame.MAX_LINE + 1:
            self.counters.bad_length += 1
            return
        status, message, session, seq, payload = frame.decode_line(line)
        if status == frame.OK:
            chunk.frames.append((message, session, seq, payload))
        elif status == frame.BAD_CRC:
            self.counters.bad_crc += 1
        elif status == frame.BAD_LENGTH:
            self.counters.bad_length += 1
        else:
            self.counters.bad_base64 += 1
