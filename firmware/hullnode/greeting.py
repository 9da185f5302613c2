"""What a node says of itself when a host asks who it is. Forgotten until the next one asks."""

import struct

from hullcore import VERSION
from hullcore.compat import const
from hullcore.messages import HELLO, HELLO_FORMAT, PROTOCOL_VERSION

_FLASH_SPOOL = const(1)  # bits of HELLO.capabilities
_OUTPUTS = const(6)  # outputs, test programs


def hello(node, board, core_hash: bytes, config_record: int) -> tuple:
    """(message id, payload) that answers WHO."""
    clock = node.clock
    stamp = node.stamp
    spool = node.spool
    clock.poll()
    major, minor, patch = [int(part) for part in VERSION.split(".")]
    raw_boot, oldest_raw = node.ring.held_from()
    bits = (_FLASH_SPOOL if spool.flash else 0) | (_OUTPUTS if node.sequencer else 0)
    return HELLO, struct.pack(
        HELLO_FORMAT, PROTOCOL_VERSION, major, minor, patch, board.reset_cause, bits, board.uid,
        core_hash, stamp.boot, stamp.epoch, spool.oldest, spool.next, raw_boot, oldest_raw,
        node.owner.store, config_record, node.config.values["period_us"], clock.wraps, clock.ms,
        board.name.encode(),
    )  # fmt: skip
