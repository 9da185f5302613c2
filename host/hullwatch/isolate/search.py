"""The search: measure all open, close the hatch that tells most, open it, think, go on.

It waits, operates and reads only through `site.Site`. No hatch is closed before the rate is
known, none while another is, none longer than `choice.limit_s`, and each is opened as soon
as the measured difference has reached half of what would hold it shut.
"""

import math
from collections.abc import Callable
from typing import Final

from hullwatch.isolate.belief import ELSEWHERE, NO_LEAK, Belief
from hullwatch.isolate.choice import HALF, LEAST_BITS, Plan, limit_s, planned
from hullwatch.isolate.closing import Closed, Rate, Reading, pooled
from hullwatch.isolate.finding import (
    DETERMINED,
    NO_LEAK_FOUND,
    NOT_DETERMINED,
    Entry,
    Finding,
)
from hullwatch.isolate.layout import Layout
from hullwatch.isolate.site import Site

ARRIVAL_S: Final = 30.0
"""Windows are in the database this long after their end, at the latest."""

NO_LOSS: Final = "no loss above its uncertainty"
"""How the reason begins when there is nothing to search for."""

_UNEXPLAINED: Final = "no single leak in these sections explains what was measured"
_TESTS_PER_HATCH: Final = 3
_BASELINE_FEWEST: Final = 2  # windows of each section: one alone may be quiet by chance
_BASELINE_WINDOWS: Final = 3
_SEEN_SHARE: Final = 0.01  # of reopen_pa: a smaller difference shows nothing about a hatch
_SEEN_WANDER: Final = 2.0  # so often what it wanders while all is open
_PARTS: Final = 6
_LOOKS: Final = 10


def ignore(_entry: Entry) -> None:
    """For a search nobody watches."""


