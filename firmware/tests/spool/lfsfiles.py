"""A littlefs as the chip's MicroPython makes it, behind the interface of `hullnode.files.Files`.

Every program and erase of the flash is written down, so that a power cut after any of them, or in
the middle of one, can be played back.
"""

import io

from littlefs import LittleFS, LittleFSError, UserContext

BLOCK = 4096


class Journal(UserContext):
    """A flash that keeps what was done to it: (block, offset, bytes programmed, None: erased)."""

    def __init__(self, image):
        super().__init__(buffer=bytearray(image))
        self.steps = []
        self.erases = 0

    def prog(self, cfg, block, off, data):
        self.steps.append((block, off, bytes(data)))
        return super().prog(cfg, block, off, data)

    def erase(self, cfg, block):
        self.erases += 1
        self.steps.append((block, 0, None))
        at = block * BLOCK
        self.buffer[at : at + BLOCK] = b"\xff" * BLOCK
        return 0


def _told(call, *values):
    """The result of a call, its errors those of a port of MicroPython."""
    try:
        return call(*values)
    except LittleFSError as error:
        raise OSError(-error.code, str(error)) from error


class LfsFiles:
    """Files of a mounted image; `flash.steps` grows with every change."""

    def __init__(self, image=None, blocks=352):
        self.flash = Journal(image if image is not None else b"\xff" * (BLOCK * blocks))
        self.fs = LittleFS(
            context=self.flash, mount=False, block_size=BLOCK,
            block_count=len(self.flash.buffer) // BLOCK, read_size=32, prog_size=256,
            cache_size=1024, lookahead_size=32, block_cycles=100, disk_version=0x00020000,
        )  # fmt: skip
        if image is None:
            self.fs.format()
        self.fs.mount()

    def open(self, path, mode="r"):
        raw = _told(self.fs.open, path, mode.replace("b", "") + "b", 0)
        return _Bytes(raw) if "b" in mode else io.TextIOWrapper(_Bytes(raw), write_through=True)

    def remove(self, path):
        _told(self.fs.remove, path)

    def listdir(self, path):
        return _told(self.fs.listdir, path)

    def mkdir(self, path):
        _told(self.fs.mkdir, path)

    def statvfs(self, path):
        blocks = self.fs.block_count
        free = blocks - self.fs.used_block_count
        return (BLOCK, BLOCK, blocks, free, free, 0, 0, 0, 0, 255)


class _Bytes(io.RawIOBase):
    """One open file, unbuffered."""

    def __init__(self, raw):
        self._raw = raw

    def readable(self):
        return True

    def writable(self):
        return True

    def seekable(self):
        return True

    def readinto(self, buffer):
        return _told(self._raw.readinto, buffer)

    def write(self, data):
        return _told(self._raw.write, bytes(data))

    def seek(self, at, whence=0):
        return _told(self._raw.seek, at, whence)

    def tell(self):
        return self._raw.tell()

    def close(self):
        if not self.closed:
            super().close()
            _told(self._raw.close)
