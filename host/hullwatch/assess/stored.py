"""`analyse`: a node's samples between two times, read once, and everything they say."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hullwatch.analysis.allandev import Octaves
from hullwatch.analysis.chamber import Chamber
from hullwatch.analysis.series import Series
from hullwatch.analysis.whole import Analysis, Mark, analyse_series
from hullwatch.assess.reduction import Cells, Law, Reduction
from hullwatch.assess.setup import Settings, chamber_of, settings_of, told_apart
from hullwatch.assess.warmup import warm_up
from hullwatch.calibration import Standing
from hullwatch.errors import InputError
from hullwatch.store import BootKey, BootRow, DeviceClock, MarkRow, Reader
from hullwatch.store.clocktime import CLOCK

CELLS = 1 << 18
"""Cells that a span is reduced to at first: a year is then in steps of two minutes."""

_LAST = (1 << 62) - 1
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Overrides:
    """What is known better than the settings know it; None: as they say."""

    volume_m3: float | None = None
    u_volume: float | None = None
    outside_pa: float | None = None
    u_outside_pa: float | None = None
    relative_humidity: float | None = None
    u_relative_humidity: float | None = None
    reserve_limit_pa: float | None = None
    temp_lag_s: float | None = None

    def of(self, chamber: Chamber) -> Chamber:
        """The chamber with them."""
        return replace(chamber, **{k: v for k, v in vars(self).items() if v is not None})


@dataclass(frozen=True, eq=False)
class Assessment:
    """An analysis with where it comes from.

    `start_utc_us`, `past_utc_us` are None where no clock told. `marks`: those of the store that are
    about the node. `standings`: calibrations looked at. `configs`: numbers of the CONFIG records.
    `spans`: sample numbers first to before past that were read, by boot.
    """

    node: str
    name: str
    sensor: str
    samples: int
    boots: int
    start_utc_us: int | None
    past_utc_us: int | None
    configs: tuple[int, ...]
    standings: tuple[Standing, ...]
    spans: tuple[tuple[BootKey, int, int], ...]
    analysis: Analysis


@dataclass(frozen=True)
class _Piece:
    """Device times `start_us` to before `past_us` of a boot with one configuration."""

    boot: BootRow
    settings: Settings | None
    clock: DeviceClock
    start_us: int
    past_us: int


@dataclass(frozen=True, eq=False)
class _Read:
    series: Series
    octaves: Octaves | None
    samples: int
    step_k: float


def _silent(_samples: int) -> None:
    pass


def analyse(
    reader: Reader,
    node: str,
    start_utc_us: int | None = None,
    past_utc_us: int | None = None,
    *,
    marks: Sequence[Mark] = (),
    overrides: Overrides | None = None,
    real_gas: bool = False,
    advance: Callable[[int], None] = _silent,
) -> Assessment:
    """Analyse what is stored of a node, all of it or between two times, UTC in µs.

    ``marks``: more than the store has. ``advance`` is called with numbers of samples read.
    InputError, in one line, for a span without samples or with more than one configuration, for
    boots without a clock beside others, and for readings that no gas has.
    """
    pieces = _pieces(reader, node, start_utc_us, past_utc_us)
    known = [piece.settings for piece in pieces if piece.settings is not None]
    if known:
        told_apart(known)
    read = _read(reader, pieces, known[0] if known else None, advance)
    fine = read.series
    start = fine.start_utc_s
    middle = None if start is None else round((start + fine.length_s / 2) * 1e6)
    chamber, standings, notes = _chamber(reader, known, middle)
    chamber = replace((overrides or Overrides()).of(chamber), lsb_k=read.step_k)
    found = analyse_series(
        fine, chamber, [*_stored_marks(reader.marks(node)), *marks], read.octaves, real_gas=real_gas
    )
    warmed = tuple(_warmed(reader, pieces, chamber))
    found = replace(found, notes=(*notes, *warmed, *found.notes))
    row = known[0].row if known else None
    return Assessment(
        node, row.name if row else "", row.sensor if row else "", read.samples,
        len({piece.boot.key for piece in pieces}),
        None if start is None else round(start * 1e6),
        None if start is None else round((start + fine.length_s) * 1e6),
        tuple(dict.fromkeys(settings.row.number for settings in known)), standings,
        tuple((piece.boot.key, *_numbers(piece, _period(pieces))) for piece in pieces), found,
    )  # fmt: skip


def _warmed(reader: Reader, pieces: list[_Piece], chamber: Chamber) -> Iterator[str]:
    """Boots whose start lies in the span, and which heat their thermometer."""
    for piece in pieces:
        seen = warm_up(reader, piece.boot.key, _period(pieces)) if piece.start_us == 0 else None
        if seen is not None:
            yield seen.said(chamber.temp_gradient_k)


def _stored_marks(rows: Iterable[MarkRow]) -> list[Mark]:
    return [Mark(m.kind, m.from_utc_us / 1e6, m.to_utc_us / 1e6, m.text) for m in rows]


def _chamber(
    reader: Reader, known: list[Settings], middle_utc_us: int | None
) -> tuple[Chamber, tuple[Standing, ...], tuple[str, ...]]:
    if not known:
        return Chamber(None), (), ("no configuration is stored: volume and settings are not known",)
    return chamber_of(reader, known[0], middle_utc_us)


def _pieces(reader: Reader, node: str, start: int | None, past: int | None) -> list[_Piece]:
    boots = [boot for boot in reader.boots(node) if boot.samples]
    if not boots:
        raise InputError(
            f"node {node}: no raw samples are stored", "pruned? or see: hullwatch nodes"
        )
    clocks, settings = reader.clocks(node), settings_of(reader, node)
    named = start is not None or past is not None
    found = []
    for boot in boots:
        clock = clocks[boot.key]
        if named and clock.source != CLOCK:
            continue
        begin, end = _device_span(clock, start, past) if named else (0, _LAST)
        own = [s for s in settings if s.boot == boot.key]
        edges = [s.from_ms * 1000 for s in own[1:]] + [_LAST]
        for k, edge in enumerate(edges):
            low = max(begin, 0 if k == 0 else own[k].from_ms * 1000)
            high = min(end, edge)
            if low < high:
                found.append(_Piece(boot, own[k] if own else None, clock, low, high))
    if not found:
        raise InputError(
            f"node {node}: no samples with a known time between these two",
            "another span; without --from and --to one boot is analysed on its own clock",
        )
    unknown = {piece.boot.key for piece in found if piece.clock.source != CLOCK}
    if unknown and len({piece.boot.key for piece in found}) > 1:
        raise InputError(
            f"node {node}: {len(unknown)} of its boots have no clock, they have no place beside"
            " the others",
            "name a span with --from and --to: it takes the boots whose time is known",
        )
    return found


def _device_span(clock: DeviceClock, start: int | None, past: int | None) -> tuple[int, int]:
    """Device times of UTC times: the clock is a line but for its fits' corrections."""
    found = []
    for utc, otherwise in ((start, 0), (past, _LAST)):
        if utc is None:
            found.append(otherwise)
            continue
        device = 0
        for _ in range(4):  # each pass takes off all but parts per million of what is left
            at = int(clock.utc_us(np.array([max(0, device)], np.int64))[0][0])
            device = max(0, device) + utc - at
        found.append(max(0, device))
    return found[0], found[1]


