"""Raw blocks waiting for the host: at least 60 s in RAM, re-sent until acked, losses counted."""

from hullcore.compat import const
from hullcore.frame import MAX_PAYLOAD

_SECONDS = const(60)
_BLOCK_SECONDS = const(10)  # hullnode.pipeline closes a block that has waited so long
_WORST_VALUES = const(60)  # differences of two bytes in a block, over all columns
_SPARE = const(4)  # blocks cut short by a hole or a late sample


def blocks_for(period_us: int, columns: int = 2) -> int:
    """Blocks that hold at least 60 s of samples of so many columns at this period."""
    per_block = min(_WORST_VALUES // columns, max(1, _BLOCK_SECONDS * 1000000 // period_us))
    samples = _SECONDS * 1000000 // period_us + 1
    return samples // per_block + 1 + _SPARE


class RawRing:
    """Ring of payloads, numbered by a running index; `first[i]` … `end[i]` are sample numbers."""

    def __init__(self, capacity: int) -> None:
        self._slab = bytearray(capacity * MAX_PAYLOAD)
        self._size = [0] * capacity
        self._first = [0] * capacity
        self._end = [0] * capacity
        self._capacity = capacity
        self.oldest = 0
        self.next = 0
        self.dropped = 0
        self.lost_first = -1
        self.lost_last = -1

    def append(self, payload: bytes, first: int, end: int) -> None:
        """Keep one block that accounts for the samples first … end − 1, taken or not."""
        if self.next - self.oldest == self._capacity:
            slot = self.oldest % self._capacity
            self.dropped += 1
            if self.lost_first < 0:
                self.lost_first = self._first[slot]
            self.lost_last = self._end[slot] - 1
            self.oldest += 1
        slot = self.next % self._capacity
        at = slot * MAX_PAYLOAD
        self._slab[at : at + len(payload)] = payload
        self._size[slot] = len(payload)
        self._first[slot] = first
        self._end[slot] = end
        self.next += 1

    def get(self, index: int) -> bytes:
        """Payload of a block still held (oldest ≤ index < next)."""
        slot = index % self._capacity
        at = slot * MAX_PAYLOAD
        return bytes(memoryview(self._slab)[at : at + self._size[slot]])

    def held_from(self) -> int:
        """First sample the oldest block accounts for; the end of the last one when none is held."""
        if self.oldest < self.next:
            return self._first[self.oldest % self._capacity]
        return self._end[(self.next - 1) % self._capacity] if self.next else 0

    def ack(self, sample: int) -> bool:
        """All blocks that end at or below sample number `sample` are durable at the host.

        False, and nothing changes, for samples that were never packed.
        """
        if sample > (self._end[(self.next - 1) % self._capacity] if self.next else 0):
            return False
        while self.oldest < self.next and self._end[self.oldest % self._capacity] <= sample:
            self.oldest += 1
        return True

    def take_lost(self) -> tuple:
        """(first, last) sample lost since the last call, or (−1, −1)."""
        lost = (self.lost_first, self.lost_last)
        self.lost_first = self.lost_last = -1
        return lost
