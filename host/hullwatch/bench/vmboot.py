"""What a Pico does before main.py, for the MicroPython VM of the `mpy` bench; runs on that VM.

The file system is a littlefs image in a file, HULLWATCH_IMAGE, geometry as on the Pico. One that
cannot be mounted is made anew, as rp2's own boot script does. Then main.py runs where it lies, and
after it the REPL, with the parts of `machine` that a REPL session needs.
"""

import os
import sys

import vfs

_BLOCK = 4096
_BLOCKS = 352  # 1408 KiB, the file system of a Pico
ROOT = "/fs"


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


class Machine:
    """`machine` as far as flashing a board needs it."""

    def unique_id(self) -> bytes:
        """The id that the firmware's board gives, too."""
        return bytes.fromhex(os.getenv("HULLWATCH_UID"))

    def reset(self) -> None:
        """End the VM as a chip resets, in the middle of everything; the bench starts it again."""
        os.system("kill -9 $PPID")


def mount() -> None:
    """Mount the image and make it the working folder, with modules looked for there alone."""
    device = BlockFile(os.getenv("HULLWATCH_IMAGE"))
    try:
        vfs.mount(device, ROOT)
    except OSError:
        vfs.VfsLfs2.mkfs(device)
        vfs.mount(device, ROOT)
    os.chdir(ROOT)
    sys.path[:] = ["", ".frozen"]
    sys.modules["machine"] = Machine()


def main_text() -> str:
    """The text of main.py, empty without one."""
    try:
        with open("main.py") as f:
            return f.read()
    except OSError:
        return ""


mount()
exec(compile(main_text(), "main.py", "exec"))
