"""A block device in a file: the flash of the simulated board, geometry as on the Pico."""

from hullcore.compat import const

_BLOCK = const(4096)
_BLOCKS = const(352)  # 1408 KiB, the file system of a Pico


class BlockFile:
    """The extended block-device interface that littlefs needs."""

    def __init__(self, path: str) -> None:
        try:
            self._f = open(path, "r+b")
        except OSError:
            self._f = open(path, "w+b")
            for _ in range(_BLOCKS):
                self._f.write(b"\xff" * _BLOCK)
            self._f.flush()
        self._blocks = self._f.seek(0, 2) // _BLOCK

    def readblocks(self, block: int, buffer: bytearray, offset: int = 0) -> None:
        """Read into `buffer` from a block, at an offset in it."""
        self._f.seek(block * _BLOCK + offset)
        buffer[:] = self._f.read(len(buffer))

    def writeblocks(self, block: int, buffer: bytes, offset: int = 0) -> None:
        """Program bytes at an offset in a block that was erased before."""
        self._f.seek(block * _BLOCK + offset)
        self._f.write(buffer)

    def ioctl(self, op: int, arg: int) -> int:
        """3 sync, 4 block count, 5 block size, 6 erase a block."""
        if op == 3:
            self._f.flush()
        elif op == 4:
            return self._blocks
        elif op == 5:
            return _BLOCK
        elif op == 6:
            self._f.seek(arg * _BLOCK)
            self._f.write(b"\xff" * _BLOCK)
        return 0
