"""What the instrument called during a saga, and how it compares with the truth.

The calls are made from the database alone, by `vigil.assess` and the likelihoods of `isolate`; the
truth is read from the saga's own events afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from hullwatch.bench.sagarun import node_uid
from hullwatch.cli.isolatewindows import StoredWindows
from hullwatch.isolate.belief import Belief
from hullwatch.isolate.closing import Closed, Rate, Reading, pooled, weighted
from hullwatch.isolate.layout import Hatch, Layout, Section
from hullwatch.sim.saga import DAY_S, LogEntry, Saga
from hullwatch.store import Reader
from hullwatch.vigil import ChamberVigil, Criteria, assess

_SURE = 0.95
_BASELINE_DAYS = 5.0
_WINDOW_S = 3600.0
_STATES = {"DOUBLED": "doubled", "CEASED": "ceased", "RESURGED": "resurged"}


@dataclass(frozen=True)
class Scored:
    """One call: the day of it and of the truth, both from the saga's start; None where none is.

    ``said``: what was called; right when the truth has it too, and not later than the call.
    """

    call: str
    day: float | None
    truth_day: float | None
    said: str

    @property
    def right(self) -> bool:
        """Whether it was called, and not before it was true."""
        if self.day is None or self.truth_day is None:
            return self.day is self.truth_day
        return self.day >= self.truth_day

    @property
    def delay_days(self) -> float | None:
        """From the truth to the call."""
        both = self.day is not None and self.truth_day is not None
        return (self.day or 0.0) - (self.truth_day or 0.0) if both else None


def criteria(saga: Saga) -> Criteria:
    """What the station is watched by."""
    return Criteria(
        window_s=86_400, cease_limit_pa_m3_s=saga.limit_pa_m3_s,
        cease_s=round(saga.cease_days * DAY_S),
    )  # fmt: skip


def followed(reader: Reader, saga: Saga) -> ChamberVigil:
    """The vigil of the first node's chamber, at the end of the saga."""
    found = assess(reader, saga.utc_us(saga.days), criteria=criteria(saga))
    (station,) = [one for one in found if one.chamber == saga.nodes[0].name]
    return station


def scored(reader: Reader, saga: Saga, station: ChamberVigil) -> list[Scored]:
    """Every call against the truth; a state called more often than it was true is one too many."""
    calls: dict[str, list[float]] = {name: [] for name in _STATES.values()}
    for call in station.nodes[0].calls:
        if call.new in _STATES and call.old != call.new:
            calls[_STATES[call.new]].append((call.utc_us - saga.start_utc_us) / (DAY_S * 1e6))
    truths = _truths(saga)
    found: list[Scored] = []
    for name, days in calls.items():
        known = truths[name]
        paired = zip_longest(days, known)
        found += [Scored(name, day, true, name if day else "") for day, true in paired]
    found += [_isolated(reader, saga, entry) for entry in saga.entries() if entry.hatch]
    return sorted(found, key=lambda one: min(x for x in (one.day, one.truth_day) if x is not None))


def _truths(saga: Saga) -> dict[str, list[float]]:
    """Days at which the crack doubled, was closed, and opened again, from its events."""
    found: dict[str, list[float]] = {name: [] for name in _STATES.values()}
    start: float | None = None
    for (since, size, growth), (until, _, _) in pairwise(_sizes(saga)):
        start = size if start is None else start
        end = size * math.exp(growth * (until - since) * DAY_S)
        if not size and not found["ceased"]:
            found["ceased"].append(since)
        if size and found["ceased"] and not found["resurged"]:
            found["resurged"].append(since)
        if not found["doubled"] and end >= 2 * start > 0:
            rise = math.log(2 * start / size) / (growth * DAY_S) if growth else 0.0
            found["doubled"].append(since + max(0.0, rise))
    return found


def _sizes(saga: Saga) -> Iterator[tuple[float, float, float]]:
    """(day, size, growth a second) of the crack from each change on, last the saga's end."""
    (path,) = [path for path in saga.spec.paths if path.name == saga.crack]
    day, size, growth = 0.0, path.size, path.growth_per_s
    yield day, size, growth
    for event in saga.events:
        if event.path == saga.crack and event.day < saga.days:
            size *= math.exp(growth * (event.day - day) * DAY_S)
            day = event.day
            size = size if event.size is None else event.size
            growth = growth if event.growth_per_s is None else event.growth_per_s
            yield day, size, growth
    yield saga.days, size, 0.0


def _isolated(reader: Reader, saga: Saga, entry: LogEntry) -> Scored:
    """Which section leaks, by the windows of one closing: `isolate`'s own likelihoods."""
    (crack,) = [path for path in saga.spec.paths if path.name == saga.crack]
    (hatch,) = [path for path in saga.spec.paths if path.name == entry.hatch]
    uids = {node.section: node_uid(saga, k).hex() for k, node in enumerate(saga.nodes)}
    volumes = {section.name: section.volume_m3 for section in saga.spec.sections}
    layout = Layout(
        tuple(Section(name, volumes[name], uids[name]) for name in hatch.ends),
        (Hatch(hatch.name, hatch.ends),),
    )
    closed_s, opened_s = (saga.utc_us(day) / 1e6 for day in (entry.day, entry.closed_to_day))
    windows = StoredWindows([reader], layout, lambda: saga.utc_us(saga.days) / 1e6)
    rows = pooled(windows.readings(_WINDOW_S, closed_s, opened_s))
    before = pooled(windows.readings(_WINDOW_S, closed_s - _BASELINE_DAYS * DAY_S, closed_s))
    slope, u = weighted(before)
    whole = sum(volumes.values())
    first, second = hatch.ends
    test = Closed(hatch.name, volumes[first], volumes[second], _sided(rows, first, closed_s))
    belief = Belief(layout)
    belief.add(hatch.name, test.evidence(Rate(-whole * slope, whole * u)))
    name, share = max(belief.probabilities().items(), key=lambda item: item[1])
    said = f"{name}, probability {share:.3f}"
    right = share >= _SURE and name in crack.ends
    return Scored("isolated", entry.closed_to_day if right else None, entry.day, said)


def _sided(rows: list[Reading], first: str, closed_s: float) -> tuple[tuple[bool, Reading], ...]:
    return tuple(
        (
            row.section == first,
            row._replace(start_s=row.start_s - closed_s, end_s=row.end_s - closed_s),
        )
        for row in rows
    )
