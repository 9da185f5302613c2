"""What to write to the flash, one file at a time.

An erase or a program stops the chip for up to 150 ms. So whatever is due waits for the moment the
sampler has the longest time to its next deadline (`hullnode.node`), and each moment gets one file.
What is late or missed all the same is counted by the sampler, like any other lateness.
"""

from hullcore import ticks
from hullcore.compat import const

_SOON_MS = const(10000)  # between two syncs that events have asked for
_LOOK_MS = const(500)  # between two looks when there is nothing new
_NO_SPACE = const(28)  # ENOSPC


class Flusher:
    """`hold` puts off what can wait: the measuring phase of a test sets it.

    Records are synced `sync_s` after the first that waits, an urgent one at once, and whatever
    `hold` says when the spool's buffer is full. `poll` allocates nothing unless it writes;
    `writes` counts those.
    """

    def __init__(self, board, clock, spool, ring, values: dict) -> None:
        self._files = board.files
        self._root = board.root
        self._clock = clock
        self._spool = spool
        self._ring = ring
        self._sync_ms = values["sync_s"] * 1000
        self._since_ms = clock.ms
        self._synced_ms = -1
        self._looked_ms = self._since_ms
        self._seen = -1  # records and raw blocks at the last look
        self._acked = spool.acked  # as stored
        self._synced = False  # records have been, since the cursor was
        self._flash = self._raw = spool.flash
        self.writes = 0
        self.hold = False

    def poll(self) -> None:
        """Write one file if one is due."""
        if not self._flash:
            return
        now = self._clock.ms
        made = self._spool.next + self._ring.next
        if made == self._seen and ticks.diff(now, self._looked_ms) < _LOOK_MS:
            return
        self._looked_ms = now
        self._seen = made
        if self._records(now) or self._pages(now):
            self._seen = -1  # there may be more
            self.writes += 1
        elif self._synced and not self.hold:
            self._synced = False
            if self._acked != self._spool.acked:
                self._save(False)

    def _records(self, now: int) -> bool:
        spool = self._spool
        if spool.next == spool.synced:
            self._since_ms = now
            return False
        if spool.urgent:
            if self._synced_ms >= 0 and ticks.diff(now, self._synced_ms) < _SOON_MS:
                return False
        elif self.hold or ticks.diff(now, self._since_ms) < self._sync_ms:
            return False
        self._synced_ms = now
        self._synced = True
        done = spool.sync()
        if spool.next == spool.synced:
            self._since_ms = now
        return done

    def _pages(self, now: int) -> bool:
        ring = self._ring
        if not self._raw:
            return False
        if ring.full(now, self.hold):
            try:
                ring.spill()
            except OSError as error:
                # others have filled the file system: give way, or else do without
                self._raw = error.errno == _NO_SPACE and ring.give_way()
            return True
        return not self.hold and ring.sweep()

    def _save(self, clean: bool) -> None:
        from hullnode import spoolcursor  # forgotten by the next collection

        self.writes += 1
        self._acked = self._spool.acked
        try:
            spoolcursor.save(self._files, self._root, self._spool, clean)
        except OSError:
            pass  # an older cursor only means sending again what a host has

    def stop(self) -> None:
        """Nothing will be appended any more: all to the flash, and that all records are there."""
        spool = self._spool
        ring = self._ring
        try:
            while self._raw and ring.unwritten():
                ring.spill()
        except OSError:
            pass  # records matter more
        while spool.sync():
            pass
        if self._flash and not spool.failed:
            self._save(True)
