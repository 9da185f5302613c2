"""The facts as data: JSON, or a table of (fact, value) as CSV or Parquet."""

from __future__ import annotations

import csv
import importlib
import io
import json
from typing import Any

from hullwatch.errors import MissingCapability
from hullwatch.report.facts import Report, plain, rows


def to_json(report: Report) -> bytes:
    """The facts with their hash."""
    text = json.dumps(
        {"facts": plain(report.facts), "facts_sha256": report.digest},
        indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False,
    )  # fmt: skip
    return (text + "\n").encode()


def to_csv(report: Report) -> bytes:
    """fact,value; the hash comes first."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    writer.writerow(("fact", "value"))
    writer.writerow(("facts_sha256", report.digest))
    for path, value in rows(report.facts):
        writer.writerow((path, _text(value)))
    return out.getvalue().encode()


def to_parquet(report: Report) -> bytes:
    """fact, text, number (null where the value is none). MissingCapability without pyarrow."""
    try:
        pyarrow = importlib.import_module("pyarrow")
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise MissingCapability(
            "Parquet needs pyarrow", "pip install 'hullwatch[parquet]'"
        ) from error
    table = [("facts_sha256", report.digest), *rows(report.facts)]
    columns = pyarrow.table({
        "fact": [path for path, _ in table],
        "text": [_text(value) for _, value in table],
        "number": pyarrow.array([_number(value) for _, value in table], pyarrow.float64()),
    })  # fmt: skip
    sink = io.BytesIO()
    parquet.write_table(columns, sink)
    return sink.getvalue()


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
