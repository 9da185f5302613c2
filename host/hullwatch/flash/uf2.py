"""UF2 files: whether one is whole, and for which chip it is.

UF2 file format specification (Microsoft): blocks of 512 bytes; magic words at 0, 4 and 508, flags
at 8, target address at 12, payload size at 16, block number at 20, number of blocks at 24, family
id at 28 when flag 0x2000 is set. Family ids: RP2040 data sheet 2.8.4.2, RP2350 data sheet 5.5.3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from hullwatch.flash.errors import WrongImage

BLOCK = 512
RP2040 = 0xE48BFF56
RP2350_ARM = 0xE48BFF59
RP2350_RISCV = 0xE48BFF5A
ABSOLUTE = 0xE48BFF57
"""One such block may precede an RP2350 image: a work-around for erratum E10, for no chip alone."""

CHIPS = {RP2040: "RP2040", RP2350_ARM: "RP2350", RP2350_RISCV: "RP2350"}

_MAGIC = (0x0A324655, 0x9E5D5157)
_MAGIC_END = 0x0AB16F30
_HAS_FAMILY = 0x2000
_NOT_FLASH = 0x0001
_PAYLOAD = 256  # the boot ROMs take no other size
_FLASH = range(0x10000000, 0x11000000)
_HEAD = struct.Struct("<8I")


@dataclass(frozen=True)
class Uf2:
    """A checked file: `chip` is RP2040 or RP2350, `payload_bytes` what it writes to flash."""

    path: Path
    chip: str
    blocks: int
    payload_bytes: int


def load(path: Path) -> Uf2:
    """Check a whole file. WrongImage says which block breaks what."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WrongImage(f"{path}: {error.strerror}", "name a .uf2 file") from error
    if not data or len(data) % BLOCK:
        raise _wrong(path, f"{len(data)} bytes are no whole number of {BLOCK}-byte blocks")
    seen: dict[int, tuple[int, int]] = {}
    for index in range(len(data) // BLOCK):
        family, number, total = _block(path, index, data[index * BLOCK : (index + 1) * BLOCK])
        expected = seen.get(family, (0, total))
        if (number, total) != expected:
            raise _wrong(
                path, f"block {index} is number {number} of {total}, expected {expected[0]} of "
                f"{expected[1]}: the file is damaged or cut",
            )  # fmt: skip
        seen[family] = (number + 1, total)
    for family, (count, total) in seen.items():
        if count != total and family != ABSOLUTE:
            raise _wrong(path, f"{count} of {total} blocks: the file was cut short")
    chips = {CHIPS[family] for family in seen if family in CHIPS}
    if len(chips) != 1:
        raise _wrong(path, "for no chip of ours" if not chips else "for several chips")
    blocks = sum(count for family, (count, _) in seen.items() if family in CHIPS)
    return Uf2(path, chips.pop(), blocks, blocks * _PAYLOAD)


def _block(path: Path, index: int, block: bytes) -> tuple[int, int, int]:
    """(family, number, total) of one block; WrongImage."""
    start0, start1, flags, address, size, number, total, family = _HEAD.unpack_from(block)
    (end,) = struct.unpack_from("<I", block, BLOCK - 4)
    if (start0, start1) != _MAGIC or end != _MAGIC_END:
        raise _wrong(path, "not a UF2 file" if not index else f"block {index} is damaged")
    if not flags & _HAS_FAMILY:
        raise _wrong(path, f"block {index} names no family of chips")
    if family not in CHIPS and family != ABSOLUTE:
        raise _wrong(path, f"family {family:#010x} is neither RP2040 nor RP2350")
    if size != _PAYLOAD or address % _PAYLOAD or address not in _FLASH or flags & _NOT_FLASH:
        raise _wrong(path, f"block {index} writes {size} bytes to {address:#010x}: not to flash")
    return family, number, total


def _wrong(path: Path, what: str) -> WrongImage:
    return WrongImage(
        f"{path}: {what}", "download the .uf2 for your board from micropython.org/download"
    )
