"""Which calibration of a kind is in force at a time, or why none is.

The newest one made before that time counts, also when it has expired and an older one has not:
somebody had a reason to calibrate again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from hullwatch.calibration.noise import profiles
from hullwatch.errors import CalibrationExpired, CalibrationMissing
from hullwatch.store import CalibrationRow, Reader
from hullwatch.store.calibrations import KINDS

OF_SENSOR = frozenset({"noise", "zero", "gain"})
"""Kinds that belong to a sensor; the others belong to the chamber."""


_COMMANDS = {kind: f"hullwatch calibrate {kind}" for kind in KINDS} | {
    "gain": "hullwatch calibrate enter gain"
}


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
                f"make one: {_COMMANDS[self.kind]}",
            )
        if self.state is State.EXPIRED:
            raise CalibrationExpired(
                f"node {self.node}: the calibration of its {self.kind} expired on {self.ended}",
                f"calibrate again: {_COMMANDS[self.kind]}",
            )
        return self.row

    @property
    def ended(self) -> str:
        """The day until which it is or was valid; empty for one without an end."""
        end = self.row.valid_until_utc_us if self.row else None
        return "" if end is None else datetime.fromtimestamp(end / 1e6, UTC).date().isoformat()


def in_force(
    reader: Reader, node: str, kind: str, at_utc_us: int, sensor: str | None = None
) -> Standing:
    """The standing of a kind (`volume`, `noise`, `background`, `zero`, `gain`) of a node.

    ``sensor``: only a calibration of this one (`bmp581@0x47`), for kinds that belong to a sensor.
    KeyError for a kind there is not.
    """
    KINDS[kind]
    stored = reader.calibrations(node, kind) if kind != "noise" else profiles(reader, node)
    rows = [
        row
        for row in stored
        if row.calibrated_utc_us <= at_utc_us
        and (sensor is None or kind not in OF_SENSOR or row.sensor == sensor)
    ]
    if not rows:
        return Standing(node, kind, at_utc_us, State.MISSING, None)
    newest = rows[-1]
    end = newest.valid_until_utc_us
    state = State.EXPIRED if end is not None and end <= at_utc_us else State.IN_FORCE
    return Standing(node, kind, at_utc_us, state, newest)


def standings(reader: Reader, node: str, at_utc_us: int) -> list[Standing]:
    """Of every kind, for a report: what is in force, expired and missing."""
    return [in_force(reader, node, kind, at_utc_us) for kind in KINDS]
