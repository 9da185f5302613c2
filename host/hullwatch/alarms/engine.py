"""From findings to alarms: raised once, latched until acknowledged, told on every transition.

An alarm is closed when it has cleared and somebody has acknowledged it, in whichever order. While
it is open the same finding only renews its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hullwatch.alarms.rules import RULES
from hullwatch.alarms.settings import SEVERITIES, AlarmSettings, RuleSettings
from hullwatch.store.alarmlog import AlarmLog, AlarmRow

if TYPE_CHECKING:
    from hullwatch.alarms.findings import Facts, Finding

RAISED, AGAIN, CLEARED, ACKNOWLEDGED, REMINDER = (
    "raised", "raised again", "cleared", "acknowledged", "reminder",
)  # fmt: skip


class Engine:
    """Keeps the alarms of one database; `step` whenever the store may have changed."""

    def __init__(self, log: AlarmLog, settings: AlarmSettings) -> None:
        self.log = log
        self.settings = settings
        self._since: dict[tuple[str, str], int] = {}

    def step(self, chambers: Iterable[Facts], now_us: int) -> list[tuple[str, AlarmRow]]:
        """Look at every chamber by every rule; returns the transitions made, with their names."""
        standing = {(row.rule, row.subject): row for row in self.log.alarms()}
        made: list[tuple[str, AlarmRow | None]] = []
        for facts in chambers:
            for rule in self.settings.rules:
                row = standing.get((rule.name, facts.node))
                stands = row is not None and row.cleared_utc_us is None
                finding = RULES[rule.name][0](facts, rule, stands)
                made.append(self._take(finding, rule, row, now_us))
        return [(name, row) for name, row in made if row is not None]

    def _take(
        self, finding: Finding, rule: RuleSettings, row: AlarmRow | None, now_us: int
    ) -> tuple[str, AlarmRow | None]:
        key = (rule.name, finding.subject)
        if finding.holds is None:
            return "", None
        if not finding.holds:
            self._since.pop(key, None)
            return CLEARED, self._cleared(finding, row, now_us)
        since_us = self._since.setdefault(key, now_us)
        if now_us - since_us < rule.for_s * 1e6:
            return "", None
        if row is None:
            return RAISED, self._raised(finding, now_us)
        if row.cleared_utc_us is not None:
            return AGAIN, self._again(finding, row, now_us)
        return REMINDER, self._stands(finding, row, now_us)

    def _cleared(self, finding: Finding, row: AlarmRow | None, now_us: int) -> AlarmRow | None:
        if row is None or row.cleared_utc_us is not None:
            return None
        return self.log.cleared(row.id, now_us, self._teller(CLEARED, finding.chamber))

    def _again(self, finding: Finding, row: AlarmRow, now_us: int) -> AlarmRow | None:
        tell = self._teller(AGAIN, finding.chamber)
        return self.log.raised_again(
            row.id, finding.text, finding.value, finding.cause, now_us, tell
        )

    def _stands(self, finding: Finding, row: AlarmRow, now_us: int) -> AlarmRow | None:
        self.log.renewed(row.id, finding.text, finding.value, finding.cause)
        wait_s = self.settings.remind_s
        if not wait_s or row.acked_utc_us is not None or now_us - row.told_utc_us < wait_s * 1e6:
            return None
        return self.log.reminded(row.id, now_us, self._teller(REMINDER, finding.chamber))

    def _raised(self, finding: Finding, now_us: int) -> AlarmRow:
        row = AlarmRow(
            0, finding.rule, finding.subject, finding.severity, finding.text, finding.value,
            finding.unit, finding.cause, now_us, 1, 0, now_us, None, None, "", None,
        )  # fmt: skip
        return self.log.raised(row, self._teller(RAISED, finding.chamber))

    def acknowledge(self, alarm: int, by: str, now_us: int) -> AlarmRow:
        """Somebody knows; the channels are told who."""
        return self.log.acknowledge(alarm, by, now_us, self._teller(ACKNOWLEDGED, ""))

    def _teller(self, transition: str, chamber: str) -> Teller:
        return Teller(self.log.id, self.settings, transition, chamber)


class Teller:
    """Says to which channels a transition goes, and as what."""

    def __init__(self, log: str, settings: AlarmSettings, transition: str, chamber: str) -> None:
        self._log = log
        self._settings = settings
        self._transition = transition
        self._chamber = chamber

    def __call__(self, row: AlarmRow) -> Mapping[str, Mapping[str, Any]]:
        """The message for each channel that is told of this severity."""
        message = {
            "id": f"{self._log}-{row.id}-{row.step}",
            "alarm": row.id, "rule": row.rule, "severity": row.severity, "state": row.state,
            "transition": self._transition, "node": row.subject,
            "chamber": self._chamber or row.subject, "text": row.text, "value": row.value,
            "unit": row.unit, "times": row.times, "raised_utc": _iso(row.raised_utc_us),
            "cleared_utc": _iso(row.cleared_utc_us), "acknowledged_utc": _iso(row.acked_utc_us),
            "acknowledged_by": row.acked_by,
        }  # fmt: skip
        weight = SEVERITIES.index(row.severity)
        return {
            channel.name: message
            for channel, least in self._settings.channels
            if SEVERITIES.index(least) <= weight
        }


def _iso(utc_us: int | None) -> str | None:
    return None if utc_us is None else datetime.fromtimestamp(utc_us / 1e6, UTC).isoformat()
