"""CSV of windows, verdicts, events, marks, calibrations and raw samples.

One header line, UTF-8, LF, units in column names. Numbers keep every digit they have in the store.
`utc` is ISO 8601 and empty where nothing tells it; `utc_bound_s` is its error bound; `utc_source`
says where both come from: "clock" is a measurement in the same boot, "neighbours" only that the
boot lies between those around it. Beside leak rates stands what is behind them: the volume used,
its calibration, and every other one in force then. The first three columns of the raw file are
those a replay reads.
"""

from __future__ import annotations

import csv
from dataclasses import astuple, fields
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from hullcore.estimator import NO_AUX
from hullwatch.calibration import Book
from hullwatch.export.behindcolumns import BEHIND_COLUMNS, behind_cells, day
from hullwatch.export.tofile import replacing
from hullwatch.store import (
    BootKey,
    CalibrationRow,
    DeviceClock,
    EventRow,
    MarkRow,
    VerdictRow,
    WindowRow,
)
from hullwatch.store.clocktime import UNKNOWN
from hullwatch.store.windowtimes import marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from typing import TextIO

    from numpy.typing import NDArray

    from hullwatch.store import ConfigRow, RawSamples, Reader

_Row = TypeVar("_Row", bound=WindowRow | EventRow | VerdictRow)

UTC_COLUMNS = ("utc", "utc_bound_s", "utc_source")
RAW_COLUMNS = (
    "t_s",
    "p_pa",
    "temp_c",
    *UTC_COLUMNS,
    "late_us",
    "sample",
    "boot",
    "epoch",
    "node",
    "probe_c",
    "reference_pa",
)
"""t_s: device time at which the sample was taken, since boot. late_us is part of it. probe_c and
reference_pa: what the second sensor said, empty without one of that kind."""

_US = 1_000_000


def write_windows(reader: Reader, out: TextIO, node: str | None = None) -> int:
    """Every window, of one node or of all; returns the number of rows.

    The last column names the marks that touch it, such as `docking 3; note 4`.
    """
    rows = reader.windows(node)
    marks = ("; ".join(mark.label for mark in on) for on in marked(reader, rows))
    books = _books(reader)

    def told(row: WindowRow, at_us: int) -> list[object]:
        behind = books[row.node].behind(row.epoch, row.config, at_us)
        return [*behind_cells(behind), next(marks)]

    return _write_rows(reader, out, WindowRow, rows, (*BEHIND_COLUMNS, "marks"), told)


def write_tests(reader: Reader, out: TextIO, node: str | None = None) -> int:
    """Every verdict on a part."""
    books = _books(reader)

    def told(row: VerdictRow, at_us: int) -> list[object]:
        book = books[row.node]
        return behind_cells(book.behind_test(row.epoch, row.recipe, row.config, at_us))

    return _write_rows(reader, out, VerdictRow, reader.tests(node), BEHIND_COLUMNS, told)


def _books(reader: Reader) -> dict[str, Book]:
    return {row.node: Book(reader, row.node) for row in reader.nodes()}


def write_calibrations(reader: Reader, out: TextIO, node: str | None = None) -> int:
    """Every calibration ever entered, in order of their dates."""
    lines = csv.writer(out, lineterminator="\n")
    names = [column.name for column in fields(CalibrationRow)]
    lines.writerow([name.removesuffix("_utc_us") for name in names])
    rows = reader.calibrations(node)
    for row in rows:
        values = zip(names, astuple(row), strict=True)
        lines.writerow([day(x) if name.endswith("_utc_us") else x for name, x in values])
    return len(rows)


def write_marks(reader: Reader, out: TextIO, node: str | None = None) -> int:
    """Every mark that is about a node, or all, revoked and revoking ones too; number of rows."""
    lines = csv.writer(out, lineterminator="\n")
    names = [column.name for column in fields(MarkRow)]
    lines.writerow(["from_utc", "to_utc", "entered_utc", *names])
    rows = reader.marks(node, every=True)
    for row in rows:
        times = np.array([row.from_utc_us, row.to_utc_us, row.entered_utc_us], np.int64)
        lines.writerow([*_iso(times), *astuple(row)])
    return len(rows)


def write_events(reader: Reader, out: TextIO, node: str | None = None) -> int:
    """Every event, of one node or of all; returns the number of rows."""
    return _write_rows(reader, out, EventRow, reader.events(node))


