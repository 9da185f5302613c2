"""What the store says of one chamber, and a rule's answer to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hullwatch.calibration.standing import standings

if TYPE_CHECKING:
    from hullwatch.calibration.standing import Standing
    from hullwatch.store import EventRow, Reader, WindowRow

_EVENTS = 400
"""Newest events looked at: more between two looks would be a fault told by any one of them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one node at `now_utc_us`: newest events and windows in order of number."""

    node: str
    chamber: str
    now_utc_us: int
    heard_utc_us: int
    events: tuple[EventRow, ...]
    windows: tuple[WindowRow, ...]
    standings: tuple[Standing, ...]

    @property
    def newest(self) -> dict[float, WindowRow]:
        """The newest window of each length in s."""
        return {row.window_s: row for row in self.windows}


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's answer for one chamber.

    `holds` is None where the store does not say: the alarm stays what it is. `cause` names the
    record that made it true, epoch/number.
    """

    rule: str
    subject: str
    chamber: str
    severity: str
    holds: bool | None
    text: str = ""
    value: float | None = None
    unit: str = ""
    cause: str = ""


def gather(reader: Reader, now_utc_us: int) -> list[Facts]:
    """Facts of every node in a database."""
    found = []
    for node in reader.nodes():
        name = node.node
        configs = reader.configs(name, last=1)
        found.append(
            Facts(
                node=name,
                chamber=(configs[0].name if configs else "") or name,
                now_utc_us=now_utc_us,
                heard_utc_us=reader.heard_utc_us(name),
                events=tuple(reader.events(name, last=_EVENTS)),
                windows=tuple(_newest(reader, name)),
                standings=tuple(standings(reader, name, now_utc_us)),
            )
        )
    return found


def _newest(reader: Reader, node: str) -> list[WindowRow]:
    """The newest window of each length: short ones come by the thousand between two long ones."""
    configs = reader.configs(node, last=1)
    lengths = [float(text) for text in configs[0].windows_s.split(",") if text] if configs else []
    rows = [row for length in lengths for row in reader.windows(node, length, last=1)]
    return sorted(rows, key=lambda row: (row.epoch, row.number))
