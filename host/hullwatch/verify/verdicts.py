"""The leak tests of one boot: which can be recomputed, and whether they come out the same."""

from __future__ import annotations

from dataclasses import dataclass

from hullcore import settings
from hullwatch.link.recordkinds import EVENT, EVENTS, NO_RECORD, TEST
from hullwatch.link.recordview import Record
from hullwatch.link.testnames import PHASES, reason_names
from hullwatch.store import BootRow, Reader
from hullwatch.verify.boots import (
    DAMAGED,
    NO_CONFIG,
    NO_PROFILE,
    OTHER_LAYOUT,
    UNKNOWN_CONFIG,
    Snapshots,
)
from hullwatch.verify.compare import first_difference
from hullwatch.verify.outcome import Difference, Outcome
from hullwatch.verify.pages import pages
from hullwatch.verify.snapshots import known_of, settings_of
from hullwatch.verify.spans import Holes
from hullwatch.verify.testreplay import Given, TestReplay, with_stored
from hullwatch.verify.testsamples import TestSamples, permitted_run

NO_RECIPE = "recipe record missing"
NO_PHASES = "event of its phases missing"
BY_EVENT = "ended by an event, not by samples: {}"
_EVENTS = ("outputs", "sensor", "aborted", "gaps")  # reasons of a test that was not measured
_PHASE = [row[0] for row in EVENTS].index("PHASE") + 1
_MOVING = (PHASES.index("fill"), PHASES.index("evacuate"))
_OVER = (PHASES.index("vent"), PHASES.index("fault"))


@dataclass(frozen=True)
class _Phases:
    """Sample numbers due when a test began to fill, and when its verdict fell; None: not told."""

    begun: int | None = None
    ended: int | None = None


class VerdictCheck:
    """Recomputes the tests of one boot."""

    def __init__(
        self, reader: Reader, boot: BootRow, snapshots: Snapshots, recipes: dict[int, Record],
        holes: Holes, outcome: Outcome,
    ) -> None:  # fmt: skip
        self._reader = reader
        self._boot = boot
        self._snapshots = snapshots
        self._recipes = recipes
        self._holes = holes
        self._outcome = outcome

    def run(self) -> None:
        """Compare every test record of the boot."""
        phases: dict[int, _Phases] | None = None
        for page in pages(self._reader, self._boot.key, TEST):
            for record in page:
                if phases is None:
                    phases = self._phases()
                why = self._check(record, phases)
                if why:
                    self._outcome.tests.not_verifiable[why] += 1

    def _phases(self) -> dict[int, _Phases]:
        """By test number."""
        found: dict[int, _Phases] = {}
        for page in pages(self._reader, self._boot.key, EVENT):
            for record in page:
                if record is None or not record.name or record.integer("code") != _PHASE:
                    continue
                phase, number = record.integer("a"), record.integer("b")
                at = record.integer("c")
                known = found.get(number, _Phases())
                if phase in _MOVING:
                    found[number] = _Phases(at, None)
                elif phase in _OVER and known.ended is None:
                    found[number] = _Phases(known.begun, at)
        return found

    def _check(self, record: Record | None, phases: dict[int, _Phases]) -> str:
        """Compare one test; why it cannot be, or ''."""
        if record is None:
            return DAMAGED
        if record.name != TEST.name:
            return OTHER_LAYOUT
        if not record.integer("n"):
            names = [name for name in reason_names(record.integer("reasons")) if name in _EVENTS]
            if names:
                return BY_EVENT.format(", ".join(names))
        seen = phases.get(record.integer("number"), _Phases())
        if seen.ended is None or seen.begun is None:
            return NO_PHASES
        past = max(seen.ended, record.integer("last") + 1)
        reason = self._holes.within(min(seen.begun, record.integer("started")), past - 1)
        return reason or self._replay(record, seen.begun, seen.ended, past)

    def _replay(self, record: Record, begun: int, ended: int, past: int) -> str:
        number = record.integer("profile")
        config = self._snapshots.configs.get(record.integer("config"))
        profile = self._snapshots.profiles.get(number)
        recipe = self._recipes.get(record.integer("recipe"))
        if config is None:
            return NO_CONFIG
        if recipe is None:
            return NO_RECIPE
        if number != NO_RECORD and profile is None:
            return NO_PROFILE
        try:
            values = settings_of(config)
        except (IndexError, settings.SettingError):
            return UNKNOWN_CONFIG
        permitted = self._permitted(config, record)
        given = Given(
            record, recipe, values, config, known_of(profile) if profile else None, permitted, ended
        )
        before = max(0, begun - permitted)
        samples = TestSamples(self._reader, self._boot.key, before, past)
        self._outcome.samples += past - begun
        self._compare(record, TestReplay(given, samples).body() | {"started": begun})
        return ""

    def _permitted(self, config: Record, record: Record) -> int:
        period_us = config.integer("period_us")
        own = [
            profile
            for profile in self._snapshots.profiles.values()
            if profile.boot == self._boot.key.boot
            and profile.integer("config") == config.number
            and profile.number < record.number
        ]
        return permitted_run(own, record.integer("first"), period_us)

    def _compare(self, record: Record, recomputed: dict[str, int]) -> None:
        body = tuple(with_stored(record, recomputed).values())
        difference = first_difference(TEST, record, record.flags, body)
        if difference is None:
            self._outcome.tests.equal += 1
            return
        self._outcome.tests.different += 1
        key = self._boot.key
        span = (record.integer("first"), record.integer("last"))
        self._outcome.note(
            Difference(key.node, key.epoch, record.number, TEST.name, *difference, span=span)
        )