def _law(settings: Settings | None) -> Law:
    if settings is None:
        return Law("sensor", Chamber(None).t_ref_k)
    row = settings.row
    offset = row.outside_pressure_pa if row.pressure_kind == "gauge" else 0.0
    if row.pressure_kind == "diff":
        raise InputError(
            "a differential pressure is no amount of gas", "an absolute or a gauge sensor"
        )
    reference = float(settings.record.integer("reference_pa"))
    return Law(row.compensation, row.t_ref_k, offset, reference)


def _read(
    reader: Reader, pieces: list[_Piece], settings: Settings | None, advance: Callable[[int], None]
) -> _Read:
    law = _law(settings)
    period_us = _period(pieces)
    length_us = sum(_length_us(piece, period_us) for piece in pieces)
    cell_us = _cell_us(length_us, period_us)
    octaves: Octaves | None = None
    parts: list[tuple[_Piece, Cells]] = []
    samples, step_k = 0, math.inf
    for piece in pieces:
        reduction = Reduction(law, cell_us, period_us, piece.start_us, piece.past_us)
        first, past = _numbers(piece, period_us)
        for raw in reader.raw_chunks(piece.boot.key, first, past):
            reduction.add(raw)
            advance(len(raw.sample))
        cells = reduction.cells()
        if not len(cells.number):
            continue
        samples += reduction.samples
        step_k = min(step_k, reduction.step_k)
        if reduction.octaves is not None:
            if octaves is None:
                octaves = reduction.octaves
            else:
                octaves.merge(reduction.octaves)
        parts.append((piece, cells))
    if not parts:
        raise InputError("no samples in this span", "see: hullwatch nodes, or another span")
    series = _joined(parts, cell_us, period_us)
    return _Read(series, octaves, samples, step_k if math.isfinite(step_k) else 0.0)


