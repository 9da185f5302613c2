"""How raw blocks are encoded in the database; the `codec` column says which way.

AS_RECEIVED is one block's payload. SPAN is many blocks, whose sample numbers and chain links run
on without a break, as columns (`intcolumn`) behind a CRC. Both give back the same payloads.
Another codec is another pair of functions here; nothing else looks into `raw_blocks.data`.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from hullwatch.errors import CorruptDatabase
from hullwatch.link import rawblock
from hullwatch.store import intcolumn
from hullwatch.store.blocktable import AUX, CHANNELS, BlockTable, joined, part, payloads, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hullwatch.link.rawblock import RawBlock

AS_RECEIVED = 0
SPAN = 1

CodedRow = tuple[int, int, int, bytes]
"""(boot, first, codec, data)."""

_CRC = struct.Struct("<I")
_FROM_KEY = ("boot", "first")
"""Not in a span: the row's key has the boot and the first number, the counts have the others."""


def encode(block: RawBlock) -> tuple[int, bytes]:
    """(codec, data) of one block on its way in."""
    return AS_RECEIVED, block.payload


def encode_span(table: BlockTable) -> bytes:
    """`data` of a SPAN row: blocks of one boot whose sample numbers run on without a break."""
    columns = {name: column for name, column in table.heads.items() if name not in _FROM_KEY}
    steps = np.diff(columns["device_ms"], prepend=0)  # even, where the times themselves are not
    columns["device_ms"] = steps
    for name, values in table.values.items():
        columns[name] = values.astype(np.int64)
    packed = intcolumn.pack_many(columns)
    return _CRC.pack(zlib.crc32(packed)) + packed


def decode(rows: Sequence[CodedRow]) -> BlockTable:
    """The blocks of rows (at least one) in their order.

    CorruptDatabase for an unknown codec and for a span whose CRC is wrong; ProtocolError for a
    payload that is none.
    """
    tables: list[BlockTable] = []
    received: list[bytes] = []
    for boot, first, codec, data in rows:
        if codec == AS_RECEIVED:
            received.append(data)
            continue
        if received:
            tables.append(table_of(rawblock.decode_many(received)))
            received = []
        if codec != SPAN:
            raise CorruptDatabase(
                f"a raw block is encoded in an unknown way ({codec})", "update Hullwatch"
            )
        tables.append(_span(boot, first, data))
    if received:
        tables.append(table_of(rawblock.decode_many(received)))
    return joined(tables)


def payloads_of(row: CodedRow) -> list[bytes]:
    """Every payload of a row, to the byte as it was received; errors as in `decode`."""
    _, _, codec, data = row
    return [data] if codec == AS_RECEIVED else payloads(decode([row]))


def _span(boot: int, first: int, data: bytes) -> BlockTable:
    packed = data[_CRC.size :]
    if len(data) <= _CRC.size or zlib.crc32(packed) != _CRC.unpack_from(data)[0]:
        raise CorruptDatabase(
            f"raw samples from number {first} of boot {boot} on are damaged",
            "keep a copy, then go back to a backup",
        )
    columns = intcolumn.unpack_many(packed)
    channels = [*CHANNELS, *([AUX] if AUX in columns else [])]
    values = {name: columns.pop(name).astype(np.int32) for name in channels}
    counts = columns["count"]
    columns["device_ms"] = np.cumsum(columns["device_ms"])
    columns["boot"] = np.full(len(counts), boot, np.int64)
    columns["first"] = first + np.cumsum(counts) - counts
    return BlockTable(columns, values)


def holds(row: CodedRow, block: RawBlock) -> bool:
    """Whether a row holds exactly this block."""
    _, first, codec, data = row
    if codec == AS_RECEIVED:
        return first == block.first and data == block.payload
    table = decode([row])
    at = int(np.searchsorted(table.heads["first"], block.first))
    if at == len(table.heads["first"]) or table.heads["first"][at] != block.first:
        return False
    return payloads(part(table, at, at + 1)) == [block.payload]
