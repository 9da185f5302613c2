"""Noise profiles in force: learned from the blocks that pass, or calibrated and stored.

A profile is used only through a numbered PROFILE record, so every window can name what it used.
Loaded when `noise_profile` asks for it.
"""

from hullcore.compat import const
from hullcore.measurement import Known
from hullcore.morerecords import profile_record
from hullcore.profilerow import body_of, profile_of

_LEARNED = const(0)
_CALIBRATED = const(1)


class Profiles:
    """`known`: what windows use, by their length in s; `due`: `renew` has something to do.

    `key` names what a profile belongs to, `root` where it is stored; `learner` is a
    `hullcore.learner.Learner`, or None where the profiles are calibrated.
    """

    def __init__(self, pipeline, root: str, key: list, learner) -> None:
        self._pipeline = pipeline
        self.root = root
        self.key = key
        self.learner = learner
        self.known: dict = {}
        self.due = False
        if learner is not None:
            pipeline.each_block(self._block)

    def _block(self, sums, length: int) -> None:
        learner = self.learner
        learner.take(sums, length)
        self.due = learner.due

    def renew(self) -> None:
        """Take a new snapshot of what was learned; windows from now on name it."""
        self.due = False
        row = self.learner.renew()
        if row is not None:
            self._adopt(row, _LEARNED, self._pipeline.next_number() - 1, 0)

    def calibrated(self, rows: list, utc_s: int) -> None:
        """Use stored profiles."""
        for row in rows:
            self._adopt(row, _CALIBRATED, 0, utc_s)

    def _adopt(self, row: tuple, source: int, last: int, utc_s: int) -> None:
        pipeline = self._pipeline
        body = body_of(row, pipeline.m.record, source, last, utc_s)
        number = pipeline.record(profile_record, body)
        self.known[row[0]] = Known(profile_of(row), number, row[9], row[2])
        if row[10]:
            pipeline.stale.limit = row[10]
