"""What the vigil makes of a chamber: its state, likelihood and consequence, and why."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hullwatch.vigil import assess
from hullwatch.vigil.ratingtable import LEVELS, load_table
from hullwatch.web.ask import Ask

_CALLS = 20


def risk(ask: Ask) -> dict[str, Any]:
    """The vigil of a node's chamber, with the whole rating table; null without windows for it."""
    table = load_table()
    chambers = assess(ask.reader, ask.site.now_utc_us(), ask.node, table=table)
    if not chambers:
        return {"vigil": None}
    (chamber,) = chambers[:1]
    vigil = next(one for one in chamber.nodes if one.node == ask.node)
    levels = range(1, LEVELS + 1)
    return {
        "vigil": {
            "chamber": chamber.chamber, "state": vigil.state, "since_utc_us": vigil.since_utc_us,
            "window_s": vigil.criteria.window_s, "windows": vigil.windows,
            "masked": vigil.masked, "alarms": list(chamber.alarms),
            "rating": asdict(chamber.rating) if chamber.rating else None,
            "confirmation": asdict(chamber.confirmation),
            "doubling": asdict(vigil.doubling) if vigil.doubling else None,
            "proof": asdict(vigil.proof),
            "calls": [asdict(call) for call in vigil.calls[-_CALLS:]],
        },
        "table": {
            "name": table.name, "version": table.version,
            "cells": [[table.cells[row, column] for column in levels] for row in reversed(levels)],
        },
    }  # fmt: skip
