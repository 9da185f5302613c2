"""Whether a node is who it says it is: nothing is stored under the name of another."""

from __future__ import annotations

import re

from hullwatch.errors import Impostor
from hullwatch.link.events import Hello
from hullwatch.store.writer import Store

_UNIQUE_ID = re.compile(r"[0-9a-fA-F]{16}")
"""USB serial numbers of MicroPython boards: their 8-byte unique id. Others say nothing here."""

UNCOUNTED = 1 << 31
"""Boot numbers from here on are random: the node could not store its counter."""


def check_usb(hello: Hello, usb_serial: str) -> None:
    """Raise Impostor when the USB serial number of the port is another board's id."""
    if _UNIQUE_ID.fullmatch(usb_serial) and usb_serial.lower() != hello.uid:
        raise Impostor(
            f"the node says it is {hello.uid}, but the board on the port is {usb_serial.lower()}",
            "nothing was stored; flash the board anew if it got another board's files",
        )


def check_boot(hello: Hello, store: Store) -> None:
    """Raise Impostor when the node is in an earlier boot than the store has already seen."""
    boot, epoch = hello.number("boot"), hello.number("epoch")
    newest = store.newest_boot(hello.uid, epoch, UNCOUNTED)
    if boot < newest:
        raise Impostor(
            f"the node says it is {hello.uid} in boot {boot}, which was in boot {newest} before",
            "two boards with one id, or an old copy of its files; nothing was stored",
        )
