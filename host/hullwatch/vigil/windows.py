"""Windows of one length of a node, in time, as a trend is fed with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hullcore.settings import SettingError
from hullcore.windowtrend import WindowTrend
from hullwatch.link.recordkinds import CONFIG, WATCH, WINDOW
from hullwatch.link.recordview import Record
from hullwatch.store import Reader
from hullwatch.store.clocktime import UNKNOWN
from hullwatch.verify.pages import PAGE, whole
from hullwatch.verify.snapshots import measurement_of
from hullwatch.vigil.states import Criteria

_KEY = (
    "sensor", "period_us", "compensation", "pressure_kind", "volume_ul", "t_ref_mk", "gas",
)  # fmt: skip
"""What a trend depends on: with another value of these it begins anew, as on the node."""


@dataclass(frozen=True, slots=True)
class TimedWindow:
    """A WINDOW record, its configuration record, and when it was: UTC in µs, clock doubt in."""

    record: Record
    config: Record
    earliest_us: int
    latest_us: int


def key_of(config: Record) -> tuple[object, ...]:
    """What two configurations must share for a trend to go on."""
    return tuple(config.body[name] for name in _KEY)


def timed_windows(reader: Reader, node: str, window_s: int) -> tuple[list[TimedWindow], int]:
    """(windows in order of time, how many more there are whose time or settings are not known)."""
    clocks = {(key.epoch, key.boot): clock for key, clock in reader.clocks(node).items()}
    found: list[TimedWindow] = []
    untimed = 0
    for epoch in dict.fromkeys(key for key, _ in clocks):
        configs = _of_kind(reader, node, epoch, CONFIG.id, CONFIG.name)
        for page in _pages(reader, node, epoch, window_s):
            start_us = np.array([_due_ms(record) * 1000 for record in page], np.int64)
            for boot in {record.boot for record in page}:
                mine = [at for at, record in enumerate(page) if record.boot == boot]
                clock = clocks[epoch, boot]
                low = clock.limits_us(start_us[mine])[0].tolist()
                high = clock.limits_us(start_us[mine] + window_s * 1_000_000)[1].tolist()
                for at, earliest, latest in zip(mine, low, high, strict=True):
                    config = configs.get(page[at].integer("config"))
                    if UNKNOWN in (earliest, latest) or config is None:
                        untimed += 1
                    else:
                        found.append(TimedWindow(page[at], config, earliest, latest))
    found.sort(key=lambda window: window.latest_us)
    return found, untimed


def criteria_of(reader: Reader, node: str) -> Criteria | None:
    """What the node itself watches by: its newest WATCH record, longest window; None without."""
    newest: Record | None = None
    for epoch in dict.fromkeys(boot.key.epoch for boot in reader.boots(node)):
        for record in _of_kind(reader, node, epoch, WATCH.id, WATCH.name).values():
            newest = record
    if newest is None:
        return None
    lengths = [newest.integer(f"trend_s_{k}") for k in range(5)]
    if not any(lengths):
        return None
    plain = Criteria()
    return Criteria(
        window_s=max(lengths), learn=newest.integer("trend_learn"),
        alarm_days=newest.integer("alarm_days"),
        margin_percent=newest.integer("trend_margin_percent"),
        cease_limit_pa_m3_s=newest.integer("cease_limit_fpa_m3_s") / 1e15,
        cease_s=newest.integer("cease_s"), drive_pa=newest.integer("drive_pa"),
        missing_s=plain.missing_s, recheck_s=plain.recheck_s,
    )  # fmt: skip


def trend_of(config: Record, criteria: Criteria) -> WindowTrend | None:
    """A trend with nothing learned, under a configuration; None for one no node accepts."""
    try:
        m, plan, _ = measurement_of(config, None)
    except (IndexError, SettingError):
        return None
    values = {
        "alarm_days": criteria.alarm_days, "trend_s": (criteria.window_s,),
        "trend_learn": criteria.learn, "cease_s": criteria.cease_s, "drive_pa": criteria.drive_pa,
        "cease_limit_fpa_m3_s": round(criteria.cease_limit_pa_m3_s * 1e15),
        "trend_margin_percent": criteria.margin_percent,
    }  # fmt: skip
    lengths = dict(zip(plan.lengths_s[plan.base :], plan.samples, strict=True))
    if criteria.window_s not in lengths:
        return None
    return WindowTrend(m, values, criteria.window_s, lengths[criteria.window_s])


def _due_ms(record: Record) -> int:
    return (record.integer("first_wraps") << 30) + record.integer("first_ms")


def _pages(reader: Reader, node: str, epoch: int, window_s: int) -> Iterator[list[Record]]:
    after = -1
    while rows := reader.records(node, epoch, after, PAGE, WINDOW.id, window_s=window_s):
        after = rows[-1].number
        yield [record for row in rows if (record := whole(row.data)) is not None and record.name]


def _of_kind(reader: Reader, node: str, epoch: int, kind: int, name: str) -> dict[int, Record]:
    found: dict[int, Record] = {}
    after = -1
    while rows := reader.records(node, epoch, after, PAGE, kind):
        after = rows[-1].number
        parsed = (whole(row.data) for row in rows)
        found.update((one.number, one) for one in parsed if one is not None and one.name == name)
    return found
