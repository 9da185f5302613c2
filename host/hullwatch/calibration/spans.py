"""What windows of a node say about a span of time: means with the uncertainty their scatter gives.

The longest window length is used of which at least five lie within the span. Mean and s/√k of k
windows assume no kind of noise, except that windows scatter independently around one value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from hullwatch.analysis.budget import Quantity
from hullwatch.errors import InputError
from hullwatch.link.recordview import parse
from hullwatch.store import Reader, WindowRow
from hullwatch.store.clocktime import UNKNOWN

FEWEST = 5
"""Windows in a span: with fewer, Student's t makes the interval useless."""


@dataclass(frozen=True, slots=True)
class SpanMean:
    """Means over ``windows`` windows of ``window_s`` seconds; ``middle_utc_us`` of the span.

    Slope of the normalised pressure and leak rate (positive = gas lost) are at ``t_ref_k``; their
    uncertainty is what scatter tells. ``u_systematic``: the largest one of the leak rate that the
    node gives for everything else, Pa·m³/s; None when it was told no bounds.
    """

    slope: Quantity
    leak_rate: Quantity
    pressure: Quantity
    temperature_k: float
    outside_pa: float
    t_ref_k: float
    config: int | None
    u95_kinds: tuple[str, ...]
    window_s: float
    windows: int
    u_systematic: float | None
    middle_utc_us: int

    @property
    def drive_pa(self) -> float:
        """Mean pressure difference to the outside."""
        return self.pressure.value - self.outside_pa


def span_mean(
    reader: Reader, node: str, start_utc_us: int, past_utc_us: int, window_s: float | None = None
) -> SpanMean:
    """Of the windows of a node that lie within a span, of one length.

    InputError when they are too few, or of more than one configuration.
    """
    rows = _windows(reader, node, start_utc_us, past_utc_us, window_s)
    if len({(row.epoch, row.config) for row in rows}) > 1:
        raise InputError(
            f"node {node}: its settings changed within {_told(start_utc_us, past_utc_us)}",
            "name a span with one configuration",
        )
    one = rows[0]
    return SpanMean(
        slope=_mean("slope", "Pa/s", [row.slope_pa_s for row in rows]),
        leak_rate=_mean("leak rate", "Pa·m³/s", [row.leak_rate_pa_m3_s for row in rows]),
        pressure=_mean("pressure", "Pa", [row.pressure_mean_pa for row in rows]),
        temperature_k=float(np.mean([row.temperature_mean_k for row in rows])),
        outside_pa=one.outside_pressure_pa,
        t_ref_k=one.t_ref_k,
        config=one.config,
        u95_kinds=tuple(sorted({row.u95_kind for row in rows})),
        window_s=one.window_s,
        windows=len(rows),
        u_systematic=_systematic(reader, rows),
        middle_utc_us=(start_utc_us + past_utc_us) // 2,
    )


def _windows(
    reader: Reader, node: str, start_utc_us: int, past_utc_us: int, window_s: float | None
) -> list[WindowRow]:
    """All that lie within the span for sure, the error bound of the node's clock included."""
    clocks = reader.clocks(node)
    lengths = {float(s) for c in reader.configs(node) for s in c.windows_s.split(",") if s}
    seconds = (past_utc_us - start_utc_us) / 1e6
    most = 0
    for length in sorted(lengths if window_s is None else {window_s}, reverse=True):
        if FEWEST * length > seconds:
            continue
        rows = reader.windows(node, length)
        kept = []
        for key, clock in clocks.items():
            own = [row for row in rows if (row.epoch, row.boot) == key[1:]]
            first_us = np.array([row.first_device_ms for row in own], np.int64) * 1000
            begin, _ = clock.limits_us(first_us)
            _, end = clock.limits_us(first_us + round(length * 1e6))
            inside = (begin >= start_utc_us) & (end <= past_utc_us) & (end != UNKNOWN)
            kept += [row for row, within in zip(own, inside, strict=True) if within]
        if len(kept) >= FEWEST:
            return kept
        most = max(most, len(kept))
    raise InputError(
        f"node {node}: {most} windows within {_told(start_utc_us, past_utc_us)}",
        f"at least {FEWEST} of one length are needed: a longer span, or shorter windows",
    )


def _systematic(reader: Reader, rows: list[WindowRow]) -> float | None:
    largest = 0.0
    for row in rows:
        (stored,) = reader.records(row.node, row.epoch, row.number - 1, 1)
        u_fpa_m3_s = parse(stored.data).integer("u_b_fpa_m3_s")
        if u_fpa_m3_s < 0:
            return None
        largest = max(largest, u_fpa_m3_s * 1e-15)
    return largest


def _mean(name: str, unit: str, values: list[float]) -> Quantity:
    k = len(values)
    scatter = float(np.std(values, ddof=1))
    return Quantity(name, float(np.mean(values)), scatter / math.sqrt(k), unit, k - 1)


def _told(start_utc_us: int, past_utc_us: int) -> str:
    ends = (datetime.fromtimestamp(t / 1e6, UTC) for t in (start_utc_us, past_utc_us))
    return " … ".join(end.strftime("%Y-%m-%d %H:%M:%S") for end in ends) + " UTC"
