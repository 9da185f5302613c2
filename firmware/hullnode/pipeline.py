"""From sample to record: estimator, raw blocks, events about the sample stream.

The sampler's sink. On a sample that closes no block nothing is allocated.
"""

from hullcore import estimator, records
from hullcore.compat import const
from hullcore.measurement import Known, window_body
from hullcore.messages import (
    EVENT_PRESSURE,
    EVENT_RAW_LOST,
    EVENT_RECORDS_LOST,
    EVENT_SENSOR_BACK,
    EVENT_SENSOR_FAULT,
    EVENT_TEMPERATURE,
)
from hullcore.plan import WindowPlan
from hullcore.rawblock import CAPACITY, RawPacker

_RAISED = const(0x1000)  # event codes from here on are a warning or an alarm
_RAW_AGE_US = const(10000000)  # a raw block waits at most this long for more samples


class Pipeline:
    """Owns the estimator and the open raw block; appends to the spool and to the raw ring.

    `p_q8` and `t_q16` are the latest sample. Sample `start` is due at `due_ms` (device time).
    """

    def __init__(
        self, m, lengths_s: tuple, driver, clock, spool,
        ring, stamp,
    ) -> None:  # fmt: skip
        self._m = m
        self._clock = clock
        self._spool = spool
        self._ring = ring
        self._stamp = stamp
        plan = WindowPlan(m.period_us, lengths_s)
        self._plan = plan
        self._known: dict = {}  # by window length, s
        self._learner = None
        take = None
        if m.learns:
            from hullcore.learner import Learner  # its heap only where it is wanted

            self._learner = Learner(plan.blocks, m.period_us)
            take = self._learner.take
        self._estimator = estimator.estimator_for(m, plan, self._window, 0, take)
        self._packer = RawPacker(driver.pressure_shift, driver.temperature_shift)
        self._buffer = self._packer.add
        self._estimate = self._estimator.sample
        self._flush_at = min(CAPACITY, max(1, _RAW_AGE_US // m.period_us))
        self._bad = estimator.ACCEPTED
        self._packed_to = 0  # sample number after the last one packed
        self.due_ms = 0
        self.p_q8 = 0
        self.t_q16 = 0

    def begin(self) -> None:
        """The first sample is due now: sample number 0 gets its device time."""
        self.due_ms = self._clock.total_ms()

    def next_number(self) -> int:
        """Sample number that is due next."""
        return self._estimator.next_number()

    def taken(self, p_q8: int, t_q16: int) -> None:
        """The sample that was due, in time."""
        self.p_q8 = p_q8
        self.t_q16 = t_q16
        self._buffer(p_q8, t_q16)
        verdict = self._estimate(p_q8, t_q16)
        packer = self._packer
        if packer.full or packer.count >= self._flush_at:
            self.flush(0)
        learner = self._learner
        if learner and learner.due:
            self._learn(learner)
        if verdict != self._bad:
            self._verdict(verdict)

    def late(self, p_q8: int, t_q16: int, late_us: int) -> None:
        """The sample that was due, late: raw block of its own, in no window."""
        self.flush(0)
        self.p_q8 = p_q8
        self.t_q16 = t_q16
        self._buffer(p_q8, t_q16)
        self._estimator.late()
        self.flush(late_us)

    def missed(self) -> None:
        """No sample for this number."""
        if self._packer.count:
            self.flush(0)
        self._estimator.missing()

    def fault(self, code: int, detail: int) -> None:
        """The sensor stopped delivering."""
        self.event(EVENT_SENSOR_FAULT, code, detail, self.next_number(), "")

    def recovered(self, missed: int) -> None:
        """The sensor delivers again."""
        self.event(EVENT_SENSOR_BACK, missed, 0, self.next_number(), "")

    def flush(self, late_us: int) -> None:
        """Close the open raw block, if any, into the ring; what it could not hold follows."""
        packer = self._packer
        ring = self._ring
        end = self.next_number()
        while packer.count:
            first = end - packer.count
            told_to = self._packed_to  # the block also tells which samples before it do not exist
            due = self._due(first)
            payload = packer.close(
                self._stamp.boot, self._m.record, first, due >> 30, due & 0x3FFFFFFF, late_us,
                first - told_to,
            )  # fmt: skip
            self._packed_to = end - packer.count
            ring.append(payload)
        while ring.lost and ring.heard:  # once somebody is there who wants to know
            boot, first, last = ring.take_lost()
            self.event(EVENT_RAW_LOST, first, last, boot, "")

    def event(self, event: int, a: int, b: int, c: int, text: str) -> None:
        """Append an EVENT record."""
        clock = self._clock
        clock.poll()
        self.append(records.event_record(self._stamp, clock.wraps, clock.ms, event, a, b, c, text))
        if event >= _RAISED:
            self._spool.urgent = True

    def append(self, record: bytes) -> None:
        """Spool one record.

        Losses become a record when they end, not while they go on: telling must not cause more.
        """
        spool = self._spool
        dropped = spool.dropped
        spool.append(record)
        self._stamp.number = spool.next
        if spool.lost_first >= 0 and spool.dropped == dropped:
            first, last = spool.take_lost()
            self.event(EVENT_RECORDS_LOST, first, last, 0, "")

    def _due(self, number: int) -> int:
        return self.due_ms + number * self._m.period_us // 1000

    def _window(self, length_s: int, first: int, last: int, sums, scatter) -> None:
        due_ms = self._due(first)
        known = self._known.get(length_s)
        flags, body = window_body(self._m, length_s, first, last, sums, scatter, due_ms, known)
        clock = self._clock
        clock.poll()
        self.append(records.window_record(self._stamp, clock.wraps, clock.ms, flags, body))

    def _learn(self, learner) -> None:
        """Take new snapshots of the noise profile; windows from now on name them."""
        learner.due = False
        plan = self._plan
        for i in range(len(plan.samples)):
            profile = learner.learn(plan.samples[i] * plan.period_us)
            if profile is None:
                return
            self._snapshot(learner, profile, plan.lengths_s[plan.base + i])

    def _snapshot(self, learner, profile, length_s: int) -> None:
        number = self._stamp.number
        self._known[length_s] = Known(profile, number, learner.worse(), learner.block_us)
        clock = self._clock
        clock.poll()
        body = learner.body(profile, self._m.record, length_s, self.next_number() - 1)
        self.append(records.profile_record(self._stamp, clock.wraps, clock.ms, body))

    def _verdict(self, verdict: int) -> None:
        """An event when samples start to be unusable, not one for each."""
        self._bad = verdict
        number = self.next_number() - 1
        if verdict == estimator.BAD_PRESSURE:
            self.event(EVENT_PRESSURE, self.p_q8, 0, number, "")
        elif verdict == estimator.BAD_TEMPERATURE:
            self.event(EVENT_TEMPERATURE, self.t_q16, 0, number, "")
