"""RAW payloads to numpy arrays: one block, or many at once.

The layout is `RAW` in `hullwatch.link.messages`; the differences in its tail are signed,
little-endian, taken from the block's first sample, in units of 2^shift. A block of a node with a
second sensor has a third column, `RAW_AUX`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from hullwatch.errors import ProtocolError
from hullwatch.link.devicetime import MS_PER_WRAP, device_ms
from hullwatch.link.messages import RAW, RAW_AUX, RAW_HAS_AUX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Int32Array = NDArray[np.int32]
    Int64Array = NDArray[np.int64]

HEAD_BYTES = RAW.struct.size
AUX_BYTES = RAW_AUX.struct.size
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
    before it. ``aux`` is the second sensor's column, None in a block without one.
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
    aux: Int32Array | None = None

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
    groups: dict[_Shape, list[int]] = defaultdict(list)
    for at, payload in enumerate(payloads):
        if len(payload) < HEAD_BYTES:
            raise _malformed(at, f"{len(payload)} bytes, a block has at least {HEAD_BYTES}")
        head = RAW.struct.unpack_from(payload)
        shape, aux = _shape_of(head, payload)
        fault = _fault_of(head, shape, len(payload))
        if fault:
            raise _malformed(at, fault)
        heads.append((*head, aux))
        groups[shape].append(at)
    rows: list[list[Int32Array]] = [[] for _ in heads]
    for shape, members in groups.items():
        tails = _tails(payloads, members)
        start = 0
        for what, first_at, (width, shift) in zip(_COLUMNS, _FIRSTS, shape.columns, strict=False):
            start += AUX_BYTES if first_at == _AUX_FIRST else 0
            end = start + (shape.samples - 1) * width
            firsts = np.array([heads[at][first_at] for at in members], np.int64)
            values = _values(firsts, tails[:, start:end], shape.samples, width, shift)
            _refuse_overflow(members, values, what)
            start = end
            for at, row in zip(members, _rows(values), strict=True):
                rows[at].append(row)
    return [
        _block(payload, head, columns)
        for payload, head, columns in zip(payloads, heads, rows, strict=True)
    ]


def _block(payload: bytes, head: tuple[int, ...], columns: list[Int32Array]) -> RawBlock:
    boot, config, first, wraps, ms, late_us = head[:6]
    aux = columns[2] if len(columns) == len(_COLUMNS) else None
    p, t, gap = columns[0], columns[1], head[13]
    return RawBlock(payload, boot, config, first, wraps, ms, late_us, gap, p, t, aux)


class _Shape(NamedTuple):
    """Samples in a block, and (width, shift) of its two or three columns."""

    samples: int
    columns: tuple[tuple[int, int], ...]


_COLUMNS = ("pressure", "temperature", "second sensor's value")
_AUX_FIRST = 14  # where decode_many puts it, behind the fields of RAW
_FIRSTS = (11, 12, _AUX_FIRST)


def _shape_of(head: tuple[int, ...], payload: bytes) -> tuple[_Shape, int]:
    """Shape of a block, and the first value of its third column (0 without one).

    A block too short to say has a third column of a width that `_fault_of` refuses.
    """
    count, p_width, p_shift, t_width, t_shift = head[6:11]
    columns = ((p_width, p_shift), (t_width, t_shift & ~RAW_HAS_AUX))
    if not t_shift & RAW_HAS_AUX:
        return _Shape(count, columns), 0
    at = HEAD_BYTES + (count - 1) * (p_width + t_width)
    if count == 0 or len(payload) < at + AUX_BYTES:
        return _Shape(count, (*columns, (_NO_WIDTH, 0))), 0
    width, shift, first = RAW_AUX.struct.unpack_from(payload, at)
    return _Shape(count, (*columns, (width, shift))), first


_WIDTHS = {0, 1, 2, 4}
_NO_WIDTH = 255


def _fault_of(head: tuple[int, ...], shape: _Shape, size: int) -> str:
    """Why the header contradicts itself or the payload's size; empty when it does not."""
    first, ms, late_us, gap = head[2], head[4], head[5], head[13]
    count, columns = shape
    widths = " + ".join(str(width) for width, _ in columns)
    aux_bytes = AUX_BYTES if len(columns) == len(_COLUMNS) else 0
    fault = ""
    if not count:
        fault = "no samples"
    elif any(width not in _WIDTHS for width, _ in columns):
        fault = f"differences of {widths} bytes"
    elif size != HEAD_BYTES + aux_bytes + (count - 1) * sum(width for width, _ in columns):
        fault = f"{size} bytes do not hold {count} samples of {widths} bytes"
    elif any(shift > MAX_SHIFT for _, shift in columns):
        fault = f"shifts of {' and '.join(str(shift) for _, shift in columns)} bits"
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
