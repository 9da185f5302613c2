"""How a raw block is encoded in the database; the `codec` column says which way.

Codec 0 keeps the payload as it was received. Another codec is another pair of functions here;
nothing else looks into `raw_blocks.data`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullwatch.errors import CorruptDatabase
from hullwatch.link import rawblock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hullwatch.link.rawblock import RawBlock

AS_RECEIVED = 0


def encode(block: RawBlock) -> tuple[int, bytes]:
    """(codec, data) of one block."""
    return AS_RECEIVED, block.payload


def decode(rows: Sequence[tuple[int, bytes]]) -> list[RawBlock]:
    """The blocks of rows (codec, data), in their order; CorruptDatabase for an unknown codec."""
    for codec, _ in rows:
        if codec != AS_RECEIVED:
            raise CorruptDatabase(
                f"a raw block is encoded in an unknown way ({codec})", "update Hullwatch"
            )
    return rawblock.decode_many([data for _, data in rows])


def same(block: RawBlock, codec: int, data: bytes) -> bool:
    """Whether a stored row holds exactly this block."""
    return encode(block) == (codec, data)
