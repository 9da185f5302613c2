"""Builders of the records that are made seldom, or only under some settings."""

from hullcore.moremessages import (
    CONFIG_BODY,
    CONFIG_VERSION,
    KIND_CONFIG,
    KIND_PROFILE,
    KIND_TREND,
    KIND_WATCH,
    PROFILE_BODY,
    PROFILE_VERSION,
    TREND_BODY,
    TREND_VERSION,
    WATCH_BODY,
    WATCH_VERSION,
)
from hullcore.records import RecordStamp, seal


def profile_record(stamp: RecordStamp, wraps: int, ms: int, body: tuple) -> bytes:
    """A PROFILE record: the numbered snapshot that windows name when they use it."""
    return seal(stamp.head(KIND_PROFILE, PROFILE_VERSION, wraps, ms, 0), PROFILE_BODY, body)


def trend_record(stamp: RecordStamp, wraps: int, ms: int, body: tuple) -> bytes:
    """A TREND record: what changed a trend, and a part of its snapshot."""
    return seal(stamp.head(KIND_TREND, TREND_VERSION, wraps, ms, 0), TREND_BODY, body)


def watch_record(stamp: RecordStamp, wraps: int, ms: int, body: tuple) -> bytes:
    """A WATCH record: the settings of the trends."""
    return seal(stamp.head(KIND_WATCH, WATCH_VERSION, wraps, ms, 0), WATCH_BODY, body)


def config_record(stamp: RecordStamp, wraps: int, ms: int, body: tuple) -> bytes:
    """A CONFIG record: the snapshot of settings in force, in the order of its layout."""
    return seal(stamp.head(KIND_CONFIG, CONFIG_VERSION, wraps, ms, 0), CONFIG_BODY, body)
