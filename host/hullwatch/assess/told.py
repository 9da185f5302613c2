"""An assessment as plain values: what `analyse --json` prints and a report is made of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hullwatch.units.instants import utc

if TYPE_CHECKING:
    from hullwatch.analysis.repair import Repair
    from hullwatch.analysis.result import Result
    from hullwatch.analysis.whole import Analysis, Reserve
    from hullwatch.assess.stored import Assessment


def as_json(found: Assessment, plots: Iterable[Path] = ()) -> dict[str, object]:
    """Everything, times in UTC or in seconds after the start, numbers that are none as null."""
    a = found.analysis
    values: dict[str, object] = {
        "node": found.node, "name": found.name, "sensor": found.sensor, "samples": found.samples,
        "boots": found.boots, "from": utc(found.start_utc_us),
        "to": utc(found.past_utc_us), "length_s": a.series.length_s,
        "stretch_s": list(a.stretch_s), "configs": list(found.configs),
        "t_ref_k": a.chamber.t_ref_k, "unit": a.unit, "best": _result(a.best),
        "why_best": a.why_best, "full_budget": a.budget.full if a.budget else False,
        "methods": [_result(method) for method in a.methods],
        "budget": _budget(a), "noise": _noise(a),
        "allan": [asdict(point) for point in a.allan],
        "compensation": _compensation(a), "parts_pa_s": _parts(a),
        "changes": [asdict(change) for change in a.changes],
        "repairs": [_repair(repair) for repair in a.repairs], "reserve": _reserve(a.reserve),
        "marks": [asdict(mark) for mark in a.marks], "notes": list(a.notes),
        "plots": [str(path) for path in plots],
    }  # fmt: skip
    return {key: _finite(value) for key, value in values.items()}


def _finite(value: Any) -> Any:
    """JSON has no infinity and no NaN."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _result(result: Result) -> dict[str, object]:
    return {**asdict(result), "details": dict(result.details), "u95": result.u95}


def _budget(a: Analysis) -> dict[str, object] | None:
    if a.budget is None:
        return None
    lines = [
        {
            **asdict(line.quantity), "sensitivity": line.sensitivity,
            "contribution": line.contribution,
        }
        for line in a.budget.budget.lines
    ]  # fmt: skip
    total = a.budget.budget
    return {
        "value": total.value, "u": total.u, "dof": total.dof, "k": total.k, "lines": lines,
        "full": a.budget.full, "missing": list(a.budget.missing),
    }  # fmt: skip


def _noise(a: Analysis) -> dict[str, object] | None:
    return None if a.noise is None else asdict(a.noise.noise)


def _compensation(a: Analysis) -> dict[str, object] | None:
    c = a.compensation
    if c is None:
        return None
    return {
        "verdict": c.verdict, "causes": list(c.causes), "lags_s": c.lags_s.tolist(),
        "uncompensated_pa": c.uncompensated_pa.tolist(),
        "compensated_pa": c.compensated_pa.tolist(), "follow": c.follow.tolist(),
        "uncompensated_slope_pa_s": c.uncompensated_slope_pa_s,
        "compensated_slope_pa_s": c.compensated_slope_pa_s,
    }  # fmt: skip


def _parts(a: Analysis) -> dict[str, object] | None:
    if a.parts is None:
        return None
    return {"slopes": list(a.parts.slopes_pa_s), "trend_p": a.parts.trend_p}


def _repair(repair: Repair) -> dict[str, object]:
    return {
        "at_s": repair.at_s, "what": repair.what, "before": _result(repair.before),
        "after": _result(repair.after), "cut_percent": _result(repair.cut), "said": repair.said(),
    }  # fmt: skip


def _reserve(reserve: Reserve | None) -> dict[str, object] | None:
    return None if reserve is None else asdict(reserve)
