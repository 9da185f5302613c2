"""Everything that is stored of one leak test, for a report: plain values with their units.

Nothing is computed anew but the factor k; `hullwatch verify` says whether the values are right.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hullwatch.calibration import Behind, Book
from hullwatch.errors import InputError
from hullwatch.leaktest.recipefile import KEYS, Key
from hullwatch.link.recordkinds import EVENT, EVENTS
from hullwatch.link.recordview import Record, parse
from hullwatch.link.testnames import PHASES, REASONS
from hullwatch.store import BootKey, BootRow, DeviceClock, Head, Reader, VerdictRow
from hullwatch.store.clocktime import UNKNOWN

_PHASE = [row[0] for row in EVENTS].index("PHASE") + 1
_PAGE = 1000
_AFTER = 64  # records after the verdict among which its last phase events are


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase that a test entered: sample number due then, device time, UTC in µs where known."""

    name: str
    sample: int
    device_ms: int
    utc_us: int | None


@dataclass(frozen=True)
class TestFacts:
    """One test. `recipe` by the keys of a recipe file, `config` and `profile` by record field.

    `behind`: the volume used and the calibrations in force at `ended_utc_us`. `record_sha256` is of
    the record as the node sent it; `chain` the head of the chain that holds it.
    """

    verdict: VerdictRow
    ended_utc_us: int | None
    utc_bound_us: int | None
    t_ref_k: float | None
    k: float | None
    reasons: tuple[tuple[str, str], ...]
    phases: tuple[Phase, ...]
    recipe: dict[str, Any]
    config: dict[str, Any]
    profile: dict[str, Any] | None
    behind: Behind
    boot: BootRow
    record_sha256: str
    chain: Head

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        values = asdict(self)
        values["chain"]["chain"] = self.chain.chain.hex()
        values["behind"]["remark"] = self.behind.remark
        values["boot"]["key"] = list(self.boot.key)
        return values


def facts(reader: Reader, part: str, attempt: int | None = None) -> TestFacts:
    """Of the newest test of a part, or of one attempt; InputError when there is none."""
    rows = [row for row in reader.tests(None, part) if attempt in (None, row.attempt)]
    if not rows:
        raise InputError(f"{reader.path} has no test of part {part}", "see: hullwatch test list")
    return facts_of(reader, rows[-1])


def facts_of(reader: Reader, row: VerdictRow) -> TestFacts:
    """Of a stored verdict."""
    key = BootKey(row.node, row.epoch, row.boot)
    clock = reader.clocks(row.node)[key]
    book = Book(reader, row.node)
    utc_us, bound_us = _utc(clock, row.device_ms)
    at_us = row.received_utc_us if utc_us is None else utc_us
    (stored,) = reader.records(row.node, row.epoch, row.number - 1, 1)
    test = parse(stored.data)
    recipe, config = book.config(row.epoch, row.recipe), book.config(row.epoch, row.config)
    profile = book.config(row.epoch, row.profile)
    u = None
    if row.u_a_pa_m3_s is not None and row.u_b_pa_m3_s is not None:
        u = float(np.hypot(row.u_a_pa_m3_s, row.u_b_pa_m3_s))
    (boot,) = (one for one in reader.boots(row.node) if one.key == key)
    meanings = dict(REASONS)
    return TestFacts(
        verdict=row, ended_utc_us=utc_us, utc_bound_us=bound_us,
        t_ref_k=config.integer("t_ref_mk") / 1000 if config else None,
        k=row.guard_pa_m3_s / u if u and row.guard_pa_m3_s is not None else None,
        reasons=tuple((name, meanings.get(name, "")) for name in row.reasons.split(",") if name),
        phases=_phases(reader, row, test, clock),
        recipe=recipe_values(recipe) if recipe else {}, config=_plain(config) if config else {},
        profile=_plain(profile) if profile else None,
        behind=book.behind_test(row.epoch, row.recipe, row.config, at_us), boot=boot,
        record_sha256=hashlib.sha256(stored.data).hexdigest(),
        chain=next(
            head
            for head in reader.chain_heads(row.node)
            if (head.stream, head.epoch) == ("record", row.epoch)
        ),
    )  # fmt: skip


def recipe_values(recipe: Record) -> dict[str, Any]:
    """A RECIPE record by the keys of a recipe file; None: not given. `uses`: bits of outputs."""
    found: dict[str, Any] = {"name": recipe.text("name"), "uses": recipe.integer("uses")}
    for key in KEYS:
        value = recipe.integer(key.field)
        if key.choices:
            found[key.path] = key.choices[value] if value < len(key.choices) else value
        elif key.low is None:
            found[key.path] = bool(value)
        elif _left_out(key, value):
            found[key.path] = None
        else:
            found[key.path] = value if key.factor == 1.0 else value / key.factor
    return found


def _left_out(key: Key, value: int) -> bool:
    """Whether a value is the default that nobody could have written: it was not given."""
    if not isinstance(key.default, int | float) or key.low is None:
        return False
    return key.default < key.low and value == round(key.default * key.factor)


def _phases(reader: Reader, row: VerdictRow, test: Record, clock: DeviceClock) -> tuple[Phase, ...]:
    """From the events of the test's number, the newest run of them before the verdict."""
    found: list[Phase] = []
    after = max(-1, row.recipe - 1)
    while page := reader.records(row.node, row.epoch, after, _PAGE, EVENT.id, row.boot):
        after = page[-1].number
        for stored in page:
            event = parse(stored.data)
            if stored.number > row.number + _AFTER:
                return tuple(found)
            if not event.name or event.integer("code") != _PHASE:
                continue
            if event.integer("b") == test.integer("number"):
                name = PHASES[event.integer("a")]
                utc_us, _ = _utc(clock, stored.device_ms)
                found.append(Phase(name, event.integer("c"), stored.device_ms, utc_us))
    return tuple(found)


def _plain(record: Record) -> dict[str, Any]:
    return {
        name: record.text(name) if isinstance(value, bytes) else value
        for name, value in record.body.items()
    }


def _utc(clock: DeviceClock, device_ms: int) -> tuple[int | None, int | None]:
    utc_us, bound_us = clock.utc_us(np.array([device_ms * 1000], np.int64))
    known = utc_us[0] != UNKNOWN
    return (int(utc_us[0]), int(bound_us[0])) if known else (None, None)
