"""Which samples of a boot are known: stored, or stated by the node never to have been taken."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from hullwatch.store import NO_SAMPLE, BootRow, Gap

GONE = "raw samples not in the database"
DAMAGED = "damaged in the database"
_ENDLESS = 1 << 64
_LAST = (1 << 63) - 1
Range = tuple[int, int]


class Holes:
    """Sample ranges of one boot that nobody can replay, with the reason.

    `gaps` are those of the boot (`Reader.raw_gaps`), `damaged` ranges that cannot be decoded.
    """

    def __init__(self, boot: BootRow, gaps: list[Gap], damaged: Sequence[Range] = ()) -> None:
        holes = [(gap.first, gap.past, gap.reason) for gap in gaps if gap.reason != NO_SAMPLE]
        holes += [(first, past, DAMAGED) for first, past in damaged]
        holes.append((boot.raw_past, _ENDLESS, ""))
        holes.sort()
        self.damaged = sorted(damaged)
        self._first = [first for first, _, _ in holes]
        self._past = [past for _, past, _ in holes]
        self._reason = [f"raw samples: {reason}" if reason else GONE for _, _, reason in holes]

    def readable(self) -> Iterator[Range]:
        """Ranges of sample numbers that can be decoded, in order."""
        at = 0
        for first, past in self.damaged:
            yield at, first
            at = past
        yield at, _LAST

    def within(self, first: int, last: int) -> str | None:
        """Why samples first … last cannot be replayed; None when all of them are known."""
        at = bisect_right(self._first, last) - 1
        while at >= 0 and self._past[at] > first:
            if at == 0 or self._past[at - 1] <= first:
                return self._reason[at]
            at -= 1
        return None
