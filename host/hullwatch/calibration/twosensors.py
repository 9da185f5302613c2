"""What two pressure sensors of one node in one chamber say about a span, from its raw samples.

The second sensor is the one that `compensation=reference` records beside the first: put into the
same chamber it confirms the first. Both pressures are normalised with the first chip's temperature,
so what they share (gas temperature, volume) is in both alike and drops out of their difference.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hullcore.estimator import NO_AUX
from hullcore.settings import PROBES
from hullwatch.calibration.spans import FEWEST
from hullwatch.errors import InputError
from hullwatch.link.recordkinds import CONFIG
from hullwatch.link.recordview import Record, parse
from hullwatch.store import BootKey, DeviceClock, RawSamples, Reader
from hullwatch.store.clocktime import UNKNOWN

WINDOWS = 10
"""Parts of a span unless told otherwise; what the clock leaves in doubt at its ends is left out."""

_LEAST_SAMPLES = 8
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TwoSensors:
    """Leak rates of both sensors for each window in turn, Pa·m³/s at ``t_ref_k``, + = gas lost."""

    names: tuple[str, str]
    rates: tuple[Floats, Floats]
    window_s: float
    t_ref_k: float


def two_sensors(
    reader: Reader, node: str, start_utc_us: int, past_utc_us: int, window_s: float | None = None
) -> TwoSensors:
    """Of samples that surely lie within the span; windows follow each other without overlap.

    InputError when the node has one pressure sensor only, changed its settings within the span, or
    has less than five windows of both in it.
    """
    _refuse_single(reader, node)
    window_s = window_s or (past_utc_us - start_utc_us) / 1e6 / WINDOWS
    found: list[tuple[Record, Floats, Floats]] = []
    for key, clock in reader.clocks(node).items():
        samples = _within(reader, key, clock, start_utc_us, past_utc_us)
        if samples is not None:
            found.append((_config(reader, key), *_slopes(samples, window_s)))
    if len({record.number for record, *_ in found}) > 1:
        raise InputError(f"node {node}: its settings changed within the span", "name another span")
    if not found or len(found[0][1]) < FEWEST:
        raise InputError(
            f"node {node}: fewer than {FEWEST} windows of {window_s:g} s with both sensors",
            "a longer span, or a shorter --window",
        )
    config, first, second = found[0]
    t_ref_k = config.integer("t_ref_mk") / 1000
    scale = -config.integer("volume_ul") * 1e-9 * t_ref_k
    names = tuple(
        f"{config.text(which + 'sensor')}@{config.integer(which + 'address'):#x}"
        for which in ("", "aux_")
    )
    return TwoSensors((names[0], names[1]), (scale * first, scale * second), window_s, t_ref_k)


def _within(
    reader: Reader, key: BootKey, clock: DeviceClock, start_utc_us: int, past_utc_us: int
) -> RawSamples | None:
    """Samples of a boot taken in time within the span; None where there are none."""
    samples = reader.raw(key)
    if not len(samples.sample):
        return None
    begin, end = clock.limits_us(samples.due_us)
    inside = (begin >= start_utc_us) & (end < past_utc_us) & (end != UNKNOWN)
    inside &= (samples.late_us == 0) & (samples.due_us >= 0)
    if not inside.any():
        return None
    arrays = (getattr(samples, name)[inside] for name in RawSamples.__dataclass_fields__)
    return RawSamples(*arrays)


def _config(reader: Reader, key: BootKey) -> Record:
    """The configuration of a boot; InputError when it has several."""
    rows = reader.records(key.node, key.epoch, -1, 2, CONFIG.id, key.boot)
    if len(rows) != 1:
        raise InputError(f"node {key.node}: {len(rows)} configurations in boot {key.boot}",
                         "name another span")  # fmt: skip
    return parse(rows[0].data)


def _refuse_single(reader: Reader, node: str) -> None:
    """InputError unless some configuration of the node has a second pressure sensor."""
    numbers = [(row.epoch, row.number) for row in reader.configs(node)]
    records = [parse(reader.records(node, epoch, n - 1, 1)[0].data) for epoch, n in numbers]
    if all(record.text("aux_sensor") in ("none", "", *PROBES) for record in records):
        raise InputError(
            f"node {node} has one pressure sensor, and one cannot confirm itself",
            "name a second node, or give it an aux_sensor with compensation=reference",
        )


def _slopes(samples: RawSamples, window_s: float) -> tuple[Floats, Floats]:
    """Slopes of p/T of both sensors in each whole window, Pa/(K·s)."""
    both = samples.aux != NO_AUX
    t_s = (samples.due_us[both] - samples.due_us[0]) / 1e6
    kelvin = samples.t_q16[both] / 65536
    values = [samples.p_q8[both] / 256 / kelvin, samples.aux[both] / 256 / kelvin]
    at = np.floor_divide(t_s, window_s).astype(np.int64)
    whole = range(int((t_s[-1] + 1e-9) // window_s) if len(t_s) else 0)
    slopes: tuple[list[float], list[float]] = ([], [])
    for k in whole:
        here = at == k
        if here.sum() < _LEAST_SAMPLES:
            continue
        for one, value in zip(slopes, values, strict=True):
            one.append(float(np.polyfit(t_s[here] - t_s[here].mean(), value[here], 1)[0]))
    return np.array(slopes[0]), np.array(slopes[1])
