"""One boot under one configuration: its windows and noise profiles recomputed and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hullcore import settings
from hullcore.learner import Learner
from hullcore.measurement import Known, Measurement, window_body
from hullcore.plan import WindowPlan
from hullcore.profilerow import body_of
from hullcore.scatter import Scatter
from hullcore.sums import Sums
from hullwatch.link.recordkinds import NO_RECORD, PROFILE, TREND, WATCH, WINDOW, RecordKind
from hullwatch.link.recordview import Record
from hullwatch.store import BootRow, Reader
from hullwatch.verify.compare import first_difference
from hullwatch.verify.outcome import Difference, Outcome, Tally
from hullwatch.verify.pages import Awaited, pages
from hullwatch.verify.replay import Replay
from hullwatch.verify.snapshots import known_of, measurement_of
from hullwatch.verify.spans import Holes
from hullwatch.verify.trends import TrendCheck

NO_CONFIG = "configuration record missing"
UNKNOWN_CONFIG = "configuration of another version"
OTHER_LAYOUT = "record layout of another version"
DAMAGED = "record damaged"
NO_PROFILE = "noise profile record missing"
NO_WINDOWS = "no window of this configuration has enough samples"
_NONE_SUCH = ("span", "")


@dataclass(frozen=True)
class Snapshots:
    """CONFIG and PROFILE records of a spool by number."""

    configs: dict[int, Record]
    profiles: dict[int, Record]


class BootCheck:
    """Recomputes the records of one boot: `leave_out`, `run` for each configuration, `finish`."""

    def __init__(
        self, reader: Reader, boot: BootRow, snapshots: Snapshots, holes: Holes, outcome: Outcome
    ) -> None:
        self._reader = reader
        self._boot = boot
        self._config = -1
        self._snapshots = snapshots
        self._holes = holes
        self._outcome = outcome
        self._known: dict[int, Known] = {}
        self._found: list[Difference] = []

    def leave_out(self, configs: set[int]) -> None:
        """Count the records that cannot be recomputed under any of this boot's configurations."""
        for kind, tally in ((WINDOW, self._outcome.windows), (PROFILE, self._outcome.profiles)):
            for page in pages(self._reader, self._boot.key, kind):
                for record in page:
                    if record is None:
                        tally.not_verifiable[DAMAGED] += 1
                    elif record.name != kind.name:
                        tally.not_verifiable[OTHER_LAYOUT] += 1
                    elif record.integer("config") not in configs:
                        tally.not_verifiable[NO_CONFIG] += 1

    def run(self, config: Record, progress: Callable[[int], None]) -> None:
        """Compare all that name this configuration; `progress` is told the samples done."""
        self._config = config.number
        try:
            m, plan, watched = measurement_of(config, next(self._of_config(WATCH), None))
        except (IndexError, settings.SettingError):
            self._refuse(UNKNOWN_CONFIG)
            return
        if not plan.samples:
            self._refuse(NO_WINDOWS)
            return
        self._trends = TrendCheck(
            watched, self._of_config(TREND), self._outcome.trends,
            lambda record, what: self._differs(record, what, self._outcome.trends),
        )  # fmt: skip
        self._replayed(m, plan, progress)

    def finish(self) -> None:
        """Note the first difference of the boot."""
        for difference in sorted(self._found, key=lambda found: found.number)[:1]:
            self._outcome.note(difference)

    def _replayed(self, m: Measurement, plan: WindowPlan, progress: Callable[[int], None]) -> None:
        windows = Awaited(
            self._windows(), self._admits_window,
            lambda record: _numbers(record, "window_ms", "first", "last"),
        )  # fmt: skip
        replay: Replay

        def permit(readings: int) -> None:
            replay.permit(readings)

        learning = _Learning(m, plan, self._learned(), permit)

        def on_window(length_s: int, first: int, last: int, sums: Sums, scatter: Scatter) -> None:
            for record in windows.take((length_s * 1000, first, last)):
                due_ms = replay.due_ms(first)
                trend = self._trends.before(record)
                flags, body = window_body(
                    m, length_s, first, last, sums, scatter, due_ms, self._named(record), trend
                )
                body = self._trends.stated(record, body)
                self._compare(WINDOW, record, flags, body, self._outcome.windows)
                self._trends.after(record)

        replay = Replay(m, plan, on_window, learning.take if learning.wanted else None)
        for record in self._of_config(PROFILE):
            if record.integer("source") and record.integer("run"):  # calibrated: from the start
                replay.permit(record.integer("run"))
        for first, past in self._holes.readable():
            for chunk in self._reader.raw_chunks(self._boot.key, first, past):
                replay.take(chunk)
                self._outcome.samples += len(chunk.sample)
                progress(len(chunk.sample))
        for record in windows.rest():
            self._differs(record, _NONE_SUCH, self._outcome.windows)
        self._compare_profiles(learning)
        self._trends.rest()

    def _compare_profiles(self, learning: _Learning) -> None:
        for record in learning.records:
            reason = self._holes.within(0, record.integer("last"))
            body = learning.bodies.get((record.integer("window_ms"), record.integer("last")))
            if reason is not None:
                self._outcome.profiles.not_verifiable[reason] += 1
            elif body is None:
                self._differs(record, _NONE_SUCH, self._outcome.profiles)
            else:
                self._compare(PROFILE, record, record.flags, body, self._outcome.profiles)

    # --- which records can be recomputed -------------------------------------------------------

    def _windows(self) -> Iterator[list[Record]]:
        """The windows of the configuration, page by page."""
        for page in pages(self._reader, self._boot.key, WINDOW):
            yield [record for record in page if record is not None and self._mine(record, WINDOW)]

    def _of_config(self, kind: RecordKind) -> Iterator[Record]:
        for page in pages(self._reader, self._boot.key, kind):
            yield from (r for r in page if r is not None and self._mine(r, kind))

    def _mine(self, record: Record, kind: RecordKind) -> bool:
        return record.name == kind.name and record.integer("config") == self._config

    def _admits_window(self, record: Record) -> bool:
        """Whether a stored window waits for its replay; counts it when it cannot be."""
        reason = self._holes.within(record.integer("first"), record.integer("last"))
        profile = record.integer("profile")
        if reason is None and profile not in (NO_RECORD, *self._snapshots.profiles):
            reason = NO_PROFILE
        if reason is not None:
            self._outcome.windows.not_verifiable[reason] += 1
            self._trends.lose(record)
        return reason is None

    def _named(self, record: Record) -> Known | None:
        number = record.integer("profile")
        if number == NO_RECORD:
            return None
        if number not in self._known:
            self._known[number] = known_of(self._snapshots.profiles[number])
        return self._known[number]

    def _learned(self) -> list[Record]:
        """Profiles this boot learned under this configuration."""
        return [
            record
            for record in self._snapshots.profiles.values()
            if record.boot == self._boot.key.boot
            and record.integer("config") == self._config
            and settings.PROFILE_SOURCES[record.integer("source")] == "learned"
        ]

    def _refuse(self, reason: str) -> None:
        """None of this configuration's records can be recomputed."""
        for page in self._windows():
            self._outcome.windows.not_verifiable[reason] += len(page)
        self._outcome.profiles.not_verifiable[reason] += len(self._learned())

    # --- what came of it -------------------------------------------------------------------------

    def _compare(
        self, kind: RecordKind, record: Record, flags: int, body: tuple[object, ...], tally: Tally
    ) -> None:
        difference = first_difference(kind, record, flags, body)
        if difference is None:
            tally.equal += 1
        else:
            self._differs(record, difference, tally)

    def _differs(self, record: Record, what: tuple[str, ...], tally: Tally) -> None:
        tally.different += 1
        first = record.body.get("first")
        last = record.body.get("last")
        span = (first, last) if isinstance(first, int) and isinstance(last, int) else None
        field, stored, *recomputed = what
        self._found.append(
            Difference(
                self._boot.key.node, self._boot.key.epoch, record.number, record.name, field,
                stored or "as named", recomputed[0] if recomputed else "none such", span,
            )
        )  # fmt: skip


class _Learning:
    """The noise profiles a boot must have learned, if its records say that it did.

    `bodies` by (window length in ms, last sample); `permit` is told the readings that may repeat.
    """

    def __init__(
        self, m: Measurement, plan: WindowPlan, records: list[Record],
        permit: Callable[[int], None],
    ) -> None:  # fmt: skip
        self.records = records
        self.wanted = bool(records)
        self._permit = permit
        self.bodies: dict[tuple[int, int], tuple[object, ...]] = {}
        self._m = m
        self._learner = Learner(plan, m.lsb_q8)

    def take(self, sums: Sums, length: int, last: int) -> None:
        """One block; snapshots are due as on the node (`hullnode.profiles`)."""
        learner = self._learner
        learner.take(sums, length)
        row = learner.renew() if learner.due else None
        if row is not None:
            self.bodies[row[0] * 1000, last] = body_of(row, self._m.record, 0, last, 0)
            if row[10]:
                self._permit(row[10])


def _numbers(record: Record, *names: str) -> tuple[int, ...]:
    return tuple(record.integer(name) for name in names)
