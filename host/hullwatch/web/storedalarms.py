"""The alarms that `hullwatch alarms run` keeps beside the database."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from hullwatch.alarms.engine import Engine
from hullwatch.alarms.settings import AlarmSettings
from hullwatch.store.alarmlog import AlarmLog, AlarmRow, path_beside
from hullwatch.web.alarms import Alarm
from hullwatch.web.failures import NoSuch

_Signature = tuple[tuple[int, int] | None, ...]


class StoredAlarms:
    """See `AlarmSource`. ``settings`` say whom an acknowledgement is told to.

    The log is opened when its file has changed, and not kept open: looking must not hold up who
    raises alarms.
    """

    def __init__(self, database: Path, settings: AlarmSettings) -> None:
        self._database = database
        self._path = path_beside(database)
        self._settings = settings
        self._lock = Lock()
        self._seen: _Signature | None = None
        self._known: list[Alarm] = []

    def alarms(self) -> list[Alarm]:
        """All that are open, newest first; none while nobody has ever watched."""
        with self._lock:
            if not self._path.exists():
                return []
            if self._signature() != self._seen:
                with AlarmLog(self._path) as log:
                    self._known = [_alarm(row) for row in log.alarms()]
                self._seen = self._signature()
            return list(self._known)

    def acknowledge(self, key: str, by: str, now_utc_us: int) -> None:
        """Somebody knows; the channels of the settings are told who."""
        if not (key.isascii() and key.isdigit() and len(key) < 19) or not self._path.exists():
            raise NoSuch(f"no alarm {key!r}")
        with self._lock, AlarmLog(self._path) as log:
            Engine(log, self._settings).acknowledge(int(key), by, now_utc_us)
            self._seen = None

    def _signature(self) -> _Signature:
        """What changes when somebody writes: sizes and times of the log and its journal."""
        found: list[tuple[int, int] | None] = []
        for path in (self._path, self._path.with_name(self._path.name + "-wal")):
            try:
                facts = path.stat()
            except FileNotFoundError:
                found.append(None)
            else:
                found.append((facts.st_mtime_ns, facts.st_size))
        return tuple(found)


def _alarm(row: AlarmRow) -> Alarm:
    return Alarm(
        str(row.id), row.rule, row.subject, row.severity, row.text, row.raised_utc_us,
        row.cleared_utc_us is not None, row.acked_by, row.acked_utc_us,
    )  # fmt: skip
