"""Facts of one leak test: the verdict of the node, recipe, phases, the host's second opinion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hullwatch.assess import Assessment, Overrides, analyse
from hullwatch.assess.setup import Settings, settings_of
from hullwatch.errors import HullwatchError, InputError
from hullwatch.leaktest.facts import Phase, TestFacts, facts_of, recipe_values
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
    from hullwatch.store import Reader, VerdictRow

RULE = (
    "PASS when rate + seat bound + guard band ≤ limit; FAIL when rate − seat bound − outgassing"
    " − guard band > limit; RETEST between while a try is left. The guard band is Student's t"
    " times the combined standard uncertainty: the risk of accepting a part exactly at the limit"
    " is at most 2.5 % over all tries (JCGM 106:2012, 7.3 and 8.3.2)"
)
_LIMIT = "limit.leak_pa_m3_s"


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
    stored = facts_of(reader, row)
    boot = stored.boot.key
    test = _record(reader, row, row.number, TEST.id)
    phases = _phases(stored.phases, row.last_sample + 1)
    past = max([row.last_sample + 1, *(phase["past"] for phase in phases)])
    spans = [(boot, test.integer("started"), past)]
    opinion, why_not = _opinion(reader, row, boot, overrides)
    facts: dict[str, Any] = {
        "kind": "test",
        "document": document(),
        "heading": heading.facts,
        **_verdict(stored, test),
        "part": {"id": row.part, "attempt": row.attempt, "tries": stored.recipe["tries"]},
        "recipe": {"record": row.recipe, **stored.recipe},
        "phases": phases,
        "ended": utc(stored.ended_utc_us),
        "identity": identity(reader, row.node, [boot]),
        "setup": setup(_settings(reader, row)),
        "volume": stored.behind.remark,
        "calibrations": calibrations(reader, row.node, stored.ended_utc_us),
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
    return float(recipe_values(_record(reader, row, row.recipe, RECIPE.id))[_LIMIT])


def _settings(reader: Reader, row: VerdictRow) -> Settings | None:
    known = [s for s in settings_of(reader, row.node) if s.row.number == row.config]
    return known[0] if known else None


def _verdict(stored: TestFacts, test: Record) -> dict[str, Any]:
    row = stored.verdict
    return {
        "verdict": {
            "word": row.verdict,
            "why": "; ".join(text or name for name, text in stored.reasons),
            "reasons": [name for name, _ in stored.reasons], "rule": RULE,
            "limit": stored.recipe[_LIMIT], "ended_in": row.ended,
        },
        "result": {
            "value": row.leak_rate_pa_m3_s, "u95": row.guard_pa_m3_s, "unit": "Pa·m³/s",
            "u_noise": row.u_a_pa_m3_s, "u_systematic": row.u_b_pa_m3_s, "k": stored.k,
            "dof": test.integer("dof"), "probability": PROBABILITY,
            "method": "node, pressure slope", "whole_budget": row.u_b_pa_m3_s is not None,
            "seat_bound": stored.recipe["supply.seat_bound_pa_m3_s"],
            "outgassing_bound": row.outgas_pa_m3_s,
        },
        "conditions": {
            "p_in_pa": row.pressure_mean_pa, "temperature_k": row.temperature_mean_k,
            "t_ref_k": stored.t_ref_k, "p_start_pa": test.integer("p_start_q8") / 256,
            "p_end_pa": test.integer("p_end_q8") / 256, "samples": row.n,
        },
    }  # fmt: skip


def _phases(entered: Sequence[Phase], past: int) -> list[dict[str, Any]]:
    """Name, first and past sample of each with UTC of its begin; the last ends with the samples."""
    ends = [phase.sample for phase in entered[1:]] + [past]
    return [
        {"name": one.name, "first": one.sample, "past": end, "from": utc(one.utc_us)}
        for one, end in zip(entered, ends, strict=True)
        if end > one.sample
    ]


def _opinion(
    reader: Reader, row: VerdictRow, boot: BootKey, overrides: Overrides
) -> tuple[Assessment | None, str]:
    """The host's analysis of the measuring phase, or why there is none."""
    if row.last_sample < row.first_sample:
        return None, "nothing was measured"
    raw = reader.raw(boot, row.first_sample, row.last_sample + 1)
    clock = reader.clocks(row.node)[boot]
    if not len(raw.sample) or clock.source != CLOCK:
        return None, "the samples or their time are not known"
    times = clock.utc_us(raw.due_us[[0, -1]])[0]
    step = int(raw.due_us[-1] - raw.due_us[0]) // max(1, len(raw.sample) - 1)
    begin, past = int(times[0]) - step // 2, int(times[1]) + step // 2
    try:
        return analyse(reader, row.node, begin, past, overrides=overrides), ""
    except HullwatchError as error:
        return None, error.message
