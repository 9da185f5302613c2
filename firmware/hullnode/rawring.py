"""Raw blocks waiting for the host: at least 60 s in RAM, before that pages on the flash, if any.

Blocks leave in the order they were made, whatever they lie in. A page is written when no host
acks what has filled one, so a host that listens costs no flash.
"""

from hullcore import ticks
from hullcore.compat import const
from hullcore.rawblock import span_of

PAGE = 4066
"""Bytes of blocks, each with one length byte, in a page of 4096 (hullnode.rawpages)."""

_SECONDS = const(60)
_BLOCK_SECONDS = const(10)  # hullnode.pipeline closes a block that has waited so long
_WORST_VALUES = const(60)  # differences of two bytes in a block, over all columns
_SPARE = const(4)  # blocks cut short by a hole or a late sample
_ENTRY = const(181)  # a length byte and MAX_PAYLOAD
_ACKING_MS = const(20000)  # a host that acked so lately will ack again: no page while it does


def bytes_for(period_us: int, columns: int = 2) -> int:
    """Bytes that hold at least 60 s of samples of so many columns at this period, and a page."""
    per_block = min(_WORST_VALUES // columns, max(1, _BLOCK_SECONDS * 1000000 // period_us))
    samples = _SECONDS * 1000000 // period_us + 1
    return max((samples // per_block + 1 + _SPARE) * _ENTRY, PAGE + 2 * _ENTRY)


class RawRing:
    """Ring of payloads of any size, numbered by a running index that goes on over restarts.

    oldest ≤ index < next may be asked for. `pages` (hullnode.rawpages) holds those that RAM no
    longer does; None: RAM only. `lost` lists [boot, first, last sample] that gave way unacked;
    `dropped` counts their blocks. `heard`: acks have come since the last loss. `boot`: the present
    one, that of all blocks in RAM.
    """

    def __init__(self, size: int, pages, boot: int) -> None:
        self._slab = bytearray(size)
        self._size = size
        self._used = 0
        self._head = 0  # offset of block `_ram`
        self._pages = pages
        self.next = self._ram = self._spilled = pages.next if pages else 0
        self._at_index = self.next  # where `get` was last: blocks are asked for in order
        self._at = 0
        self._end = 0  # after the last sample packed in this boot
        self._boot = boot
        self._acked_ms = -1
        self._page_bytes = 0  # of the blocks from `_spilled` on
        self.dropped = 0
        self.lost: list = []
        self.heard = True

    @property
    def oldest(self) -> int:
        """Index of the oldest block held."""
        pages = self._pages
        return pages.oldest if pages and pages.count else self._ram

    def append(self, payload: bytes) -> None:
        """Keep one block; the oldest give way."""
        n = len(payload) + 1
        while self._size - self._used < n:
            self._pop(True)
        self._put(bytes([len(payload)]) + payload)
        self._page_bytes += n
        self.next += 1
        self._end = span_of(payload)[2]

    def _put(self, data: bytes) -> None:
        at = (self._head + self._used) % self._size
        n = min(len(data), self._size - at)
        self._slab[at : at + n] = data[:n]
        if n < len(data):
            self._slab[: len(data) - n] = data[n:]
        self._used += len(data)

    def _pop(self, lose: bool) -> None:
        """Forget the oldest block in RAM; it is lost unless it is on the flash."""
        n = self._slab[self._head] + 1
        if self._ram >= self._spilled:
            if lose:
                boot, first, end = span_of(self.get(self._ram))
                self._lose(boot, first, end, 1)
            self._page_bytes -= n
            self._spilled = self._ram + 1
        self._head = (self._head + n) % self._size
        self._used -= n
        self._ram += 1
        if self._at_index < self._ram:
            self._at_index = self._ram
            self._at = self._head

    def _lose(self, boot: int, first: int, end: int, blocks: int) -> None:
        self.dropped += blocks
        self.heard = False
        if self.lost and self.lost[-1][0] == boot:
            self.lost[-1][2] = end - 1
        else:
            self.lost.append([boot, first, end - 1])

    def get(self, index: int) -> bytes:
        """Payload of a block; b"" when it cannot be read."""
        if index < self._ram:
            return self._pages.get(index)
        return self._payload(self._offset(index))

    def _offset(self, index: int) -> int:
        """Where in the slab the entry of a block begins."""
        if index < self._at_index:
            self._at_index = self._ram
            self._at = self._head
        while self._at_index < index:
            self._at = (self._at + 1 + self._slab[self._at]) % self._size
            self._at_index += 1
        return self._at

    def _payload(self, at: int) -> bytes:
        """The payload of the entry at this offset."""
        n = self._slab[at]
        at = (at + 1) % self._size
        view = memoryview(self._slab)
        part = bytes(view[at : min(at + n, self._size)])
        if len(part) < n:
            part += bytes(view[: n - len(part)])
        return part

    def held_from(self) -> tuple:
        """(boot, first sample) of the oldest block held; after the last one when none is."""
        pages = self._pages
        if pages and pages.count:
            return pages.head[:2]
        if self._ram < self.next:
            return span_of(self.get(self._ram))[:2]
        return (self._boot, self._end)

    def ack(self, boot: int, sample: int, now_ms: int) -> bool:
        """All blocks of `boot` that end at or below `sample` are durable at the host.

        False, and nothing changes, for samples of this boot that were never packed.
        """
        if sample > self._end and boot == self._boot:
            return False
        self._acked_ms = now_ms
        self.heard = True
        pages = self._pages
        while pages and pages.count and pages.head[0] == boot and pages.head[2] <= sample:
            pages.done()
        if pages and pages.count:
            return True
        while self._ram < self.next:
            if boot != self._boot or span_of(self.get(self._ram))[2] > sample:
                break
            self._pop(False)
        return True

    def take_lost(self) -> tuple:
        """(boot, first, last) of the oldest range lost and not yet taken, or (−1, −1, −1)."""
        return tuple(self.lost.pop(0)) if self.lost else (-1, -1, -1)

    # --- flash -------------------------------------------------------------------------------

    def full(self, now_ms: int, hold: bool) -> bool:
        """Whether a page should be written: there is one, and no host that takes it, or no room."""
        if not self._pages or self._page_bytes < PAGE - _ENTRY:
            return False
        if self._size - self._page_bytes < 2 * _ENTRY:
            return True
        if hold:
            return False
        return self._acked_ms < 0 or ticks.diff(now_ms, self._acked_ms) > _ACKING_MS

    def unwritten(self) -> bool:
        """Whether a block is in RAM only and could be written."""
        return self._pages is not None and self._spilled < self.next

    def spill(self) -> None:
        """Write the oldest blocks that are in RAM only as one page; OSError when it cannot."""
        pages = self._pages
        if pages.full():
            self.give_way()
        at = start = self._offset(self._spilled)
        index = self._spilled
        last = at
        n = 0
        while index < self.next and n + 1 + self._slab[at] <= PAGE:
            last = at
            n += 1 + self._slab[at]
            at = (start + n) % self._size
            index += 1
        boot, first, _ = span_of(self._payload(start))
        end = span_of(self._payload(last))[2]
        view = memoryview(self._slab)
        cut = min(start + n, self._size)
        pages.write(
            (boot, first, end, self._spilled, index - self._spilled),
            view[start:cut], view[: n - (cut - start)],
        )  # fmt: skip
        self._spilled = index
        self._page_bytes -= n

    def give_way(self) -> bool:
        """Give up the oldest page; whether there was one."""
        pages = self._pages
        if not pages.count:
            return False
        boot, first, end = pages.head[:3]
        self._lose(boot, first, end, pages.drop())
        return True

    def sweep(self) -> bool:
        """Remove one page that the host has; whether there was one."""
        return self._pages is not None and self._pages.sweep()
