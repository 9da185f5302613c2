"""RAW payloads to numpy arrays: one block, or many at once.

The layout is `RAW` in `hullwatch.link.messages`; the differences in its tail are signed,
little-endian, taken from the block's first sample, in units of 2^shift.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hullwatch.errors import ProtocolError
from hullwatch.link.devicetime import MS_PER_WRAP, device_ms
from hullwatch.link.messages import RAW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Int32Array = NDArray[np.int32]
    Int64Array = NDArray[np.int64]

HEAD_BYTES = RAW.struct.size
MAX_SHIFT = 31
MAX_FIRST = 1 << 62
"""Sample numbers stay below this, so that first + count fits SQLite's 63 bits."""

_DTYPES: dict[int, np.dtype[np.signedinteger]] = {
    1: np.dtype("i1"),
    2: np.dtype("<i2"),
    4: np.dtype("<i4"),
}
_INT32 = np.iinfo(np.int32)


@dataclass(slots=True, eq=False)
class RawBlock:
    """Consecutive samples of one boot, decoded; `payload` is the block as it was received.

    ``p_q8`` [count] in 1/256 Pa and ``t_q16`` [count] in 1/65536 K are int32 and must not be
    written to: blocks decoded together share memory. Sample ``first`` was due at device time
    (``wraps``, ``ms``) and taken ``late_us`` later; no sample was taken for the ``gap`` numbers
    before it.
    """

    payload: bytes
    boot: int
    config: int
    first: int
    wraps: int
    ms: int
    late_us: int
    gap: int
    p_q8: Int32Array
    t_q16: Int32Array

    @property
    def count(self) -> int:
        """Samples in the block, 1…255."""
        return len(self.p_q8)

    @property
    def past(self) -> int:
        """Number of the sample after the last one."""
        return self.first + len(self.p_q8)

    @property
    def device_ms(self) -> int:
        """Milliseconds since boot at which the first sample was due."""
        return device_ms(self.wraps, self.ms)


def decode(payload: bytes) -> RawBlock:
    """One RAW payload decoded; ProtocolError with the reason when it is malformed."""
    return decode_many((payload,))[0]


def decode_many(payloads: Sequence[bytes]) -> list[RawBlock]:
    """RAW payloads decoded in the order given.

    Blocks of equal shape are decoded in one numpy operation. ProtocolError names the first
    malformed payload by its position; to keep the others, decode them one by one.
    """
    heads = []
    groups: dict[tuple[int, int, int, int, int], list[int]] = defaultdict(list)
    for at, payload in enumerate(payloads):
        if len(payload) < HEAD_BYTES:
            raise _malformed(at, f"{len(payload)} bytes, a block has at least {HEAD_BYTES}")
        head = RAW.struct.unpack_from(payload)
        fault = _fault_of(head, len(payload))
        if fault:
            raise _malformed(at, fault)
        heads.append(head)
        groups[head[6:11]].append(at)
    p_rows: list[Int32Array] = [_NONE] * len(heads)
    t_rows: list[Int32Array] = [_NONE] * len(heads)
    for (count, p_width, p_shift, t_width, t_shift), members in groups.items():
        tails = _tails(payloads, members)
        cut = (count - 1) * p_width
        p_first = np.array([heads[at][11] for at in members], np.int64)
        t_first = np.array([heads[at][12] for at in members], np.int64)
        p = _values(p_first, tails[:, :cut], count, p_width, p_shift)
        t = _values(t_first, tails[:, cut:], count, t_width, t_shift)
        _refuse_overflow(members, p, "pressure")
        _refuse_overflow(members, t, "temperature")
        for at, p_row, t_row in zip(members, _rows(p), _rows(t), strict=True):
            p_rows[at], t_rows[at] = p_row, t_row
    return [
        RawBlock(payload, head[0], head[1], head[2], head[3], head[4], head[5], head[13], p, t)
        for payload, head, p, t in zip(payloads, heads, p_rows, t_rows, strict=True)
    ]


_NONE: Int32Array = np.empty(0, np.int32)


def _fault_of(head: tuple[int, ...], size: int) -> str:
    """Why the header contradicts itself or the payload's size; empty when it does not."""
    _boot, _config, first, _wraps, ms, late_us, count = head[:7]
    p_width, p_shift, t_width, t_shift, _p_q8, _t_q16, gap = head[7:]
    fault = ""
    if not count:
        fault = "no samples"
    elif p_width not in {0, 1, 2, 4} or t_width not in {0, 1, 2, 4}:
        fault = f"differences of {p_width} and {t_width} bytes"
    elif size != HEAD_BYTES + (count - 1) * (p_width + t_width):
        fault = f"{size} bytes do not hold {count} samples of {p_width} + {t_width} bytes"
    elif p_shift > MAX_SHIFT or t_shift > MAX_SHIFT:
        fault = f"shifts of {p_shift} and {t_shift} bits"
    elif first >= MAX_FIRST:
        fault = f"sample number {first}"
    elif ms >= MS_PER_WRAP:
        fault = f"device time of {ms} ms beyond its wrap"
    elif late_us and count != 1:
        fault = f"{count} samples share one lateness"
    elif gap > first:
        fault = f"{gap} numbers without a sample before number {first}"
    return fault


def _tails(payloads: Sequence[bytes], members: list[int]) -> NDArray[np.uint8]:
    """The variable ends of payloads of equal length, one per row."""
    joined = b"".join([payloads[at] for at in members])
    table = np.frombuffer(joined, np.uint8).reshape(len(members), -1)
    return table[:, HEAD_BYTES:]


def _values(
    firsts: Int64Array, tails: NDArray[np.uint8], count: int, width: int, shift: int
) -> Int64Array:
    """Values [blocks, count] from first values and the bytes of the differences."""
    values = np.repeat(firsts[:, None], count, axis=1)
    if width and count > 1:
        differences = np.ascontiguousarray(tails).view(_DTYPES[width]).astype(np.int64)
        values[:, 1:] += differences << shift  # |.| < 2^31 · 2^31 + 2^31 < 2^63
    return values


def _refuse_overflow(members: list[int], values: Int64Array, what: str) -> None:
    outside = ((values < _INT32.min) | (values > _INT32.max)).any(axis=1)
    if outside.any():
        raise _malformed(members[int(outside.argmax())], f"a {what} beyond 32 bits")


def _rows(values: Int64Array) -> Int32Array:
    rows = values.astype(np.int32)
    rows.flags.writeable = False
    return rows


def _malformed(at: int, reason: str) -> ProtocolError:
    return ProtocolError(
        f"raw block {at} of the batch is malformed: {reason}",
        "firmware and host disagree about the layout; run: hullwatch nodes",
    )
