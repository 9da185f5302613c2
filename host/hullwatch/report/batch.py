"""Facts of many leak tests at once: every part with its newest verdict, and how many of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hullwatch.errors import InputError
from hullwatch.report import pictures
from hullwatch.report.facts import Report
from hullwatch.report.integrity import integrity
from hullwatch.report.leaktest import RULE, limit_of
from hullwatch.report.sections import document
from hullwatch.store import BootKey
from hullwatch.store.clocktime import CLOCK
from hullwatch.units.instants import utc

if TYPE_CHECKING:
    from hullwatch.report.template import Heading
    from hullwatch.store import DeviceClock, Reader, VerdictRow


def of_batch(
    reader: Reader, node: str | None, start_utc_us: int | None, past_utc_us: int | None,
    heading: Heading, advance: Callable[[int], None],
) -> Report:  # fmt: skip
    """Report on the tests that ended between two times, of one node or all.

    A part counts once, by its last try. InputError when there is none.
    """
    clocks = reader.clocks()
    rows = [
        (row, _ended(row, clocks))
        for row in reader.tests(node)
        if _within(_ended(row, clocks), start_utc_us, past_utc_us)
    ]
    if not rows:
        raise InputError("no leak test in this span", "see: hullwatch test list")
    last = {row.part: row.verdict for row, _ in rows}
    counts = Counter(last.values())
    nodes = sorted({row.node for row, _ in rows})
    tests = [_test(reader, row, at) for row, at in rows]
    facts: dict[str, Any] = {
        "kind": "batch",
        "document": document(),
        "heading": heading.facts,
        "span": {"from": utc(start_utc_us), "to": utc(past_utc_us), "nodes": nodes},
        "totals": {
            "parts": len(last), "tests": len(rows), "retried": len(rows) - len(last),
            "verdicts": dict(sorted(counts.items())),
        },
        "rule": RULE,
        "tests": tests,
        "integrity": {
            one: integrity(reader, one, _spans(rows, one), advance) for one in nodes
        },
    }  # fmt: skip
    return Report(facts, pictures.of_batch(tests))


def _ended(row: VerdictRow, clocks: dict[BootKey, DeviceClock]) -> int | None:
    clock = clocks[BootKey(row.node, row.epoch, row.boot)]
    if clock.source != CLOCK:
        return None
    return int(clock.utc_us(np.array([row.device_ms * 1000], np.int64))[0][0])


def _within(at: int | None, start: int | None, past: int | None) -> bool:
    if start is None and past is None:
        return True
    return at is not None and (start is None or at >= start) and (past is None or at < past)


def _spans(
    rows: Sequence[tuple[VerdictRow, int | None]], node: str
) -> list[tuple[BootKey, int, int]]:
    return [
        (BootKey(row.node, row.epoch, row.boot), row.first_sample, row.last_sample + 1)
        for row, _ in rows
        if row.node == node and row.last_sample >= row.first_sample
    ]


def _test(reader: Reader, row: VerdictRow, at: int | None) -> dict[str, Any]:
    return {
        "part": row.part, "attempt": row.attempt, "verdict": row.verdict,
        "reasons": [name for name in row.reasons.split(",") if name],
        "value": row.leak_rate_pa_m3_s, "guard": row.guard_pa_m3_s,
        "limit": limit_of(reader, row), "unit": "Pa·m³/s", "node": row.node,
        "record": row.number, "ended": utc(at),
    }  # fmt: skip