def write_raw(
    reader: Reader,
    out: TextIO,
    node: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Every raw sample, boot after boot; returns the number of rows.

    ``progress`` is called with the number of rows so far, once in about 10^5.
    """
    out.write(",".join(RAW_COLUMNS) + "\n")
    rows = 0
    for key, clock in reader.clocks(node).items():
        of_boot = [row for row in reader.configs(key.node) if boot_of(row) == key]
        compensation = of_boot[-1].compensation if of_boot else ""
        for chunk in reader.raw_chunks(key):
            out.writelines(_raw_lines(chunk, clock, key, compensation))
            rows += len(chunk.sample)
            if progress is not None:
                progress(rows)
    return rows


def to_file(path: Path | str, reader: Reader, write: Callable[[Reader, TextIO], int]) -> int:
    """Let `write` fill the file at `path`, which appears only when complete.

    Returns what `write` returns. InputError and DiskFull as `replacing`.
    """
    with (
        replacing(path, reader) as unfinished,
        unfinished.open("w", encoding="utf-8", newline="") as out,
    ):
        return write(reader, out)


def _write_rows(
    reader: Reader,
    out: TextIO,
    kind: type[_Row],
    rows: Sequence[_Row],
    more: tuple[str, ...] = (),
    told: Callable[[_Row, int], list[object]] = lambda _row, _utc_us: [],
) -> int:
    """`told` gives the columns `more` of a row, at its UTC or, if unknown, when it was stored."""
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow([*UTC_COLUMNS, *(column.name for column in fields(kind)), *more])
    clocks = reader.clocks()
    for row in rows:
        device_us = np.array([row.device_ms * 1000])
        clock = clocks[BootKey(row.node, row.epoch, row.boot)]
        utc_us, bound_us = clock.utc_us(device_us)
        utc = _iso(utc_us)[0]
        known = [utc, _seconds(bound_us)[0], clock.source if utc else ""]
        at_us = row.received_utc_us if utc_us[0] == UNKNOWN else int(utc_us[0])
        lines.writerow([*known, *astuple(row), *told(row, at_us)])
    return len(rows)


def boot_of(row: ConfigRow) -> BootKey:
    """The boot that a row's record was made in."""
    return BootKey(row.node, row.epoch, row.boot)


def _raw_lines(
    chunk: RawSamples, clock: DeviceClock, boot: BootKey, compensation: str
) -> Iterable[str]:
    taken_us = np.where(chunk.due_us >= 0, chunk.due_us + chunk.late_us, -1)
    utc_us, bound_us = clock.utc_us(taken_us)
    where = f"{boot.boot},{boot.epoch},{boot.node}"
    source = clock.source
    return [
        f"{t_s},{p_pa!r},{temp_c:.6f},{utc},{bound_s},{source if utc else ''},"
        f"{late_us},{sample},{where},{aux}\n"
        for t_s, p_pa, temp_c, utc, bound_s, late_us, sample, aux in zip(
            _seconds(taken_us),
            (chunk.p_q8 / 256).tolist(),
            (chunk.t_q16 / 65536 - 273.15).tolist(),
            _iso(utc_us),
            _seconds(bound_us),
            chunk.late_us.tolist(),
            chunk.sample.tolist(),
            _AUX_TEXT.get(compensation, _no_aux)(chunk.aux),
            strict=True,
        )
    ]


def _no_aux(aux: NDArray[np.int32]) -> list[str]:
    return [","] * len(aux)


def _probe(aux: NDArray[np.int32]) -> list[str]:
    celsius = (aux / 65536 - 273.15).tolist()
    return [
        "," if value == NO_AUX else f"{temp_c:.6f},"
        for value, temp_c in zip(aux.tolist(), celsius, strict=True)
    ]


def _reference(aux: NDArray[np.int32]) -> list[str]:
    return ["," if value == NO_AUX else f",{value / 256!r}" for value in aux.tolist()]


_AUX_TEXT = {"probe": _probe, "reference": _reference}


def _seconds(us: NDArray[np.int64]) -> list[str]:
    """Microseconds as seconds with six decimals, exact; empty for a negative (unknown) one."""
    return [f"{value // _US}.{value % _US:06d}" if value >= 0 else "" for value in us.tolist()]


def _iso(utc_us: NDArray[np.int64]) -> list[str]:
    """UTC in µs as ISO 8601 to the millisecond, empty where unknown."""
    texts = np.datetime_as_string(utc_us.astype("datetime64[us]"), unit="ms", timezone="UTC")
    texts[utc_us == UNKNOWN] = ""
    listed: list[str] = texts.tolist()
    return listed
