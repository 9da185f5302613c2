"""The node's end of the wire: sessions, credit, four delivery classes, priorities.

Nothing is sent until a host speaks, nothing while it is silent for 5 s, and never more than 256
bytes are unheard: a USB write that meets a full FIFO would block for up to a second. After one
short write the node keeps silent until the host speaks again.
"""

import struct

from hullcore import frame, ticks
from hullcore.compat import const
from hullcore.messages import (
    ACK,
    ACK_FORMAT,
    PROTOCOL_VERSION,
    RAW,
    RECORD,
    REPLY,
    STATUS,
    WHO,
    WHO_FORMAT,
)

_IN_FLIGHT = const(256)  # the USB FIFO
_SLOTS = const(8)  # frames in flight
_LISTENING_MS = const(5000)
_LOST_MS = const(1000)  # a frame the host is silent about for so long is lost
_RESEND_MS = const(30000)  # no durable ack for so long: start again at the oldest unacked
_DURABLE = const(1)  # ACK.flags
_RESEND = const(2)
_STATUS_MS = const(1000)
_STATUS_LATEST_MS = const(5000)  # then it goes before raw blocks
_RX_FEW = const(8)  # bytes of 0.1 ms each that are read in one poll: a sample may be due


class Link:
    """Polled with the device clock's ms; `node` answers commands and supplies HELLO and STATUS.

    Counters: decoder.dropped and `rx_bad` (frames not understood), `status_number`.
    """

    def __init__(self, console, spool, ring, node) -> None:
        self._console = console
        self._spool = spool
        self._ring = ring
        self._node = node
        self.decoder = frame.LineBuffer()
        self.session = 0
        self.rx_bad = 0
        self.status_number = 0
        self._silent = True
        self._seq = 0
        self._seen_ms = self._sent_ms = self._acked_ms = self._status_ms = 0
        self._flight_seq = [0] * _SLOTS
        self._flight_len = [0] * _SLOTS
        self._frames = 0
        self._bytes = 0
        self._record = 0
        self._raw = 0
        self._answer = b""
        self._answer_id = 0
        self._answer_due = False
        self._command_seq = -1
        self._listening = False

    def poll(self, now_ms: int, most: int = _RX_FEW) -> bool:
        """Take up to `most` bytes of what came, or send one frame if credit allows.

        True when input may wait.
        """
        more = self._receive(now_ms, most)
        if self._listening and not more:
            if ticks.diff(now_ms, self._seen_ms) > _LISTENING_MS:
                self._listening = False
            elif not self._silent:
                self._send_due(now_ms)
        return more

    def _receive(self, now_ms: int, most: int) -> bool:
        console = self._console
        decoder = self.decoder
        for _ in range(most):
            byte = console.read()
            if byte < 0:
                return False
            if decoder.put(byte):
                self._line(now_ms)
        return True

    def answering(self) -> bool:
        """Whether an answer still waits to be sent or heard."""
        return self._listening and (self._answer_due or self._frames > 0)

    # --- receiving ---------------------------------------------------------------------------

    def _line(self, now_ms: int) -> None:
        status, message, session, seq, payload = frame.decode_line(self.decoder.line())
        if status != frame.OK:
            self.rx_bad += 1
            return
        if message == WHO:
            self._who(payload, now_ms)
            return
        if session != self.session or session == 0:
            self.rx_bad += 1
            return
        self._heard_host(now_ms)
        if message == ACK:
            self._ack(payload, now_ms)
        elif seq == self._command_seq:
            self._answer_due = True  # a repeat: same answer, not done again
        elif self._command_seq < 0 or (seq - self._command_seq) & 0xFFFF < 0x8000:
            # anything older is a late copy of what was answered long ago
            self._command_seq = seq
            status, data = self._node.command(message, payload)
            self._answer_id = REPLY
            self._answer = struct.pack("<BHB", message, seq, status) + data
            self._answer_due = True

    def _heard_host(self, now_ms: int) -> None:
        self._seen_ms = now_ms
        self._listening = True
        if self._silent:
            self._silent = False
            self._frames = self._bytes = 0

    def _who(self, payload: bytes, now_ms: int) -> None:
        if len(payload) < 4:
            self.rx_bad += 1
            return
        protocol, session = struct.unpack_from(WHO_FORMAT, payload)
        self._silent = True  # forget what was in flight
        self._heard_host(now_ms)
        self._answer_id, self._answer = self._node.hello()
        self._answer_due = True
        self._seq = 0
        self._command_seq = -1
        self.session = session if protocol == PROTOCOL_VERSION else 0
        self._rewind(now_ms)
        self._status_ms = now_ms

    def _rewind(self, now_ms: int) -> None:
        self._record = self._spool.acked
        self._raw = self._ring.oldest
        self._acked_ms = now_ms

    def start_over(self) -> None:
        """Send again from the oldest that is not acked."""
        self._rewind(self._acked_ms)

    def _ack(self, payload: bytes, now_ms: int) -> None:
        if len(payload) != struct.calcsize(ACK_FORMAT):
            self.rx_bad += 1
            return
        heard, flags, epoch, record_next, boot, raw_next, store = struct.unpack(ACK_FORMAT, payload)
        self._credit(heard)
        stamp = self._node.stamp
        if flags & _DURABLE and self._node.may_ack(store):
            self._acked_ms = now_ms
            if epoch == stamp.epoch:
                if not self._spool.ack(record_next):
                    self.rx_bad += 1
                if not self._ring.ack(boot, raw_next, now_ms):
                    self.rx_bad += 1
        if flags & _RESEND:
            self._rewind(now_ms)

    def _credit(self, heard: int) -> None:
        """Free every frame up to number `heard`, modulo 2^16."""
        while self._frames and (heard - self._flight_seq[0]) & 0xFFFF < 0x8000:
            self._bytes -= self._flight_len[0]
            self._frames -= 1
            for i in range(self._frames):
                self._flight_seq[i] = self._flight_seq[i + 1]
                self._flight_len[i] = self._flight_len[i + 1]

    # --- sending -----------------------------------------------------------------------------

    def _send_due(self, now_ms: int) -> None:
        # by what the host said, not by the time: one that does not read has not lost anything, and
        # a second frame into the full FIFO would block for a second
        if self._frames and ticks.diff(self._seen_ms, self._sent_ms) > _LOST_MS:
            self._frames = self._bytes = 0
        if self._answer_due:
            if self._send(self._answer_id, self._answer, now_ms):
                self._answer_due = False
        elif self.session and not self._bytes:
            # one frame at a time unless it is an answer: two of the largest exceed the FIFO
            if self._resend_due(now_ms):
                self._rewind(now_ms)
            self._send_data(now_ms)

    def _send_data(self, now_ms: int) -> None:
        """Records before raw blocks before telemetry, unless that waits for ever."""
        waited_ms = ticks.diff(now_ms, self._status_ms)
        spool = self._spool
        ring = self._ring
        self._record = max(self._record, spool.oldest, spool.acked)
        self._raw = max(self._raw, ring.oldest)
        if self._record < spool.next:
            if self._send_held(RECORD, spool.get(self._record), now_ms):
                self._record += 1
        elif self._raw < ring.next and waited_ms < _STATUS_LATEST_MS:
            if self._send_held(RAW, ring.get(self._raw), now_ms):
                self._raw += 1
        elif waited_ms >= _STATUS_MS and self._send(
            STATUS, self._node.status(self.status_number), now_ms
        ):
            self._status_ms = now_ms
            self.status_number += 1

    def _send_held(self, message: int, payload: bytes, now_ms: int) -> bool:
        """Send, or pass over a number under which nothing can be read; whether to go on."""
        return not payload or self._send(message, payload, now_ms)

    def _resend_due(self, now_ms: int) -> bool:
        if self._spool.acked >= self._record and self._ring.oldest >= self._raw:
            self._acked_ms = now_ms
            return False
        return ticks.diff(now_ms, self._acked_ms) > _RESEND_MS

    def _send(self, message: int, payload: bytes, now_ms: int) -> bool:
        data = frame.encode(message, self.session, self._seq, payload)
        n = len(data)
        if self._bytes + n > _IN_FLIGHT or self._frames == _SLOTS:
            return False
        if self._console.write(data) != n:
            self._silent = True
            self._listening = False
            return False
        self._flight_seq[self._frames] = self._seq
        self._flight_len[self._frames] = n
        self._frames += 1
        self._bytes += n
        self._seq = (self._seq + 1) & 0xFFFF
        self._sent_ms = now_ms
        return True
