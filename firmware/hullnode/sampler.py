"""Deadline sampler: one conversion per slot, triggered at its deadline, lateness measured.

Slot k is due k periods after the first trigger. A slot whose trigger came more than the tolerance
after its deadline is late: kept, counted, and left out of the windows. A slot that no sample
belongs to is missed. A sample that was read shortly before the next deadline is handed on after
that, while the next conversion runs. Nothing here allocates.
"""

from hullcore import ticks
from hullcore.compat import const
from hullnode.drivers.errors import SensorError

_REPAIR_AFTER = const(10)  # empty slots before a silent chip is started anew; at once if it reset
_MIN_TOLERANCE_US = const(1000)
_MAX_TOLERANCE_US = const(50000)
_READING_US = const(5000)  # to fetch a sample and process it, on the chip
_CLOSING_US = const(20000)  # what a sample may lead to: windows end, records are made
_EAGER_POLLS = const(4)  # then a conversion that does not end is looked at 16 times per period


class Sampler:
    """Polled; `sink` gets taken(p_q8, t_q16), late(p_q8, t_q16, late_us), missed(), outside(p_q8)
    instead of any of these for a pressure beyond the sensor's range, and fault(code, detail) /
    recovered(missed) when a sensor stops or resumes delivering.
    `free_bus()` clocks out a chip that a disturbance left holding a line; called before a silent
    one is started anew.

    Counters: late_count, missed_count, bus_errors. `healthy` is False in a recorded fault.
    `spare` turns True when the longest time without a deadline begins: a conversion has been
    triggered, and what it delivers can wait, or the slot gets none.
    """

    def __init__(self, ticks_us, driver, period_us: int, sink, free_bus) -> None:
        self._ticks_us = ticks_us
        self._driver = driver
        self._period = period_us
        self._sink = sink
        self._free_bus = free_bus
        self._low = driver.PRESSURE_MIN_PA << 8
        self._high = driver.PRESSURE_MAX_PA << 8
        self._tolerance = min(max(period_us // 10, _MIN_TOLERANCE_US), _MAX_TOLERANCE_US)
        self._busy = False
        self._again = 0
        self._due = ticks_us()
        self._late_us = 0
        self._held = False
        self._polls = 0
        self._started = False
        self._absent = 0  # slots in a row that the driver let pass; stalls of the node do not count
        self._code = 0
        self._detail = 0
        self.healthy = True
        self.spare = False
        self.late_count = 0
        self.missed_count = 0
        self.bus_errors = 0
        self.taken_count = 0

    def begin(self) -> None:
        """Start the driver; slot 0 is due now. A driver that fails is tried again later."""
        try:
            self._driver.start()
            self._started = True
        except (OSError, SensorError) as error:
            self._note(error)
            self._absent = _REPAIR_AFTER - 1  # the first miss records the fault
        self._due = self._ticks_us()

    def poll(self) -> int:
        """Do what is due; returns µs until the next call is worth it."""
        now = self._ticks_us()
        if self._busy:
            wait = ticks.diff(self._again, now)
            if wait > 0:
                return wait
            return self._collect(now)
        wait = ticks.diff(self._due, now)
        if wait > 0:
            return wait
        return self._start(-wait)

    def range_pa(self) -> tuple:
        """(lowest, highest) pressure that the sensor measures."""
        return self._driver.PRESSURE_MIN_PA, self._driver.PRESSURE_MAX_PA

    def slack_us(self) -> int:
        """µs until the next deadline; one that is running must have been read by then."""
        left = ticks.diff(self._due, self._ticks_us())
        return left + self._period - _READING_US if self._busy else left

    def _start(self, late_us: int) -> int:
        if late_us >= self._period:
            late_us = self._lateness()
        try:
            if self._absent or not self._started:
                self._repair()
                late_us = self._lateness()  # it takes milliseconds
            wait = self._driver.trigger()
        except (OSError, SensorError) as error:
            return self._failed(error)
        # read anew: at 10 kHz the command itself takes 2 ms
        self._again = ticks.add(self._ticks_us(), wait)
        self._polls = 0
        self._busy = self.spare = True
        if self._held:
            self._deliver()
            wait = ticks.diff(self._again, self._ticks_us())
        self._late_us = late_us
        return wait if wait > 0 else 0

    def _repair(self) -> None:
        """Start the driver if it has not been started, or anew if it is silent for long."""
        silent = self._absent and self._absent % _REPAIR_AFTER == 0
        if silent or not self._started:
            self._started = False  # what a driver that never started delivers is no sample
            if silent:
                self._free_bus()
            self._driver.start()
            self._started = True

    def _lateness(self) -> int:
        """µs since the deadline of the slot that is due, after passing those that are over."""
        while True:
            late_us = ticks.diff(self._ticks_us(), self._due)
            if late_us < self._period:
                return late_us
            self._pass()

    def _collect(self, now: int) -> int:
        try:
            more = self._driver.collect()
        except (OSError, SensorError) as error:
            return self._failed(error)
        if more:
            self._polls += 1
            if self._polls > _EAGER_POLLS:
                more = max(more, self._period >> 4)
            if ticks.diff(now, self._due) + more < self._period:
                self._again = ticks.add(now, more)
                return more
            self._code = self._detail = 0
            self._miss()  # the conversion never completed
            return 0
        self._busy = False
        self._due = ticks.add(self._due, self._period)
        if self._absent:
            self._recover()
        wait = ticks.diff(self._due, self._ticks_us())
        if wait < _CLOSING_US:
            self._held = True
        else:
            self._deliver()
            wait = ticks.diff(self._due, self._ticks_us())
        return wait if wait > 0 else 0

    def _deliver(self) -> None:
        """Hand on what has been read."""
        p_q8 = self._driver.pressure_q8
        t_q16 = self._driver.temperature_q16
        self._held = False
        self.taken_count += 1
        if not self._low <= p_q8 <= self._high:
            self.missed_count += 1
            self._sink.outside(p_q8)
        elif self._late_us > self._tolerance:
            self.late_count += 1
            self._sink.late(p_q8, t_q16, self._late_us)
        else:
            self._sink.taken(p_q8, t_q16)

    def _pass(self) -> None:
        """The slot that is due gets no sample."""
        if self._held:
            self._deliver()
        self._busy = False
        self._due = ticks.add(self._due, self._period)
        self.missed_count += 1
        self._sink.missed()

    def _miss(self) -> None:
        """As `_pass`, and it is the driver's fault."""
        self.spare = True
        self._absent += 1
        if self._absent == _REPAIR_AFTER:
            self.healthy = False
            self._sink.fault(self._code, self._detail)
        self._pass()

    def _failed(self, error: Exception) -> int:
        """A NACK or a chip that reports an error; `code` is negative for the latter."""
        self._note(error)
        self._miss()
        return 0

    def _note(self, error: Exception) -> None:
        self.bus_errors += 1
        if isinstance(error, SensorError):
            self._started = False  # the chip is not as `start` left it
            self._code = -error.code
            self._detail = error.detail
        else:
            self._code = error.args[0] if error.args else 0
            self._detail = 0

    def _recover(self) -> None:
        if not self.healthy:
            self._sink.recovered(self._absent)
        self.healthy = True
        self._absent = 0
