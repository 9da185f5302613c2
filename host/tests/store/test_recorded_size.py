"""Recorded pressures, packed: to the bit, at most two bytes a sample, and smaller than Parquet."""

import csv
import io
import os
from pathlib import Path

import numpy as np
import pytest

from hullcore.rawblock import CAPACITY, RawPacker
from hullwatch.link import rawblock
from hullwatch.store import blocktable, rawcodec

DATA = Path(os.environ.get("HULLWATCH_DATA", Path(__file__).parents[4] / "shared" / "data"))
NAMES = [
    "iss_astropi_mk2", "ms5611_80hz", "tudelft_aluminium", "tudelft_prusa",
    "tudelft_ultimaker_006", "tudelft_ultimaker_015",
]  # fmt: skip


@pytest.fixture(params=NAMES)
def recorded(request):
    """(p_q8, t_q16, period in µs) of one recording."""
    path = DATA / "normalised" / f"{request.param}.csv"
    if not path.is_file():
        pytest.skip("needs the recordings in ../shared/data/normalised")
    with path.open() as lines:
        rows = [[float(x or 20) for x in row[:3]] for row in list(csv.reader(lines))[1:]]
    t_s, p_pa, temp_c = np.array([[*row, 20.0][:3] for row in rows]).T
    return (
        np.rint(p_pa * 256).astype(np.int64),
        np.rint((temp_c + 273.15) * 65536).astype(np.int64),
        round(float(np.median(np.diff(t_s))) * 1e6),
    )


def blocks_of(p_q8, t_q16, period_us):
    """What the node would send."""
    packer, payloads, first = RawPacker(0, 0), [], 0
    for k, (p, t) in enumerate(zip(p_q8.tolist(), t_q16.tolist(), strict=True), 1):
        packer.add(p, t)
        while packer.count == CAPACITY or packer.full or (packer.count and k == len(p_q8)):
            ms = first * period_us // 1000
            payloads.append(packer.close(1, 0, first, ms >> 30, ms & 0x3FFFFFFF, 0, 0))
            first = k - packer.count
    return payloads


def parquet_bytes(p_q8, t_q16, period_us):
    """The same columns, differences encoded, zstd 9."""
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    number = np.arange(len(p_q8))
    table = arrow.table({
        "sample": number, "due_us": number * period_us, "late_us": np.zeros_like(number),
        "p_q8": p_q8.astype(np.int32), "t_q16": t_q16.astype(np.int32),
    })  # fmt: skip
    out = io.BytesIO()
    parquet.write_table(
        table, out, compression="zstd", compression_level=9, use_dictionary=False,
        column_encoding=dict.fromkeys(table.column_names, "DELTA_BINARY_PACKED"),
    )  # fmt: skip
    return len(out.getvalue())


def test_recordings(recorded):
    payloads = blocks_of(*recorded)
    data = rawcodec.encode_span(blocktable.table_of(rawblock.decode_many(payloads)))
    row = (1, 0, rawcodec.SPAN, data)
    assert rawcodec.payloads_of(row) == payloads
    table = rawcodec.decode([row])
    assert table.values["p_q8"].tolist() == recorded[0].tolist()
    assert table.values["t_q16"].tolist() == recorded[1].tolist()
    assert len(data) <= 2 * len(recorded[0])
    assert len(data) <= parquet_bytes(*recorded)
