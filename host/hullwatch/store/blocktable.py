"""Raw blocks as columns: one value a block and header field, one value a sample and channel.

From the columns every payload can be rebuilt to the byte as it was received.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hullcore.estimator import NO_AUX
from hullwatch.link.devicetime import MS_PER_WRAP
from hullwatch.link.messages import RAW, RAW_AUX, RAW_HAS_AUX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hullwatch.link.rawblock import RawBlock

    Int64Array = NDArray[np.int64]
    Int32Array = NDArray[np.int32]

CHANNELS = {"p_q8": "p", "t_q16": "t"}
"""Value by sample: its first one's field in RAW, and what its width and shift are called after."""

AUX = "aux"
"""The channel of a second sensor: only in tables with a block that has it, NO_AUX in the others."""

_HEAD = np.dtype([(field.name, "<" + field.code) for field in RAW.fields])
_AUX_HEAD = np.dtype([(field.name, "<" + field.code) for field in RAW_AUX.fields])
_AUX_FIELDS = ("aux_width", "aux_shift")  # of every block, 0 where it has no such channel
_DIFFERENCE = {1: np.dtype("<i1"), 2: np.dtype("<i2"), 4: np.dtype("<i4")}


@dataclass(frozen=True, slots=True, eq=False)
class BlockTable:
    """Blocks of one boot in order; `heads` by field of RAW but the channels' first values.

    ``heads["device_ms"]`` is in place of wraps and ms. ``values[channel]`` holds the samples of
    all blocks one after the other, ``heads["count"]`` of them each.
    """

    heads: dict[str, Int64Array]
    values: dict[str, Int32Array]

    @property
    def starts(self) -> Int64Array:
        """Where each block's samples begin in `values`."""
        counts = self.heads["count"]
        return np.cumsum(counts) - counts

    def spread(self, name: str) -> Int64Array:
        """A header field for each sample."""
        return np.repeat(self.heads[name], self.heads["count"])


def table_of(blocks: Sequence[RawBlock]) -> BlockTable:
    """The columns of decoded blocks (at least one)."""
    packed = np.frombuffer(b"".join([block.payload[: _HEAD.itemsize] for block in blocks]), _HEAD)
    heads = {
        name: packed[name].astype(np.int64)
        for name in _HEAD.names or ()
        if name not in {*CHANNELS, "wraps", "ms"}
    }
    heads["device_ms"] = packed["wraps"].astype(np.int64) * MS_PER_WRAP + packed["ms"]
    values = {name: np.concatenate([getattr(block, name) for block in blocks]) for name in CHANNELS}
    table = BlockTable(heads, values)
    if any(block.aux is not None for block in blocks):
        return _with_aux(table, blocks)
    return table


def _with_aux(table: BlockTable, blocks: Sequence[RawBlock]) -> BlockTable:
    table = _without_values(table)
    widths = table.heads["p_width"] + table.heads["t_width"]
    offsets = _HEAD.itemsize + (table.heads["count"] - 1) * widths
    starts = table.starts
    for at, (block, offset) in enumerate(zip(blocks, offsets.tolist(), strict=True)):
        if block.aux is not None:
            width, shift, _first = RAW_AUX.struct.unpack_from(block.payload, offset)
            table.heads["aux_width"][at] = width
            table.heads["aux_shift"][at] = shift
            table.values[AUX][starts[at] : starts[at] + block.count] = block.aux
    return table


def _without_values(table: BlockTable) -> BlockTable:
    """The same with a channel of a second sensor that says nothing; as it is if it has one."""
    if AUX in table.values:
        return table
    blocks = len(table.heads["count"])
    samples = int(table.heads["count"].sum())
    return BlockTable(
        table.heads | {name: np.zeros(blocks, np.int64) for name in _AUX_FIELDS},
        table.values | {AUX: np.full(samples, NO_AUX, np.int32)},
    )


