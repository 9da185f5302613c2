"""The rules: which facts of a chamber raise an alarm, and which let it go.

A rule answers for one chamber with a `Finding`. Where a limit is crossed it needs to know whether
the alarm stands: it is let go only at a limit farther off (hysteresis).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hullwatch.alarms.findings import Facts, Finding
from hullwatch.calibration.standing import State

if TYPE_CHECKING:
    from hullwatch.alarms.settings import RuleSettings
    from hullwatch.store import EventRow

Rule = Callable[[Facts, "RuleSettings", bool], Finding]
"""(facts, settings, whether the alarm stands) → its answer."""

_DAY_US = 86_400_000_000
_LET_GO = 1.25
"""Reserve time is let go when it is this many times its limit."""


def _finding(
    facts: Facts, rule: RuleSettings, holds: bool | None, text: str = "", **more: object
) -> Finding:
    return Finding(
        rule=rule.name, subject=facts.node, chamber=facts.chamber, severity=rule.severity,
        holds=holds, text=text, **more,  # type: ignore[arg-type]  # value, unit, cause
    )  # fmt: skip


def _last(facts: Facts, names: tuple[str, ...]) -> EventRow | None:
    """The newest event of these kinds."""
    return next((event for event in reversed(facts.events) if event.event in names), None)


def _cause(event: EventRow) -> str:
    return f"{event.epoch}/{event.number}"


def _begun(facts: Facts, begins: tuple[str, ...], ends: tuple[str, ...]) -> EventRow | bool | None:
    """The event by which it began, False when it has ended or never began, None when unknown.

    A restart ends it too, once a window without a stuck sensor has come after it.
    """
    event = _last(facts, (*begins, *ends, "BOOT"))
    if event is None or event.event in ends:
        return False
    if event.event != "BOOT":
        return event
    later = [
        row
        for row in facts.windows
        if (row.epoch, row.number) > (event.epoch, event.number) and "STALE" not in row.flags
    ]
    return False if later else None


def _between(
    begins: tuple[str, ...], ends: tuple[str, ...], told: Callable[[EventRow], str]
) -> Rule:
    """Holds from an event of one kind to the next of another."""

    def rule(facts: Facts, settings: RuleSettings, _stands: bool) -> Finding:
        event = _begun(facts, begins, ends)
        if event is None or isinstance(event, bool):
            return _finding(facts, settings, event)
        return _finding(facts, settings, True, told(event), cause=_cause(event))

    return rule


def _recent(names: tuple[str, ...], told: Callable[[EventRow], str]) -> Rule:
    """Holds for `limit` s after an event that has no end."""

    def rule(facts: Facts, settings: RuleSettings, _stands: bool) -> Finding:
        event = _last(facts, names)
        if event is None or facts.now_utc_us - event.received_utc_us > settings.limit * 1e6:
            return _finding(facts, settings, holds=False)
        return _finding(facts, settings, True, told(event), cause=_cause(event))

    return rule


def _rapid_text(event: EventRow) -> str:
    what = "slope" if event.event == "RAPID" else "fall of the mean"
    return (
        f"rapid loss of pressure: at least {event.a * 1e-12:.3g} Pa/s by the {what} of a window"
        f" (95 % bound; limit {event.b * 1e-12:.3g} Pa/s)"
    )


def _fault_text(event: EventRow) -> str:
    words = {
        "SENSOR_FAULT": f"the sensor stopped delivering (code {event.a})",
        "AUX_FAULT": f"the second sensor stopped delivering (code {event.a})",
        "STALE": f"the sensor is stuck: {event.a} equal readings in a row",
    }
    return words[event.event]


def _sensor(facts: Facts, settings: RuleSettings, _stands: bool) -> Finding:
    """Any of three faults that has not ended."""
    pairs = (("SENSOR_FAULT", "SENSOR_BACK"), ("AUX_FAULT", "AUX_BACK"), ("STALE", "FRESH"))
    found = [_begun(facts, (begin,), (end,)) for begin, end in pairs]
    for event in found:
        if event is not None and not isinstance(event, bool):
            return _finding(facts, settings, True, _fault_text(event), cause=_cause(event))
    return _finding(facts, settings, None if None in found else False)


def _in_state(state: str, text: str) -> Rule:
    """A trend of any window length is in a state."""

    def rule(facts: Facts, settings: RuleSettings, stands: bool) -> Finding:
        told = [row for row in facts.newest.values() if row.trend]
        if not told:
            return _finding(facts, settings, None if stands else False)
        for row in told:
            if row.trend == state and row.u95_pa_m3_s is not None:
                return _finding(
                    facts, settings, True,
                    f"{text}: {row.leak_rate_pa_m3_s:.3g} ± {row.u95_pa_m3_s:.2g} Pa·m³/s"
                    f" at {row.t_ref_k:g} K (95 %, {row.u95_kind}, {row.window_s:g} s windows)",
                    value=row.leak_rate_pa_m3_s, unit="Pa·m³/s", cause=f"{row.epoch}/{row.number}",
                )  # fmt: skip
        return _finding(facts, settings, holds=False)

    return rule


def _reserve(facts: Facts, settings: RuleSettings, stands: bool) -> Finding:
    """Reserve time by the longest window there is; it is from the upper bound of the loss."""
    told = [row for row in facts.newest.values() if row.reserve_s is not None]
    if not told:
        return _finding(facts, settings, None if stands else False)
    row = max(told, key=lambda one: one.window_s)
    seconds = row.reserve_s
    limit = settings.limit * (_LET_GO if stands else 1.0)
    if seconds is None or seconds < 0 or seconds >= limit:
        return _finding(facts, settings, holds=False)
    return _finding(
        facts, settings, True,
        f"reserve time {seconds / 3600:.3g} h, from the upper 95 % bound of the loss"
        f" over {row.window_s:g} s (limit {settings.limit / 3600:.3g} h)",
        value=float(seconds), unit="s",
    )  # fmt: skip


def _silent(facts: Facts, settings: RuleSettings, _stands: bool) -> Finding:
    """Nothing has come from the node for longer than the limit."""
    silence_s = (facts.now_utc_us - facts.heard_utc_us) / 1e6
    if silence_s <= settings.limit:
        return _finding(facts, settings, holds=False)
    return _finding(
        facts, settings, True, f"nothing heard for {_told_s(silence_s)}", value=silence_s, unit="s",
    )  # fmt: skip


def _told_s(seconds: float) -> str:
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _calibration(facts: Facts, settings: RuleSettings, _stands: bool) -> Finding:
    """A calibration has expired or will soon; one that never was made is no alarm."""
    soon_us = facts.now_utc_us + settings.limit * 1e6
    ending = [
        one
        for one in facts.standings
        if one.row is not None
        and one.row.valid_until_utc_us is not None
        and one.row.valid_until_utc_us <= soon_us
    ]
    if not ending:
        return _finding(facts, settings, holds=False)
    told = ", ".join(
        f"{one.kind} {'expired' if one.state is State.EXPIRED else 'expires'} {one.ended}"
        for one in ending
    )
    until = min(one.row.valid_until_utc_us or 0 for one in ending if one.row)
    return _finding(
        facts, settings, True, f"calibration: {told}",
        value=(until - facts.now_utc_us) / _DAY_US, unit="d",
    )  # fmt: skip


def _node_text(event: EventRow) -> str:
    return f"the node reports {event.event}" + (f": {event.text}" if event.text else "")


_NODE_FAULTS = ("SAFE_MODE", "CRASH", "NO_FLASH", "OUTPUTS_SAFE", "OVERPRESSURE", "REFERENCE_LEAK")

RULES: dict[str, tuple[Rule, str, float | None, str]] = {
    "rapid": (
        _between(("RAPID", "STEP"), ("RAPID_END",), _rapid_text), "alarm", None,
        "rapid loss of pressure, as the node saw it",
    ),
    "doubled": (_in_state("DOUBLED", "the leak has doubled"), "alarm", None, "a trend is DOUBLED"),
    "rising": (_in_state("RISING", "the leak is rising"), "warning", None, "a trend is RISING"),
    "cessation_lost": (
        _in_state("RESURGED", "the leak that had ceased is back"), "alarm", None,
        "a trend is RESURGED",
    ),
    "reserve": (_reserve, "alarm", 24 * 3600.0, "reserve time below `limit` (s)"),
    "sensor_fault": (_sensor, "alarm", None, "a sensor is silent or stuck"),
    "node_fault": (
        _recent(_NODE_FAULTS, _node_text), "alarm", 3600.0,
        "the node crashed, made its outputs safe or cannot write its flash; for `limit` (s)",
    ),
    "node_silent": (_silent, "alarm", 600.0, "nothing heard from a node for `limit` (s)"),
    "calibration": (
        _calibration, "warning", 14 * 86400.0, "a calibration ends within `limit` (s)",
    ),
}  # fmt: skip
"""Name: rule, usual severity, usual limit, what it is."""
