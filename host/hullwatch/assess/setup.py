"""What the store knows of a node's chamber at a time: settings, and calibrations in force."""

from __future__ import annotations

from dataclasses import dataclass

from hullwatch.analysis.chamber import Chamber
from hullwatch.calibration import Standing, State, in_force
from hullwatch.errors import InputError
from hullwatch.link.recordkinds import CONFIG
from hullwatch.link.recordview import Record, parse
from hullwatch.store import BootKey, ConfigRow, Reader

_IGNORED = ("generation", "name", "noise_profile", "rapid_mpa_s", "reserve_limit_pa")
_WINDOWS = tuple(f"window_s_{k}" for k in range(5))


@dataclass(frozen=True)
class Settings:
    """Settings in force from `from_ms` of a boot on; `row` as the store shows them."""

    row: ConfigRow
    record: Record
    boot: BootKey
    from_ms: int

    @property
    def measuring(self) -> dict[str, object]:
        """Those that decide what a sample means: two spans that differ in them do not mix."""
        body = self.record.body
        return {key: body[key] for key in body if key not in (*_IGNORED, *_WINDOWS)}


def settings_of(reader: Reader, node: str) -> list[Settings]:
    """Every configuration of a node in order, boot by boot.

    A boot begins with the one that was in force before, until its own comes.
    """
    found: list[Settings] = []
    rows = reader.configs(node)
    for boot in reader.boots(node):
        own = [row for row in rows if (row.epoch, row.boot) == boot.key[1:]]
        earlier = [s for s in found if s.boot.epoch == boot.key.epoch]
        if earlier and (not own or own[0].device_ms > _AT_START_MS):
            found.append(Settings(earlier[-1].row, earlier[-1].record, boot.key, 0))
        for k, row in enumerate(own):
            (stored,) = reader.records(node, row.epoch, row.number - 1, 1, CONFIG.id)
            first = k == 0 and not (earlier and row.device_ms > _AT_START_MS)
            found.append(Settings(row, parse(stored.data), boot.key, 0 if first else row.device_ms))
    return found


_AT_START_MS = 1000
"""The first configuration of a boot is recorded within its first second."""


def chamber_of(reader: Reader, settings: Settings, at_utc_us: int | None) -> tuple[
    Chamber, tuple[Standing, ...], tuple[str, ...]
]:  # fmt: skip
    """(chamber, calibrations looked at, what is to be said about them).

    A volume, gain or zero that was calibrated and is in force goes before the settings' own.
    ``at_utc_us`` None: no clock, so no calibration can be said to be in force.
    """
    value, row = settings.record.integer, settings.row
    notes: list[str] = []
    standings: list[Standing] = []
    volume, u_volume = row.volume_m3, value("u_volume_ppm") * 1e-6 or None
    u_gain = value("u_gain_ppm") * 1e-6
    if at_utc_us is None:
        notes.append("the clock is not known: no calibration can be said to be in force")
    else:
        sensor = f"{row.sensor}@{row.address:#x}"
        standings = [
            in_force(reader, row.node, kind, at_utc_us, sensor) for kind in ("volume", "gain")
        ]
        for standing in standings:
            if standing.state is State.EXPIRED:
                notes.append(f"the calibration of the {standing.kind} expired on {standing.ended}")
            if standing.row is None or standing.state is not State.IN_FORCE:
                continue
            if standing.kind == "volume":
                volume, u_volume = standing.row.value, standing.row.u / standing.row.value
            else:
                u_gain = standing.row.u
    lag, settling, reference = (
        value("temp_lag_ms"), value("settling_ms"), value("reference_leak_mpa_day"),
    )  # fmt: skip
    return Chamber(
        volume_m3=volume or None, t_ref_k=row.t_ref_k, gas=row.gas, u_volume=u_volume,
        u_gain=u_gain, outside_pa=row.outside_pressure_pa, compensation=row.compensation,
        temp_lag_s=None if lag < 0 else lag / 1000,
        temp_gradient_k=value("temp_gradient_uk") * 1e-6,
        tempco_pa_k=value("tempco_mpa_k") * 1e-3, drift_pa_day=value("drift_mpa_day") * 1e-3,
        settling_s=settling / 1000 if settling > 0 else None,
        reference_drift_pa_day=None if reference < 0 else reference * 1e-3,
        lsb_pa=row.pressure_lsb_pa, reserve_limit_pa=float(value("reserve_limit_pa")) or None,
    ), tuple(standings), tuple(notes)  # fmt: skip


def told_apart(settings: list[Settings]) -> None:
    """InputError where settings that decide what a sample means differ; the names are told."""
    first = settings[0].measuring
    for other in settings[1:]:
        names = [key for key, value in other.measuring.items() if value != first.get(key)]
        if names:
            raise InputError(
                f"node {other.row.node}: {', '.join(names)} changed at record {other.row.number},"
                " within the span",
                "name a span with one configuration: --from, --to",
            )
