"""Whether something is missing that the node should send again.

The request to send again travels in an ACK, and an ACK can be lost like any frame. What shows it
is the store: newer samples or records come in, and the number up to which all is there stands.
"""

from __future__ import annotations

from hullwatch.ingest.collect import Totals
from hullwatch.link.session import Durable

FIRST_S = 2.0
LIMIT_S = 30.0
"""A hole that will never be filled costs one resend of the node's memory in so long."""


class _Stream:
    """Records or samples: whether new ones come while the number of the first missing stands."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._patience_s = FIRST_S

    def stand(self, new: bool, passed: bool, now_s: float) -> bool:
        if passed:
            self._since_s = None
            self._patience_s = FIRST_S
            return False
        if not new:
            return False  # nothing new: nothing to be learnt
        if self._since_s is None:
            self._since_s = now_s
        if now_s - self._since_s < self._patience_s:
            return False
        self._since_s = now_s
        self._patience_s = min(2 * self._patience_s, LIMIT_S)
        return True


class HoleWatch:
    """Told after each commit; time is any monotonic clock in seconds."""

    def __init__(self) -> None:
        self._last: Durable | None = None
        self._records = _Stream()
        self._raw = _Stream()

    def stand(self, durable: Durable, before: Totals, after: Totals, now_s: float) -> bool:
        """Whether to ask for a resend: a hole has stood for a while, longer each time.

        Each stream for itself: samples that flow do not hide a record that is missing.
        """
        last, self._last = self._last, durable
        if last is None or (last.epoch, last.boot) != (durable.epoch, durable.boot):
            return False
        # a record that came and could not be stored is also one behind the hole, or in it
        came = (after.records, after.malformed) != (before.records, before.malformed)
        records = self._records.stand(came, durable.record_next > last.record_next, now_s)
        # what runs before left on the flash comes while that of this run stands
        further = durable.raw_next > last.raw_next or not set(durable.older) <= set(last.older)
        raw = self._raw.stand(after.samples != before.samples, further, now_s)
        return records or raw
