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
    samples: tuple[Any, Any], noise: Noise, boot: int = 1,
) -> int:  # fmt: skip
    """Store every window of one boot's samples (p_q8, t_q16), all in time; how many windows.

    ``changes``: settings that are not the default; the sensor reads 1/64 Pa. ``boot``: above those
    of the node that are stored.
    """
    values = {**settings.defaults(), "sensor": "none", **changes}
    settings.check_together(values)
    recorder = _Recorder(store, uid, values, start_utc_us, boot)
    recorder.begin(noise)
    replay = Replay(
        recorder.m, WindowPlan(recorder.m.period_us, values["windows_s"]), recorder.take
    )
    replay.permit(_STUCK)
    replay.take(_raw(*samples, recorder.m.period_us))
    recorder.keep()
    return recorder.windows


class _Recorder:
    """Makes records and commits them, some thousand at a time."""

    def __init__(
        self, store: Store, uid: bytes, values: dict[str, Any], start_utc_us: int, boot: int
    ) -> None:
        self._first = store.durable_next(uid.hex(), _EPOCH)
        self.m = Measurement(values, 4, self._first, 0)
        self.windows = 0
        self._store = store
        self._values = values
        self._start_utc_us = start_utc_us
        self._stamp = RecordStamp(_EPOCH, boot, self._first)
        self._waiting: list[bytes] = []
        self._known: dict[int, Known] = {}
        hello = {x.name: 0 for x in HELLO.fields} | {
            "uid": uid, "boot": boot, "epoch": _EPOCH, "board": b"saga", "core_hash": bytes(32),
            "period_us": self.m.period_us,
        }  # fmt: skip
        with store.atomic() as batch:
            self._boot = batch.node(HELLO.unpack(HELLO.struct.pack(*hello.values())), start_utc_us)
            batch.clock(self._boot, ClockFit(0, start_utc_us, 0.0, 1000, 0.0))

    def begin(self, noise: Noise) -> None:
        """The configuration and a calibrated profile for every window length."""
        self._append(config_record(self._stamp, 0, 0, _config_body(self._values, self.m)))
        for length_s in self._values["windows_s"]:
            row = _profile_row(length_s, noise, self.m.period_us)
            number = self._stamp.number
            self._append(
                profile_record(self._stamp, 0, 0, body_of(row, self._first, _CALIBRATED, 0, 0))
            )
            self._known[length_s] = Known(profile_of(row), number, 0, row[2])

    def take(self, length_s: int, first: int, last: int, sums: Sums, scatter: Scatter) -> None:
        """A window that closed, as `hullcore.cascade` gives it."""
        period_us = self.m.period_us
        flags, body = window_body(
            self.m, length_s, first, last, sums, scatter, first * period_us // 1000,
            self._known[length_s], None,
        )  # fmt: skip
        ms = last * period_us // 1000
        self._append(window_record(self._stamp, ms >> _WRAP_BITS, ms & _MASK, flags, body))
        self.windows += 1

    def _append(self, data: bytes) -> None:
        self._waiting.append(data)
        self._stamp.number += 1
        if len(self._waiting) >= _BATCH:
            self.keep()

    def keep(self) -> None:
        """Commit what waits."""
        with self._store.atomic() as batch:
            for data in self._waiting:
                record = recordview.parse(data)
                received = self._start_utc_us + record.device_ms * 1000
                batch.record(self._boot.node, record, received)
        self._waiting.clear()


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
