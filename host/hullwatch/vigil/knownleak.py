"""Whether an imposed known leak was found with its size.

Rate while it was open minus rate before, over as long a span, against what was imposed: found when
they agree within their 95 % uncertainty (E_n ≤ 1, ISO 13528) and that is at most half of the leak,
so that no leak at all would not have agreed. The systematic bound of the windows counts in full.
"""

from __future__ import annotations

from hullwatch.analysis.distributions import t_quantile
from hullwatch.calibration.spans import span_mean
from hullwatch.errors import InputError
from hullwatch.store import MarkRow, Reader
from hullwatch.vigil.states import LeakCheck

_TWO_SIDED = 0.975
_LARGEST_SHARE = 0.5


def judged(reader: Reader, node: str, mark: MarkRow) -> LeakCheck:
    """The check of one `known-leak` mark."""
    imposed = mark.rate_pa_m3_s or 0.0
    length_us = mark.to_utc_us - mark.from_utc_us
    found = u95 = None
    try:
        during = span_mean(reader, node, mark.from_utc_us, mark.to_utc_us)
        before = span_mean(
            reader, node, mark.from_utc_us - length_us, mark.from_utc_us, during.window_s
        )
    except InputError as error:
        return LeakCheck(mark.number, mark.to_utc_us, False, imposed, None, None, error.message)
    found = during.leak_rate.value - before.leak_rate.value
    halves = [t_quantile(_TWO_SIDED, s.leak_rate.dof) * s.leak_rate.u for s in (during, before)]
    bounds = [s.u_systematic for s in (during, before)]
    if None in bounds:
        reason = "the node was told no temperature bound: what the windows contain is noise only"
        return LeakCheck(mark.number, mark.to_utc_us, False, imposed, found, None, reason)
    own = 2 * (mark.u_pa_m3_s or 0.0) + (mark.bound_pa_m3_s or 0.0)
    u95 = sum(half * half for half in (*halves, own)) ** 0.5 + 2 * max(b or 0.0 for b in bounds)
    if u95 > _LARGEST_SHARE * imposed:
        reason = "it is too small to be seen for certain"
    elif abs(found - imposed) > u95:
        reason = "it was found with another size"
    else:
        reason = ""
    return LeakCheck(mark.number, mark.to_utc_us, not reason, imposed, found, u95, reason)
