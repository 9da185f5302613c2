"""Facts of a measurement over a span of time: leak rate by the host, beside what the node said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hullwatch.assess import Assessment, Overrides, analyse
from hullwatch.assess.setup import Settings, settings_of
from hullwatch.assess.told import as_json
from hullwatch.report import pictures
from hullwatch.report.decision import decide
from hullwatch.report.facts import Report
from hullwatch.report.integrity import integrity
from hullwatch.report.sections import PROBABILITY, calibrations, document, identity, setup

if TYPE_CHECKING:
    from hullwatch.report.template import Heading
    from hullwatch.store import Reader, WindowRow

_NOT_FACTS = ("plots", "allan", "parts_pa_s")
_SPAN = ("node", "name", "sensor", "samples", "boots", "from", "to", "length_s", "stretch_s")
_BARS = 400
"""More windows than that in a picture are a smear: the next longer length is drawn."""
_ALL = 1 << 31
_MARGIN_US = 10_000_000  # a window ends after its last sample; whether it lies within, samples say


def of_period(
    reader: Reader, node: str, start_utc_us: int | None, past_utc_us: int | None, heading: Heading,
    limit: float | None, overrides: Overrides, advance: Callable[[int], None],
) -> Report:  # fmt: skip
    """Report on a node between two times; `limit` in Pa·m³/s at the node's T_ref."""
    found = analyse(
        reader, node, start_utc_us, past_utc_us, overrides=overrides, advance=advance
    )  # fmt: skip
    windows = windows_within(reader, found)
    facts = {
        "kind": "period",
        "document": document(),
        "heading": heading.facts,
        **measurement(found, limit),
        "node_windows": [_window(row) for row in windows[-1:]],
        "identity": identity(reader, node, [boot for boot, _, _ in found.spans]),
        "setup": setup(_settings(reader, found)),
        "calibrations": calibrations(reader, node, middle_us(found)),
        "integrity": integrity(reader, node, list(found.spans), advance),
    }
    return Report(facts, pictures.of_measurement(found, windows, limit))


def measurement(found: Assessment, limit: float | None) -> dict[str, Any]:
    """Verdict, result, methods, budget and what else the analysis says."""
    a, told = found.analysis, as_json(found)
    best, full = a.best, bool(a.budget and a.budget.full)
    missing = a.budget.missing if a.budget else ("the volume or the rate is not known",)
    analysis = {
        key: value
        for key, value in told.items()
        if key not in (*_NOT_FACTS, *_SPAN, "best", "methods", "budget", "notes", "marks")
    }
    return {
        "verdict": decide(best, limit, full, missing).facts,
        "result": {
            "value": best.value, "low": best.low, "high": best.high, "u95": best.u95,
            "k": best.k, "dof": best.dof, "probability": PROBABILITY, "unit": a.unit,
            "method": best.name, "why": a.why_best, "whole_budget": full,
            "flags": list(best.flags), "refusals": list(best.refusals),
        },
        "conditions": {
            "gas": a.chamber.gas, "t_ref_k": a.chamber.t_ref_k,
            "p_in_pa": float(a.series.p_pa.mean()), "p_out_pa": a.chamber.outside_pa,
            "u_p_out_pa": a.chamber.u_outside_pa or None,
            "temperature_k": float(a.series.temperature_k.mean()),
            "volume_m3": a.chamber.volume_m3, "u_volume": a.chamber.u_volume,
        },
        "span": {key: told[key] for key in _SPAN},
        "methods": told["methods"],
        "budget": told["budget"],
        "analysis": analysis,
        "marks": told["marks"],
        "notes": list(a.notes),
    }  # fmt: skip


def middle_us(found: Assessment) -> int | None:
    """UTC of the middle: what was in force then was in force for the measurement."""
    if found.start_utc_us is None or found.past_utc_us is None:
        return None
    return (found.start_utc_us + found.past_utc_us) // 2


def _settings(reader: Reader, found: Assessment) -> Settings | None:
    known = [s for s in settings_of(reader, found.node) if s.row.number in found.configs]
    return known[0] if known else None


def windows_within(reader: Reader, found: Assessment) -> list[WindowRow]:
    """The node's windows of these samples, of the shortest length that a picture can show.

    With a clock only those of the span are read, of one length after the other: a year has three
    million of 10 s.
    """
    configs = [row for row in reader.configs(found.node) if row.number in found.configs]
    told = {float(text) for row in configs for text in row.windows_s.split(",") if text}
    lengths = sorted(told or {row.window_s for row in reader.windows(found.node)})
    rows: list[WindowRow] = []
    for length in lengths:
        beyond = 2 + int(_MARGIN_US / (length * 1e6))  # those past the end, left out afterwards
        most = _ALL if length == lengths[-1] else _BARS + 1 + beyond
        rows = _of_length(reader, found, length, most) or rows
        if 0 < len(rows) <= _BARS:
            break
    return rows


def _of_length(reader: Reader, found: Assessment, length: float, most: int) -> list[WindowRow]:
    """At most `most` windows of a length that lie within the samples of the span."""
    start, past = found.start_utc_us, found.past_utc_us
    if start is None or past is None:
        rows = reader.windows(found.node, length)
    else:
        margin = _MARGIN_US
        told = reader.windows_utc(found.node, length, start - margin, past + margin, most)
        rows = [row for row, _ in told]
    spans = {(boot.epoch, boot.boot): (first, past) for boot, first, past in found.spans}

    def within(row: WindowRow) -> bool:
        first, past = spans.get((row.epoch, row.boot), (0, 0))
        if row.first_sample is None or row.last_sample is None:
            return False
        return first <= row.first_sample and row.last_sample < past

    return [row for row in rows if within(row)]


def _window(row: WindowRow) -> dict[str, Any]:
    """The newest of them: what the node itself said."""
    return {
        "record": row.number, "epoch": row.epoch, "window_s": row.window_s,
        "leak_rate_pa_m3_s": row.leak_rate_pa_m3_s, "u95_pa_m3_s": row.u95_pa_m3_s,
        "u95_kind": row.u95_kind, "t_ref_k": row.t_ref_k, "reserve_s": row.reserve_s,
        "trend": row.trend, "flags": row.flags,
    }  # fmt: skip
