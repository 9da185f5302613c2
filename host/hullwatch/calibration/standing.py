"""Which calibration of a kind is in force at a time, or why none is.

The newest one made before that time counts, also when it has expired and an older one has not:
somebody had a reason to calibrate again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from hullwatch.calibration.noise import profiles
from hullwatch.errors import CalibrationExpired, CalibrationMissing
from hullwatch.store import CalibrationRow, Reader
from hullwatch.store.calibrations import KINDS

OF_SENSOR = frozenset({"noise", "zero", "gain"})
"""Kinds that belong to a sensor; the others belong to the chamber."""


COMMANDS = {kind: f"hullwatch calibrate {kind}" for kind in KINDS} | {
    kind: f"hullwatch calibrate enter {kind}" for kind in ("gain", "leak")
}
"""By kind: the command that makes one."""


class State(StrEnum):
    """Of a kind of calibration at a time."""

    IN_FORCE = "in force"
    EXPIRED = "expired"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of one kind; `row` is the calibration that is in force or has expired."""

    node: str
    kind: str
    at_utc_us: int
    state: State
    row: CalibrationRow | None

    def required(self) -> CalibrationRow:
        """The calibration in force; CalibrationMissing or CalibrationExpired when there is none."""
        if self.row is None:
            raise CalibrationMissing(
                f"node {self.node}: no calibration of its {self.kind}",
                f"make one: {COMMANDS[self.kind]}",
            )
        if self.state is State.EXPIRED:
            raise CalibrationExpired(
                f"node {self.node}: the calibration of its {self.kind} expired on {self.ended}",
                f"calibrate again: {COMMANDS[self.kind]}",
            )
        return self.row

    @property
    def ended(self) -> str:
        """The day until which it is or was valid; empty for one without an end."""
        end = self.row.valid_until_utc_us if self.row else None
        return "" if end is None else datetime.fromtimestamp(end / 1e6, UTC).date().isoformat()


class Calibrations:
    """The calibrations of a node, read once, of some kinds or of all; see `standing`."""

    def __init__(self, reader: Reader, node: str, kinds: Iterable[str] = tuple(KINDS)) -> None:
        self.node = node
        self._rows: dict[str, list[CalibrationRow]] = {
            kind: profiles(reader, node) if kind == "noise" else reader.calibrations(node, kind)
            for kind in kinds
        }

    def standing(self, kind: str, at_utc_us: int, sensor: str | None = None) -> Standing:
        """As `in_force`; KeyError for a kind that was not read."""
        rows = [
            row
            for row in self._rows[kind]
            if row.calibrated_utc_us <= at_utc_us
            and (sensor is None or kind not in OF_SENSOR or row.sensor in (sensor, ""))
        ]
        if not rows:
            return Standing(self.node, kind, at_utc_us, State.MISSING, None)
        newest = rows[-1]
        end = newest.valid_until_utc_us
        state = State.EXPIRED if end is not None and end <= at_utc_us else State.IN_FORCE
        return Standing(self.node, kind, at_utc_us, state, newest)

    def standings(self, at_utc_us: int, sensor: str | None = None) -> tuple[Standing, ...]:
        """Of every kind that was read."""
        return tuple(self.standing(kind, at_utc_us, sensor) for kind in self._rows)


def in_force(
    reader: Reader, node: str, kind: str, at_utc_us: int, sensor: str | None = None
) -> Standing:
    """The standing of a kind (one of `hullwatch.store.calibrations.KINDS`) of a node.

    ``sensor``: only a calibration of this one (`bmp581@0x47`), for kinds that belong to a sensor;
    one that names no sensor counts for any. KeyError for a kind there is not.
    """
    KINDS[kind]
    return Calibrations(reader, node, (kind,)).standing(kind, at_utc_us, sensor)


def standings(reader: Reader, node: str, at_utc_us: int) -> list[Standing]:
    """Of every kind, for a report: what is in force, expired and missing."""
    return list(Calibrations(reader, node).standings(at_utc_us))
