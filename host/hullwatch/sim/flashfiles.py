"""The file system of a simulated node, with the power cut at any operation.

What is written counts when the file is closed, as on littlefs; a cut then leaves the file as it
was, or, on a file system that is not as careful, with the first bytes of what was being written.
Geometry of a Pico's: 352 blocks of 4 KiB, of which the firmware takes 110.
"""

from __future__ import annotations

import errno
import io
from collections.abc import Callable

BLOCK = 4096
BLOCKS = 352
FIRMWARE_BLOCKS = 110
"""Taken by the node's files, settings and folders; each file of more than 512 bytes takes whole
blocks."""


def _atomic(_n: int) -> int:
    return -1


class PowerCut(BaseException):
    """The power went away in the middle of an operation."""


class FlashFiles:
    """See `hullnode.files.Files`; `content` is what a cut leaves, by path.

    `operations` counts what has changed the flash. `cut_at`: the operation, counted from now, that
    is cut, and `torn(n)`: how many of its n bytes come on the flash (−1, as always by default: the
    file stays as it was).
    """

    def __init__(self, blocks: int = BLOCKS) -> None:
        self.content: dict[str, bytes] = {}
        self.operations = 0
        self.blocks = blocks
        self._left = -1
        self._torn: Callable[[int], int] = _atomic
        self._dead = False

    def cut_at(self, operation: int, torn: Callable[[int], int] = _atomic) -> None:
        """Cut the power in the `operation`-th change from now, 0 being the next."""
        self._left = operation
        self._torn = torn

    def power_on(self) -> None:
        """The node starts again with what is left."""
        self._dead = False
        self._left = -1

    def wipe(self) -> None:
        """As the boot script of the port does with a file system it cannot mount."""
        self.content.clear()

    def _change(self) -> bool:
        """Count one change; True when it is the one that is cut."""
        if self._dead:
            raise PowerCut
        self.operations += 1
        self._left -= 1
        if self._left == -1:
            self._dead = True
            return True
        self._left = max(self._left, -2)
        return False

    def open(self, path: str, mode: str = "r") -> io.IOBase:
        """A file; OSError when it is not there."""
        if self._dead:
            raise PowerCut
        reads = mode.rstrip("b") == "r"
        if mode.startswith("r") and path not in self.content:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        if not mode.startswith("r") and path not in self.content:
            if self._change():
                raise PowerCut
            self.content[path] = b""
        old = b"" if mode.startswith("w") else self.content[path]
        raw = _Open(self, path, old, writable=not reads, truncated=mode.startswith("w"))
        return raw if "b" in mode else io.TextIOWrapper(raw, "utf-8", write_through=True)

    def commit(self, path: str, data: bytes, truncated: bool) -> None:
        """A written file is closed; `truncated`: it was empty when it was opened."""
        if self._dead:
            return  # what a program would do after the cut
        old = self.content.get(path, b"")
        if old == data:
            return
        if self._change():
            same = 0 if truncated else _same(old, data)
            kept = self._torn(len(data) - same)
            if kept >= 0:
                end = same + kept
                self.content[path] = data[:end] + (b"" if truncated else old[end:])
            raise PowerCut
        if self.used_blocks() - _blocks(old) + _blocks(data) > self.blocks:
            raise OSError(errno.ENOSPC, "no space left", path)
        self.content[path] = data

    def used_blocks(self) -> int:
        """Blocks taken by the firmware and all files."""
        return FIRMWARE_BLOCKS + sum(_blocks(data) for data in self.content.values())

    def remove(self, path: str) -> None:
        """Remove a file; OSError when it is not there."""
        if path not in self.content:
            raise FileNotFoundError(errno.ENOENT, "no such file", path)
        if self._change():
            raise PowerCut
        del self.content[path]

    def listdir(self, path: str) -> list[str]:
        """Names in a folder; OSError when there is none."""
        if f"{path}/" not in self.content:
            raise FileNotFoundError(errno.ENOENT, "no such folder", path)
        head = f"{path}/"
        return [
            name[len(head) :] for name in self.content if name.startswith(head) and name != head
        ]

    def mkdir(self, path: str) -> None:
        """Make a folder."""
        if self._change():
            raise PowerCut
        self.content[f"{path}/"] = b""

    def statvfs(self, path: str) -> tuple[int, ...]:
        """Block size, fragment size, blocks, free blocks, and as `os.statvfs` goes on."""
        free = max(self.blocks - self.used_blocks(), 0)
        return (BLOCK, BLOCK, self.blocks, free, free, 0, 0, 0, 0, 255)


def _same(old: bytes, new: bytes) -> int:
    """Bytes that both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((k for k, (a, b) in pairs if a != b), min(len(old), len(new)))


def _blocks(data: bytes) -> int:
    """Blocks of a file: littlefs keeps small ones beside their names."""
    return -(-len(data) // BLOCK) if len(data) > BLOCK // 8 else 0


class _Open(io.BytesIO):
    """An open file; nothing of it lasts before it is closed."""

    def __init__(
        self, files: FlashFiles, path: str, data: bytes, writable: bool, truncated: bool
    ) -> None:
        super().__init__(data)
        self._files = files
        self._path = path
        self._writable = writable
        self._truncated = truncated

    def close(self) -> None:
        """Commit what was written."""
        if self.closed:
            return
        data = self.getvalue()
        super().close()
        if self._writable:
            self._files.commit(self._path, data, self._truncated)
