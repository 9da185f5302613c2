"""Columns for plots: extremes of samples by pixel, windows with their intervals. Gaps are nulls."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hullwatch.store import BootRow, Reader, WindowRow

CHANNELS = {"pressure": ("p_q8", "Pa", 3), "temperature": ("t_q16", "K", 5)}
"""Of a sample: the store's name of it, the unit, and digits after the point that are not noise."""

MOST_WINDOWS = 2000
_SLACK = 1.5
"""Samples or windows further apart than 1.5 times their distance have a gap between them."""

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


def samples(
    reader: Reader, node: str, channel: str, start_us: int, past_us: int, pixels: int
) -> dict[str, Any]:
    """Lowest and highest value of each pixel that has samples; null where a gap is.

    A pixel stands at its middle. Where samples lie further apart than pixels there are fewer
    points than pixels, and no gap.
    """
    name, unit, digits = CHANNELS[channel]
    drawn = reader.envelope_utc(node, start_us, past_us, pixels, name)
    filled = np.flatnonzero(drawn.count)
    middles = (drawn.edges[:-1] + drawn.edges[1:]) // 2
    period_us = _period_us(reader.boots(node))
    pixel_us = (past_us - start_us) / pixels
    breaks = np.flatnonzero(np.diff(middles[filled]) > _SLACK * period_us + pixel_us)
    x, low, high = (
        _opened(column[filled], breaks, digits if column is not middles else None)
        for column in (middles, drawn.low, drawn.high)
    )
    for at in reversed(_null_places(breaks)):
        x[at] = (x[at - 1] + x[at + 1]) // 2  # type: ignore[operator]
    return {
        "channel": channel, "unit": unit, "from_utc_us": start_us, "to_utc_us": past_us,
        "samples": int(drawn.count.sum()), "utc_us": x, "low": low, "high": high,
    }  # fmt: skip


def _opened(
    column: _Floats | _Ints, breaks: NDArray[np.intp], digits: int | None
) -> list[float | int | None]:
    """The column with a None after each place of `breaks`."""
    values: list[float | int | None] = (
        column.tolist() if digits is None else np.round(column, digits).tolist()
    )
    for at in reversed(breaks.tolist()):
        values.insert(at + 1, None)
    return values


def _null_places(breaks: NDArray[np.intp]) -> list[int]:
    return [at + 1 + k for k, at in enumerate(breaks.tolist())]


def _period_us(boots: list[BootRow]) -> int:
    return max((boot.period_us or 0 for boot in boots), default=0)


def windows(
    reader: Reader, node: str, asked_s: float, start_us: int, past_us: int
) -> dict[str, Any]:
    """Windows that end in the range, as columns; a longer length where too many would be.

    `window_s` says which length it is. A longer window is the least squares of all samples of the
    shorter ones, not a mean of theirs. `cut`: only the newest are here, there is none longer.
    """
    span_s = (past_us - start_us) / 1e6
    lengths = _lengths(reader, node)
    fitting = [x for x in lengths if x >= asked_s and span_s / x <= MOST_WINDOWS]
    chosen = fitting[0] if fitting else max(lengths, default=asked_s)
    found = reader.windows_utc(node, chosen, start_us, past_us, MOST_WINDOWS + 1)
    cut = len(found) > MOST_WINDOWS
    rows, ends = [row for row, _ in found][cut:], [end for _, end in found][cut:]
    return {
        "asked_window_s": asked_s, "window_s": chosen, "cut": cut, "unit": "Pa·m³/s",
        "from_utc_us": start_us, "to_utc_us": past_us,
        "t_refs_k": sorted({row.t_ref_k for row in rows}),
        **_columns(rows, ends, chosen),
    }  # fmt: skip


def _lengths(reader: Reader, node: str) -> list[float]:
    """Lengths of the node's present settings."""
    configs = reader.configs(node, 1)
    return sorted(float(s) for s in configs[-1].windows_s.split(",") if s) if configs else []


def _columns(rows: list[WindowRow], ends: list[int], window_s: float) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {
        name: [] for name in ("utc_us", "leak_rate_pa_m3_s", "u95_pa_m3_s", "u95_kind", "flags")
    }
    before: int | None = None
    for row, end in zip(rows, ends, strict=True):
        if before is not None and end - before > _SLACK * window_s * 1e6:
            for name, column in columns.items():
                column.append((before + end) // 2 if name == "utc_us" else None)
        before = end
        stale = "STALE" in row.flags
        columns["utc_us"].append(end)
        columns["leak_rate_pa_m3_s"].append(None if stale else row.leak_rate_pa_m3_s)
        columns["u95_pa_m3_s"].append(None if stale else row.u95_pa_m3_s)
        columns["u95_kind"].append(row.u95_kind)
        columns["flags"].append(row.flags)
    return columns
