"""Raw blocks: consecutive samples packed as first values and differences of one width each."""

import struct
from array import array

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
    units of the sensor's shift.
    """

    def __init__(self, p_shift: int, t_shift: int) -> None:
        self._p = array("i", [0] * CAPACITY)
        self._t = array("i", [0] * CAPACITY)
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
        p = self._p
        t = self._t
        p[n] = p_q8
        t[n] = t_q16
        n += 1
        self.count = n
        d = (p_q8 - p[0]) >> self._p_shift  # |d| < 2^30
        if d < self._p_low:
            self._p_low = d
        elif d > self._p_high:
            self._p_high = d
        d = (t_q16 - t[0]) >> self._t_shift
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
             self._p[0], self._t[0], gap),
        )  # fmt: skip
        out = bytearray(_HEAD + (take - 1) * (pw + tw))
        out[:_HEAD] = head
        at = self._put(out, _HEAD, self._p, self._p_shift, take, pw)
        self._put(out, at, self._t, self._t_shift, take, tw)
        self._drop(take)
        return bytes(out)

    def _fitting(self) -> tuple:
        """(samples, width of pressure, width of temperature) of the longest block that fits."""
        n = self.count
        pw = _width(self._p_low, self._p_high)
        tw = _width(self._t_low, self._t_high)
        if (n - 1) * (pw + tw) <= MAX_PAYLOAD - _HEAD:
            return n, pw, tw
        p = self._p
        t = self._t
        p_low = p_high = t_low = t_high = pw = tw = 0
        for i in range(1, n):
            d = (p[i] - p[0]) >> self._p_shift
            p_low = min(p_low, d)
            p_high = max(p_high, d)
            d = (t[i] - t[0]) >> self._t_shift
            t_low = min(t_low, d)
            t_high = max(t_high, d)
            p_now = _width(p_low, p_high)
            t_now = _width(t_low, t_high)
            if i * (p_now + t_now) > MAX_PAYLOAD - _HEAD:
                return i, pw, tw
            pw = p_now
            tw = t_now
        return n, pw, tw

    def _put(self, out: bytearray, at: int, values: array, shift: int, n: int, width: int) -> int:
        if width == 0 or n == 1:
            return at
        base = values[0]
        steps = [(values[i] - base) >> shift for i in range(1, n)]
        # one call for all: byte by byte took the chip 8 ms a block, longer than a slot at 100 Hz
        struct.pack_into("<%d%s" % (n - 1, _CODES[width]), out, at, *steps)
        return at + (n - 1) * width

    def _drop(self, taken: int) -> None:
        rest = self.count - taken
        p = [self._p[taken + i] for i in range(rest)]
        t = [self._t[taken + i] for i in range(rest)]
        self._reset()
        for i in range(rest):
            self.add(p[i], t[i])
