"""Whether a .mpy file is whole; MicroPython loads one that ends early for ever, deaf to Ctrl-C.

Format: MicroPython's docs/reference/mpyfiles.rst, version 6; py/persistentcode.c reads it.
"""

from __future__ import annotations

_HEADER_BYTES = 4
_PLAIN = range(5)  # function table, None, False, True, ...
_STR, _BYTES = 5, 6  # with a zero behind them
_TUPLE = 10


def is_whole(data: bytes) -> bool:
    """Whether bytecode (no machine code) of format 6 ends exactly where it says it does."""
    walk = _Walk(data)
    try:
        names, objects = walk.number(), walk.number()
        for _ in range(names):
            walk.name()
        for _ in range(objects):
            walk.object()
        walk.code()
    except (IndexError, RecursionError):
        return False
    return walk.at == len(data)


class _Walk:
    """Goes over the parts of a file; IndexError where it ends before."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = _HEADER_BYTES

    def number(self) -> int:
        """Seven bits a byte, the last one below 128."""
        value = 0
        while True:
            byte = self._data[self.at]
            self.at += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value

    def _skip(self, size: int) -> None:
        if size > len(self._data) - self.at:
            raise IndexError
        self.at += size

    def name(self) -> None:
        """An interned string: a number of one that every MicroPython has, or its text and 0."""
        size = self.number()
        if not size & 1:
            self._skip((size >> 1) + 1)

    def object(self) -> None:
        """A constant."""
        kind = self._data[self.at]
        self.at += 1
        if kind in _PLAIN:
            return
        size = self.number()
        if kind == _TUPLE:
            for _ in range(size):
                self.object()
        else:
            self._skip(size + (kind in (_STR, _BYTES)))

    def code(self) -> None:
        """A function's bytecode, then those inside it."""
        head = self.number()
        self._skip(head >> 3)
        if head & 4:
            for _ in range(self.number()):
                self.code()
