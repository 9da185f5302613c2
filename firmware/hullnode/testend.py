"""How a test ends: its verdict, its record. Forgotten until the next one ends."""

from hullcore.compat import const
from hullcore.messages import NO_RECORD
from hullcore.testmessages import KIND_TEST, TEST_BODY, TEST_VERSION
from hullcore.verdict import Judged, judge

_FIRST = const(2)  # places in the values of window_body
_LAST = const(3)
_N = const(4)
_P_MEAN = const(8)
_T_MEAN = const(9)
_USED = const(22)
_REMEMBERED = const(8)


def judged(seq, flags: int, body: tuple) -> None:
    """The measuring window has closed."""
    run = seq.run
    found = judge(run.m, run.recipe, flags, body, run.attempt, run.vented)
    seen = (body[_FIRST], body[_LAST], body[_N], body[_P_MEAN], body[_T_MEAN], body[_USED])
    _record(seq, found, seen)


def ended(seq, verdict: int, reasons: int) -> None:
    """Decided without a whole measurement."""
    first = seq.run.first
    _record(seq, Judged(verdict, reasons), (first, max(0, first - 1), 0, 0, 0, NO_RECORD))


def _record(seq, found, seen: tuple) -> None:
    run = seq.run
    seq.verdict = found.verdict
    seq.reasons = found.reasons
    seq.rate = found.rate
    seq.guard = found.guard
    first, last, n, p_mean, t_mean, used = seen
    values = (
        seq.loaded_record, run.m.record, used, seq.number, run.attempt, found.verdict, seq.phase,
        found.reasons, run.part.encode(), first, last, n, run.started,
        max(0, run.filled - run.started), run.p_start_q8, seq.pipeline.p_q8, p_mean, t_mean,
        found.dof,
        found.rate, found.guard, found.u_a, found.u_b, found.outgas,
    )  # fmt: skip
    seq.record = seq.keep((KIND_TEST, TEST_VERSION), TEST_BODY, values)
    seq.tested = [row for row in seq.tested if row[0] != run.part][1 - _REMEMBERED :]
    seq.tested.append((run.part, run.attempt, found.verdict))
