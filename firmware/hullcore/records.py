"""Records of fixed size: header, body, padding, CRC-32. Builders of the common kinds.

`hullcore.morerecords` has the others.
"""

import binascii
import struct

from hullcore.fields import pack_checked
from hullcore.messages import (
    EVENT_BODY,
    EVENT_VERSION,
    KIND_EVENT,
    KIND_WINDOW,
    RECORD_BYTES,
    RECORD_HEADER,
    WINDOW_BODY,
    WINDOW_VERSION,
)


def seal(head: tuple, layout: str, values: tuple) -> bytes:
    """A record from header and body values, with padding and CRC; FieldRange for what fits not."""
    data = pack_checked(RECORD_HEADER, head) + pack_checked(layout, values)
    data += bytes(RECORD_BYTES - 4 - len(data))
    return data + struct.pack("<I", binascii.crc32(data))


def intact(record: bytes) -> bool:
    """Whether length and CRC of a record are right."""
    if len(record) != RECORD_BYTES:
        return False
    body = record[: RECORD_BYTES - 4]
    return binascii.crc32(body) == struct.unpack_from("<I", record, RECORD_BYTES - 4)[0]


class RecordStamp:
    """What every record header says of its origin: epoch, boot, and the next record number."""

    def __init__(self, epoch: int, boot: int, number: int = 0) -> None:
        self.epoch = epoch
        self.boot = boot
        self.number = number

    def head(self, kind: int, version: int, wraps: int, ms: int, flags: int) -> tuple:
        """Header values of the record about to be appended."""
        return (self.number, self.epoch, self.boot, kind, version, wraps, ms, flags)


def window_record(stamp: RecordStamp, wraps: int, ms: int, flags: int, body: tuple) -> bytes:
    """A WINDOW record from `hullcore.measurement.window_body`."""
    return seal(stamp.head(KIND_WINDOW, WINDOW_VERSION, wraps, ms, flags), WINDOW_BODY, body)


def event_record(
    stamp: RecordStamp, wraps: int, ms: int, event: int, a: int, b: int, c: int, text: str
) -> bytes:
    """An EVENT record; `event` is an EVENT_ constant (severity in its bits 12…13)."""
    body = (event & 0xFFF, event >> 12, a, b, c, text.encode()[:64])
    return seal(stamp.head(KIND_EVENT, EVENT_VERSION, wraps, ms, 0), EVENT_BODY, body)
