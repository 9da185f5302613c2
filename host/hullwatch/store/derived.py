"""Records as plain rows in SI units, and the holes that events state.

A row is a pure function of its record: it can be thrown away and made again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullcore.settings import COMPENSATIONS, GASES, PRESSURE_KINDS, U95_KINDS
from hullcore.trendevents import STATES
from hullwatch.link.devicetime import device_ms
from hullwatch.link.recordkinds import (
    CONFIG,
    EVENT,
    EVENTS,
    FLAGS,
    NEVER,
    NO_RECORD,
    NOT_COMPUTED,
    TEST,
    WINDOW,
)
from hullwatch.link.testnames import PHASES, VERDICTS, reason_names
from hullwatch.store.rows import ConfigRow, EventRow, VerdictRow, WindowRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from hullwatch.link.recordview import Record

SEVERITIES = ("info", "warning", "alarm")
_OVERWRITTEN = "overwritten on the node before any acknowledgement"
_LOSSES = {
    "RECORDS_LOST": ("record", _OVERWRITTEN),
    "RAW_LOST": ("raw", _OVERWRITTEN),
    "UNSYNCED": ("record", "not on the node's flash when its run ended"),
}
_INT63 = 1 << 63

Row = WindowRow | EventRow | ConfigRow | VerdictRow
"""What a record of a kind with a table of its own becomes."""


def row_of(node: str, record: Record, received_utc_us: int) -> Row | None:
    """The plain row of a record; None for a kind or version this host does not know."""
    make = _MAKERS.get(record.name)
    if make is None:
        return None
    head = (
        node,
        record.epoch,
        record.number,
        record.boot,
        record.device_ms,
        received_utc_us,
    )
    return make(head, record)


def named(names: tuple[str, ...], index: int) -> str:
    """The name at an index, or "unknown (index)": a newer node's enumeration must not stop us."""
    return names[index] if index < len(names) else f"unknown ({index})"


def flag_names(flags: int) -> str:
    """Names of the set bits, separated by commas; bits without a name as bitK."""
    names = [name for name, _ in FLAGS]
    return ",".join(
        names[k] if k < len(names) else f"bit{k}"
        for k in range(flags.bit_length())
        if flags >> k & 1
    )


def stated_hole(record: Record) -> tuple[str, int, int, str] | None:
    """(stream, first, past, reason) of the numbers an event says will never come, else None."""
    if record.name != EVENT.name:
        return None
    code = record.integer("code")
    event = EVENTS[code - 1][0] if 1 <= code <= len(EVENTS) else ""
    loss = _LOSSES.get(event)
    first, past = record.integer("a"), record.integer("b") + 1
    if loss is None or not 0 <= first < past < _INT63:
        return None
    return loss[0], first, past, loss[1]


_Head = tuple[str, int, int, int, int, int]


def _window(head: _Head, record: Record) -> WindowRow:
    value = record.integer
    return WindowRow(
        *head,
        window_s=value("window_ms") / 1000,
        n=value("n"),
        first_sample=_stored(value("first")),
        last_sample=_stored(value("last")),
        first_device_ms=device_ms(value("first_wraps"), value("first_ms")),
        leak_rate_pa_m3_s=value("leak_rate_fpa_m3_s") / 1e15,
        u95_pa_m3_s=_half_width(value("u95_leak_fpa_m3_s"), 1e15),
        u95_kind=named(U95_KINDS, value("u95_kind")),
        slope_pa_s=value("slope_y_ppa_s") / 1e12,
        u95_slope_pa_s=_half_width(value("u95_slope_ppa_s"), 1e12),
        uncompensated_slope_pa_s=value("slope_p_ppa_s") / 1e12,
        compensation=named(COMPENSATIONS, value("compensation")),
        pressure_mean_pa=value("p_mean_q8") / 256,
        normalised_mean_pa=value("y_mean_q8") / 256,
        temperature_mean_k=value("t_mean_q16") / 65536,
        outside_pressure_pa=value("p_out_q8") / 256,
        pressure_kind=named(PRESSURE_KINDS, value("pressure_kind")),
        gas=named(GASES, value("gas")),
        t_ref_k=value("t_ref_mk") / 1000,
        subwindows=value("subwindows"),
        config=None if value("config") == NO_RECORD else value("config"),
        flags=flag_names(record.flags),
        reserve_s={NOT_COMPUTED: None, NEVER: -1}.get(value("reserve_s"), value("reserve_s")),
        trend=named(STATES, value("trend") - 1) if value("trend") else None,
    )


def _event(head: _Head, record: Record) -> EventRow:
    code = record.integer("code")
    return EventRow(
        *head,
        event=EVENTS[code - 1][0] if 1 <= code <= len(EVENTS) else f"unknown ({code})",
        severity=named(SEVERITIES, record.integer("severity")),
        a=record.integer("a"),
        b=record.integer("b"),
        c=record.integer("c"),
        text=record.text("text"),
    )


def _config(head: _Head, record: Record) -> ConfigRow:
    value = record.integer
    lengths = (value(f"window_s_{k}") for k in range(5))
    return ConfigRow(
        *head,
        generation=value("generation"),
        name=record.text("name"),
        sensor=record.text("sensor"),
        address=value("address"),
        oversampling=value("oversampling"),
        period_us=value("period_us"),
        pressure_lsb_pa=value("pressure_lsb_q8") / 256,
        pressure_kind=named(PRESSURE_KINDS, value("pressure_kind")),
        compensation=named(COMPENSATIONS, value("compensation")),
        gas=named(GASES, value("gas")),
        volume_m3=value("volume_ul") / 1e9,
        t_ref_k=value("t_ref_mk") / 1000,
        outside_pressure_pa=float(value("p_out_pa")),
        windows_s=",".join(str(length) for length in lengths if length),
    )


def _test(head: _Head, record: Record) -> VerdictRow:
    value = record.integer
    measured = value("n") > 0
    return VerdictRow(
        *head,
        part=record.text("part"),
        attempt=value("attempt"),
        verdict=named(VERDICTS, value("verdict")),
        reasons=",".join(reason_names(value("reasons"))),
        ended=named(PHASES, value("ended")),
        recipe=value("recipe"),
        config=value("config"),
        profile=None if value("profile") == NO_RECORD else value("profile"),
        first_sample=min(value("first"), _INT63 - 1),
        last_sample=min(value("last"), _INT63 - 1),
        n=value("n"),
        leak_rate_pa_m3_s=value("rate_fpa_m3_s") / 1e15 if measured else None,
        guard_pa_m3_s=_half_width(value("guard_fpa_m3_s"), 1e15),
        u_a_pa_m3_s=_half_width(value("u_a_fpa_m3_s"), 1e15),
        u_b_pa_m3_s=_half_width(value("u_b_fpa_m3_s"), 1e15),
        outgas_pa_m3_s=value("outgas_fpa_m3_s") / 1e15,
        pressure_mean_pa=value("p_mean_q8") / 256,
        temperature_mean_k=value("t_mean_q16") / 65536,
    )


_MAKERS: dict[str, Callable[[_Head, Record], Row]] = {
    WINDOW.name: _window,
    EVENT.name: _event,
    CONFIG.name: _config,
    TEST.name: _test,
}


def _stored(number: int) -> int | None:
    """A 64-bit number as SQLite can hold it; None when it cannot (no node counts that far)."""
    return number if number < _INT63 else None


def _half_width(value: int, per_unit: float) -> float | None:
    return value / per_unit if value >= 0 else None
