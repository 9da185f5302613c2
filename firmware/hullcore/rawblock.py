"""Raw blocks: consecutive samples packed as first values and differences of one width each."""

import struct

from hullcore.compat import const
from hullcore.fields import pack_checked
from hullcore.frame import MAX_PAYLOAD
from hullcore.messages import RAW_FORMAT

_HEAD = const(43)  # struct.calcsize(RAW_FORMAT)
_CODES = ("", "b", "h", "", "i")  # struct code of a difference by its width
CAPACITY = 64  # samples buffered at the most


def _width(low: int, high: int) -> int:
    """Bytes that hold every difference from low to high."""
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
    when it has waited long enough. Differences are taken from the first sample of the block, in
    units of the sensor's shift, and kept as such: closing a block is then a few calls.
    """

    def __init__(self, p_shift: int, t_shift: int) -> None:
        self._dp = [0] * CAPACITY
        self._dt = [0] * CAPACITY
        self._p0 = self._t0 = 0
        self._p_shift = p_shift
        self._t_shift = t_shift
        self._reset()

    def _reset(self) -> None:
        self.count = 0
        self.full = False
        self._p_low = self._p_high = self._t_low = self._t_high = 0

    def add(self, p_q8: int, t_q16: int) -> None:
        """Take the next consecutive sample; both values below 2^30. Never when `full`."""
        n = self.count
        if n == 0:
            self._p0 = p_q8
            self._t0 = t_q16
        d = (p_q8 - self._p0) >> self._p_shift  # |d| < 2^30
        self._dp[n] = d
        if d < self._p_low:
            self._p_low = d
        elif d > self._p_high:
            self._p_high = d
        d = (t_q16 - self._t0) >> self._t_shift
        self._dt[n] = d
        n += 1
        self.count = n
        if d < self._t_low:
            self._t_low = d
        elif d > self._t_high:
            self._t_high = d
        if n & 7 == 0:  # looked at every eighth sample: cheap, and 8 more always fit
            self.full = n == CAPACITY or (n + 7) * self._sample_bytes() > MAX_PAYLOAD - _HEAD

    def _sample_bytes(self) -> int:
        return _width(self._p_low, self._p_high) + _width(self._t_low, self._t_high)

    def close(
        self, boot: int, config: int, first: int, wraps: int, ms: int, late_us: int, gap: int
    ) -> bytes:
        """The RAW payload of the buffered samples (at least one); the buffer is empty again.

        May return fewer samples than buffered when differences outgrew the block; the caller
        repeats while `count` is not 0, with `first` and time advanced by what was taken.
        """
        take, pw, tw = self._fitting()
        head = pack_checked(
            RAW_FORMAT,
            (boot, config, first, wraps, ms, late_us, take, pw, self._p_shift, tw, self._t_shift,
             self._p0, self._t0, gap),
        )  # fmt: skip
        data = head + _packed(self._dp, take, pw) + _packed(self._dt, take, tw)
        self._drop(take)
        return data

    def _fitting(self) -> tuple:
        """(samples, width of pressure, width of temperature) of the longest block that fits."""
        n = self.count
        pw = _width(self._p_low, self._p_high)
        tw = _width(self._t_low, self._t_high)
        if (n - 1) * (pw + tw) <= MAX_PAYLOAD - _HEAD:
            return n, pw, tw
        p_low = p_high = t_low = t_high = pw = tw = 0
        for i in range(1, n):
            d = self._dp[i]
            p_low = min(p_low, d)
            p_high = max(p_high, d)
            d = self._dt[i]
            t_low = min(t_low, d)
            t_high = max(t_high, d)
            p_now = _width(p_low, p_high)
            t_now = _width(t_low, t_high)
            if i * (p_now + t_now) > MAX_PAYLOAD - _HEAD:
                return i, pw, tw
            pw = p_now
            tw = t_now
        return n, pw, tw

    def _drop(self, taken: int) -> None:
        rest = self.count - taken
        p = [self._p0 + (self._dp[taken + i] << self._p_shift) for i in range(rest)]
        t = [self._t0 + (self._dt[taken + i] << self._t_shift) for i in range(rest)]
        self._reset()
        for i in range(rest):
            self.add(p[i], t[i])


def _packed(differences: list, n: int, width: int) -> bytes:
    """Differences 1 … n − 1 in `width` bytes each, little-endian."""
    if width == 0 or n == 1:
        return b""
    # one call for all: byte by byte took the chip 8 ms a block, longer than a slot at 100 Hz
    return struct.pack("<%d%s" % (n - 1, _CODES[width]), *differences[1:n])
