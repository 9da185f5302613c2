"""Raw samples as Parquet, for pandas, polars, DuckDB and the like; needs the `parquet` extra.

Columns keep the integers of the store: `p_q8` in 1/256 Pa, `t_q16` in 1/65536 K, `aux` in
1/65536 K of a probe or 1/256 Pa of a reference chamber. Differences are encoded, then compressed
with zstd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hullcore.estimator import NO_AUX
from hullwatch.errors import MissingCapability
from hullwatch.export.tofile import replacing
from hullwatch.store import DeviceClock
from hullwatch.store.clocktime import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hullwatch.store import BootKey, RawSamples, Reader

_LEVEL = 9  # of zstd: 3 and 15 are within 1 %
_TYPES = {
    "sample": "int64",
    "due_us": "int64",
    "late_us": "int64",
    "p_q8": "int32",
    "t_q16": "int32",
    "aux": "int32",
    "utc_us": "int64",
    "utc_bound_us": "int64",
}
_KEY_TYPES = {"node": "string", "epoch": "int64", "boot": "int64"}


def write_raw(
    reader: Reader,
    path: Path,
    node: str | None = None,
    progress: Callable[[int], None] | None = None,
    last: int | None = None,
) -> int:
    """Every raw sample, of one node or of all, boot after boot; returns the number of rows.

    ``last``: only the newest so many samples of each boot. ``progress`` is called with the rows so
    far. `due_us`, `utc_us` and its bound are null where unknown, `aux` where there is none.
    MissingCapability without
    pyarrow; InputError and DiskFull as `tofile.replacing`.
    """
    arrow, parquet = _modules()
    types = {name: getattr(arrow, kind)() for name, kind in (_TYPES | _KEY_TYPES).items()}
    rows = 0
    with (
        replacing(path, reader) as unfinished,
        parquet.ParquetWriter(
            unfinished, arrow.schema(types.items()), compression="zstd",
            compression_level=_LEVEL, use_dictionary=list(_KEY_TYPES),
            column_encoding=dict.fromkeys(_TYPES, "DELTA_BINARY_PACKED"),
        ) as out,
    ):  # fmt: skip
        for boot, chunk, clock in _chunks(reader, node, last):
            columns = _columns(arrow, chunk, clock)
            for name, value in zip(_KEY_TYPES, boot, strict=True):
                columns[name] = arrow.repeat(arrow.scalar(value, types[name]), len(chunk.sample))
            out.write_table(arrow.table(columns))
            rows += len(chunk.sample)
            if progress is not None:
                progress(rows)
    return rows


def _chunks(
    reader: Reader, node: str | None, last: int | None
) -> Iterator[tuple[BootKey, RawSamples, DeviceClock]]:
    for boot in reader.boots(node):
        clock = DeviceClock(reader.clock_fits(boot.key))
        first = 0 if last is None else max(0, boot.raw_past - last)
        for chunk in reader.raw_chunks(boot.key, first):
            yield boot.key, chunk, clock


def _columns(arrow: Any, chunk: RawSamples, clock: DeviceClock) -> dict[str, Any]:
    known = chunk.due_us >= 0
    utc_us, bound_us = clock.utc_us(np.where(known, chunk.due_us + chunk.late_us, -1))
    timed = utc_us != UNKNOWN
    return {
        "sample": arrow.array(chunk.sample),
        "due_us": arrow.array(chunk.due_us, mask=~known),
        "late_us": arrow.array(chunk.late_us),
        "p_q8": arrow.array(chunk.p_q8),
        "t_q16": arrow.array(chunk.t_q16),
        "aux": arrow.array(chunk.aux, mask=chunk.aux == NO_AUX),
        "utc_us": arrow.array(utc_us, mask=~timed),
        "utc_bound_us": arrow.array(bound_us, mask=~timed),
    }


def _modules() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingCapability(
            "writing Parquet needs pyarrow", "pip install 'hullwatch[parquet]', or export CSV"
        ) from error
    return pyarrow, parquet
