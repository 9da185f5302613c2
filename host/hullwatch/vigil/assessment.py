"""`assess`: every chamber of a database, its state, what speaks for it, and what is missing."""

from __future__ import annotations

from hullcore.trendevents import DOUBLED, RISING
from hullwatch.store import Reader
from hullwatch.vigil.confirming import confirmed
from hullwatch.vigil.following import Followed
from hullwatch.vigil.growth import doubling_time
from hullwatch.vigil.ratingtable import RatingTable, load_table
from hullwatch.vigil.states import (
    ALARMING,
    ChamberVigil,
    Confirmation,
    Criteria,
    Doubling,
    NodeVigil,
    Proof,
)
from hullwatch.vigil.windows import criteria_of

_UNNAMED = "chamber"  # what a node is called that was never named: each is a chamber of its own
_GROWTH_WINDOWS = 30  # a doubling time is that of now, not of the whole history
_WORST = ("CEASED", "STEADY", "LEARNING", "RISING", "DOUBLED", "RESURGED")


def assess(
    reader: Reader, now_utc_us: int, node: str | None = None, criteria: Criteria | None = None,
    table: RatingTable | None = None,
) -> tuple[ChamberVigil, ...]:  # fmt: skip
    """The vigil of every chamber, as of a time: later windows and marks are not looked at.

    ``node``: only the chamber of this one. ``criteria`` None: each node's own WATCH settings, else
    the defaults. Nodes with the same name are on one chamber. Reads only.
    """
    used = table or load_table()
    chambers: dict[str, dict[str, Followed]] = {}
    for known in reader.nodes():
        configs = reader.configs(known.node, 1)
        name = configs[-1].name if configs else ""
        chamber = known.node if name in ("", _UNNAMED) else name
        chosen = criteria or criteria_of(reader, known.node) or Criteria()
        chosen.check()
        if node in (None, known.node):
            followed = Followed(reader, known.node, chosen, now_utc_us)
            chambers.setdefault(chamber, {})[known.node] = followed
    return tuple(
        _chamber(reader, name, nodes, now_utc_us, used) for name, nodes in chambers.items()
    )


def _chamber(
    reader: Reader, name: str, nodes: dict[str, Followed], now_us: int, table: RatingTable
) -> ChamberVigil:
    vigils = tuple(_node(node, followed, now_us) for node, followed in nodes.items())
    worst = max(vigils, key=lambda vigil: _WORST.index(vigil.state))
    confirmation = confirmed(reader, nodes)
    return ChamberVigil(
        name, worst.state, vigils, confirmation, table.rate(worst), _alarms(vigils, confirmation)
    )


def _alarms(vigils: tuple[NodeVigil, ...], confirmation: Confirmation) -> tuple[str, ...]:
    found = [f"{v.node}: {v.state}" for v in vigils if v.state in ALARMING]
    found += [f"{v.node}: {words}" for v in vigils for words in v.missing]
    if confirmation.verdict == "disagree":
        found.append(f"the parties disagree: {confirmation.words}")
    return tuple(found)


def _node(node: str, followed: Followed, now_us: int) -> NodeVigil:
    newest = followed.used[-1].record if followed.used else None
    rate, half = (
        (newest.integer("leak_rate_fpa_m3_s"), newest.integer("u95_leak_fpa_m3_s"))
        if newest
        else (None, None)
    )
    changes = [call for call in followed.calls if call.old != call.new]
    return NodeVigil(
        node=node, criteria=followed.criteria, state=followed.state,
        since_utc_us=changes[-1].utc_us if changes else None,
        rate_pa_m3_s=None if rate is None else rate / 1e15,
        u95_pa_m3_s=None if half is None or half < 0 else half / 1e15,
        t_ref_k=newest.integer("t_ref_mk") / 1000 if newest else None,
        last_utc_us=followed.used[-1].latest_us if followed.used else None,
        windows=len(followed.used), masked=followed.masked, ignored=followed.ignored,
        untimed=followed.untimed, calls=tuple(followed.calls), checks=tuple(followed.checks),
        doubling=_doubling(followed), proof=_proof(followed),
        missing=_missing(followed, now_us),
    )  # fmt: skip


def _doubling(followed: Followed) -> Doubling | None:
    """Of the newest windows since the baseline, while the trend rises."""
    watched = followed.watched
    if watched is None or watched.trend.state not in (RISING, DOUBLED):
        return None
    rows = followed.used[-max(1, min(watched.trend.change.after, _GROWTH_WINDOWS)) :]
    middles = [(row.earliest_us + row.latest_us) / 2e6 for row in rows]
    rates = [row.record.integer("leak_rate_fpa_m3_s") / 1e15 for row in rows]
    noise = [max(1, row.record.integer("u_a_fpa_m3_s")) / 1e15 for row in rows]
    return doubling_time(middles, rates, noise)


def _proof(followed: Followed) -> Proof:
    criteria = followed.criteria
    watched = followed.watched
    if watched is None:
        return Proof(0.0, criteria.cease_s, 0.0, criteria.cease_limit_pa_m3_s, False)
    cessation = watched.trend.cessation
    seconds = cessation.samples * criteria.window_s / watched.samples
    return Proof(
        seconds, criteria.cease_s, cessation.highest / 1e15, criteria.cease_limit_pa_m3_s,
        cessation.recovered,
    )  # fmt: skip


def _missing(followed: Followed, now_us: int) -> tuple[str, ...]:
    """Checks that are overdue."""
    criteria = followed.criteria
    if not followed.used:
        return (f"no window of {criteria.window_s} s that counts",)
    found = []
    silent_s = (now_us - followed.used[-1].latest_us) / 1e6
    if silent_s > criteria.missing_s:
        found.append(f"no usable window for {_span(silent_s)}, allowed {_span(criteria.missing_s)}")
    if criteria.recheck_s and followed.state == "CEASED":
        seen = [check.utc_us for check in followed.checks if check.recovered]
        since_s = (now_us - max(seen, default=0)) / 1e6
        if since_s > criteria.recheck_s:
            found.append(f"no known leak recovered for {_span(since_s)}")
    return tuple(found)


def _span(seconds: float) -> str:
    return f"{seconds / 86400:.1f} d" if seconds >= 86400 else f"{seconds / 3600:.1f} h"
