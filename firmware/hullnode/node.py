"""The node: every part wired together, polled, never blocking longer than a driver's start.

`board` is the only way to the hardware (firmware/README.md lists what a board offers). `poll`
does all that is due and returns the µs until it is worth calling again.
"""

import struct

from hullcore import ticks
from hullcore.compat import const
from hullcore.messages import (
    EVENT_TAKE_OVER,
    PING,
    PONG_FORMAT,
    STATUS_FORMAT,
)
from hullnode.clock import DeviceClock
from hullnode.collector import Collector
from hullnode.config import Config
from hullnode.flusher import Flusher
from hullnode.link import Link
from hullnode.owner import Owner
from hullnode.rawring import RawRing, bytes_for

_LINK_NEEDS_US = const(2500)  # longest the wire takes of one poll, measured on the chip
_LINK_WAITS_US = const(-50000)  # then it takes it, whatever is due
_RX_MANY = const(64)  # an ACK is 57 bytes
_RX_MANY_US = const(12000)  # nothing is due for so long: read as many as that
_SPARE_US = const(500000)  # to the next deadline: any moment is good for the flash
_LEAVE_MS = const(3000)  # longest wait for the answer to a restart to be heard
_TEST_LOAD = const(48)  # hullcore.testmessages: from here on all are about tests
_MEASURING = const(0)
_FAULT = const(1)
_IDLE = const(2)


class Node:
    """Starts measuring on construction; `restart` turns True when it wants to be started anew.

    `leaving` asks for that once the answer that waits has been heard.
    """

    def __init__(self, board, crashes: int) -> None:
        from hullnode import start  # forgotten once the node runs

        self._board = board
        root = board.root
        self.clock = DeviceClock(board.ticks_ms)
        self.config = Config(root)
        self._core_hash = start.core_hash(board)
        self.spool, pages, told = start.storage(board)
        self.stamp = start.stamp(board, self.spool)
        values = self.config.values
        columns = 2 if values["aux_sensor"] == "none" else 3
        self.ring = RawRing(bytes_for(values["period_us"], columns), pages, self.stamp.boot)
        self.flusher = Flusher(board, self.clock, self.spool, self.ring, values)
        self.owner = Owner(root, self._taken_over)
        self.link = Link(board.console, self.spool, self.ring, self)
        self._collector = Collector(board)
        self._link_us = board.link_us
        self._ticks_us = board.ticks_us
        self._link_due = board.ticks_us()
        self._loop_us = 0
        self._slow = values["period_us"] > _SPARE_US
        self.leaving = self.restart = self.round = False
        self._leave_ms = -1
        self._config_record = self.stamp.number
        self.pipeline, self.sampler, self.sequencer = start.measuring(self, board, crashes, told)

    # --- running -----------------------------------------------------------------------------

    def poll(self) -> int:
        """Do all that is due; returns µs until the next call is worth it (0 … board.link_us).

        `round` turns True once every task has had its turn.
        """
        sampler = self.sampler
        tidy = False
        if sampler:
            wait = sampler.poll()
            if sampler.spare:
                sampler.spare = False
                tidy = True
        else:
            wait = self._link_us
        if self.sequencer:
            self.sequencer.poll()
        now = self._ticks_us()
        due = ticks.diff(self._link_due, now)
        if due > 0:
            if not tidy:
                return wait if wait < due else due
        elif sampler and wait < _LINK_NEEDS_US and due > _LINK_WAITS_US:
            due = wait  # the sample comes first
        else:
            due = self._look(now, wait)
            if not sampler or (self._slow and sampler.slack_us() > _SPARE_US):
                tidy = True
        if tidy:
            self.flusher.poll()
            self._collector.poll(sampler)
        spent = ticks.diff(self._ticks_us(), now)
        if spent > self._loop_us:
            self._loop_us = spent
        wait = (wait if wait < due else due) - spent
        return wait if wait > 0 else 0

    def _look(self, now: int, wait: int) -> int:
        """Look at the link, `wait` µs before the next sample; returns µs until the next look."""
        self._link_due = ticks.add(now, self._link_us)
        self.round = True
        clock = self.clock
        clock.poll()
        link = self.link
        more = link.poll(clock.ms, _RX_MANY) if wait > _RX_MANY_US else link.poll(clock.ms)
        if self.leaving:
            self._leave(clock.ms)
        elif self.spool.failed:
            self.restart = True  # to go on without flash
        if not more:
            return self._link_us
        self._link_due = now
        return 0

    def _leave(self, now_ms: int) -> None:
        """Restart once the answer was heard, or without that: the host may have hung up."""
        if self._leave_ms < 0:
            self._leave_ms = now_ms
        if not self.link.answering() or ticks.diff(now_ms, self._leave_ms) >= _LEAVE_MS:
            self.restart = True

    def stop(self) -> None:
        """The last thing: what waits goes to the flash."""
        self.pipeline.flush(0)
        self.flusher.stop()

    def wake(self) -> None:
        """Input has arrived: the next poll looks at the wire."""
        self._link_due = self._board.ticks_us()

    def free_bus(self):
        """The sensors' bus, every time the same one, after clocking out a chip that holds it."""
        values = self.config.values
        return self._board.i2c(values["i2c_sda"], values["i2c_scl"], values["i2c_khz"])

    def healthy(self) -> bool:
        """Every due task ran, and the sensor delivers or is in a recorded fault."""
        sampler = self.sampler
        longest_us = 2 * self.config.values["period_us"] + 1000000
        return sampler is None or sampler.slack_us() > -longest_us

    # --- what the link asks ------------------------------------------------------------------

    def command(self, message: int, payload: bytes) -> tuple:
        """(status, data) of one command."""
        if message == PING:  # every two seconds
            clock = self.clock
            clock.poll()
            us = self._board.ticks_us() % 1000
            return 0, struct.pack(PONG_FORMAT, clock.wraps, clock.ms, us)
        if message >= _TEST_LOAD and self.sequencer:
            return self.sequencer.command(self, message, payload)
        from hullnode import commands  # seldom; forgotten again

        return commands.run(self, message, payload)

    def may_ack(self, store: int) -> bool:
        """Whether this store's acks count."""
        return self.owner.accepts(store)

    def _taken_over(self, new: int, old: int) -> None:
        self.spool.acked = self.spool.oldest  # the new store has nothing of what the old one acked
        self.link.start_over()
        self.pipeline.event(EVENT_TAKE_OVER, new, old, 0, "")

    def hello(self) -> tuple:
        """(message id, payload) that answers WHO."""
        from hullnode import greeting  # seldom; forgotten again

        return greeting.hello(self, self._board, self._core_hash, self._config_record)

    def status(self, number: int) -> bytes:
        """Payload of one STATUS frame."""
        sampler = self.sampler
        pipeline = self.pipeline
        state = _IDLE if sampler is None else _MEASURING if sampler.healthy else _FAULT
        late, missed, bad = (
            (sampler.late_count, sampler.missed_count, sampler.bus_errors) if sampler else (0, 0, 0)
        )
        loop_us = self._loop_us
        self._loop_us = 0
        raw_boot, oldest_raw = self.ring.held_from()
        return struct.pack(
            STATUS_FORMAT, number, self.clock.wraps, self.clock.ms, pipeline.next_number(),
            pipeline.p_q8, pipeline.t_q16, state, late, missed, bad,
            self.link.rx_bad + self.link.decoder.dropped, self.spool.oldest, self.spool.next,
            raw_boot, oldest_raw, self.spool.dropped, self.ring.dropped, self._collector.free,
            self._collector.longest_us, loop_us,
        )  # fmt: skip
