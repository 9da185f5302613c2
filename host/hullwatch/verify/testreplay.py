"""One leak test again: from its recipe and the stored samples to the values of its record.

What is decided by samples is recomputed: when filling ended, when the chamber had settled, whether
the pressure dropped, the measuring window and the verdict. What is decided by time or by somebody
is taken from the record: when it started, how long a phase of fixed time lasted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hullcore import recipe as recipes
from hullcore import recipecheck, verdict
from hullcore.estimator import Estimator, estimator_for
from hullcore.measurement import Known, Measurement, window_body
from hullcore.plan import WindowPlan
from hullcore.scatter import Scatter
from hullcore.sums import Sums
from hullwatch.link.recordkinds import HEADER, NO_RECORD, RECIPE
from hullwatch.link.recordview import Record
from hullwatch.link.testnames import PHASES, REASONS, VERDICTS
from hullwatch.verify.testsamples import TestSamples

_BIT = {name: 1 << k for k, (name, _) in enumerate(REASONS)}
_PHASE = {name: k for k, name in enumerate(PHASES)}
_INVALID, _GROSS = VERDICTS.index("INVALID"), VERDICTS.index("GROSS")
_P_MEAN, _T_MEAN, _N, _USED = 8, 9, 4, 22  # places in the values of window_body


@dataclass(frozen=True)
class Given:
    """What a test record names: its recipe, settings in force, noise profile; sample limits.

    ``ended_at``: the sample number that was due when the verdict fell, by its PHASE event.
    """

    record: Record
    recipe: Record
    values: dict[str, object]
    config: Record
    known: Known | None
    permitted_run: int
    ended_at: int


class TestReplay:
    """Recomputes one test; `body` is the result by field name."""

    def __init__(self, given: Given, samples: TestSamples) -> None:
        self._given = given
        self._samples = samples
        end = HEADER.size + RECIPE.struct.size
        self._recipe = recipes.Recipe(given.recipe.data[HEADER.size : end])
        config = given.config
        self._m: Measurement = recipecheck.measurement_of(
            self._recipe, given.values, config.integer("pressure_lsb_q8"), config.number,
            config.integer("aux_lsb"),
        )  # fmt: skip
        self._up = self._recipe.kind != recipes.RISE
        self._started = given.record.integer("started")
        self._first = self._started
        self._filled = self._started

    def body(self) -> dict[str, int]:
        """The fields of the record that are a function of the samples."""
        record = self._given.record
        moving = "fill" if self._up else "evacuate"
        filled = self._filling()
        if filled is None:
            return self._ended(_GROSS, "fill", moving, self._given.ended_at)
        self._filled = filled
        dropped = self._dropped(filled, self._measuring_from())
        if dropped is not None:
            return self._ended(_GROSS, "dropped", "stabilise", dropped + 1)
        first = self._settled()
        if first is None:
            return self._ended(_INVALID, "settling", "stabilise", self._given.ended_at)
        self._first = first
        p_start = self._samples.last_before(first)
        if abs(p_start - (self._recipe.target_pa << 8)) > self._recipe.tolerance_pa << 8:
            return self._ended(_INVALID, "drive", "stabilise", first, p_start)
        try:
            length_s = self._length_s()
        except recipecheck.RecipeError:
            return self._ended(_INVALID, "", "measure", first, p_start)
        past = record.integer("last") + 1 if record.integer("n") else self._given.ended_at
        dropped = self._dropped(first, past)
        if dropped is not None:
            return self._ended(_GROSS, "dropped", "measure", dropped + 1, p_start)
        return self._judged(length_s, p_start)

    # --- phases ---------------------------------------------------------------------------------

    def _filling(self) -> int | None:
        """The sample number due when filling had ended; None when it did not."""
        target = self._recipe.target_pa << 8
        record = self._given.record
        if self._recipe.kind == recipes.SEALED:  # for its time
            filled = self._started + record.integer("filled")
            if record.integer("ended") == _PHASE["fill"]:
                filled = self._given.ended_at
            low = target - (self._recipe.tolerance_pa << 8)
            return filled if self._samples.last_before(filled) >= low else None
        for number, p_q8 in self._samples.in_time(self._started, self._given.ended_at):
            if p_q8 >= target if self._up else p_q8 <= target:
                return number + 1
        return None

    def _dropped(self, first: int, past: int) -> int | None:
        """The first sample further from the target than a gross leak's."""
        target, gross = self._recipe.target_pa << 8, self._recipe.gross_pa << 8
        for number, p_q8 in self._samples.in_time(first, past):
            if (target - p_q8 if self._up else p_q8 - target) > gross:
                return number
        return None

    def _measuring_from(self) -> int:
        """Where the stabilising phase ended by the record."""
        record = self._given.record
        stored = record.integer("first")
        early = record.integer("ended") != _PHASE["measure"] and stored == self._started
        return self._given.ended_at if early else stored

    def _settled(self) -> int | None:
        """First sample of the measuring phase; None when settling took too long."""
        stored = self._measuring_from()
        if not self._recipe.settle_ppm:
            return stored
        found: list[int] = []

        def on_window(length_s: int, first: int, last: int, sums: Sums, scatter: Scatter) -> None:
            _, body = window_body(self._m, length_s, first, last, sums, scatter, 0)
            if not found and recipes.has_settled(self._m, self._recipe, body):
                found.append(last + 1)

        estimator = self._estimator(self._recipe.settle_s, on_window, self._filled)
        for _ in self._samples.feed(estimator, self._filled, stored):
            if found:
                return found[0]
        return None

    def _length_s(self) -> int:
        if not self._recipe.goal_fpa_m3_s:
            return int(self._recipe.measure_s)
        return int(recipecheck.predicted_s(self._recipe, self._m, self._given.known))

    def _estimator(self, length_s: int, on_window: object, first: int) -> Estimator:
        def whole(length: int, begin: int, last: int, sums: Sums, scatter: Scatter) -> None:
            if length == length_s:
                assert callable(on_window)
                on_window(length, begin, last, sums, scatter)

        period_us = self._m.period_us
        plan = WindowPlan(period_us, recipes.lengths(period_us, length_s))
        estimator: Estimator = estimator_for(self._m, plan, whole, first)
        self._samples.stuck_so_far(first, estimator.stale)
        estimator.stale.limit = self._given.permitted_run
        return estimator

    # --- the end --------------------------------------------------------------------------------

    def _judged(self, length_s: int, p_start: int) -> dict[str, int]:
        closed: list[tuple[int, tuple[int, ...]]] = []

        def on_window(length: int, first: int, last: int, sums: Sums, scatter: Scatter) -> None:
            known = self._given.known
            closed.append(window_body(self._m, length, first, last, sums, scatter, 0, known))

        record = self._given.record
        estimator = self._estimator(length_s, on_window, self._first)
        at = self._first
        for number in self._samples.feed(estimator, self._first, record.integer("last") + 1):
            at = number + 1
            if closed:
                break
        if not closed:
            return self._ended(_INVALID, "gaps", "measure", at, p_start)
        flags, body = closed[0]
        found = verdict.judge(
            self._m, self._recipe, flags, body, record.integer("attempt"), self._vented()
        )
        values = self._common(p_start, at)
        return values | {
            "verdict": found.verdict, "ended": _PHASE["measure"], "reasons": found.reasons,
            "first": self._first, "last": at - 1, "n": body[_N], "p_mean_q8": body[_P_MEAN],
            "t_mean_q16": body[_T_MEAN], "dof": found.dof, "rate_fpa_m3_s": found.rate,
            "guard_fpa_m3_s": found.guard, "u_a_fpa_m3_s": found.u_a, "u_b_fpa_m3_s": found.u_b,
            "outgas_fpa_m3_s": found.outgas, "profile": body[_USED],
        }  # fmt: skip

    def _vented(self) -> bool:
        """Whether nothing pushed against the part: by the recipe, or by block and bleed.

        The wiring is no part of any record; that it had block and bleed shows in the missing bit.
        """
        seat = self._given.record.integer("reasons") & _BIT["seat"]
        return bool(self._recipe.vented) or not seat

    def _ended(
        self, decided: int, reason: str, phase: str, past: int, p_start: int = 0
    ) -> dict[str, int]:
        """Without a whole measurement; ``past``: the sample number due then."""
        values = self._common(p_start, past)
        return values | {
            "verdict": decided, "ended": _PHASE[phase], "reasons": _BIT.get(reason, 0),
            "first": self._first, "last": max(0, self._first - 1), "n": 0, "p_mean_q8": 0,
            "t_mean_q16": 0, "dof": 0, "rate_fpa_m3_s": 0, "guard_fpa_m3_s": -1,
            "u_a_fpa_m3_s": -1, "u_b_fpa_m3_s": -1, "outgas_fpa_m3_s": 0, "profile": NO_RECORD,
        }  # fmt: skip

    def _common(self, p_start: int, past: int) -> dict[str, int]:
        return {
            "filled": self._filled - self._started, "p_start_q8": p_start,
            "p_end_q8": self._samples.last_before(past),
        }  # fmt: skip


def with_stored(record: Record, recomputed: Mapping[str, int]) -> dict[str, object]:
    """All fields of the body, those that are no function of samples as they are stored."""
    return {**record.body, **recomputed}
