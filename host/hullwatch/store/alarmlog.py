"""What was alarmed, by whom acknowledged, and what each channel has been told.

A file of its own beside the database (`hull.db` → `hull.db.alarms`): the database has one writer,
the logger, and alarms must work beside it. A message to a channel is a row here before it is
sent and is marked only after the channel took it: a crash between the two sends it twice, with the
same id, and never not at all.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from hullwatch.errors import InputError
from hullwatch.store.failures import told
from hullwatch.store.opening import transaction
from hullwatch.store.writelock import WriteLock

if TYPE_CHECKING:
    import types

_SCHEMA = """
CREATE TABLE IF NOT EXISTS identity (id INTEGER PRIMARY KEY CHECK (id = 1), log TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS alarms (
  id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, subject TEXT NOT NULL,
  severity TEXT NOT NULL, text TEXT NOT NULL, value REAL, unit TEXT NOT NULL, cause TEXT NOT NULL,
  raised_utc_us INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1, step INTEGER NOT NULL DEFAULT 0,
  told_utc_us INTEGER NOT NULL, cleared_utc_us INTEGER, acked_utc_us INTEGER,
  acked_by TEXT NOT NULL DEFAULT '', closed_utc_us INTEGER
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS one_open ON alarms (rule, subject) WHERE closed_utc_us IS NULL;
CREATE TABLE IF NOT EXISTS deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  alarm INTEGER NOT NULL REFERENCES alarms (id), step INTEGER NOT NULL, channel TEXT NOT NULL,
  body TEXT NOT NULL, due_utc_us INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  sent_utc_us INTEGER, error TEXT NOT NULL DEFAULT '', UNIQUE (alarm, step, channel)
) STRICT;
CREATE INDEX IF NOT EXISTS waiting ON deliveries (channel, id) WHERE sent_utc_us IS NULL;
"""
_APPLICATION_ID = 0x48574C41  # "HWLA"
_COLUMNS = (
    "id, rule, subject, severity, text, value, unit, cause, raised_utc_us, times, step,"
    " told_utc_us, cleared_utc_us, acked_utc_us, acked_by, closed_utc_us"
)


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """One alarm from its raising to its closing: when it is both cleared and acknowledged.

    `subject`: node id. `cause`: what raised it last, for instance a record number. `times`: how
    often it was raised before it was closed. `step`: transitions so far. UTC in µs, None: not yet.
    """

    id: int
    rule: str
    subject: str
    severity: str
    text: str
    value: float | None
    unit: str
    cause: str
    raised_utc_us: int
    times: int
    step: int
    told_utc_us: int
    cleared_utc_us: int | None
    acked_utc_us: int | None
    acked_by: str
    closed_utc_us: int | None

    @property
    def state(self) -> str:
        """`active`, `acknowledged` (still so), `cleared` (not yet acknowledged) or `closed`."""
        if self.closed_utc_us is not None:
            return "closed"
        if self.cleared_utc_us is not None:
            return "cleared"
        return "active" if self.acked_utc_us is None else "acknowledged"


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message to one channel; its id is the same in every attempt."""

    id: str
    alarm: int
    step: int
    channel: str
    body: dict[str, Any]
    attempts: int


Teller = Callable[[AlarmRow], Mapping[str, Mapping[str, Any]]]
"""What each channel is to be told of an alarm as it is now, by the channel's name."""


def path_beside(database: Path) -> Path:
    """The alarm log that belongs to a database."""
    return database.with_name(f"{database.name}.alarms")


class AlarmLog:
    """Alarms and their deliveries; `hullwatch.alarms.engine` decides, this keeps."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with told(path):
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=10.0)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            self._connection.executescript(_SCHEMA)
            self._connection.execute(
                "INSERT OR IGNORE INTO identity VALUES (1, ?)", (secrets.token_hex(4),)
            )
            ((self.id,),) = self._connection.execute("SELECT log FROM identity")
        self._lock: WriteLock | None = None

    @classmethod
    def beside(cls, database: Path) -> Self:
        """The log of a database, made if there is none; StoreError when it cannot be."""
        return cls(path_beside(database))

    def hold(self, owner: str) -> None:
        """Be the only one that raises and delivers; StoreLocked names who else is."""
        self._lock = WriteLock(self.path, owner)

    def alarms(self, open_only: bool = True, last: int = 200) -> list[AlarmRow]:
        """Newest first."""
        where = "WHERE closed_utc_us IS NULL" if open_only else ""
        query = f"SELECT {_COLUMNS} FROM alarms {where} ORDER BY id DESC LIMIT ?"
        with told(self.path), closing(self._connection.execute(query, (last,))) as rows:
            return [AlarmRow(*row) for row in rows]

    def raised(self, row: AlarmRow, tell: Teller) -> AlarmRow:
        """A new alarm (its id is given here) and what is to be told of it, in one transaction."""
        columns = _COLUMNS.split(", ")[1:]
        values = [getattr(row, name) for name in columns]
        marks = ", ".join("?" * len(columns))
        with told(self.path), transaction(self._connection):
            cursor = self._connection.execute(
                f"INSERT INTO alarms ({', '.join(columns)}) VALUES ({marks})", values
            )
            made = replace(row, id=cursor.lastrowid or 0)
            self._enqueue(made, tell, row.raised_utc_us)
        return made

    def raised_again(
        self, alarm: int, text: str, value: float | None, cause: str, now_us: int, tell: Teller
    ) -> AlarmRow | None:
        """One that had cleared but was not closed holds again; needs a new acknowledgement."""
        return self._change(
            alarm, "cleared_utc_us IS NOT NULL", tell, now_us,
            "cleared_utc_us = NULL, acked_utc_us = NULL, acked_by = '', times = times + 1,"
            " told_utc_us = ?, text = ?, value = ?, cause = ?",
            now_us, text, value, cause,
        )  # fmt: skip

    def cleared(self, alarm: int, now_us: int, tell: Teller) -> AlarmRow | None:
        """It does not hold any more; closes what was acknowledged."""
        return self._change(
            alarm, "cleared_utc_us IS NULL", tell, now_us,
            "cleared_utc_us = ?,"
            " closed_utc_us = CASE WHEN acked_utc_us IS NULL THEN NULL ELSE ? END",
            now_us, now_us,
        )  # fmt: skip

    def reminded(self, alarm: int, now_us: int, tell: Teller) -> AlarmRow | None:
        """Nobody has acknowledged it: it is told once more."""
        return self._change(
            alarm, "acked_utc_us IS NULL", tell, now_us, "told_utc_us = ?", now_us
        )  # fmt: skip

    def renewed(self, alarm: int, text: str, value: float | None, cause: str) -> None:
        """It still holds, with other numbers; nobody is told."""
        with told(self.path), transaction(self._connection):
            self._connection.execute(
                "UPDATE alarms SET text = ?, value = ?, cause = ? WHERE id = ?",
                (text, value, cause, alarm),
            )

    def _change(
        self, alarm: int, condition: str, tell: Teller, now_us: int, sets: str, *values: object
    ) -> AlarmRow | None:
        """One transition of an open alarm; None when another process was faster."""
        with told(self.path), transaction(self._connection):
            row = self._connection.execute(
                f"UPDATE alarms SET step = step + 1, {sets}"
                f" WHERE id = ? AND closed_utc_us IS NULL AND {condition} RETURNING {_COLUMNS}",
                (*values, alarm),
            ).fetchone()
            if row is None:
                return None
            changed = AlarmRow(*row)
            self._enqueue(changed, tell, now_us)
        return changed

    def acknowledge(
        self, alarm: int, by: str, now_us: int, tell: Teller = lambda _row: {}
    ) -> AlarmRow:
        """Say that somebody knows; closes what is cleared. InputError for one that is not open."""
        changed = self._change(
            alarm, "acked_utc_us IS NULL", tell, now_us,
            "acked_utc_us = ?, acked_by = ?,"
            " closed_utc_us = CASE WHEN cleared_utc_us IS NULL THEN NULL ELSE ? END",
            now_us, by, now_us,
        )  # fmt: skip
        if changed is None:
            known = [row for row in self.alarms(open_only=False) if row.id == alarm]
            state = f"alarm {alarm} is {known[0].state} already" if known else f"no alarm {alarm}"
            raise InputError(state, "see: hullwatch alarms list")
        return changed

    def _enqueue(self, row: AlarmRow, tell: Teller, now_us: int) -> None:
        self._connection.executemany(
            "INSERT INTO deliveries (alarm, step, channel, body, due_utc_us)"
            " VALUES (?, ?, ?, ?, ?)",
            [(row.id, row.step, to, json.dumps(body), now_us) for to, body in tell(row).items()],
        )

    def due(self, now_us: int, most: int = 100) -> list[DeliveryRow]:
        """Messages to send now, oldest first; none before an older one of its channel."""
        query = (
            "SELECT alarm, step, channel, body, attempts FROM deliveries AS d"
            " WHERE sent_utc_us IS NULL AND due_utc_us <= ?1 AND NOT EXISTS (SELECT 1 FROM"
            " deliveries AS o WHERE o.channel = d.channel AND o.sent_utc_us IS NULL AND o.id < d.id"
            " AND o.due_utc_us > ?1) ORDER BY id LIMIT ?2"
        )
        with told(self.path), closing(self._connection.execute(query, (now_us, most))) as rows:
            return [
                DeliveryRow(f"{self.id}-{a}-{s}", a, s, channel, json.loads(body), attempts)
                for a, s, channel, body, attempts in rows
            ]

    def sent(self, delivery: DeliveryRow, now_us: int) -> None:
        """The channel took it."""
        self._mark(delivery, "sent_utc_us = ?, error = ''", now_us)

    def failed(self, delivery: DeliveryRow, next_us: int, error: str) -> None:
        """It did not; try again at `next_us`."""
        self._mark(delivery, "due_utc_us = ?, error = ?", next_us, error[:500])

    def _mark(self, delivery: DeliveryRow, what: str, *values: object) -> None:
        key = (delivery.alarm, delivery.step, delivery.channel)
        with told(self.path), transaction(self._connection):
            self._connection.execute(
                f"UPDATE deliveries SET attempts = attempts + 1, {what}"
                " WHERE alarm = ? AND step = ? AND channel = ?",
                (*values, *key),
            )

    def waiting(self) -> dict[str, tuple[int, str]]:
        """By channel: messages not yet taken, and the last error."""
        query = (
            "SELECT channel, count(*), max(error) FROM deliveries WHERE sent_utc_us IS NULL"
            " GROUP BY channel"
        )
        with told(self.path), closing(self._connection.execute(query)) as rows:
            return {channel: (count, error) for channel, count, error in rows}

    def close(self) -> None:
        """Let go of the file and of the right to raise."""
        self._connection.close()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()