class Search:
    """One search at ``site``; ``tell`` gets each journal entry as it is made. Use once."""

    def __init__(self, layout: Layout, site: Site, tell: Callable[[Entry], None] = ignore) -> None:
        layout.check()
        self._layout = layout
        self._site = site
        self._tell = tell
        self._belief = Belief(layout)
        self._journal: list[Entry] = []
        self._rate: Rate | None = None
        self._noise: dict[float, float] = {}
        self._kinds: tuple[str, ...] = ()
        self._tests = dict.fromkeys((hatch.name for hatch in layout.hatches), 0)
        self._nodes = frozenset(section.name for section in layout.sections if section.node)
        self._least_seen: dict[str, float] = {}
        self._closed: list[Closed] = []
        self.closed: str | None = None

    def run(self) -> Finding:
        """Search to the end. On an exception from the site, `closed` names a hatch left closed."""
        reason = self._baseline()
        while not reason:
            chances = self._belief.probabilities()
            name = max(chances, key=lambda key: chances[key])
            if chances[name] >= self._layout.confidence:
                return self._concluded(name)
            plan = self._next(chances)
            reason = self._why_nothing_left(chances) if plan is None else self._test(plan)
        return self._found(NOT_DETERMINED, None, reason)

    # -- all open ---------------------------------------------------------

    def _baseline(self) -> str:
        """The rate of the whole with every hatch open; why the search cannot go on, or ''."""
        site, layout = self._site, self._layout
        begun_s = site.now_s()
        site.wait(begun_s + layout.baseline_s + ARRIVAL_S, "all hatches open: the whole")
        by_length = {
            window_s: site.readings(window_s, begun_s, begun_s + layout.baseline_s)
            for window_s in site.windows_s
        }
        lengths = []
        for window_s, rows in by_length.items():
            if not rows:
                continue
            self._noise[window_s] = math.sqrt(math.fsum(r.u_pa_s**2 for r in rows) / len(rows))
            if len(rows) >= _BASELINE_WINDOWS and self._least_count(rows) >= _BASELINE_FEWEST:
                lengths.append(window_s)
        if not lengths:
            silent = sorted(self._nodes - {r.section for rows in by_length.values() for r in rows})
            who = ", ".join(silent) or "some section"
            return f"too few windows with an interval from {who} with all hatches open"
        self._watch_differences(begun_s)
        rows = by_length[max(lengths)]
        # not weighted: the few long windows that came out quiet by chance would decide
        slope = math.fsum(row.slope_pa_s for row in rows) / len(rows)
        u = math.sqrt(math.fsum(row.u_pa_s**2 for row in rows)) / len(rows)
        whole_m3 = layout.volume_m3(layout.names)
        self._rate = rate = Rate(-slope * whole_m3, u * whole_m3)
        self._kinds = tuple(sorted({row.kind for row in rows}))
        self._note(
            "baseline", begun_s, rate_pa_m3_s=rate.value_pa_m3_s, u95_pa_m3_s=1.96 * u * whole_m3,
            window_s=max(lengths), windows=len(rows), interval_contains=list(self._kinds),
        )  # fmt: skip
        if rate.value_pa_m3_s <= 1.96 * rate.u_pa_m3_s:
            return f"{NO_LOSS}: at most {rate.upper_pa_m3_s:.2g} Pa·m³/s with all hatches open"
        return ""

    def _watch_differences(self, begun_s: float) -> None:
        """What each hatch's sides must be apart at least to say that it is closed."""
        part_s = self._layout.baseline_s / _PARTS
        for hatch in self._tests:
            seen = [
                apart
                for part in range(_PARTS)
                if (apart := self._difference(hatch, begun_s + part * part_s,
                                              begun_s + (part + 1) * part_s)) is not None
            ]  # fmt: skip
            wander = max(seen) - min(seen) if seen else 0.0
            self._least_seen[hatch] = max(
                _SEEN_WANDER * wander, _SEEN_SHARE * self._layout.reopen_pa
            )

    def _least_count(self, rows: list[Reading]) -> int:
        return min(sum(1 for row in rows if row.section == name) for name in self._nodes)

    # -- one hatch --------------------------------------------------------

    def _next(self, chances: dict[str, float]) -> Plan | None:
        """The trusted hatch with most expected information, None where none is worth it."""
        assert self._rate is not None
        plans = [
            plan
            for hatch, tests in self._tests.items()
            if tests < _TESTS_PER_HATCH and hatch not in self._belief.untrusted
            if (plan := planned(self._layout, hatch, self._rate, self._noise, chances))
        ]
        best = max(plans, key=lambda plan: plan.bits, default=None)
        return best if best is not None and best.bits >= LEAST_BITS else None

    def _test(self, plan: Plan) -> str:
        """Close, measure, open, check; why the search cannot go on, or ''."""
        site, layout = self._site, self._layout
        self._tests[plan.hatch] += 1
        before = self._difference(plan.hatch, site.now_s() - self._look_s(), site.now_s())
        self._note(
            "close", site.now_s(), hatch=plan.hatch, planned_s=plan.closed_s, limit_s=plan.limit_s,
            window_s=plan.window_s, windows=plan.windows, expected_bits=plan.bits,
            separation_sd=plan.separation_sd,
        )  # fmt: skip
        self.closed = plan.hatch
        site.operate(plan.hatch, False)
        closed_s = site.now_s()
        at_most = self._held(plan, closed_s, before)
        site.operate(plan.hatch, True)
        self.closed = None
        open_s = site.now_s()
        self._note(
            "open", open_s, hatch=plan.hatch, closed_for_s=open_s - closed_s,
            limit_kept=open_s - closed_s <= plan.limit_s, difference_pa=at_most,
        )  # fmt: skip
        site.wait(open_s + layout.settle_s + self._look_s() + ARRIVAL_S, "open again: both sides")
        stuck = self._check_open(plan.hatch, open_s, before, at_most)
        if stuck:
            self.closed = plan.hatch
            return stuck
        return self._weigh(plan, closed_s, open_s)

    def _look_s(self) -> float:
        """Long enough to contain a shortest window, wherever its samples begin."""
        return 2.0 * min(self._noise) + ARRIVAL_S

    def _held(self, plan: Plan, closed_s: float, before: float | None) -> float | None:
        """Wait with the hatch closed, at most as planned; the largest difference seen, Pa."""
        site = self._site
        until_s = closed_s + min(plan.closed_s, plan.limit_s)
        step_s = max(min(self._noise), (until_s - closed_s) / _LOOKS)
        most: float | None = None
        while site.now_s() < until_s:
            site.wait(min(site.now_s() + step_s, until_s), f"hatch {plan.hatch} closed")
            since_s = max(closed_s, site.now_s() - self._look_s())
            now = self._difference(plan.hatch, since_s, site.now_s())
            if now is None:
                continue
            apart = abs(now - (before or 0.0))
            most = max(most or 0.0, apart)
            if before is not None and apart >= HALF * self._layout.reopen_pa:
                break
        return most

    def _difference(self, hatch: str, since_s: float, until_s: float) -> float | None:
        """Mean pressure of the first side less that of the second, newest windows; None unknown."""
        rows = self._site.readings(min(self._noise), since_s, until_s)
        first = self._layout.side(hatch)
        newest = {row.section: row for row in sorted(rows, key=lambda row: row.end_s)}
        sides = [
            [row.mean_pa for name, row in newest.items() if (name in first) == side]
            for side in (True, False)
        ]
        if set(newest) != self._nodes or not all(sides):
            return None
        return math.fsum(sides[0]) / len(sides[0]) - math.fsum(sides[1]) / len(sides[1])

    def _check_open(
        self, hatch: str, open_s: float, before: float | None, most: float | None
    ) -> str:
        """Whether the difference that had grown is gone; a reason to stop, or ''."""
        now = self._difference(hatch, open_s + self._layout.settle_s, self._site.now_s())
        least = self._least_seen[hatch]
        seen = before is not None and now is not None and most is not None and most >= least
        left = abs(now - before) if before is not None and now is not None else None
        stuck = seen and left is not None and left >= max(least, 0.5 * (most or 0.0))
        self._note(
            "check", self._site.now_s(), hatch=hatch, difference_pa=left,
            opened="no" if stuck else "yes" if seen else "not to be seen",
        )  # fmt: skip
        return f"hatch {hatch} did not open again: its sides stay apart" if stuck else ""

    def _weigh(self, plan: Plan, closed_s: float, open_s: float) -> str:
        """Take the windows of a closing into the belief."""
        assert self._rate is not None
        site, layout = self._site, self._layout
        first = layout.side(plan.hatch)
        rows = site.readings(plan.window_s, closed_s + layout.quiet_s, open_s)
        if not rows:
            return f"no windows came while hatch {plan.hatch} was closed"
        closed = Closed(
            plan.hatch,
            layout.volume_m3(first),
            layout.volume_m3(layout.names - first),
            tuple(
                (row.section in first,
                 row._replace(start_s=row.start_s - closed_s, end_s=row.end_s - closed_s))
                for row in pooled(rows)
            ),
        )  # fmt: skip
        self._closed.append(closed)
        self._belief.add(plan.hatch, closed.evidence(self._rate))
        self._belief.judge_hatches()
        self._note(
            "weigh", site.now_s(), hatch=plan.hatch, windows=len(rows),
            sides=[
                {"sections": sorted(names), "slope_pa_s": mean and mean[0],
                 "u95_pa_s": mean and 1.96 * mean[1]}
                for names, mean in zip((first, layout.names - first), closed.means(), strict=True)
            ],
            hatch_leaks=self._belief.leaky(plan.hatch), untrusted=sorted(self._belief.untrusted),
            unexplained=self._belief.unexplained(), probabilities=self._belief.probabilities(),
        )  # fmt: skip
        return ""

    # -- the end ----------------------------------------------------------

    def _why_nothing_left(self, chances: dict[str, float]) -> str:
        if self._belief.unexplained() > 0.5:
            return _UNEXPLAINED
        if self._belief.untrusted:
            names = ", ".join(sorted(self._belief.untrusted))
            return f"not to be told apart without trusting what leaks when closed: {names}"
        assert self._rate is not None
        name, least_s = min(
            ((hatch, limit_s(self._layout, hatch, self._rate)) for hatch in self._tests),
            key=lambda item: item[1],
        )
        return (
            "no further closing would tell the candidates apart within its permitted time, "
            f"{least_s:.0f} s for hatch {name}"
        )

    def _concluded(self, name: str) -> Finding:
        if name == ELSEWHERE or self._belief.unexplained() > 1.0 - self._layout.confidence:
            return self._found(NOT_DETERMINED, None, _UNEXPLAINED)
        if name == NO_LEAK:
            return self._found(NO_LEAK_FOUND, None, "neither side falls with a hatch closed")
        return self._found(DETERMINED, name, "")

    def _found(self, verdict: str, section: str | None, reason: str) -> Finding:
        chances = self._belief.probabilities()
        rate = self._refined(section) if section else self._rate
        self._note("end", self._site.now_s(), verdict=verdict, section=section, reason=reason)
        named = section or (NO_LEAK if verdict == NO_LEAK_FOUND else None)
        return Finding(
            verdict=verdict,
            section=section,
            confidence=chances[named] if named else None,
            reason=reason,
            candidates=tuple(self._belief.likeliest(self._layout.confidence)),
            rate_pa_m3_s=rate.value_pa_m3_s if rate else None,
            u95_pa_m3_s=1.96 * rate.u_pa_m3_s if rate else None,
            interval_contains=self._kinds,
            closings=sum(self._tests.values()),
            untrusted=tuple(sorted(self._belief.untrusted)),
            still_closed=self.closed,
            journal=tuple(self._journal),
        )

    def _refined(self, section: str) -> Rate | None:
        """The baseline with what the side of ``section`` lost behind each trusted hatch."""
        assert self._rate is not None
        found = [self._rate]
        for closed in self._closed:
            first = section in self._layout.side(closed.hatch)
            mean = closed.means()[0 if first else 1]
            if mean is not None and closed.hatch not in self._belief.untrusted:
                volume_m3 = closed.first_m3 if first else closed.second_m3
                found.append(Rate(-mean[0] * volume_m3, mean[1] * volume_m3))
        weights = [1.0 / rate.u_pa_m3_s**2 for rate in found]
        total = math.fsum(weights)
        value = math.fsum(w * r.value_pa_m3_s for w, r in zip(weights, found, strict=True)) / total
        return Rate(value, total**-0.5)

    def _note(self, step: str, at_s: float, **values: object) -> None:
        entry: Entry = {"step": step, "at_s": at_s, **values}
        self._journal.append(entry)
        self._tell(entry)
