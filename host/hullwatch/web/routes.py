"""Every way into the API, in one table: the server, the description and the page come from it."""

from __future__ import annotations

from typing import Any

from hullwatch.web import isolation, orders, overview, reports, risk, rows, series
from hullwatch.web.ask import Ask, Endpoint, Parameter

ROOT = "/api/v1"
STREAM = f"{ROOT}/changes"
PLACES = f"{ROOT}/places"
_NODE = f"{ROOT}/nodes/{{node}}"
_MAX_UTC_US = 1 << 52

_SPAN = (
    Parameter("from_utc_us", int, "start, µs since 1970", None, 0, _MAX_UTC_US, required=True),
    Parameter("to_utc_us", int, "end, not included", None, 0, _MAX_UTC_US, required=True),
)
_LAST = Parameter("last", int, "how many of the newest", 100, 1, 1000)


def _nodes(ask: Ask) -> dict[str, Any]:
    now = ask.site.now_utc_us()
    return {"now_utc_us": now, "nodes": overview.overview(ask.reader, now)}


def _samples(ask: Ask) -> dict[str, Any]:
    value = ask.values
    return series.samples(
        ask.reader, ask.node, value["channel"], value["from_utc_us"], value["to_utc_us"],
        value["pixels"],
    )  # fmt: skip


def _windows(ask: Ask) -> dict[str, Any]:
    value = ask.values
    return series.windows(
        ask.reader, ask.node, value["window_s"], value["from_utc_us"], value["to_utc_us"]
    )


ENDPOINTS = (
    Endpoint("GET", f"{ROOT}/nodes", "every node: state, windows, trend, newest sample", _nodes),
    Endpoint(
        "GET", f"{_NODE}/extent", "from when to when there are samples",
        lambda ask: rows.extent(ask.reader, ask.node),
    ),
    Endpoint(
        "GET", f"{_NODE}/samples",
        "lowest and highest pressure or temperature of each pixel; null where a gap is",
        _samples,
        (
            Parameter("channel", str, "what", "pressure", high=20, choices=tuple(series.CHANNELS)),
            *_SPAN,
            Parameter("pixels", int, "points at most", 800, 1, 4000),
        ),
    ),
    Endpoint(
        "GET", f"{_NODE}/windows", "leak rates with their 95 % half-widths; null where a gap is",
        _windows,
        (*_SPAN, Parameter("window_s", float, "length; longer where too many", 0.0, 0, 1e7)),
    ),
    Endpoint(
        "GET", f"{_NODE}/events", "newest events, newest first",
        lambda ask: rows.events(ask.reader, ask.node, ask.values["last"]), (_LAST,),
    ),
    Endpoint(
        "GET", f"{_NODE}/tests", "newest verdicts, newest first",
        lambda ask: rows.tests(ask.reader, ask.node, ask.values["last"]), (_LAST,),
    ),
    Endpoint(
        "GET", f"{_NODE}/calibrations", "what is calibrated, expired, missing",
        lambda ask: rows.calibrations(ask.reader, ask.node, ask.site.now_utc_us()),
    ),
    Endpoint(
        "GET", f"{_NODE}/link", "gaps with reasons, doubles, damaged frames, boots",
        lambda ask: rows.link(ask.reader, ask.node),
    ),
    Endpoint(
        "GET", f"{_NODE}/marks", "marks that people entered, in order of their time",
        lambda ask: rows.marks(ask.reader, ask.node),
    ),
    Endpoint(
        "GET", f"{_NODE}/risk", "what hullwatch vigil says: state, rating, rating table, calls",
        risk.risk,
    ),
    Endpoint(
        "GET", f"{_NODE}/report", "report of a leak test or of a span, as a file", reports.report,
        (
            Parameter("record", int, "record number of a test", None, 0, 1 << 32),
            Parameter("from_utc_us", int, "start of the span", None, 0, _MAX_UTC_US),
            Parameter("to_utc_us", int, "its end", None, 0, _MAX_UTC_US),
            Parameter("format", str, "what kind", "html", high=8, choices=tuple(reports.FORMATS)),
        ),
        long=True,
    ),
    Endpoint("GET", f"{ROOT}/recipes", "test recipes that may be started", orders.recipes),
    Endpoint("GET", f"{ROOT}/isolation", "the search for the leaking section", isolation.state),
    Endpoint("GET", f"{ROOT}/alarms", "alarms raised or not acknowledged", orders.alarms),
    Endpoint(
        "POST", f"{ROOT}/token", "whether the token is right", orders.token,
        control=True,
    ),
    Endpoint(
        "POST", f"{_NODE}/marks", "enter a mark of a moment, now", orders.mark,
        (
            Parameter("kind", str, "kind of mark", high=20, choices=orders.MARKS, required=True),
            Parameter("text", str, "what happened", high=500, required=True),
            Parameter("by", str, "who says so", high=60, required=True),
        ),
        control=True,
    ),
    Endpoint(
        "POST", f"{ROOT}/alarms/{{key}}/acknowledge", "acknowledge an alarm", orders.acknowledge,
        (Parameter("by", str, "who", high=60, required=True),), control=True,
    ),
    Endpoint(
        "POST", f"{_NODE}/test", "start a leak test", orders.start,
        (
            Parameter("recipe", str, "its name in /recipes", high=100, required=True),
            Parameter("part", str, "id of the part, used once", high=32, required=True),
        ),
        control=True,
    ),
    Endpoint(
        "POST", f"{_NODE}/test/abort", "end a running test by venting; acknowledge a fault",
        orders.abort, control=True,
    ),
)  # fmt: skip
