"""Spool of records in RAM: numbered, kept until acked and overwritten, losses counted by number.

The flash spool has the same interface: append, get, ack, `oldest`, `acked`, `next`, `dropped`.
"""

from hullcore.messages import RECORD_BYTES


class RamSpool:
    """A ring of `capacity` records made up front.

    Numbers run from 0 in a new epoch. An ack only permits overwriting; an unacked record that has
    to give way is counted in `dropped` and its number range kept in lost_first … lost_last.
    """

    def __init__(self, capacity: int) -> None:
        self._slab = bytearray(capacity * RECORD_BYTES)
        self._capacity = capacity
        self.oldest = 0
        self.acked = 0
        self.next = 0
        self.dropped = 0
        self.lost_first = -1
        self.lost_last = -1

    def append(self, record: bytes) -> None:
        """Keep one record of RECORD_BYTES; its number is `next`."""
        if self.next - self.oldest == self._capacity:
            if self.oldest >= self.acked:
                self._count_lost(self.oldest)
                self.acked = self.oldest + 1
            self.oldest += 1
        at = self.next % self._capacity * RECORD_BYTES
        self._slab[at : at + RECORD_BYTES] = record
        self.next += 1

    def _count_lost(self, number: int) -> None:
        self.dropped += 1
        if self.lost_first < 0:
            self.lost_first = number
        self.lost_last = number

    def take_lost(self) -> tuple:
        """(first, last) of the range lost since the last call, or (−1, −1)."""
        lost = (self.lost_first, self.lost_last)
        self.lost_first = self.lost_last = -1
        return lost

    def get(self, number: int) -> bytes:
        """A record still held (oldest ≤ number < next)."""
        at = number % self._capacity * RECORD_BYTES
        return bytes(memoryview(self._slab)[at : at + RECORD_BYTES])

    def ack(self, upto: int) -> bool:
        """All below `upto` are durable at the host; False for a number never given out."""
        if upto > self.next:
            return False
        if upto > self.acked:
            self.acked = upto
        return True
