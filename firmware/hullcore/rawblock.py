"""Raw blocks: consecutive samples packed as first values and differences of one width each."""

import struct

from hullcore.compat import const
from hullcore.fields import pack_checked
from hullcore.frame import MAX_PAYLOAD
from hullcore.messages import RAW_FORMAT

_HEAD = const(43)  # struct.calcsize(RAW_FORMAT)
_CODES = ("", "b", "h", "", "i")  # struct code of a difference by its width
CAPACITY = 64  # samples buffered at the most


class Column:
    """One quantity of the samples buffered: differences from the first, in units of 2^shift."""

    def __init__(self, shift: int) -> None:
        self._d = [0] * CAPACITY
        self._low = self._high = 0
        self.shift = shift
        self.first = 0

    def put(self, n: int, value: int) -> None:
        """Sample n of the block, |value| ≤ 2^29 or all of one sign below 2^30."""
        if n == 0:
            self.first = value
            self._low = self._high = 0
        d = (value - self.first) >> self.shift  # |d| < 2^30
        self._d[n] = d
        if d < self._low:
            self._low = d
        elif d > self._high:
            self._high = d

    def width(self) -> int:
        """Bytes that hold every difference put."""
        return _width(self._low, self._high)

    def narrow(self, n: int) -> int:
        """Bytes that hold the differences of the first n samples; as `width` from now on."""
        self._low = min(self._d[:n])
        self._high = max(self._d[:n])
        return _width(self._low, self._high)

    def packed(self, n: int, width: int) -> bytes:
        """Differences 1 … n − 1 in `width` bytes each, little-endian."""
        if width == 0 or n == 1:
            return b""
        # one call for all: byte by byte took the chip 8 ms a block, longer than a slot at 100 Hz
        return struct.pack("<%d%s" % (n - 1, _CODES[width]), *self._d[1:n])

    def drop(self, n: int, rest: int) -> None:
        """Forget the first n of n + rest samples."""
        values = [self.first + (self._d[n + i] << self.shift) for i in range(rest)]
        self._low = self._high = 0
        for i in range(rest):
            self.put(i, values[i])


def _width(low: int, high: int) -> int:
    if low == 0 and high == 0:
        return 0
    if low >= -128 and high < 128:
        return 1
    if low >= -32768 and high < 32768:
        return 2
    return 4


class RawPacker:
    """Buffers consecutive samples until a block is full; `add` allocates nothing.

    The caller closes a block before a hole, before a late sample, after `full` turns True, and
    when it has waited long enough.
    """

    def __init__(self, p_shift: int, t_shift: int) -> None:
        self._p = Column(p_shift)
        self._t = Column(t_shift)
        self._columns: "tuple[Column, ...]" = (self._p, self._t)
        self._room = MAX_PAYLOAD - _HEAD
        self._mark = 0  # what a further column sets in t_shift
        self.count = 0
        self.full = False

    def add(self, p_q8: int, t_q16: int) -> None:
        """Take the next consecutive sample; both values below 2^30. Never when `full`."""
        n = self.count
        self._p.put(n, p_q8)
        self._t.put(n, t_q16)
        n += 1
        self.count = n
        if n & 7 == 0:  # looked at every eighth sample: cheap, and 8 more always fit
            size = 0
            for column in self._columns:
                size += column.width()
            self.full = n == CAPACITY or (n + 7) * size > self._room

    def close(
        self, boot: int, config: int, first: int, wraps: int, ms: int, late_us: int, gap: int
    ) -> bytes:
        """The RAW payload of the buffered samples (at least one); the buffer is empty again.

        May return fewer samples than buffered when differences outgrew the block; the caller
        repeats while `count` is not 0, with `first` and time advanced by what was taken.
        """
        take = self._fitting()
        p = self._p
        t = self._t
        pw = p.width()
        tw = t.width()
        head = pack_checked(
            RAW_FORMAT,
            (boot, config, first, wraps, ms, late_us, take, pw, p.shift, tw, t.shift | self._mark,
             p.first, t.first, gap),
        )  # fmt: skip
        data = head + p.packed(take, pw) + t.packed(take, tw) + self._more(take)
        self.count -= take
        for column in self._columns:
            column.drop(take, self.count)
        self.full = False
        return data

    def _more(self, n: int) -> bytes:
        """What follows the differences of temperature, for the first n samples."""
        return b""

    def _fitting(self) -> int:
        """Samples of the longest block that fits, with the columns' widths for it."""
        high = self.count
        size = 0
        for column in self._columns:
            size += column.width()
        if (high - 1) * size <= self._room:
            return high
        low = 1
        while low < high:  # a longer block never needs less
            middle = (low + high + 1) >> 1
            if self._narrowed(middle):
                low = middle
            else:
                high = middle - 1
        self._narrowed(low)
        return low

    def _narrowed(self, n: int) -> bool:
        size = 0
        for column in self._columns:
            size += column.narrow(n)
        return (n - 1) * size <= self._room


def span_of(payload: bytes) -> tuple:
    """(boot, first, end) of a RAW payload: the samples it accounts for, taken or not."""
    head = struct.unpack_from(RAW_FORMAT, payload)
    return (head[0], head[2] - head[13], head[2] + head[6])
