"""Reports to take away: of a leak test, or of the span that the plots show."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING

from hullwatch.errors import InputError
from hullwatch.web.ask import Ask, Download
from hullwatch.web.failures import NoSuch, TooMany

if TYPE_CHECKING:
    from hullwatch.report.facts import Report

FORMATS = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
}
MOST_SAMPLES = 5_000_000
"""Read and verified for one report: about a minute of one core. `hullwatch report` has no limit."""

_ONE = Lock()


def report(ask: Ask) -> Download:
    """The file; one is made at a time. NoSuch, InputError, TooMany, MissingCapability."""
    node, form = ask.node, ask.values["format"]
    if not _ONE.acquire(blocking=False):
        raise TooMany("another report is being made", "try again in a minute")
    try:
        made, name = _made(ask, node)
        return Download(_rendered(made, form), FORMATS[form], f"hullwatch-{name}.{form}")
    finally:
        _ONE.release()


def _made(ask: Ask, node: str) -> tuple[Report, str]:
    """The report and an ASCII name for its file: a part may be called anything."""
    from hullwatch.assess import Overrides
    from hullwatch.report import leaktest, period, template

    advance = _bounded()
    if ask.values["record"] is not None:
        rows = [row for row in ask.reader.tests(node) if row.number == ask.values["record"]]
        if not rows:
            raise NoSuch(f"no test of record {ask.values['record']}")
        made = leaktest.of_test(ask.reader, rows[-1], template.load(None), Overrides(), advance)
        return made, f"{node[-8:]}-test-{rows[-1].number}"
    start, past = ask.values["from_utc_us"], ask.values["to_utc_us"]
    if start is None or past is None or past <= start:
        raise InputError(
            "neither a record nor a span", "record=…, or from_utc_us=… and to_utc_us=…"
        )
    heading = template.load(None)
    made = period.of_period(
        ask.reader, node, start, past, heading, None, Overrides(), advance
    )  # fmt: skip
    return made, f"{node[-8:]}-{start // 1_000_000}-{past // 1_000_000}"


def _bounded() -> Callable[[int], None]:
    """Counts the samples read; ends what would take too long for a server."""
    read = 0

    def advance(samples: int) -> None:
        nonlocal read
        read += samples
        if read > MOST_SAMPLES:
            raise InputError(
                f"a report of more than {MOST_SAMPLES} samples",
                "choose a shorter span, or make it with hullwatch report",
            )

    return advance


def _rendered(made: Report, form: str) -> bytes:
    from hullwatch.report import exports, page

    if form == "html":
        return page.html(made).encode()
    if form == "pdf":
        return page.pdf(made)
    return exports.to_json(made) if form == "json" else exports.to_csv(made)
