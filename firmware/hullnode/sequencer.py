"""Runs one test: fill, stabilise, measure, vent; each phase ends by itself, with or without a host.

Fed with every sample after the pipeline, and polled. Loaded only where outputs are configured; what
a start or a verdict needs is in `hullnode.testsetup` and `hullnode.testend`, forgotten again.
"""

import struct

from hullcore import ticks
from hullcore.compat import const
from hullcore.messages import NO_RECORD
from hullcore.testmessages import EVENT_PHASE, TEST_ABORT, TEST_OUTPUTS, TEST_PROGRESS_FORMAT
from hullnode.testrun import estimator

IDLE = 0
FILL = 1
EVACUATE = 2
STABILISE = 3
MEASURE = 4
VENT = 5
FAULT = 6

NO_VERDICT = 255
_RISE = const(1)
_SEALED = const(3)
_GROSS = const(3)  # hullcore.verdict
_INVALID = const(4)
_FILLING = const(1 << 11)  # bits of hullcore.recipe.REASONS
_SETTLING = const(1 << 12)
_DROPPED = const(1 << 13)
_OUTPUTS = const(1 << 14)
_SENSOR = const(1 << 15)
_ABORTED = const(1 << 16)
_DRIVE = const(1 << 5)
_GAPS = const(1 << 6)
_LATE_MS = const(2000)


