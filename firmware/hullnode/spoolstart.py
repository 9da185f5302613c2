"""Finds the spool on the flash again after a reset or a power cut at any byte; used once per boot.

The cursor (`hullnode.spoolcursor`) is written before the first number of a boot is given out, so
the numbers of a boot that synced nothing are not used twice: a host may have got them.
"""

import struct

from hullcore.compat import const
from hullcore.messages import EVENT_NEW_SPOOL, EVENT_NO_FLASH, EVENT_UNSYNCED, RECORD_BYTES
from hullcore.records import intact
from hullnode import spoolcursor, twocopies
from hullnode.rawpages import RawPages, load_head
from hullnode.spool import BUFFER, SEGMENT, Spool

_RECORDS = "/records"
_RAW = "/raw"
_LAST_NUMBER = const(0xEFFFFFFF)  # then a new epoch: the field ends at 2^32 − 2
_RESERVE = const(24)  # blocks left for an update of the firmware, settings, the crash log
_LARGEST = const(4096)  # blocks, where a file system is larger than any chip's
_BLOCK = const(4096)
_SEGMENT_BLOCKS = const(8)
_IO = const(5)


def open_spool(files, root: str, random32) -> tuple:
    """(spool, raw pages, events): as they were left, or new, or in RAM only on a bad flash.

    `events` are (event, a, b, c) to be told when the pipeline is there.
    """
    try:
        return _Recovery(files, root, random32).spool()
    except OSError as error:
        return ram_spool(random32, error.errno or _IO)


def ram_spool(random32, errno: int) -> tuple:
    """The same without flash: what is held is gone with the next reset."""
    spool = Spool(None, "", 0, random32(), 0, 0, -1, 0)
    return spool, None, [(EVENT_NO_FLASH, errno, 0, 0)]


def _numbered(files, folder: str) -> list:
    """Numbers of the files in a folder, ascending; the folder is made when it is missing."""
    try:
        names = files.listdir(folder)
    except OSError:
        files.mkdir(folder)
        return []
    return sorted([int(name, 16) for name in names if len(name) == 8])


class _Recovery:
    def __init__(self, files, root: str, random32) -> None:
        self._files = files
        self._root = root
        self._random32 = random32
        self._folder = root + _RECORDS
        self._segments = _numbered(files, self._folder)
        self._pages = _numbered(files, root + _RAW)
        used = len(self._segments) * _SEGMENT_BLOCKS + len(self._pages)
        stat = files.statvfs(root or "/")
        # a littlefs that is over-full counts its free blocks down from 2^32
        free = stat[3] * stat[0] // _BLOCK if stat[3] <= stat[2] else 0
        self._half = min(max(free + used - _RESERVE, 0), _LARGEST) // 2  # blocks for each of both

    def spool(self) -> tuple:
        """See `open_spool`; OSError of a flash that cannot be used."""
        most = max(2, self._half // _SEGMENT_BLOCKS)
        last, epoch = self._last()
        cursor, _, _ = twocopies.load(self._root, spoolcursor.FILE, self._files.open)
        if last < 0 or not _fits(cursor, epoch):
            return self._new(most)
        _, acked, base, clean = cursor
        resume = max(last + 1, base)
        told = []
        if not clean or base != last + 1:
            resume += BUFFER  # so many may have been given out, and a host may have them
            told.append((EVENT_UNSYNCED, last + 1, resume - 1, 0))
        if resume > _LAST_NUMBER:
            return self._new(most)
        oldest = self._segments[0] * SEGMENT
        acked = min(max(acked, oldest), resume)
        spool = Spool(
            self._files, self._folder, most, epoch, oldest, acked, self._segments[-1], resume
        )
        spoolcursor.save(self._files, self._root, spool, False)
        return spool, self._raw(), told

    def _raw(self) -> RawPages:
        """The pages in one row up to the newest whole one; what else there is, is removed."""
        folder = self._root + _RAW
        pages = self._pages
        while pages and load_head(self._files, "%s/%08x" % (folder, pages[-1]), True) is None:
            self._files.remove("%s/%08x" % (folder, pages.pop()))  # a page cut short
        count = 0
        while count < len(pages) and pages[-1 - count] == pages[-1] - count:
            count += 1
        for page in pages[: len(pages) - count]:
            self._files.remove("%s/%08x" % (folder, page))
        return RawPages(
            self._files, folder, self._half, pages[-1] - count + 1 if pages else 0, count
        )

    def _last(self) -> tuple:
        """(number, epoch) of the newest record that is whole, (−1, 0) without any."""
        while self._segments:
            segment = self._segments[-1]
            found = self._last_of(segment)
            if found is not None:
                return found
            self._files.remove("%s/%08x" % (self._folder, segment))  # a start cut short
            self._segments.pop()
        return (-1, 0)

    def _last_of(self, segment: int) -> "tuple | None":
        f = self._files.open("%s/%08x" % (self._folder, segment), "rb")
        try:
            for place in range(f.seek(0, 2) // RECORD_BYTES - 1, -1, -1):
                f.seek(place * RECORD_BYTES)
                record = f.read(RECORD_BYTES)
                if intact(record):
                    number, epoch = struct.unpack_from("<II", record)
                    if number == segment * SEGMENT + place:
                        return (number, epoch)
        finally:
            f.close()
        return None

    def _new(self, most: int) -> tuple:
        # from the oldest on: what a cut leaves still ends where the numbers ended
        for segment in self._segments:
            self._files.remove("%s/%08x" % (self._folder, segment))
        for page in self._pages:
            self._files.remove("%s%s/%08x" % (self._root, _RAW, page))
        self._pages = []
        spool = Spool(self._files, self._folder, most, self._random32(), 0, 0, -1, 0)
        spoolcursor.save(self._files, self._root, spool, False)
        spool.urgent = True  # an epoch is found again by its records
        return spool, self._raw(), [(EVENT_NEW_SPOOL, len(self._segments) * SEGMENT, 0, 0)]


def _fits(cursor, epoch: int) -> bool:
    """Whether a cursor was read, and belongs to this spool."""
    return isinstance(cursor, list) and len(cursor) == 4 and cursor[0] == epoch
