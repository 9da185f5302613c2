"""Raw blocks on the flash: one page of 4096 bytes a file, the oldest given up first.

A page: boot, index of the first block, blocks, first sample, sample after the last, CRC-32 of the
blocks, then the blocks with a length byte each. All blocks of a page are of one boot.
"""

import binascii
import struct

from hullcore.compat import const

_HEAD = "<IIHQQI"
_HEAD_BYTES = const(30)
_CHUNK = const(512)


def load_head(files, path: str, whole: bool) -> "tuple | None":
    """(boot, first sample, end, index, blocks) of a page, else None; `whole`: its CRC is right."""
    try:
        f = files.open(path, "rb")
    except OSError:
        return None
    try:
        data = f.read(_HEAD_BYTES)
        if len(data) < _HEAD_BYTES:
            return None
        boot, index, blocks, first, end, crc = struct.unpack(_HEAD, data)
        seen = 0
        data = f.read(_CHUNK) if whole else b""
        while data:
            seen = binascii.crc32(data, seen)
            data = f.read(_CHUNK)
    except OSError:
        return None
    finally:
        f.close()
    return (boot, first, end, index, blocks) if not whole or (seen == crc and blocks) else None


class RawPages:
    """`head` is (boot, first sample, end, index, blocks) of the oldest page; `count` pages are
    held, the `first`-th and those after it; the last one is whole (hullnode.spoolstart has seen to
    it). `next` is the index after the last block of all.
    """

    def __init__(self, files, folder: str, most: int, first: int, count: int) -> None:
        self._files = files
        self._folder = folder
        self._most = most
        self._removed = first  # pages below are gone, those up to `first` are to go
        self.first = first
        self.count = count
        self.head = (0, 0, 0, 0, 0)
        self.next = 0
        self._page = -1  # where `get` was last
        self._index = self._past = 0
        self._sound = True
        self._at = _HEAD_BYTES
        if count:
            last = self._load(first + count - 1, True) or self.head
            self.next = last[3] + last[4]
        while self.count and not self._look():
            self._pass()

    def _look(self) -> bool:
        """Read the head of the oldest page; False when the page is damaged."""
        head = self._load(self.first, True)
        if head is None:
            return False
        self.head = head
        return True

    @property
    def oldest(self) -> int:
        """Index of the oldest block held."""
        return self.head[3]

    def _path(self, page: int) -> str:
        return "%s/%08x" % (self._folder, page)

    def _load(self, page: int, whole: bool) -> "tuple | None":
        return load_head(self._files, self._path(page), whole)

    # --- reading -----------------------------------------------------------------------------

    def get(self, index: int) -> bytes:
        """Payload of a block; b"" when its page is damaged or gone."""
        if not self._find(index):
            return b""
        try:
            f = self._files.open(self._path(self._page), "rb")
            try:
                return self._walk(f, index)
            finally:
                f.close()
        except OSError:
            return b""

    def _walk(self, f, index: int) -> bytes:
        while True:
            f.seek(self._at)
            n = f.read(1)[0]
            self._at += 1 + n
            self._index += 1
            if self._index > index:
                return f.read(n)

    def _find(self, index: int) -> bool:
        """Make the page that holds a block the current one, at or before that block."""
        if self._page >= self.first and self._index <= index < self._past:
            return self._sound
        low, high = self.first, self.first + self.count - 1
        if self._page >= self.first and index == self._past:
            low = high = min(self._page + 1, high)  # in order, as blocks are sent
        while low < high:
            middle = (low + high + 1) // 2
            head = self._load(middle, False)
            if head is not None and head[3] <= index:
                low = middle
            else:
                high = middle - 1
        head = self._load(low, False)
        if head is None or not head[3] <= index < head[3] + head[4]:
            return False
        self._page = low
        self._index = head[3]
        self._past = head[3] + head[4]
        self._at = _HEAD_BYTES
        self._sound = self._load(low, True) is not None
        return self._sound

    # --- writing -----------------------------------------------------------------------------

    def full(self) -> bool:
        """Whether the next page needs the place of the oldest."""
        return self.count >= self._most

    def write(self, head: tuple, entries: memoryview, rest: memoryview) -> None:
        """One more page with this head; OSError when it cannot be written.

        `entries`, then `rest`, are blocks with a length byte each.
        """
        boot, first, end, index, blocks = head
        crc = binascii.crc32(rest, binascii.crc32(entries))
        f = self._files.open(self._path(self.first + self.count), "wb")
        try:
            f.write(struct.pack(_HEAD, boot, index, blocks, first, end, crc))
            f.write(entries)
            if rest:
                f.write(rest)
        finally:
            f.close()
        if not self.count:
            self.head = head
        self.count += 1
        self.next = index + blocks

    def done(self) -> None:
        """The oldest page is not needed any more; `sweep` removes it from the flash."""
        self._pass()
        while self.count and not self._look():
            self._pass()

    def _pass(self) -> None:
        self.first += 1
        self.count -= 1

    def drop(self) -> int:
        """Remove the oldest page for good; returns how many blocks it had."""
        blocks = self.head[4]
        self.done()
        self.sweep()
        return blocks

    def sweep(self) -> bool:
        """Remove one page that is done; whether there was one."""
        if self._removed == self.first:
            return False
        try:
            self._files.remove(self._path(self._removed))
        except OSError:
            pass  # not there
        self._removed += 1
        return True
