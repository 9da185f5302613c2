"""A column of integers as few bytes: prediction, bytes split by significance, deflate.

Deflate because it is in every language's library and will be (RFC 1951); its Huffman codes bring
white noise to within 2 % of its entropy. Measured against zstd, lzma and bz2 on 10 Hz noise of a
BMP581 and on recorded pressures, it was the smallest or within 3 % of it.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Int64Array = NDArray[np.int64]

MAX_MAGNITUDE = 1 << 62
"""Values lie below this, so that the difference of two fits 64 bits."""

_DELTA, _MEANS = 0, 1
_MEAN_OF = 128  # values whose common mean predicts them: best for noise that has no trend
_HEAD = struct.Struct("<BBqq")  # predictor, byte planes, first value, unit of the differences
_LENGTH = struct.Struct("<I")
_LEVEL = 6
_MEMORY = 9  # deflate: blocks as long as possible, so that one Huffman table serves many values


def encode(values: Int64Array) -> bytes:
    """One column, of any length ≥ 1, |values| < MAX_MAGNITUDE."""
    start = int(values[0])
    offsets = values - start
    unit = int(np.gcd.reduce(offsets)) or 1
    offsets //= unit
    delta = np.diff(offsets, prepend=0)
    if len(values) > 2 * _MEAN_OF:
        means = _means(offsets)
        rest = offsets - _spread(means, len(offsets))
        if _information(rest) < _information(delta):
            planes = _planes(rest)
            head = _HEAD.pack(_MEANS, len(planes), start, unit)
            return b"".join([head, encode(means), *planes])
    planes = _planes(delta)
    return b"".join([_HEAD.pack(_DELTA, len(planes), start, unit), *planes])


def decode(data: bytes, at: int, count: int) -> tuple[Int64Array, int]:
    """(values, where the column ends) of the column of `count` values that begins at `at`.

    Damaged data raises struct.error, zlib.error or ValueError, or gives other values: whoever
    stores columns stores a checksum too.
    """
    predictor, planes, start, unit = _HEAD.unpack_from(data, at)
    at += _HEAD.size
    base: Int64Array | None = None
    if predictor == _MEANS:
        means, at = decode(data, at, -(-count // _MEAN_OF))
        base = _spread(means, count)
    zigzag = np.zeros(count, np.uint64)
    for k in range(planes):
        (size,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        plane = np.frombuffer(zlib.decompress(data[at : at + size], -zlib.MAX_WBITS), np.uint8)
        zigzag |= plane.astype(np.uint64) << np.uint64(8 * k)
        at += size
    one = np.uint64(1)
    rest = (zigzag >> one).view(np.int64) ^ -(zigzag & one).view(np.int64)
    offsets = np.cumsum(rest) if base is None else base + rest
    return offsets * unit + start, at


def pack_many(columns: dict[str, Int64Array]) -> bytes:
    """Named columns, each with its length, one after the other; names of at most 255 bytes."""
    parts = [bytes([len(columns)])]
    for name, values in columns.items():
        text = name.encode()
        parts += [bytes([len(text)]), text, _LENGTH.pack(len(values))]
        if len(values):
            parts.append(encode(values))
    return b"".join(parts)


def unpack_many(data: bytes) -> dict[str, Int64Array]:
    """What `pack_many` was given; damaged data as in `decode`."""
    columns: dict[str, Int64Array] = {}
    at = 1
    for _ in range(data[0]):
        size = data[at]
        name = data[at + 1 : at + 1 + size].decode()
        at += 1 + size
        (count,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        columns[name] = np.empty(0, np.int64)
        if count:
            columns[name], at = decode(data, at, count)
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes after the last column")
    return columns


def _means(values: Int64Array) -> Int64Array:
    starts = np.arange(0, len(values), _MEAN_OF)
    counts = np.diff(starts, append=len(values))
    means: Int64Array = (np.add.reduceat(values, starts) + counts // 2) // counts
    return means


def _spread(means: Int64Array, count: int) -> Int64Array:
    return np.repeat(means, _MEAN_OF)[:count]


def _planes(rest: Int64Array) -> list[bytes]:
    """Signed values as planes of bytes, the least significant first; as many as are not all 0."""
    return [_deflated(plane) for plane in _bytes(rest)]


def _bytes(rest: Int64Array) -> list[NDArray[np.uint8]]:
    """The bytes of the values by significance, the sign in the lowest bit (zigzag)."""
    zigzag = ((rest << 1) ^ (rest >> 63)).view(np.uint64)
    size = (int(zigzag.max()).bit_length() + 7) // 8
    table = zigzag.astype("<u8").view(np.uint8).reshape(-1, 8)
    return [np.ascontiguousarray(table[:, k]) for k in range(size)]


def _information(rest: Int64Array) -> float:
    """Bits the planes would take under an ideal code for each plane by itself."""
    bits = 0.0
    for plane in _bytes(rest):
        counts = np.bincount(plane)
        counts = counts[counts > 0]
        bits += float(counts @ np.log2(len(plane) / counts))
    return bits


def _deflated(plane: NDArray[np.uint8]) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, _MEMORY, zlib.Z_FILTERED)
    data = packer.compress(plane.tobytes()) + packer.flush()
    return _LENGTH.pack(len(data)) + data