def joined(tables: Sequence[BlockTable]) -> BlockTable:
    """Tables in order as one (at least one)."""
    if len(tables) == 1:
        return tables[0]
    if any(AUX in table.values for table in tables):
        tables = [_without_values(table) for table in tables]
    return BlockTable(
        {name: np.concatenate([table.heads[name] for table in tables]) for name in tables[0].heads},
        {
            name: np.concatenate([table.values[name] for table in tables])
            for name in tables[0].values
        },
    )


def payloads(table: BlockTable) -> list[bytes]:
    """Every block's RAW payload, to the byte as it was received."""
    heads = np.zeros(len(table.heads["count"]), _HEAD)
    for name, column in table.heads.items():
        if name != "device_ms" and name not in _AUX_FIELDS:
            heads[name] = column
    heads["wraps"], heads["ms"] = np.divmod(table.heads["device_ms"], MS_PER_WRAP)
    starts = table.starts
    for channel in CHANNELS:
        heads[channel] = table.values[channel][starts]
    found = [b""] * len(heads)
    for members in _alike(table):
        rows = np.array(members)
        tails = [heads[rows].view(np.uint8).reshape(len(rows), -1)]
        for channel, prefix in CHANNELS.items():
            tails.append(_differences(table, rows, starts[rows], channel, prefix))
        if heads["t_shift"][rows[0]] & RAW_HAS_AUX:
            tails += _aux_tail(table, rows, starts[rows])
        for at, row in zip(members, np.concatenate(tails, axis=1), strict=True):
            found[at] = row.tobytes()
    return found


def _alike(table: BlockTable) -> list[list[int]]:
    """Blocks in groups of one shape: as many samples, differences as wide."""
    prefixes = [*CHANNELS.values(), *([AUX] if AUX in table.values else [])]
    shape = ["count", *(f"{prefix}_{what}" for prefix in prefixes for what in _SHAPE)]
    groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
    columns = [table.heads[name].tolist() for name in shape]
    for at, key in enumerate(zip(*columns, strict=True)):
        groups[key].append(at)
    return list(groups.values())


_SHAPE = ("width", "shift")


def _aux_tail(
    table: BlockTable, rows: NDArray[np.intp], starts: Int64Array
) -> list[NDArray[np.uint8]]:
    """RAW_AUX and its differences, a row for each of the blocks `rows`, all alike."""
    head = np.zeros(len(rows), _AUX_HEAD)
    head["width"] = table.heads["aux_width"][rows]
    head["shift"] = table.heads["aux_shift"][rows]
    head["aux"] = table.values[AUX][starts]
    octets = head.view(np.uint8).reshape(len(rows), -1)
    return [octets, _differences(table, rows, starts, AUX, AUX)]


def _differences(
    table: BlockTable, rows: NDArray[np.intp], starts: Int64Array, channel: str, prefix: str
) -> NDArray[np.uint8]:
    """The bytes of one channel's differences, a row for each of the blocks `rows`, all alike."""
    count, width, shift = (
        int(table.heads[name][rows[0]]) for name in ("count", f"{prefix}_width", f"{prefix}_shift")
    )
    if not width or count == 1:
        return np.empty((len(rows), 0), np.uint8)
    inside = starts[:, None] + np.arange(count)
    values = table.values[channel].astype(np.int64)[inside]
    differences = (values[:, 1:] - values[:, :1]) >> (shift & ~RAW_HAS_AUX)
    octets: NDArray[np.uint8] = differences.astype(_DIFFERENCE[width]).view(np.uint8)
    return octets.reshape(len(rows), -1)


def part(table: BlockTable, low: int, high: int) -> BlockTable:
    """Blocks low … high − 1 of a table."""
    starts = np.append(table.starts, table.heads["count"].sum())[[low, high]]
    return BlockTable(
        {name: column[low:high] for name, column in table.heads.items()},
        {name: values[starts[0] : starts[1]] for name, values in table.values.items()},
    )