def _cell_us(length_us: int, period_us: int) -> int:
    """A whole number of samples, of which a day is a whole number where that is possible."""
    least = max(1, -(-length_us // (period_us * CELLS)))
    for samples in range(least, 2 * least):
        if _DAY_US % (samples * period_us) == 0:
            return samples * period_us
    return least * period_us


def _period(pieces: list[_Piece]) -> int:
    for piece in pieces:
        if piece.settings is not None:
            return piece.settings.row.period_us
        if piece.boot.period_us:
            return piece.boot.period_us
    raise InputError("the sample period is not known", "no configuration and no HELLO is stored")


def _length_us(piece: _Piece, period_us: int) -> int:
    first, past = _numbers(piece, period_us)
    return (past - first) * period_us


def _numbers(piece: _Piece, period_us: int) -> tuple[int, int]:
    """Sample numbers of a piece: sample k is due k periods after the first, near boot."""
    margin = 0 if piece.start_us == 0 else _START_US // period_us
    first = max(0, piece.start_us // period_us - margin)
    return first, min(piece.boot.raw_past, piece.past_us // period_us + 1)


_START_US = 5_000_000
"""The first sample of a boot is due within its first seconds."""


def _joined(parts: list[tuple[_Piece, Cells]], cell_us: int, period_us: int) -> Series:
    """The cells of all pieces on one time axis, in UTC where the clocks are known."""
    cell_s, full = cell_us * 1e-6, cell_us // period_us
    clocked = all(piece.clock.source == CLOCK for piece, _ in parts)
    starts = [_begin_utc_s(piece, cells, cell_us) for piece, cells in parts] if clocked else [0.0]
    origin = min(starts)
    numbers = [
        cells.number - cells.number[0] + round((start - origin) / cell_s)
        for start, (_, cells) in zip(starts, parts, strict=True)
    ]
    every = [cells for _, cells in parts]
    joined = Cells.of_sums(
        np.concatenate(numbers),
        np.concatenate([cells.count for cells in every]),
        *(np.concatenate([getattr(c, name) * c.count for c in every]) for name in ("p", "t", "y")),
    )
    share = np.minimum(1.0, joined.count / full)
    series = Series(
        joined.number, cell_s, share, joined.p, joined.t, joined.y, origin if clocked else None
    )
    later = np.diff(joined.number, prepend=joined.number[0] - 1) > 0  # clocks that were stepped
    return series.chosen(later & (share >= 0.5))


def _begin_utc_s(piece: _Piece, cells: Cells, cell_us: int) -> float:
    begin = np.array([int(cells.number[0]) * cell_us], np.int64)
    return float(piece.clock.utc_us(begin)[0][0]) / 1e6
