"""Facts of a gauge study: Gauge R&R by average and range and by analysis of variance."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hullwatch.analysis.gaugeintervals import intervals
from hullwatch.analysis.gaugerr import Components, average_and_range, variance
from hullwatch.analysis.gaugestudy import Reading, crossed, read_csv
from hullwatch.errors import InputError
from hullwatch.report.facts import Report
from hullwatch.report.sections import document

if TYPE_CHECKING:
    from hullwatch.report.template import Heading

GUIDE = (
    "R&R below 10 % of the total variation is generally taken as acceptable, 10 to 30 % may be"
    " acceptable for some uses, above 30 % is not (AIAG Measurement Systems Analysis, 4th edition,"
    " chapter II); at least five distinct categories are wanted"
)


def of_gauge(path: Path, tolerance: float | None, heading: Heading) -> Report:
    """Report on a table of readings (see `hullwatch gauge`); InputError for what is no study."""
    readings = read_csv(path)
    if len({reading.operator for reading in readings}) < 2:
        raise InputError(f"{path}: one operator is no study", "hullwatch gauge shows repeatability")
    study = crossed(readings)
    by_range, analysis = average_and_range(study), variance(study)
    limits = intervals(analysis)
    facts: dict[str, Any] = {
        "kind": "gauge",
        "document": document(),
        "heading": heading.facts,
        "table_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "tolerance": tolerance,
        "guide": GUIDE,
        "anova": [asdict(one) | {"mean_square": one.mean_square} for one in analysis.sources],
        "pooled": analysis.pooled,
        "average_and_range": _components(by_range, tolerance),
        "components": _components(analysis.components, tolerance),
        "interval95": asdict(limits),
        "readings": [_reading(one) for one in readings],
    }
    return Report(facts)


def _components(found: Components, tolerance: float | None) -> dict[str, Any]:
    return {
        "equipment": found.equipment, "appraiser": found.appraiser,
        "interaction": found.interaction, "gauge": found.gauge, "part": found.part,
        "total": found.total, "gauge_percent": found.percent(found.gauge) if found.total else None,
        "gauge_percent_of_tolerance": found.percent_of_tolerance(tolerance) if tolerance else None,
        "categories": found.categories,
    }  # fmt: skip


def _reading(one: Reading) -> dict[str, Any]:
    return asdict(one)
