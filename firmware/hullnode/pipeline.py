"""From sample to record: estimator, raw blocks, events about the sample stream.

The sampler's sink. On a sample that closes no block nothing is allocated.
"""

from hullcore import estimator, records
from hullcore.compat import const
from hullcore.measurement import window_body
from hullcore.messages import (
    EVENT_FRESH,
    EVENT_PRESSURE,
    EVENT_RAW_LOST,
    EVENT_RECORDS_LOST,
    EVENT_SENSOR_BACK,
    EVENT_SENSOR_FAULT,
    EVENT_STALE,
    EVENT_TEMPERATURE,
)
from hullcore.plan import WindowPlan
from hullcore.rawblock import CAPACITY, RawPacker

_RAISED = const(0x1000)  # event codes from here on are a warning or an alarm
_TELL_EVERY = const(600)  # samples, of a pressure beyond the range
_RAW_AGE_US = const(10000000)  # a raw block waits at most this long for more samples


class Pipeline:
    """Owns the estimator and the open raw block; appends to the spool and to the raw ring.

    `p_q8` and `t_q16` are the latest sample. Sample `start` is due at `due_ms` (device time).
    """

    def __init__(
        self, m, lengths_s: tuple, driver, clock, spool,
        ring, stamp,
    ) -> None:  # fmt: skip
        self.m = m
        self._clock = clock
        self._spool = spool
        self._ring = ring
        self._stamp = stamp
        self.plan = WindowPlan(m.period_us, lengths_s)
        self.watch(None, None, None)
        self._estimator = estimator.estimator_for(m, self.plan, self._window)
        self.stale = self._estimator.stale
        self._tell_at = 0
        self._stuck_at = -1
        self._packer = RawPacker(driver.pressure_shift, driver.temperature_shift)
        self._buffer = self._packer.add
        self._estimate = self._estimator.sample
        self._flush_at = min(CAPACITY, max(1, _RAW_AGE_US // m.period_us))
        self._bad = estimator.ACCEPTED
        self._packed_to = 0  # sample number after the last one packed
        self.due_ms = 0
        self.p_q8 = 0
        self.t_q16 = 0

    def watch(self, profiles, trends, rapid) -> None:
        """What the settings ask for besides windows: `hullnode.profiles.Profiles`,
        `hullnode.trends.Trends`, `hullnode.rapidalarm.RapidAlarm`, None where they do not.
        """
        self.profiles = profiles
        self.trends = trends
        self.rapid = rapid

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
        profiles = self.profiles
        if profiles and profiles.due:
            profiles.renew()
        if verdict != self._bad:
            self._verdict(verdict)

    def each_block(self, take) -> None:
        """`take(sums, length)` is called for every block of samples that closes."""
        self._estimator.cascade.on_block = take

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

    def outside(self, p_q8: int) -> None:
        """The sensor is beyond the range of its data sheet: no sample, told now and then."""
        self.p_q8 = p_q8
        number = self.next_number()
        self.missed()
        if number >= self._tell_at:  # noise at the end of the range crosses it ten times a second
            self._tell_at = number + _TELL_EVERY
            self.event(EVENT_PRESSURE, p_q8, 0, number, "")

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
                self._stamp.boot, self.m.record, first, due >> 30, due & 0x3FFFFFFF, late_us,
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

    def record(self, make, body: tuple) -> int:
        """Append the record that `make(stamp, wraps, ms, body)` builds; its number."""
        clock = self._clock
        clock.poll()
        number = self._stamp.number
        self.append(make(self._stamp, clock.wraps, clock.ms, body))
        return number

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
        return self.due_ms + number * self.m.period_us // 1000

    def _window(self, length_s: int, first: int, last: int, sums, scatter) -> None:
        due_ms = self._due(first)
        profiles, trends, rapid = self.profiles, self.trends, self.rapid
        known = profiles.known.get(length_s) if profiles else None
        trend = trends.of.get(length_s) if trends else None
        flags, body = window_body(
            self.m, length_s, first, last, sums, scatter, due_ms, known, trend
        )
        clock = self._clock
        clock.poll()
        number = self._stamp.number
        self.append(records.window_record(self._stamp, clock.wraps, clock.ms, flags, body))
        if rapid and length_s == self.plan.lengths_s[self.plan.base]:
            rapid.look(self, flags, body, number)
        if trend:
            trends.look(self, trend, last, number)

    def _verdict(self, verdict: int) -> None:
        """An event when samples start to be unusable, not one for each."""
        number = self.next_number() - 1
        self._bad = verdict
        if self._stuck_at >= 0 and verdict == estimator.ACCEPTED:
            self.event(EVENT_FRESH, self._stuck_at, 0, number, "")
            self._stuck_at = -1
        if verdict == estimator.STALE and self._stuck_at < 0:
            self._stuck_at = number
            self.event(EVENT_STALE, self.stale.run, self.stale.limit, number, "")
        elif verdict == estimator.BAD_PRESSURE:
            self.event(EVENT_PRESSURE, self.p_q8, 0, number, "")
        elif verdict == estimator.BAD_TEMPERATURE:
            self.event(EVENT_TEMPERATURE, self.t_q16, 0, number, "")
