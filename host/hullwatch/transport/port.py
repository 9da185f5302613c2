"""What a port to a node offers, whatever it is made of."""

from __future__ import annotations

from typing import Protocol

READ_LIMIT = 1 << 16
"""Bytes at most from one read."""

WRITE_TIMEOUT_S = 2.0
"""Longest wait for a node to take what is sent; its longest known stall (flash erase) is 0.15 s."""


class Port(Protocol):
    """An open, exclusively held byte stream to one node. Not for use by two threads at once.

    Close it with `contextlib.closing`; a lost port stays lost, a new one has to be opened.
    """

    @property
    def name(self) -> str:
        """Path or URL it was opened by."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """All bytes that are there, at most READ_LIMIT; waits up to `timeout_s` for the first.

        b"" when none came in time. Raises PortLost.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send all of `data`. Raises PortLost, WriteStalled when the node does not take it."""
        ...

    def close(self) -> None:
        """Give the port back; does nothing the second time."""
        ...
