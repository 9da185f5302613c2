"""Readings straight to hullcore and into a store: the node's records without the node around them.

Window sums, slopes, intervals and leak rates are hullcore's, bit for bit as on a board. There is no
bus, no link, no flash, and no raw blocks are stored, so `verify` has nothing to recompute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hullcore import settings
from hullcore.estimator import NO_AUX
from hullcore.measurement import Known, Measurement, window_body
from hullcore.morerecords import config_record, profile_record
from hullcore.plan import WindowPlan
from hullcore.profilerow import body_of, profile_of
from hullcore.records import RecordStamp, window_record
from hullcore.scatter import Scatter
from hullcore.sums import Sums
from hullwatch.link import recordview
from hullwatch.link.messages import HELLO
from hullwatch.link.recordkinds import CONFIG
from hullwatch.store import ClockFit, RawSamples, Store
from hullwatch.verify.replay import Replay

_CALIBRATED = settings.PROFILE_SOURCES.index("calibrated")
_EPOCH = 1
_STUCK = 1000
_BATCH = 5000
_WRAP_BITS = 30
_MASK = (1 << _WRAP_BITS) - 1


@dataclass(frozen=True)
class Noise:
    """White noise in Pa²·s and random walk in Pa²/s of the normalised pressure, known to 5 %."""

    white_pa2_s: float
    walk_pa2_per_s: float


def record_readings(
    store: Store, uid: bytes, changes: dict[str, object], start_utc_us: int,
    samples: tuple[Any, Any], noise: Noise,
) -> int:  # fmt: skip
    """Store every window of one boot's samples (p_q8, t_q16), all in time; how many windows.

    ``changes``: settings that are not the default; the sensor reads 1/64 Pa.
    """
    values = {**settings.defaults(), "sensor": "none", **changes}
    settings.check_together(values)
    stamp = RecordStamp(_EPOCH, 1)
    m = Measurement(values, 4, 0, 0)
    plan = WindowPlan(m.period_us, values["windows_s"])
    hello = {x.name: 0 for x in HELLO.fields} | {
        "uid": uid, "boot": 1, "epoch": _EPOCH, "board": b"saga", "core_hash": bytes(32),
        "period_us": m.period_us,
    }  # fmt: skip
    waiting = [config_record(stamp, 0, 0, _config_body(values, m))]
    known: dict[int, Known] = {}
    for length_s in values["windows_s"]:
        stamp.number = len(waiting)
        row = _profile_row(length_s, noise, m.period_us)
        waiting.append(profile_record(stamp, 0, 0, body_of(row, 0, _CALIBRATED, 0, 0)))
        known[length_s] = Known(profile_of(row), stamp.number, 0, row[2])
    with store.atomic() as batch:
        boot = batch.node(HELLO.unpack(HELLO.struct.pack(*hello.values())), start_utc_us)
        batch.clock(boot, ClockFit(0, start_utc_us, 0.0, 1000, 0.0))

    def keep() -> None:
        with store.atomic() as batch:
            for data in waiting:
                record = recordview.parse(data)
                received = start_utc_us + record.device_ms * 1000
                batch.record(boot.node, record, received)
        waiting.clear()

    number = len(waiting)

    def on_window(length_s: int, first: int, last: int, sums: Sums, scatter: Scatter) -> None:
        nonlocal number
        due_ms = first * m.period_us // 1000
        flags, body = window_body(
            m, length_s, first, last, sums, scatter, due_ms, known[length_s], None
        )
        ms = last * m.period_us // 1000
        stamp.number = number
        number += 1
        waiting.append(window_record(stamp, ms >> _WRAP_BITS, ms & _MASK, flags, body))
        if len(waiting) >= _BATCH:
            keep()

    replay = Replay(m, plan, on_window)
    replay.permit(_STUCK)
    replay.take(_raw(*samples, m.period_us))
    keep()
    return number - 1 - len(known)


def _raw(p_q8: Any, t_q16: Any, period_us: int) -> RawSamples:
    count = np.arange(len(p_q8), dtype=np.int64)
    nothing = np.zeros(len(p_q8), np.int64)
    none = np.full(len(p_q8), NO_AUX, np.int32)
    return RawSamples(count, count * period_us, nothing, p_q8, t_q16, none)


def _profile_row(length_s: int, noise: Noise, period_us: int) -> tuple[int, ...]:
    white, walk = round(noise.white_pa2_s * 1e15), round(noise.walk_pa2_per_s * 1e15)
    block_us = max(8 * period_us, 1_000_000)
    return (
        length_s, 1000, block_us, 4 * length_s * 1_000_000, white, walk, white // 20, walk // 20,
        0, 0, _STUCK,
    )  # fmt: skip


def _config_body(values: dict[str, Any], m: Measurement) -> tuple[object, ...]:
    """In the order of the CONFIG layout; what it does not name is 0."""
    named = {
        "gas": m.gas, "compensation": m.compensation, "pressure_kind": m.pressure_kind,
        "noise_profile": settings.NOISE_PROFILES.index("calibrated"), "pressure_lsb_q8": m.lsb_q8,
        "period_us": m.period_us,
    }  # fmt: skip
    for k, length_s in enumerate(values["windows_s"]):
        named[f"window_s_{k}"] = length_s
    body: list[object] = []
    for one in CONFIG.fields:
        value = named.get(one.name, values.get(one.name, 0))
        if one.code.endswith("s"):
            value = str(values.get(one.name, "")).encode()
        body.append(value)
    return tuple(body)
