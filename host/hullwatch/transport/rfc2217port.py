"""`rfc2217://HOST:PORT`: a serial server that also passes line settings (RFC 2217, ser2net)."""

from __future__ import annotations

import contextlib
import time

import serial

from hullwatch.errors import PortLost, PortMissing
from hullwatch.transport.port import READ_LIMIT

_SLICE_S = 0.01
"""pyserial renegotiates the whole port when its timeout is changed, so it waits in slices."""


class Rfc2217Port:
    """Such a connection as a port; see `port.Port`. A read may wait up to 10 ms longer."""

    def __init__(self, url: str, remote: serial.Serial) -> None:
        self.name = url
        self._remote = remote

    @classmethod
    def open(cls, url: str) -> Rfc2217Port:
        """Connect and negotiate. Raises PortMissing."""
        try:
            remote = serial.serial_for_url(url, timeout=_SLICE_S)
        except (OSError, ValueError) as error:
            raise PortMissing(
                f"{url}: no connection ({error})",
                "is the serial server running, with RFC 2217 enabled?",
            ) from error
        return cls(url, remote)

    def read(self, timeout_s: float) -> bytes:
        """All bytes that are there; waits up to `timeout_s` for the first. Raises PortLost."""
        deadline_s = time.monotonic() + timeout_s
        try:
            while True:
                data: bytes = self._remote.read(1)
                if data:
                    there = min(self._remote.in_waiting, READ_LIMIT - 1)
                    return data + bytes(self._remote.read(there)) if there else data
                if time.monotonic() >= deadline_s:
                    return b""
        except OSError as error:
            raise self._lost(error) from error

    def write(self, data: bytes) -> None:
        """Send all of `data`; pyserial gives up after 5 s. Raises PortLost."""
        try:
            self._remote.write(data)
        except OSError as error:
            raise self._lost(error) from error

    def close(self) -> None:
        """Give the port back; does nothing the second time."""
        with contextlib.suppress(OSError):
            if self._remote.is_open:
                self._remote.close()

    def _lost(self, error: OSError) -> PortLost:
        return PortLost(f"{self.name}: the connection ended ({error})")
