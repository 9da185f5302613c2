"""The seam to whatever raises alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm that is raised, or was and has not been acknowledged.

    `severity` is `info`, `warning` or `alarm`. `over`: its cause is gone, it waits to be seen.
    """

    key: str
    rule: str
    node: str
    severity: str
    text: str
    since_utc_us: int
    over: bool
    acknowledged_by: str
    acknowledged_utc_us: int | None


class AlarmSource(Protocol):
    """Where alarms come from; called from several threads."""

    def alarms(self) -> list[Alarm]:
        """All that are raised or not acknowledged, newest first."""
        ...

    def acknowledge(self, key: str, by: str, now_utc_us: int) -> None:
        """Acknowledge one; InputError when there is none of that key."""
        ...


class NoAlarms:
    """Nobody watches."""

    def alarms(self) -> list[Alarm]:
        """None."""
        return []

    def acknowledge(self, key: str, by: str, now_utc_us: int) -> None:
        """There is nothing to acknowledge."""
        from hullwatch.web.failures import NoSuch

        raise NoSuch(f"no alarm {key!r}", "no alarm rules are running beside this server")
