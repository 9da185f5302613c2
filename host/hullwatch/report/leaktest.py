"""Facts of one leak test: the verdict of the node, recipe, phases, the host's second opinion."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hullwatch.assess import Assessment, Overrides, analyse
from hullwatch.assess.setup import Settings, settings_of
from hullwatch.errors import HullwatchError, InputError
from hullwatch.link import testnames
from hullwatch.link.recordkinds import RECIPE, TEST
from hullwatch.link.recordview import Record, parse
from hullwatch.report import pictures
from hullwatch.report.facts import Report
from hullwatch.report.integrity import integrity
from hullwatch.report.period import measurement
from hullwatch.report.sections import PROBABILITY, calibrations, document, identity, setup
from hullwatch.store import BootKey
from hullwatch.store.clocktime import CLOCK
from hullwatch.units.instants import utc

if TYPE_CHECKING:
    from hullwatch.report.template import Heading
    from hullwatch.store import DeviceClock, Reader, VerdictRow

RULE = (
    "PASS when rate + seat bound + guard band ≤ limit; FAIL when rate − seat bound − outgassing"
    " − guard band > limit; RETEST between while a try is left. The guard band is Student's t"
    " times the combined standard uncertainty: the risk of accepting a part exactly at the limit"
    " is at most 2.5 % over all tries (JCGM 106:2012, 7.3 and 8.3.2)"
)
_FPA = 1e-15
_NONE = -1


def found_test(reader: Reader, node: str | None, wanted: str) -> VerdictRow:
    """By part (its newest try), part#try, or record number; InputError for one there is not."""
    rows = reader.tests(node)
    part, _, attempt = wanted.partition("#")
    chosen = [row for row in rows if row.part == wanted]
    if not chosen and attempt.isdigit():
        chosen = [row for row in rows if row.part == part and row.attempt == int(attempt)]
    if not chosen and wanted.isdigit():
        chosen = [row for row in rows if row.number == int(wanted)]
    if not chosen:
        raise InputError(f"no test {wanted!r}", "see: hullwatch test list")
    return chosen[-1]


def of_test(
    reader: Reader, row: VerdictRow, heading: Heading, overrides: Overrides,
    advance: Callable[[int], None],
) -> Report:  # fmt: skip
    """Report on one TEST record."""
    boot = BootKey(row.node, row.epoch, row.boot)
    test, recipe = (
        _record(reader, row, row.number, TEST.id),
        _record(reader, row, row.recipe, RECIPE.id),
    )
    clock = reader.clocks(row.node)[boot]
    phases = _phases(reader, boot, test, clock)
    spans = [(boot, test.integer("started"), row.last_sample + 1)]
    opinion, why_not = _opinion(reader, row, boot, clock, overrides)
    at_us = _utc_of(clock, row.device_ms)
    facts: dict[str, Any] = {
        "kind": "test",
        "document": document(),
        "heading": heading.facts,
        **_verdict(row, test, recipe),
        "part": {"id": row.part, "attempt": row.attempt, "tries": recipe.integer("tries")},
        "recipe": _recipe(recipe, row.recipe),
        "phases": phases,
        "ended": utc(at_us),
        "identity": identity(reader, row.node, [boot]),
        "setup": setup(_settings(reader, row)),
        "calibrations": calibrations(reader, row.node, at_us),
        "second_opinion": measurement(opinion, None) if opinion else None,
        "no_second_opinion": why_not,
        "integrity": integrity(reader, row.node, spans, advance),
    }
    raw = reader.raw(boot, spans[0][1], spans[0][2])
    return Report(facts, pictures.of_test(raw, phases, opinion))


def _record(reader: Reader, row: VerdictRow, number: int, kind: int) -> Record:
    found = reader.records(row.node, row.epoch, number - 1, 1, kind)
    if not found or found[0].number != number:
        raise InputError(f"record {number} of the test is not stored", "see: hullwatch verify")
    return parse(found[0].data)


def limit_of(reader: Reader, row: VerdictRow) -> float:
    """The limit of the recipe that a verdict was made with, Pa·m³/s."""
    return _record(reader, row, row.recipe, RECIPE.id).integer("limit_fpa_m3_s") * _FPA


