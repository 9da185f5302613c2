"""What a verification found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hullwatch.store import Break, Head


@dataclass(frozen=True)
class Difference:
    """One stored result that its samples do not give.

    ``what`` is the kind of record; ``span`` its samples, first and last, None where it names none.
    """

    node: str
    epoch: int
    number: int
    what: str
    field: str
    stored: str
    recomputed: str
    span: tuple[int, int] | None = None

    def describe(self) -> str:
        """One line: record 17 (WINDOW of samples 0 … 99), field n: stored 99, recomputed 100."""
        of = f" of samples {self.span[0]} … {self.span[1]}" if self.span else ""
        return (
            f"record {self.number} of node {self.node} ({self.what}{of}), field {self.field}: "
            f"stored {self.stored}, recomputed {self.recomputed}"
        )


@dataclass
class Tally:
    """Records of one kind: equal to what was recomputed, different, not verifiable and why."""

    equal: int = 0
    different: int = 0
    not_verifiable: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Records looked at."""
        return self.equal + self.different + self.not_verifiable.total()


@dataclass
class Outcome:
    """Counts of a whole database.

    ``heads`` are those of the hash chains, ``broken`` counts their breaks and ``first_break`` is
    the first; ``first`` is the first difference in order of boot and number. ``samples`` counts
    the raw samples replayed.
    """

    heads: list[Head] = field(default_factory=list)
    broken: int = 0
    first_break: Break | None = None
    samples: int = 0
    windows: Tally = field(default_factory=Tally)
    profiles: Tally = field(default_factory=Tally)
    trends: Tally = field(default_factory=Tally)
    tests: Tally = field(default_factory=Tally)
    first: Difference | None = None

    @property
    def different(self) -> int:
        """Everything that is not as it must be."""
        results = (self.windows, self.profiles, self.trends, self.tests)
        return self.broken + sum(tally.different for tally in results)

    def note(self, difference: Difference) -> None:
        """Keep the first difference."""
        if self.first is None:
            self.first = difference

    def note_break(self, found: Break) -> None:
        """Count a break of a chain."""
        self.broken += 1
        if self.first_break is None:
            self.first_break = found

    def describe(self) -> str:
        """The first thing that is wrong, in one line; empty when nothing is."""
        if self.first is not None:
            return self.first.describe()
        found = self.first_break
        if found is None:
            return ""
        of = f"node {found.node}" if found.boot < 0 else f"node {found.node}, boot {found.boot}"
        numbers = str(found.first)
        if found.past > found.first + 1:
            numbers += f" … {found.past - 1}"
        what = "record" if found.stream == "record" else "raw sample"
        return f"{what} {numbers} of {of}: {found.reason}"