class Sequencer:
    """One test at a time. `begin` is called with a checked recipe, see `hullnode.testsetup`.

    `valves` is a `hullnode.valves.Valves`, `main` the node's own Measurement, `aux_lsb` the
    resolution of a second sensor, `sink` a `hullnode.testsink.TestSink`.
    """

    def __init__(self, valves, pipeline, main, aux_lsb: int, ticks_ms, sink) -> None:
        self.valves = valves
        self.pipeline = pipeline
        self.main = main
        self.aux_lsb = aux_lsb
        self.keep = sink.keep
        self._ticks_ms = ticks_ms
        self._hold = sink.hold
        self.loaded = b""
        self.loaded_crc = 0
        self.loaded_record = NO_RECORD
        self.phase = IDLE
        self.verdict = NO_VERDICT
        self.reasons = 0
        self.number = 0
        self.rate = 0
        self.guard = -1
        self.record = NO_RECORD
        self.tested: list = []  # (part, attempt, verdict) of the last ones of this boot
        self._since = 0
        self._target_q8 = 0
        self._gross_q8 = 0
        self._up = True
        self._follow(None)
        self._let_go(None, None)

    def _follow(self, run) -> None:
        """The `hullnode.testrun.Run` of the present or last test."""
        self.run = run

    def _let_go(self, watching, closing) -> None:
        """Estimator of the phase; (flags, values) of a measuring window that has just closed."""
        self._estimator = watching
        self._closing = closing

    # --- what a start and the host do ----------------------------------------------------------

    def begin(self, run) -> None:
        """Start a test that `hullnode.testsetup` has prepared."""
        recipe = run.recipe
        self._follow(run)
        self.number += 1
        self.verdict = NO_VERDICT
        self.reasons = 0
        self.rate = 0
        self.guard = -1
        self.record = NO_RECORD
        self._up = recipe.kind != _RISE
        self._target_q8 = recipe.target_pa << 8
        self._gross_q8 = recipe.gross_pa << 8
        run.started = run.filled = run.first = self.pipeline.next_number()
        self._enter(FILL if self._up else EVACUATE, run.moving)

    def abort(self) -> None:
        """End a running test by venting; acknowledge a fault."""
        if FILL <= self.phase <= MEASURE:
            self._end(_INVALID, _ABORTED)
        elif self.phase == FAULT or self.valves.fault:
            self.valves.release()
            self.valves.safe()
            self._change(IDLE)

    def command(self, node, message: int, payload: bytes) -> tuple:
        """(status, data) of a command about tests."""
        if message > TEST_OUTPUTS:
            return 1, b"no such command"
        if message < TEST_ABORT or message == TEST_OUTPUTS:
            from hullnode import testsetup  # forgotten again

            return testsetup.command(node, message, payload)
        if message == TEST_ABORT:
            self.abort()
            return 0, b""
        return 0, struct.pack(
            TEST_PROGRESS_FORMAT, self.loaded_crc, self.number, self.phase, self.verdict,
            self.reasons, max(0, ticks.diff(self._ticks_ms(), self._since)), self.planned_ms(),
            self.pipeline.p_q8, self.rate, self.guard, self.record, self.valves.opened(),
            self.valves.fault,
        )  # fmt: skip

    def planned_ms(self) -> int:
        """Longest duration of the phase; 0 when nothing runs."""
        run = self.run
        if run is None or self.phase == IDLE or self.phase == FAULT:
            return 0
        recipe = run.recipe
        if self.phase == STABILISE:
            return recipe.stabilise_ms
        if self.phase == MEASURE:
            return run.measure_s * 1000
        return recipe.vent_ms if self.phase == VENT else recipe.fill_ms

    # --- samples -------------------------------------------------------------------------------

    def sample(self, p_q8: int, t_q16: int, aux: int) -> None:
        """A sample in time, after the valves and the pipeline have had it; `aux` as Estimator."""
        phase = self.phase
        if phase == IDLE or phase == FAULT:
            return
        if self.valves.fault or (self.valves.over and phase != VENT):
            self._end(_INVALID, _OUTPUTS)
        elif phase == STABILISE or phase == MEASURE:
            off = self._target_q8 - p_q8 if self._up else p_q8 - self._target_q8
            if off > self._gross_q8:
                self._end(_GROSS, _DROPPED)
            elif self._estimator:
                self._estimator.sample(p_q8, t_q16, aux)
                if self._closing is not None:
                    self._judge()
        elif phase <= EVACUATE:
            there = p_q8 >= self._target_q8 if self._up else p_q8 <= self._target_q8
            if there and self.run.recipe.kind != _SEALED:
                self._stabilise()

    def absent(self, late: bool) -> None:
        """The sample that was due came late, or not at all."""
        if self._estimator and (self.phase == STABILISE or self.phase == MEASURE):
            if late:
                self._estimator.late()
            else:
                self._estimator.missing()
            if self._closing is not None:
                self._judge()

    def blind(self) -> None:
        """The sensor is in a fault: nothing can be judged, nothing may stay powered."""
        if self.phase != IDLE and self.phase != FAULT:
            self.valves.safe()
            self._end(_INVALID, _SENSOR)

    # --- time ----------------------------------------------------------------------------------

    def poll(self) -> None:
        """What time ends, valves first; as often as the node polls."""
        self.valves.poll()
        phase = self.phase
        if phase == IDLE or phase == FAULT:
            return
        if self.valves.fault:
            self._end(_INVALID, _OUTPUTS)
            return
        elapsed = ticks.diff(self._ticks_ms(), self._since)
        if elapsed < self.planned_ms():
            return
        if phase == VENT:
            self.valves.safe()
            self._change(IDLE)
        elif phase == MEASURE:
            if elapsed >= self.planned_ms() + _LATE_MS:
                self._end(_INVALID, _GAPS)  # its window was withheld, or the samples stopped
        elif phase == STABILISE:
            if self.run.recipe.settle_ppm:
                self._end(_INVALID, _SETTLING)
            else:
                self._measure()
        elif self.run.recipe.kind == _SEALED and self._dose():
            self._stabilise()
        else:
            self._end(_GROSS, _FILLING)

    def _dose(self) -> bool:
        """A sealed part: the dose of gas has given the pressure that a tight part gives."""
        return self.pipeline.p_q8 >= self._target_q8 - (self.run.recipe.tolerance_pa << 8)

    # --- phases --------------------------------------------------------------------------------

    def _enter(self, phase: int, mask: int) -> None:
        if self.valves.open_only(mask):
            self._change(phase)
        else:
            self._end(_INVALID, _OUTPUTS)

    def _change(self, phase: int) -> None:
        self.phase = phase
        self._since = self._ticks_ms()
        self._hold(phase == MEASURE)
        run = self.run
        self.pipeline.event(
            EVENT_PHASE, phase, self.number, self.pipeline.next_number(), run.part if run else ""
        )

    def _stabilise(self) -> None:
        run = self.run
        run.filled = self.pipeline.next_number()
        self._enter(STABILISE, run.still)
        if self.phase == STABILISE and run.recipe.settle_ppm:
            self._watch(run.recipe.settle_s, self._settled)

    def _watch(self, length_s: int, on_window) -> None:
        number = self.pipeline.next_number()
        watching = estimator(self.run.m, length_s, on_window, number)
        known = self.pipeline.stale  # a sensor stuck since before is stuck
        watching.stale.p_q8, watching.stale.run = known.p_q8, known.run
        watching.stale.limit = known.limit
        self._estimator = watching

    def _settled(self, length_s: int, first: int, last: int, sums, scatter) -> None:
        """A window of the stabilising phase has closed; called from within `sample`."""
        if self.run.has_settled(length_s, first, last, sums, scatter):
            self._measure()

    def _measure(self) -> None:
        run = self.run
        p_q8 = self.pipeline.p_q8
        run.p_start_q8 = p_q8
        run.first = self.pipeline.next_number()
        if abs(p_q8 - self._target_q8) > run.recipe.tolerance_pa << 8:
            self._end(_INVALID, _DRIVE)
            return
        self._watch(run.measure_s, self._measured)
        self._change(MEASURE)  # no valve moves between stabilising and measuring

    def _measured(self, length_s: int, first: int, last: int, sums, scatter) -> None:
        """The window of the measuring phase has closed; judged once its sums are let go of."""
        self._closing = self.run.window(length_s, first, last, sums, scatter)

    def _judge(self) -> None:
        flags, body = self._closing
        self._closing = None
        from hullnode import testend  # forgotten again

        testend.judged(self, flags, body)
        self._after()

    def _end(self, verdict: int, reasons: int) -> None:
        """A verdict without a whole measurement; after one there is only the fault to see to."""
        if self.verdict == NO_VERDICT:
            from hullnode import testend

            testend.ended(self, verdict, reasons)
        self._after()

    def _after(self) -> None:
        self._let_go(None, None)
        blind = self.valves.fault or self.reasons & _SENSOR or self.phase == VENT
        if not blind and self.valves.open_only(self.run.venting):
            self._change(VENT)
        else:
            self.valves.safe()
            self._change(FAULT)
