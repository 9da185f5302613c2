"""How a search ended, and the journal of how it got there: plain values, ready for JSON."""

from dataclasses import asdict, dataclass
from typing import Final

Entry = dict[str, object]
"""One step: `step` says which, `at_s` when (the site's clock); numbers are finite."""

DETERMINED: Final = "determined"
NO_LEAK_FOUND: Final = "no leak"
NOT_DETERMINED: Final = "not determined"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a search.

    ``verdict`` is DETERMINED (``section`` leaks with probability ``confidence``), NO_LEAK_FOUND
    (with a hatch closed neither side falls any more) or NOT_DETERMINED, with the ``reason`` and
    the ``candidates``: the likeliest hypotheses, together at least as probable as the confidence
    asked for. ``confidence`` is None when nothing was concluded.
    The rate, Pa m3/s, with its 95 % half-width is that of the whole with all hatches open, and
    of a named section also that behind closed hatches; volumes are taken as told. None where it
    was not measured. ``interval_contains`` as window records say.
    ``still_closed``: a hatch that was closed and is not known to be open.
    """

    verdict: str
    section: str | None
    confidence: float | None
    reason: str
    candidates: tuple[tuple[str, float], ...]
    rate_pa_m3_s: float | None
    u95_pa_m3_s: float | None
    interval_contains: tuple[str, ...]
    closings: int
    untrusted: tuple[str, ...]
    still_closed: str | None
    journal: tuple[Entry, ...]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)
