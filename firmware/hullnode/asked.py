"""Commands about what the node has learned: marks for its trends, noise to be kept as calibrated.

Each returns (status, data) as `hullnode.commands`. Seldom used: `hullnode.unload` forgets it.
"""

import struct

from hullcore.compat import const
from hullcore.messages import NO_RECORD, TREND_MARK
from hullcore.moremessages import (
    CALIBRATE_NOISE_FORMAT,
    EVENT_KNOWN_LEAK,
    EVENT_NOISE_STORED,
    LEARNED_FORMAT,
    TREND_MARK_FORMAT,
)

_DONE = const(0)
_MALFORMED = const(2)
_REFUSED = const(4)
_NOT_WRITTEN = const(6)
_RELEARN = const(1)
_RECOVERED = const(2)
_DECLARE = const(3)


def answer(pipeline, message: int, payload: bytes) -> tuple:
    """One of the commands here."""
    return (_mark if message == TREND_MARK else _calibrate)(pipeline, payload)


def _mark(pipeline, payload: bytes) -> tuple:
    """TREND_MARK: relearn, known leak recovered, or a declared rate."""
    if len(payload) != struct.calcsize(TREND_MARK_FORMAT):
        return _MALFORMED, b"mark, window, rate, uncertainty, bound expected"
    what, window_s, rate, u, systematic = struct.unpack(TREND_MARK_FORMAT, payload)
    trends = pipeline.trends
    if not _RELEARN <= what <= _DECLARE or u < 0 or systematic < 0:
        return _REFUSED, b"no such mark, or an uncertainty below zero"
    if trends is None:
        return _REFUSED, b"no window length has a trend; set trend_s"
    lengths = [s for s in trends.of if window_s in (0, s)]
    if not lengths:
        return _REFUSED, b"no trend of that window; there are: %s" % (
            ",".join([str(s) for s in trends.of]).encode()
        )
    for length_s in lengths:
        watched = trends.of[length_s]
        trend = watched.trend
        event = None
        if what == _RELEARN:
            event = trend.relearn()
        elif what == _RECOVERED:
            trend.known_leak_recovered()
        else:
            event = trend.declare(rate, u * u, systematic)
        trends.changed(pipeline, watched, event, NO_RECORD)
    if what == _RECOVERED:
        pipeline.event(EVENT_KNOWN_LEAK, window_s, 0, 0, "")
    trends.store()
    return _DONE, b""


def _calibrate(pipeline, payload: bytes) -> tuple:
    """CALIBRATE_NOISE: store what was learned, for windows of up to the length given."""
    if len(payload) != struct.calcsize(CALIBRATE_NOISE_FORMAT):
        return _MALFORMED, b"UTC and window length expected"
    utc_s, upto_s = struct.unpack(CALIBRATE_NOISE_FORMAT, payload)
    profiles = pipeline.profiles
    learner = profiles.learner if profiles else None
    if learner is None:
        return _REFUSED, b"nothing is being learned; set noise_profile=learn"
    if utc_s >= 1 << 63:  # the event that tells of it holds 63 bits
        return _REFUSED, b"UTC in seconds expected"
    longest = max(profiles.known) if profiles.known else 0
    stored = 0
    rows = _rows(pipeline, profiles, upto_s) if utc_s else None
    if rows:
        longest = rows[-1][0]
        if longest >= min(upto_s, pipeline.plan.lengths_s[-1]):
            if not _keep(profiles, utc_s, rows):
                return _NOT_WRITTEN, b"the board's file system takes no file"
            pipeline.event(EVENT_NOISE_STORED, utc_s, longest, learner.blocks, "")
            stored = 1
    return _DONE, struct.pack(LEARNED_FORMAT, learner.blocks, learner.block_us, longest, stored)


def _rows(pipeline, profiles, upto_s: int) -> list:
    rows: list = []
    for k in range(len(pipeline.plan.samples)):
        row = profiles.learner.row(k) if not rows or rows[-1][0] < upto_s else None
        if row is None:
            break
        rows.append(row)
    return rows


def _keep(profiles, utc_s: int, rows: list) -> bool:
    from hullnode import noisestore

    try:
        noisestore.save(profiles.root, profiles.key, utc_s, rows)
    except OSError:
        return False
    return True
