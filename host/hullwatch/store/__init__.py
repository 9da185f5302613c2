"""What the host keeps, for ever: a SQLite file that any SQLite tool can read.

`Store` writes (one at a time), `Reader` reads (any number, also while the store writes).
"""

from hullwatch.store.backup import backup
from hullwatch.store.batch import NO_SAMPLE, Batch
from hullwatch.store.calibrations import CalibrationRow
from hullwatch.store.canvas import Envelope
from hullwatch.store.chaincheck import Break, Head
from hullwatch.store.clocktime import DeviceClock
from hullwatch.store.hello import node_name
from hullwatch.store.marks import MarkRow
from hullwatch.store.opening import sqlite_version
from hullwatch.store.prune import Prunable
from hullwatch.store.reader import Reader
from hullwatch.store.rows import (
    BootKey,
    BootRow,
    ClockFit,
    ConfigRow,
    EventRow,
    Gap,
    LinkCounters,
    NodeRow,
    RawSamples,
    Stored,
    StoredRecord,
    Summary,
    VerdictRow,
    WindowRow,
)
from hullwatch.store.writer import Store

__all__ = [
    "NO_SAMPLE",
    "Batch",
    "BootKey",
    "BootRow",
    "Break",
    "CalibrationRow",
    "ClockFit",
    "ConfigRow",
    "DeviceClock",
    "Envelope",
    "EventRow",
    "Gap",
    "Head",
    "LinkCounters",
    "MarkRow",
    "NodeRow",
    "Prunable",
    "RawSamples",
    "Reader",
    "Store",
    "Stored",
    "StoredRecord",
    "Summary",
    "VerdictRow",
    "WindowRow",
    "backup",
    "node_name",
    "sqlite_version",
]
