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


class HoleWatch:
    """Told after each commit; time is any monotonic clock in seconds."""

    def __init__(self) -> None:
        self._last: Durable | None = None
        self._since_s: float | None = None
        self._patience_s = FIRST_S

    def stand(self, durable: Durable, before: Totals, after: Totals, now_s: float) -> bool:
        """Whether to ask for a resend: a hole has stood for a while, longer each time."""
        last, self._last = self._last, durable
        if last is None or (last.epoch, last.boot) != (durable.epoch, durable.boot):
            return False
        if after.samples == before.samples and after.records == before.records:
            return False  # nothing new: nothing to be learnt
        if _passed(last, durable, before, after):
            self._since_s = None
            self._patience_s = FIRST_S
            return False
        if self._since_s is None:
            self._since_s = now_s
        if now_s - self._since_s < self._patience_s:
            return False
        self._since_s = now_s
        self._patience_s = min(2 * self._patience_s, LIMIT_S)
        return True


def _passed(last: Durable, durable: Durable, before: Totals, after: Totals) -> bool:
    """Whether each stream that got something new has also come further without a hole."""
    records = after.records == before.records or durable.record_next > last.record_next
    raw = after.samples == before.samples or durable.raw_next > last.raw_next
    return records and (raw or not set(durable.older) <= set(last.older))
