"""A spooled record as the host sees it: checked, header and body by name.

The layouts are those of `hullwatch.link.recordkinds`. A kind or version this host does not know
is kept (its bytes are what counts) and has an empty body.
"""

from __future__ import annotations

import binascii
import struct
from dataclasses import dataclass

from hullwatch.errors import ProtocolError
from hullwatch.link.devicetime import device_ms
from hullwatch.link.recordkinds import HEADER, KIND_BY_ID, RECORD_BYTES

_CRC = struct.Struct("<I")
_BODY_END = RECORD_BYTES - _CRC.size


@dataclass(frozen=True, slots=True)
class Record:
    """One record: header fields, `name` of its kind ("" = unknown), body values by field name."""

    data: bytes
    number: int
    epoch: int
    boot: int
    kind: int
    version: int
    device_ms: int
    flags: int
    name: str
    body: dict[str, object]

    def integer(self, field: str) -> int:
        """A body value that is a number; KeyError for a field the layout does not have."""
        value = self.body[field]
        if not isinstance(value, int):
            raise TypeError(f"{field} is no integer")
        return value

    def text(self, field: str) -> str:
        """A body value that is zero-padded UTF-8; bytes that are not UTF-8 become U+FFFD."""
        value = self.body[field]
        if not isinstance(value, bytes):
            raise TypeError(f"{field} is no text")
        return value.split(b"\0", 1)[0].decode(errors="replace")


def parse(data: bytes) -> Record:
    """A record from its RECORD_BYTES bytes; ProtocolError when length or CRC is wrong."""
    if len(data) != RECORD_BYTES:
        raise ProtocolError(
            f"a record of {len(data)} bytes; records have {RECORD_BYTES}",
            "firmware and host disagree about the layout; run: hullwatch nodes",
        )
    if binascii.crc32(data[:_BODY_END]) != _CRC.unpack_from(data, _BODY_END)[0]:
        raise ProtocolError(
            "a record whose CRC is wrong", "it was damaged on the node's flash before it was sent"
        )
    number, epoch, boot, kind, version, wraps, ms, flags = HEADER.unpack_from(data)
    layout = KIND_BY_ID.get((kind, version))
    return Record(
        data=bytes(data),
        number=number,
        epoch=epoch,
        boot=boot,
        kind=kind,
        version=version,
        device_ms=device_ms(wraps, ms),
        flags=flags,
        name=layout.name if layout else "",
        body=layout.unpack(data) if layout else {},
    )
