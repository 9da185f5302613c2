"""A saga into a database: readings of every node, the records of them, the crew's log as marks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from hullwatch.bench.records import Noise, record_readings
from hullwatch.sim.saga import Course, Saga, SagaNode, courses, readings
from hullwatch.store import MarkRow, Store

_WINDOWS_S = (3600, 86_400)
_T_REF_K = 293.15


def node_uid(saga: Saga, number: int) -> bytes:
    """The id of a node: by its place in the saga."""
    return hashlib.sha256(f"{saga.crack}{number}".encode()).digest()[:8]


def play(saga: Saga, store: Store, seed: int, advance: Callable[[float], None]) -> int:
    """Fill an empty store; how many samples were taken. `advance` is told the share done."""
    course: Course | None = None
    for share, done in courses(saga, seed):
        advance(0.6 * share)
        course = done
    assert course is not None
    samples = 0
    for number, node in enumerate(saga.nodes):
        if node.from_day < saga.days:
            samples += _record(saga, store, course, (number, node), seed)
        advance(0.6 + 0.3 * (number + 1) / len(saga.nodes))
    for entry in saga.entries():
        rated = entry.rate_pa_m3_s is not None
        store.add_mark(
            MarkRow(
                number=0, kind=entry.kind, node="", chamber=saga.nodes[0].name,
                from_utc_us=saga.utc_us(entry.day), to_utc_us=saga.utc_us(entry.to_day),
                text=entry.text, rate_pa_m3_s=entry.rate_pa_m3_s, u_pa_m3_s=entry.u_pa_m3_s,
                bound_pa_m3_s=0.0 if rated else None, t_ref_k=_T_REF_K if rated else None,
                told=False, entered_by="crew", entered_utc_us=saga.utc_us(entry.to_day),
                revokes=None,
            )
        )  # fmt: skip
    return samples


def _record(
    saga: Saga, store: Store, course: Course, numbered: tuple[int, SagaNode], seed: int
) -> int:
    number, node = numbered
    samples = readings(saga, node, course, 100 * seed + number)
    if not len(samples[0]):
        return 0
    sensor = saga.sensor
    start = saga.spec.sections[0]
    per_k = start.pressure_pa / saga.spec.room_k
    white = (sensor.white_pa**2 + (per_k * sensor.white_k) ** 2) * saga.period_s
    settings: dict[str, object] = {
        "name": node.name, "period_us": round(saga.period_s * 1e6), "windows_s": _WINDOWS_S,
        "volume_ul": round(node.volume_m3 * 1e9), "p_out_pa": 0,
        "temp_lag_ms": sensor.temp_lag_ms, "temp_gradient_uk": sensor.temp_gradient_uk,
        "settling_ms": 0, "noise_profile": "calibrated",
    }  # fmt: skip
    record_readings(
        store, node_uid(saga, number), settings, saga.utc_us(node.from_day), samples,
        Noise(white, sensor.walk_pa2_s),
    )  # fmt: skip
    return len(samples[0])
