"""Records that wait for the host: the newest in RAM, all that are synced in files on the flash.

Record `n` lies in file n // SEGMENT at place n % SEGMENT, so no index is needed and a gap in the
numbers is a gap in the file. Written are only places at and after `synced`: a power cut leaves
what was synced as it was. `hullnode.spoolstart` finds the spool again at boot.
"""

import struct

from hullcore.compat import const
from hullcore.messages import RECORD_BYTES
from hullcore.records import intact

SEGMENT = 185
"""Records of a file: 32,560 bytes, and littlefs puts 32,724 into eight blocks of 4 KiB."""

BUFFER = 12
"""Records that RAM holds before they have to be synced: the most that a power cut can take."""

_RAM_ONLY = const(32)  # without a flash: four and a half minutes of the default windows
_AHEAD = const(4)  # records read at once: opening a file costs more than reading
_NO_SPACE = const(28)  # ENOSPC
_IO = const(5)  # EIO


class Spool:
    """Numbers run on over restarts within one `epoch`. An ack only permits overwriting.

    `oldest` ≤ number < `next` may be asked for; all below `synced` are on flash; all below `acked`
    are durable at the host. `dropped` counts unacked records that gave way, lost_first … lost_last
    is their range until `take_lost`. `files` None: RAM only, a new epoch with every boot. `failed`
    is the errno of a flash that refuses to be written, else 0. `urgent`: sync at once.
    """

    def __init__(
        self, files, folder: str, segments: int, epoch: int, oldest: int, acked: int,
        newest: int, number: int,
    ) -> None:  # fmt: skip
        self._files = files
        self._folder = folder
        self._most = segments
        self._newest = newest  # the last file there is, −1: none
        self._slots = BUFFER if files else _RAM_ONLY
        self._slab = bytearray(self._slots * RECORD_BYTES)
        self._began = number
        self._page = b""
        self._page_first = 0
        self._unread = -1  # highest number that was told as unreadable
        self.epoch = epoch
        self.oldest = oldest
        self.acked = acked
        self.next = number
        self.synced = number
        self.urgent = False
        self.failed = 0
        self.dropped = 0
        self.lost_first = -1
        self.lost_last = -1

    @property
    def flash(self) -> bool:
        """Whether records survive a power cut."""
        return self._files is not None

    def append(self, record: bytes) -> None:
        """Keep one record of RECORD_BYTES; its number is `next`. Syncs when the buffer is full.

        On a flash that has just failed a record that the buffer cannot hold is dropped.
        """
        while self.next - self.synced == self._slots:
            if self.sync():
                continue
            if self._files:  # a number beyond the buffer would be given out again by the next run
                self.dropped += 1
                return
            self._lose(self.synced, self.synced + 1)
            self.synced += 1
            self.oldest = self.synced
        at = self.next % self._slots * RECORD_BYTES
        self._slab[at : at + RECORD_BYTES] = record
        self.next += 1

    # --- flash -------------------------------------------------------------------------------

    def sync(self) -> bool:
        """Write what waits, as far as one file goes; False when there is nothing that could be.

        One file is opened, written and closed: some 55 ms on the chip, at most 150.
        """
        first = self.synced
        if first == self.next or not self._files or self.failed:
            return False
        segment = first // SEGMENT
        past = min(self.next, (segment + 1) * SEGMENT)
        try:
            if segment > self._newest and segment - self.oldest // SEGMENT >= self._most:
                self._drop()
            self._write(segment, first, past)
        except OSError as error:
            if error.errno == _NO_SPACE and self.oldest // SEGMENT < self._newest:
                self._drop()  # others have filled the file system: the spool gives way
                return True
            self.failed = error.errno or _IO
            return False
        self._newest = segment
        self.synced = past
        if past == self.next:
            self.urgent = False
        return True

    def _write(self, segment: int, first: int, past: int) -> None:
        f = self._files.open(self._path(segment), "r+b" if segment == self._newest else "wb")
        try:
            f.seek(first % SEGMENT * RECORD_BYTES)
            view = memoryview(self._slab)
            while first < past:
                slot = first % self._slots
                n = min(past - first, self._slots - slot)  # up to the end of the ring
                f.write(view[slot * RECORD_BYTES : (slot + n) * RECORD_BYTES])
                first += n
        finally:
            f.close()

    def _drop(self) -> None:
        """Give up the oldest file."""
        segment = self.oldest // SEGMENT
        past = (segment + 1) * SEGMENT
        self._lose(self.oldest, past)
        self.oldest = past
        try:
            self._files.remove(self._path(segment))
        except OSError:
            pass  # not there; or the next write says what is wrong

    def _path(self, segment: int) -> str:
        return "%s/%08x" % (self._folder, segment)

    # --- losses ------------------------------------------------------------------------------

    def _lose(self, first: int, past: int) -> None:
        first = max(first, self.acked)
        if first >= past:
            return
        self.acked = past
        self.dropped += past - first
        if self.lost_first < 0:
            self.lost_first = first
        self.lost_last = past - 1

    def take_lost(self) -> tuple:
        """(first, last) of the range lost since the last call, or (−1, −1)."""
        lost = (self.lost_first, self.lost_last)
        self.lost_first = self.lost_last = -1
        return lost

    # --- reading -----------------------------------------------------------------------------

    def get(self, number: int) -> bytes:
        """The record, or b"" when there is none under this number."""
        if number >= self._began and number >= self.next - self._slots:
            at = number % self._slots * RECORD_BYTES
            return bytes(memoryview(self._slab)[at : at + RECORD_BYTES])
        at = (number - self._page_first) * RECORD_BYTES
        if not 0 <= at < len(self._page):
            self._page = self._read(number)
            self._page_first = number
            at = 0
        record = self._page[at : at + RECORD_BYTES]
        if intact(record) and struct.unpack_from("<II", record) == (number, self.epoch):
            return record
        if any(record):  # zeros were never written: the numbers that an end without sync leaves out
            self._damaged(number)
        return b""

    def _read(self, number: int) -> bytes:
        try:
            f = self._files.open(self._path(number // SEGMENT), "rb")
        except OSError:
            return b""
        try:
            f.seek(number % SEGMENT * RECORD_BYTES)
            return f.read(_AHEAD * RECORD_BYTES)
        except OSError:
            return b"\xff"  # a block that cannot be read
        finally:
            f.close()

    def _damaged(self, number: int) -> None:
        """Tell of it once, and never as one range with numbers that are readable."""
        if number > self._unread and self.lost_last in (-1, number - 1):
            self._unread = number
            self.dropped += 1
            if self.lost_first < 0:
                self.lost_first = number
            self.lost_last = number

    def ack(self, upto: int) -> bool:
        """All below `upto` are durable at the host; False for a number never given out."""
        if upto > self.next:
            return False
        if upto > self.acked:
            self.acked = upto
        return True
