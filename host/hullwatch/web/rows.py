"""Rows of the store as JSON: events, verdicts, calibrations, boots, the state of the link."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import numpy as np

from hullwatch.calibration import standings
from hullwatch.link.recordkinds import EVENTS
from hullwatch.store import BootKey, DeviceClock, Reader
from hullwatch.store.clocktime import UNKNOWN
from hullwatch.store.marks import KINDS

_FAR_US = 1 << 62
_MEANINGS = {name: meaning for name, _, meaning in EVENTS}


class Times:
    """UTC of device times of one node, as far as clocks tell."""

    def __init__(self, reader: Reader, node: str) -> None:
        keys = [boot.key for boot in reader.boots(node)]
        self._clocks = dict(reader.picture_clocks(keys, 0, _FAR_US))

    def utc_us(self, boot: BootKey, device_ms: int) -> int | None:
        """None where nothing tells."""
        clock: DeviceClock | None = self._clocks.get(boot)
        if clock is None:
            return None
        utc = int(clock.utc_us(np.array([device_ms * 1000], np.int64))[0][0])
        return None if utc == UNKNOWN else utc


def events(reader: Reader, node: str, last: int) -> dict[str, Any]:
    """The newest events, newest first."""
    times = Times(reader, node)
    return {
        "events": [
            {
                "number": [row.epoch, row.number], "event": row.event, "severity": row.severity,
                "utc_us": times.utc_us(BootKey(node, row.epoch, row.boot), row.device_ms),
                "received_utc_us": row.received_utc_us, "numbers": [row.a, row.b, row.c],
                "text": row.text, "meaning": _MEANINGS.get(row.event, "").partition(":")[0],
            }
            for row in reversed(reader.events(node, last))
        ]
    }  # fmt: skip


def tests(reader: Reader, node: str, last: int) -> dict[str, Any]:
    """The newest verdicts, newest first."""
    times = Times(reader, node)
    found = sorted(
        reader.tests(node, None, last), key=lambda row: (row.epoch, row.number), reverse=True
    )
    configs = reader.configs(node, 1)
    return {
        "t_ref_k": configs[-1].t_ref_k if configs else None,
        "tests": [
            {
                "number": [row.epoch, row.number], "part": row.part, "attempt": row.attempt,
                "verdict": row.verdict, "reasons": row.reasons.split(",") if row.reasons else [],
                "utc_us": times.utc_us(BootKey(node, row.epoch, row.boot), row.device_ms),
                "leak_rate_pa_m3_s": row.leak_rate_pa_m3_s, "guard_pa_m3_s": row.guard_pa_m3_s,
            }
            for row in found
        ],
    }  # fmt: skip


def marks(reader: Reader, node: str) -> dict[str, Any]:
    """Marks about a node; `masks`: windows that touch it say nothing of the leak."""
    return {
        "marks": [
            {**asdict(row), "masks": KINDS[row.kind].masks, "voids": KINDS[row.kind].voids}
            for row in reader.marks(node)
        ]
    }


def calibrations(reader: Reader, node: str, now_utc_us: int) -> dict[str, Any]:
    """The standing of every kind of calibration."""
    found = []
    for standing in standings(reader, node, now_utc_us):
        row = asdict(standing.row) if standing.row else None
        if row is not None:
            row["budget"] = json.loads(row["budget"])
        found.append({"kind": standing.kind, "state": standing.state.value, "calibration": row})
    return {"at_utc_us": now_utc_us, "standings": found}


def link(reader: Reader, node: str) -> dict[str, Any]:
    """What came and what did not: gaps with their reasons, doubles, damaged frames, boots."""
    summary = asdict(reader.summary(node))
    gaps = summary.pop("gaps")
    boots = [
        {"epoch": boot.key.epoch, "boot": boot.key.boot, "firmware": boot.firmware,
         "core_hash": boot.core_hash, "reset_cause": boot.reset_cause, "samples": boot.samples,
         "period_s": None if boot.period_us is None else boot.period_us / 1e6}
        for boot in reversed(reader.boots(node)[-20:])
    ]  # fmt: skip
    return {**summary, "gaps": gaps[:200], "gaps_in_all": len(gaps), "newest_boots": boots}


def extent(reader: Reader, node: str) -> dict[str, Any]:
    """From when to when there are samples, as far as clocks tell; null without any."""
    boots = [boot for boot in reader.boots(node) if boot.raw_past]
    clocks = reader.picture_clocks([boot.key for boot in boots], 0, _FAR_US)
    known = dict(clocks)
    timed = [boot for boot in boots if boot.key in known]
    if not timed:
        return {"from_utc_us": None, "to_utc_us": None, "boots_without_time": len(boots)}
    first, last = timed[0], timed[-1]
    start = known[first.key].utc_us(np.zeros(1, np.int64))[0]
    end = reader.raw(last.key, last.raw_past - 1, last.raw_past).due_us
    past = known[last.key].utc_us(end)[0] if len(end) else start
    return {
        "from_utc_us": int(start[0]), "to_utc_us": int(past[0]),
        "boots_without_time": len(boots) - len(timed),
    }  # fmt: skip