def _settings(reader: Reader, row: VerdictRow) -> Settings | None:
    known = [s for s in settings_of(reader, row.node) if s.row.number == row.config]
    return known[0] if known else None


def _verdict(row: VerdictRow, test: Record, recipe: Record) -> dict[str, Any]:
    reasons = dict(testnames.REASONS)
    names = [name for name in row.reasons.split(",") if name]
    limit, seat = recipe.integer("limit_fpa_m3_s"), recipe.integer("seat_fpa_m3_s")
    u_a, u_b = row.u_a_pa_m3_s, row.u_b_pa_m3_s
    u = None if u_a is None or u_b is None else float(np.hypot(u_a, u_b))
    return {
        "verdict": {
            "word": row.verdict,
            "why": "; ".join(reasons.get(name, name) for name in names),
            "reasons": names, "rule": RULE, "limit": limit * _FPA, "ended_in": row.ended,
        },
        "result": {
            "value": row.leak_rate_pa_m3_s, "u95": row.guard_pa_m3_s, "unit": "Pa·m³/s",
            "u_noise": u_a, "u_systematic": u_b, "u": u,
            "k": row.guard_pa_m3_s / u if u and row.guard_pa_m3_s else None,
            "dof": test.integer("dof"), "probability": PROBABILITY,
            "method": "node, pressure slope",
            "whole_budget": u_b is not None, "seat_bound": None if seat == _NONE else seat * _FPA,
            "outgassing_bound": row.outgas_pa_m3_s,
        },
        "conditions": {
            "p_in_pa": row.pressure_mean_pa, "temperature_k": row.temperature_mean_k,
            "p_start_pa": test.integer("p_start_q8") / 256,
            "p_end_pa": test.integer("p_end_q8") / 256, "samples": row.n,
        },
    }  # fmt: skip


def _recipe(recipe: Record, number: int) -> dict[str, Any]:
    body = {key: value for key, value in recipe.body.items() if isinstance(value, int)}
    return {
        "record": number, "name": recipe.text("name"),
        "kind": testnames.TEST_KINDS[recipe.integer("kind")],
        "law": testnames.FLOW_LAWS[recipe.integer("law")], "fields": body,
    }  # fmt: skip


def _phases(
    reader: Reader, boot: BootKey, test: Record, clock: DeviceClock
) -> list[dict[str, Any]]:
    """Name, first and past sample of each, with UTC of its begin; an empty one is left out."""
    started, filled = test.integer("started"), test.integer("filled")
    first, last = test.integer("first"), test.integer("last")
    edges = [("fill", started, started + filled), ("stabilise", started + filled, first),
             ("measure", first, last + 1)]  # fmt: skip
    found = []
    for name, begin, past in edges:
        if past <= begin:
            continue
        raw = reader.raw(boot, begin, past)
        due = int(raw.due_us[0]) if len(raw.sample) else -1
        at = _utc_of(clock, due // 1000) if due >= 0 else None
        found.append({"name": name, "first": begin, "past": past, "from": utc(at)})
    return found


def _utc_of(clock: DeviceClock, device_ms: int) -> int | None:
    if clock.source != CLOCK:
        return None
    return int(clock.utc_us(np.array([device_ms * 1000], np.int64))[0][0])


def _opinion(
    reader: Reader, row: VerdictRow, boot: BootKey, clock: DeviceClock, overrides: Overrides
) -> tuple[Assessment | None, str]:
    """The host's analysis of the measuring phase, or why there is none."""
    if row.last_sample < row.first_sample:
        return None, "nothing was measured"
    raw = reader.raw(boot, row.first_sample, row.last_sample + 1)
    if not len(raw.sample) or clock.source != CLOCK:
        return None, "the samples or their time are not known"
    times = clock.utc_us(raw.due_us[[0, -1]])[0]
    step = int(raw.due_us[-1] - raw.due_us[0]) // max(1, len(raw.sample) - 1)
    begin, past = int(times[0]) - step // 2, int(times[1]) + step // 2
    try:
        return analyse(reader, row.node, begin, past, overrides=overrides), ""
    except HullwatchError as error:
        return None, error.message
