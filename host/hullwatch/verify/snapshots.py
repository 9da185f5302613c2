"""The snapshots a record names, as hullcore wants them: configuration and noise profile."""

from __future__ import annotations

from typing import Any

from hullcore import settings
from hullcore.measurement import Known, Measurement
from hullcore.noisefit import NoiseProfile
from hullcore.plan import WindowPlan
from hullcore.windowtrend import WindowTrend
from hullwatch.link.recordview import Record

_NAMED = {
    "gas": settings.GASES,
    "compensation": settings.COMPENSATIONS,
    "pressure_kind": settings.PRESSURE_KINDS,
    "noise_profile": settings.NOISE_PROFILES,
}
"""Settings that a CONFIG record gives by their place in a table."""

_LENGTHS = 5
_STAND_INS = {"probe": "tmp117", "reference": "bmp581"}


def settings_of(config: Record, watch: Record | None = None) -> dict[str, Any]:
    """Settings in force from CONFIG and WATCH records.

    IndexError for an enumeration that this version does not know, `SettingError` for values no
    node accepts.
    """
    values = settings.defaults()
    for key in values:
        if key in _NAMED:
            values[key] = _NAMED[key][config.integer(key)]
        elif isinstance(config.body.get(key), int):
            values[key] = config.integer(key)
    lengths = tuple(config.integer(f"window_s_{k}") for k in range(_LENGTHS))
    values["windows_s"] = tuple(length for length in lengths if length)
    if watch is not None:
        for key in ("alarm_days", "trend_learn", "trend_margin_percent", "cease_s", "drive_pa"):
            values[key] = watch.integer(key)
        values["cease_limit_fpa_m3_s"] = watch.integer("cease_limit_fpa_m3_s")
        named = tuple(watch.integer(f"trend_s_{k}") for k in range(_LENGTHS))
        values["trend_s"] = tuple(length for length in named if length)
    # which chips they were decides nothing beyond their resolution: any that fits stands for them
    values["sensor"] = "none"
    values["aux_sensor"] = _STAND_INS.get(str(values["compensation"]), "none")
    values["address"] = values["aux_address"] = 0
    settings.check_together(values)
    if values["period_us"] < 1:
        raise settings.SettingError("period_us: 0")
    return values


def measurement_of(
    config: Record, watch: Record | None
) -> tuple[Measurement, WindowPlan, dict[int, WindowTrend]]:
    """Measurement, window plan and new trends by length in s; errors as `settings_of`."""
    values = settings_of(config, watch)
    lsb_q8, aux_lsb = config.integer("pressure_lsb_q8"), config.integer("aux_lsb")
    m = Measurement(values, lsb_q8, config.number, aux_lsb)
    plan = WindowPlan(m.period_us, values["windows_s"])
    made = zip(plan.lengths_s[plan.base :], plan.samples, strict=True)
    watched = {s: WindowTrend(m, values, s, n) for s, n in made if s in values["trend_s"]}
    return m, plan, watched


def known_of(profile: Record) -> Known:
    """What windows took from a PROFILE record."""
    value = profile.integer
    noise = NoiseProfile(
        value("white_fpa2s"),
        value("walk_fpa2_s"),
        value("sd_white_fpa2s"),
        value("sd_walk_fpa2_s"),
        value("correlation_ppm"),
        value("lag_us"),
    )
    return Known(noise, profile.number, value("worse"), value("block_us"))
