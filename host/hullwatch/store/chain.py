"""Hash chains: a later change or loss of records or raw blocks shows, with its position.

Each spool's records and each boot's raw blocks form a chain in the order of their commit:
``chain[k] = SHA-256(chain[k−1] ‖ content[k])``, from a value that names the stream. The content is
what was received, so a chain survives packing. Whoever can write the file can also write a new
chain: proof against that is a head that was printed or sent elsewhere at the time.
"""

from __future__ import annotations

import struct
from hashlib import sha256

_ORIGIN = "hullwatch chain 1"
_RECEIVED = struct.Struct("<q")


def genesis(stream: str, node: str, epoch: int, boot: int) -> bytes:
    """The value before the first link of a stream (`hullwatch.store.ranges.Stream`)."""
    return sha256(f"{_ORIGIN}\n{stream}\n{node}\n{epoch}\n{boot}\n".encode()).digest()


def after(head: bytes, content: bytes) -> bytes:
    """The value after one more link."""
    return sha256(head + content).digest()


def record_content(received_utc_us: int, data: bytes) -> bytes:
    """What a record's link covers: when the host got it (int64, little-endian), and its bytes.

    A raw block's link covers its payload.
    """
    return _RECEIVED.pack(received_utc_us) + data
