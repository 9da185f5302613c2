"""The host's end of the wire, without I/O: bytes in, events out, bytes to send.

Time is an argument (monotonic seconds). The session opens with WHO, credits every frame it hears
so that the node may send the next, asks for a resend when a frame number is missing, repeats
commands that stay unanswered, and keeps alive. Durable acks are given by its owner after commit.
"""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass, replace

from hullcore import frame
from hullwatch.errors import FLASH_HINT, VersionMismatch
from hullwatch.link import messages as m
from hullwatch.link.events import (
    Console,
    Event,
    Hello,
    Prompt,
    Raw,
    Record,
    Reply,
    Status,
    Timeout,
)
from hullwatch.link.splitter import PROMPT, FrameSplitter

WHO_EVERY_S = 1.0
KEEPALIVE_S = 1.0
RETRY_S = 1.0
RETRIES = 5
RESEND_EVERY_S = 0.5

_DURABLE = 1
_RESEND = 2


@dataclass
class _Command:
    token: int
    message: int
    payload: bytes
    sent_s: float = -1.0
    tries: int = 0


@dataclass(frozen=True)
class Durable:
    """What the store has committed: goes into every ACK that says so."""

    epoch: int
    record_next: int
    boot: int
    raw_next: int
    store: int
    older: tuple[tuple[int, int], ...] = ()
    """(boot, raw_next) of runs before whose raw blocks have just been committed."""


