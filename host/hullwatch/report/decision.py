"""A measured rate against a limit: the decision rule, its risk, and the words for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hullwatch.analysis.result import Result

CONFORMS, FAILS, UNDECIDED, NONE = "conforms", "does not conform", "not decided", "no verdict"

RULE = (
    "conforms when the upper end of the 95 % interval is at or below the limit, does not conform"
    " when its lower end is above it, not decided between (guarded on both sides, JCGM 106:2012,"
    " 8.3: the risk of a wrong word is at most 2.5 %)"
)
NO_LIMIT = "no limit was given: nothing is decided"


@dataclass(frozen=True)
class Decision:
    """The word, why, and by which rule; `limit` in the unit of the result or None."""

    word: str
    why: str
    rule: str
    limit: float | None

    @property
    def facts(self) -> dict[str, Any]:
        """As a section."""
        return {"word": self.word, "why": self.why, "rule": self.rule, "limit": self.limit}


def decide(best: Result, limit: float | None, full: bool, missing: tuple[str, ...]) -> Decision:
    """By the result with its whole budget; with gaps in the budget nothing conforms."""
    if limit is None:
        return Decision(NONE, NO_LIMIT, "", None)
    if best.value is None or best.low is None or best.high is None:
        return Decision(UNDECIDED, "; ".join(best.refusals), RULE, limit)
    if best.low > limit:
        return Decision(FAILS, "the lower end of the interval is above the limit", RULE, limit)
    if not full:
        why = "the uncertainty is not whole: " + "; ".join(missing)
        return Decision(UNDECIDED, why, RULE, limit)
    if best.high <= limit:
        return Decision(CONFORMS, "the upper end of the interval is within the limit", RULE, limit)
    return Decision(UNDECIDED, "the limit lies in the interval", RULE, limit)
