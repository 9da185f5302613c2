"""The trends of one boot, followed again from its windows, and their snapshots compared.

A snapshot that no window caused (what was resumed after a reset, what a host told) is taken as it
stands. After a window that could not be recomputed a trend is unknown until its next snapshot;
until then the state and the reserve time of its windows are taken as stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hullcore.varint import unpack
from hullcore.windowtrend import WindowTrend
from hullwatch.link.recordkinds import NO_RECORD
from hullwatch.link.recordview import Record
from hullwatch.verify.outcome import Tally

_VALUES = 28
_EVENT = ("old", "new", "cause", "chart", "value", "threshold", "rate", "reference")
UNKNOWN = "its trend is unknown: a window before it could not be recomputed"
CUT = "a part of the snapshot is missing"


@dataclass(frozen=True)
class Snapshot:
    """One snapshot from its parts; `record` is the first of them, `window` what caused it."""

    record: Record
    window: int
    event: tuple[int, ...]
    values: tuple[int, ...]


@dataclass
class _Followed:
    """A trend on its way through the boot; `lost`: windows that could not be fed, by number."""

    trend: WindowTrend
    snapshots: list[Snapshot]
    at: int = 0
    known: bool = True
    lost: list[int] = field(default_factory=list)

    def missed(self, before: int) -> None:
        """Unknown from a lost window on."""
        while self.lost and self.lost[0] < before:
            self.known = False
            self.lost.pop(0)


class TrendCheck:
    """Follows the trends `made`, by length in s. `differs(record, (field, stored, recomputed))`."""

    def __init__(
        self, made: dict[int, WindowTrend], records: Iterable[Record], tally: Tally,
        differs: Callable[[Record, tuple[str, str, str]], None],
    ) -> None:  # fmt: skip
        self._tally = tally
        self._differs = differs
        self._of = {length_s: _Followed(trend, []) for length_s, trend in made.items()}
        for snapshot in _assembled(records, tally):
            followed = self._of.get(snapshot.record.integer("window_ms") // 1000)
            if followed is not None:
                followed.snapshots.append(snapshot)

    def lose(self, window: Record) -> None:
        """A stored window that is not recomputed."""
        followed = self._of.get(window.integer("window_ms") // 1000)
        if followed is not None:
            followed.lost.append(window.number)

    def before(self, window: Record) -> WindowTrend | None:
        """The trend as it was before this window; None for a length without one, or unknown."""
        followed = self._of.get(window.integer("window_ms") // 1000)
        if followed is None:
            return None
        while followed.at < len(followed.snapshots):
            snapshot = followed.snapshots[followed.at]
            if snapshot.record.number > window.number:
                break
            followed.missed(snapshot.record.number)
            self._take_up(followed, snapshot)
            followed.at += 1
        followed.missed(window.number)
        return followed.trend if followed.known else None

    def stated(self, window: Record, body: tuple[object, ...]) -> tuple[object, ...]:
        """The body of a window whose trend is unknown, with what the stored one says of that."""
        followed = self._of.get(window.integer("window_ms") // 1000)
        if followed is None or followed.known:
            return body
        return (*body[:-2], window.integer("reserve_s"), window.integer("trend"))

    def after(self, window: Record) -> None:
        """Compare the snapshot that this window caused, if there is one."""
        followed = self._of.get(window.integer("window_ms") // 1000)
        if followed is None or followed.at == len(followed.snapshots):
            return
        snapshot = followed.snapshots[followed.at]
        if snapshot.window != window.number or not followed.known:
            return
        followed.at += 1
        state = followed.trend.trend.state
        event = followed.trend.event or (state, state, 0, 0, 0, 0, 0, 0)
        values = followed.trend.trend.snapshot()
        if (snapshot.event, snapshot.values) == (event, values):
            self._tally.equal += 1
            return
        what = "data" if snapshot.event == event else "event"
        stored, again = snapshot.values, values
        if what == "event":
            stored, again = snapshot.event, event
        self._differs(snapshot.record, (what, str(stored), str(again)))

    def rest(self) -> None:
        """Count the snapshots that no window came to."""
        for followed in self._of.values():
            for snapshot in followed.snapshots[followed.at :]:
                self._count_taken(snapshot)

    def _take_up(self, followed: _Followed, snapshot: Snapshot) -> None:
        try:
            followed.trend.trend.restore(snapshot.values)
        except ValueError as error:
            self._differs(snapshot.record, ("data", str(error), "a snapshot"))
            followed.known = False
            return
        followed.known = True
        self._count_taken(snapshot)

    def _count_taken(self, snapshot: Snapshot) -> None:
        if snapshot.window == NO_RECORD:
            self._tally.equal += 1
        else:
            self._tally.not_verifiable[UNKNOWN] += 1


def _assembled(records: Iterable[Record], tally: Tally) -> Iterable[Snapshot]:
    """Snapshots from their parts, which follow each other."""
    parts: list[Record] = []
    for record in records:
        if record.integer("part") == 0:
            parts = []
        if record.integer("part") != len(parts):
            tally.not_verifiable[CUT] += 1
            continue
        parts.append(record)
        if len(parts) == record.integer("parts"):
            first = parts[0]
            try:
                values = unpack(b"".join(_data(part) for part in parts), _VALUES)
            except ValueError:
                tally.not_verifiable[CUT] += 1
                continue
            event = tuple(first.integer(name) for name in _EVENT)
            yield Snapshot(first, first.integer("window"), event, values)


def _data(record: Record) -> bytes:
    data = record.body["data"]
    assert isinstance(data, bytes)
    return data