class HostSession:
    """One session with one node.

    `hello` is None until the node has answered. Counters: `splitter.counters`, `frames` heard,
    `lost_frames` (gaps in the node's frame numbers), `stale_frames` (another session's).
    """

    def __init__(self, session: int) -> None:
        if not 0 < session < 0x10000:
            raise ValueError("session number outside 1 … 65535")
        self.session = session
        self.hello: Hello | None = None
        self.splitter = FrameSplitter()
        self.frames = 0
        self.lost_frames = 0
        self.stale_frames = 0
        self._out = bytearray()
        self._who_s = float("-inf")
        self._ack_s = float("-inf")
        self._resend_s = float("-inf")
        self._expected = 0
        self._heard = 0
        self._credit_due = False
        self._resend_due = False
        self._commands: deque[_Command] = deque()
        self._token = 0

    # --- sending -----------------------------------------------------------------------------

    def take_output(self) -> bytes:
        """Bytes to write to the port now."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def poll(self, now_s: float) -> list[Event]:
        """Queue what is due: WHO, credit, keep-alive, command retries."""
        if self.hello is None:
            if now_s - self._who_s >= WHO_EVERY_S:
                self._who_s = now_s
                payload = m.WHO.struct.pack(m.PROTOCOL_VERSION, self.session)
                self._frame(m.WHO.id, 0, payload)
            return []
        if self._credit_due or self._may_resend(now_s) or now_s - self._ack_s >= KEEPALIVE_S:
            self._ack(None, now_s)
        return self._push_commands(now_s)

    def command(self, message: m.Message, payload: bytes = b"") -> int:
        """Queue a command; its Reply or Timeout carries the token returned. One at a time."""
        self._token = (self._token + 1) & 0xFFFF
        self._commands.append(_Command(self._token, message.id, payload))
        return self._token

    def ask_resend(self) -> None:
        """Let the next ACK ask for everything uncommitted again: an earlier one may be lost."""
        self._resend_due = True

    def acknowledge(self, durable: Durable, now_s: float) -> None:
        """Tell the node what is committed: only ever after the commit."""
        for boot, raw_next in durable.older:
            self._ack(replace(durable, boot=boot, raw_next=raw_next), now_s)
        self._ack(durable, now_s)

    def _ack(self, durable: Durable | None, now_s: float) -> None:
        resend = self._may_resend(now_s)
        flags = _RESEND if resend else 0
        rest = (0, 0, 0, 0, 0)
        if durable is not None:
            flags |= _DURABLE
            rest = (
                durable.epoch, durable.record_next, durable.boot, durable.raw_next, durable.store,
            )  # fmt: skip
        self._frame(m.ACK.id, 0, m.ACK.struct.pack(self._heard, flags, *rest))
        self._ack_s = now_s
        self._credit_due = False
        if resend:
            self._resend_due = False
            self._resend_s = now_s

    def _may_resend(self, now_s: float) -> bool:
        """Whether frames are missing that the node is to send again, and not asked a moment ago."""
        return self._resend_due and now_s - self._resend_s >= RESEND_EVERY_S

    def _push_commands(self, now_s: float) -> list[Event]:
        if not self._commands:
            return []
        head = self._commands[0]
        if head.tries and now_s - head.sent_s < RETRY_S:
            return []
        if head.tries > RETRIES:
            self._commands.popleft()
            return [Timeout(head.token)]
        head.tries += 1
        head.sent_s = now_s
        self._frame(head.message, head.token, head.payload)
        return []

    def _frame(self, message: int, seq: int, payload: bytes) -> None:
        self._out += frame.encode(message, self.session, seq, payload)

    # --- receiving ---------------------------------------------------------------------------

    def feed(self, data: bytes, now_s: float) -> list[Event]:
        """Take bytes from the port; VersionMismatch when the node speaks another version."""
        chunk = self.splitter.feed(data)
        events: list[Event] = []
        for message, session, seq, payload in chunk.frames:
            if message == m.HELLO.id:
                if not self._on_hello(session, payload, events):
                    continue
            elif session != self.session or self.hello is None or message >= m.WHO.id:
                # another session's, or our own frames echoed by a REPL
                self.stale_frames += 1
                continue
            else:
                self._on_frame(message, payload, now_s, events)
            self._count(seq, now_s)
        if chunk.text:
            events.append(Console(chunk.text.decode("utf-8", "replace")))
            if chunk.text.endswith(PROMPT):
                events.append(Prompt())
        return events

    def _count(self, seq: int, now_s: float) -> None:
        """Credit the frame; a jump in its number means frames were lost on the way."""
        missing = (seq - self._expected) & 0xFFFF
        if missing >= 0x8000:
            return  # older than what was heard: a frame that was given up and came after all
        self.frames += 1
        self.lost_frames += missing
        if missing:
            self._resend_due = True
        self._heard = seq
        self._expected = (seq + 1) & 0xFFFF
        self._credit_due = True

    def _on_hello(self, session: int, payload: bytes, events: list[Event]) -> bool:
        """Whether this HELLO opened the session."""
        spoken = struct.unpack_from("<H", payload)[0] if len(payload) >= 2 else 0
        if spoken != m.PROTOCOL_VERSION:
            raise VersionMismatch(
                f"the node speaks protocol {spoken}, this host {m.PROTOCOL_VERSION}",
                FLASH_HINT,
            )
        if session != self.session or len(payload) != m.HELLO.struct.size:
            self.stale_frames += 1
            return False
        hello = Hello(m.HELLO.unpack(payload))
        if hello == self.hello:
            return False  # doubled on the way: an answer to another WHO has another device time
        self.hello = hello
        self._expected = 0
        events.append(hello)
        return True

    def _on_frame(self, message: int, payload: bytes, now_s: float, events: list[Event]) -> None:
        if message == m.RECORD.id:
            events.append(Record(payload))
        elif message == m.RAW.id:
            events.append(Raw(payload))
        elif message == m.STATUS.id and len(payload) == m.STATUS.struct.size:
            fields = m.STATUS.unpack(payload)
            events.append(Status({k: v for k, v in fields.items() if isinstance(v, int)}))
        elif message == m.REPLY.id and len(payload) >= m.REPLY.struct.size:
            self._on_reply(payload, now_s, events)
        else:
            self.stale_frames += 1

    def _on_reply(self, payload: bytes, now_s: float, events: list[Event]) -> None:
        message, token, status = m.REPLY.struct.unpack_from(payload)
        if not self._commands:
            return
        head = self._commands[0]
        if (head.message, head.token) != (message, token):
            return  # answer to a command that was given up
        self._commands.popleft()
        data = m.REPLY.tail_of(payload)
        events.append(Reply(token, status, data, now_s - head.sent_s, head.tries > 1))
