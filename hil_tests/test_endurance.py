"""Half an hour of the wall's time on a bench that runs the shipped bytes: nothing grows."""

from __future__ import annotations

import time

import pytest

from hullwatch.link.events import Status

MINUTES = 30
ROOM_BYTES = 8_000
"""Between the least free heap of the second and of the last quarter: fragments, not growth."""


@pytest.mark.soak
@pytest.mark.needs("heap")
@pytest.mark.timeout((MINUTES + 10) * 60)
def test_the_heap_of_the_node_stays_flat(rig):
    one = rig()
    begun_s = time.monotonic()
    free = []
    while (gone_s := time.monotonic() - begun_s) < MINUTES * 60:
        one.logger.step(one.declared.step_s)
        free += [(gone_s, status.fields["heap_free"]) for status in one.heard(Status)]
        one.events.clear()
    quarter_s = MINUTES * 15
    early = min(heap for at_s, heap in free if quarter_s <= at_s < 2 * quarter_s)
    late = min(heap for at_s, heap in free if at_s >= 3 * quarter_s)
    assert len(free) > 100
    assert early - late < ROOM_BYTES
    with one.store.reader() as reader:
        summary = reader.summary(one.logger.collector.node)
    assert all(gap.reason for gap in summary.gaps)
    assert summary.conflicts == 0
