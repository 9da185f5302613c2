"""What a running node allocates, poll by poll: under a locked heap where nothing may close, counted
where something may.

Counting walks the whole heap, so it is done only where the estimator's block or the raw block may
end. A frame of a large function lives on the heap and is gone when the function returns; it shows
in neither.
"""

import gc

import micropython

from hullcore import ticks


class Watch:
    """Polls a node on a fake board. `leaks`: polls that allocated although nothing closed; `most`:
    most bytes by (raw blocks, records, whether a block of the estimator) that closed; `flash`:
    most bytes of a poll that wrote to the flash, whatever else it did."""

    def __init__(self, node, board) -> None:
        self.node = node
        self.board = board
        self.locked = self.counted = self.leaks = 0
        self.most = {}
        self.flash = 0

    def samples(self, count: int) -> None:
        """Let the node take `count` samples."""
        sampler = self.node.sampler
        end = sampler.taken_count + count
        while sampler.taken_count < end:
            counted = self._may_close() or self._may_write()
            self.board.time.advance(self._count() if counted else self._lock())

    def _may_write(self) -> bool:
        node = self.node
        flusher = node.flusher
        if node.ring.full(node.clock.ms, flusher.hold):
            return True
        if node.spool.next == node.spool.synced:
            return flusher._synced
        return node.spool.urgent or node.clock.ms - flusher._since_ms > flusher._sync_ms - 1000

    def _may_close(self) -> bool:
        pipeline = self.node.pipeline
        cascade = pipeline._estimator.cascade
        sampler = self.node.sampler
        at = sampler._again if sampler._busy else sampler._due
        if not (sampler._busy or sampler._held) or ticks.diff(at, self.board.time.us) > 0:
            return False
        filled = pipeline._packer.count + 1
        test = self._test()
        if test and test.j + 1 == test._length:
            return True
        return cascade.j + 1 == cascade._length or not filled & 7 or filled >= pipeline._flush_at

    def _test(self):
        """The cascade of a test that measures, if any."""
        sequencer = self.node.sequencer
        estimator = sequencer._estimator if sequencer else None
        return estimator.cascade if estimator else None

    def _lock(self) -> int:
        self.locked += 1
        micropython.heap_lock()
        wait = self.node.poll()
        micropython.heap_unlock()
        return wait

    def _number(self) -> int:
        test = self._test()
        return self.node.pipeline._estimator.cascade.number + (test.number if test else 0)

    def _count(self) -> int:
        node = self.node
        self.counted += 1
        blocks, records, number = node.ring.next, node.spool.next, self._number()
        writes = node.flusher.writes
        used = gc.mem_alloc()
        wait = node.poll()
        used = gc.mem_alloc() - used
        blocks, records = node.ring.next - blocks, node.spool.next - records
        if node.flusher.writes != writes:
            self.flash = max(self.flash, used)
        elif blocks or records or self._number() != number:
            self._note((blocks, records, self._number() != number), used)
        elif used:
            self.leaks += 1
        return wait

    def _note(self, closed: tuple, used: int) -> None:
        if used > self.most.get(closed, 0):
            self.most[closed] = used
