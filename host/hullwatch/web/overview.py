"""One chamber at a glance: who measures, what leaks, how sure that is, how long it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hullwatch.store import BootKey, BootRow, ConfigRow, DeviceClock, EventRow, Reader, WindowRow
from hullwatch.store.clocktime import UNKNOWN

MEASURING, SILENT, FAULT, EMPTY = "measuring", "silent", "sensor fault", "nothing stored"

_SILENT_S = 60.0
_PERIODS = 4
_FAR_US = 1 << 62
_HOUR_US = 3_600_000_000
_LOOK_BACK = 50
_FRESH = 3
"""A window older than three of its lengths beside newer ones says nothing about now."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest sample of a node that is stored."""

    utc_us: int | None
    pressure_pa: float
    temperature_k: float


def overview(reader: Reader, now_utc_us: int) -> list[dict[str, Any]]:
    """Every node of the database, in order of first contact."""
    found = []
    for node in reader.nodes():
        config = next(iter(reader.configs(node.node, 1)), None)
        boots = reader.boots(node.node)
        clocks = _recent_clocks(reader, boots, now_utc_us)
        latest = _latest(reader, boots, clocks)
        windows = newest_windows(reader, node.node, config)
        ends = [end_utc_us(row, clocks) for row in windows]
        events = reader.events(node.node, _LOOK_BACK)
        heard = max(
            reader.heard_utc_us(node.node), latest.utc_us if latest and latest.utc_us else 0
        )
        head = _headline(windows, ends)
        found.append(
            {
                "node": node.node,
                "board": node.board,
                **_about(config),
                "state": _state(config, heard, now_utc_us, events, boots),
                "heard_utc_us": heard,
                "latest": _sample(latest),
                "headline": head,
                "windows": [_window(row, end) for row, end in zip(windows, ends, strict=True)],
                "trend": _trend(windows),
                "newest": _newest(boots, events, reader, node.node),
            }
        )
    return found


def newest_windows(reader: Reader, node: str, config: ConfigRow | None) -> list[WindowRow]:
    """The newest window of each length that the node is set to, shortest first."""
    lengths = sorted(float(s) for s in config.windows_s.split(",") if s) if config else []
    return [row for length in lengths for row in reader.windows(node, length, 1)]


def end_utc_us(row: WindowRow, clocks: dict[BootKey, DeviceClock]) -> int | None:
    """UTC at which a window was closed; None where no clock tells it."""
    clock = clocks.get(BootKey(row.node, row.epoch, row.boot))
    if clock is None:
        return None
    utc = int(clock.utc_us(np.array([row.device_ms * 1000], np.int64))[0][0])
    return None if utc == UNKNOWN else utc


def _recent_clocks(
    reader: Reader, boots: list[BootRow], now_utc_us: int
) -> dict[BootKey, DeviceClock]:
    keys = [boot.key for boot in boots[-3:]]
    return dict(reader.picture_clocks(keys, now_utc_us - _HOUR_US, _FAR_US))


def _latest(
    reader: Reader, boots: list[BootRow], clocks: dict[BootKey, DeviceClock]
) -> Latest | None:
    for boot in reversed(boots):
        if boot.raw_past:
            last = reader.raw(boot.key, boot.raw_past - 1, boot.raw_past)
            if not len(last.sample):
                return None
            clock = clocks.get(boot.key)
            utc = int(clock.utc_us(last.due_us[-1:])[0][0]) if clock else UNKNOWN
            return Latest(
                None if utc == UNKNOWN else utc,
                float(last.p_q8[-1]) / 256,
                float(last.t_q16[-1]) / 65536,
            )
    return None


def _about(config: ConfigRow | None) -> dict[str, Any]:
    if config is None:
        return {
            "name": "", "sensor": "", "volume_m3": None, "gas": "", "t_ref_k": None,
            "period_s": None, "compensation": "", "pressure_kind": "", "outside_pressure_pa": None,
            "windows_s": [],
        }  # fmt: skip
    return {
        "name": config.name, "sensor": config.sensor, "volume_m3": config.volume_m3,
        "gas": config.gas, "t_ref_k": config.t_ref_k, "period_s": config.period_us / 1e6,
        "compensation": config.compensation, "pressure_kind": config.pressure_kind,
        "outside_pressure_pa": config.outside_pressure_pa,
        "windows_s": sorted(float(s) for s in config.windows_s.split(",") if s),
    }  # fmt: skip


def _state(
    config: ConfigRow | None, heard: int, now: int, events: list[EventRow], boots: list[BootRow]
) -> str:
    if not any(boot.samples for boot in boots):
        return EMPTY
    period_s = config.period_us / 1e6 if config else 0.0
    if now - heard > 1e6 * max(_SILENT_S, _PERIODS * period_s):
        return SILENT
    for event in reversed(events):
        if event.event == "SENSOR_FAULT":
            return FAULT
        if event.event in ("SENSOR_BACK", "BOOT"):
            break
    return MEASURING


def _headline(windows: list[WindowRow], ends: list[int | None]) -> dict[str, Any] | None:
    """The rate that stands for the chamber: of the longest window that is about now."""
    newest = max((end for end in ends if end), default=None)
    for row, end in reversed(list(zip(windows, ends, strict=True))):
        fresh = end is None or newest is None or newest - end <= _FRESH * row.window_s * 1e6
        if fresh and row.u95_pa_m3_s is not None and "STALE" not in row.flags:
            return _window(row, end)
    return _window(windows[-1], ends[-1]) if windows else None


def _window(row: WindowRow, end: int | None) -> dict[str, Any]:
    return {
        "window_s": row.window_s, "n": row.n, "ended_utc_us": end,
        "leak_rate_pa_m3_s": row.leak_rate_pa_m3_s, "u95_pa_m3_s": row.u95_pa_m3_s,
        "u95_kind": row.u95_kind, "t_ref_k": row.t_ref_k, "flags": _words(row.flags),
        "reserve_s": row.reserve_s, "trend": row.trend,
    }  # fmt: skip


def _words(text: str) -> list[str]:
    return text.split(",") if text else []


def _trend(windows: list[WindowRow]) -> dict[str, Any] | None:
    """The state of the longest trend."""
    for row in reversed(windows):
        if row.trend is not None:
            return {"state": row.trend, "window_s": row.window_s}
    return None


def _sample(latest: Latest | None) -> dict[str, Any] | None:
    if latest is None:
        return None
    return {
        "utc_us": latest.utc_us, "pressure_pa": latest.pressure_pa,
        "temperature_k": latest.temperature_k,
    }  # fmt: skip


def _newest(
    boots: list[BootRow], events: list[EventRow], reader: Reader, node: str
) -> dict[str, Any]:
    """Marks by which a page knows what to fetch again."""
    tests = reader.tests(node, None, 1)
    return {
        "samples": [list(boots[-1].key[1:]), boots[-1].raw_past] if boots else None,
        "event": [events[-1].epoch, events[-1].number] if events else None,
        "test": [tests[0].epoch, tests[0].number] if tests else None,
        "calibrations": len(reader.calibrations(node)),
        "mark": max((mark.number for mark in reader.marks(node, every=True)), default=0),
    }
