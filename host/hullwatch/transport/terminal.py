"""This terminal joined to a board's console, key by key."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from types import TracebackType

from hullwatch.transport.opening import open_patiently
from hullwatch.transport.port import Port

LEAVE = b"\x1d"
"""Ctrl-], as in telnet and mpremote."""

_CHUNK = 1024
_READ_S = 0.02


class Terminal:
    """Owns port and terminal from entering to leaving the block; the terminal is restored.

    `inside` and `outside` are descriptors of the keyboard and the screen.
    """

    def __init__(self, device: str, inside: int | None = None, outside: int | None = None) -> None:
        self._device = device
        self._in = sys.stdin.fileno() if inside is None else inside
        self._out = sys.stdout.fileno() if outside is None else outside
        self._port: Port | None = None
        self._before: list[int | list[bytes | int]] = []

    def __enter__(self) -> Terminal:
        self._port = open_patiently(self._device)
        self._before = termios.tcgetattr(self._in)
        tty.setraw(self._in)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        termios.tcsetattr(self._in, termios.TCSADRAIN, self._before)
        os.write(self._out, b"\r\n")
        if self._port is not None:
            self._port.close()

    def run(self) -> None:
        """Carry keys and characters until Ctrl-] or the end of input. Raises PortLost."""
        port = self._port
        assert port is not None
        port.write(b"\r")  # a prompt to begin with
        while True:
            shown = port.read(_READ_S)
            while shown:
                shown = shown[os.write(self._out, shown) :]
            if select.select([self._in], [], [], 0)[0]:
                keys = os.read(self._in, _CHUNK)
                typed, leave, _ = keys.partition(LEAVE)
                if typed:
                    port.write(typed)
                if leave or not keys:
                    return
