"""What is believed: a probability for every section, for no leak, for something else.

Evidence is kept hatch by hatch; a hatch that is not trusted counts for nothing.
"""

import math
from collections.abc import Iterable
from typing import Final

import numpy as np

from hullwatch.isolate.closing import (
    FIRST,
    LEAKY,
    NOWHERE,
    OTHER,
    SECOND,
    TIGHT,
)
from hullwatch.isolate.layout import Layout

NO_LEAK, ELSEWHERE = "no leak", "undetermined"
"""Hypotheses beside the sections: nothing leaks; two leaks, a place outside the layout, or
an influence that no single leak explains.
"""

_PRIOR_NO_LEAK: Final = 0.01
_PRIOR_ELSEWHERE: Final = 0.01
PRIOR_LEAKY: Final = 0.05
"""Chance that a hatch leaks when closed."""

_LEAKY_FROM: Final = 0.5

_LOG_HOW: Final = {TIGHT: math.log(1.0 - PRIOR_LEAKY), LEAKY: math.log(PRIOR_LEAKY)}


class Belief:
    """Prior and evidence of one search; probabilities are made anew from all of it."""

    def __init__(self, layout: Layout) -> None:
        whole = math.fsum(section.prior for section in layout.sections)
        rest = 1.0 - _PRIOR_NO_LEAK - _PRIOR_ELSEWHERE
        self._prior = {s.name: math.log(rest * s.prior / whole) for s in layout.sections}
        self._prior[NO_LEAK] = math.log(_PRIOR_NO_LEAK)
        self._prior[ELSEWHERE] = math.log(_PRIOR_ELSEWHERE)
        self._side = {hatch.name: layout.side(hatch.name) for hatch in layout.hatches}
        self._evidence: dict[str, dict[tuple[str, str], float]] = {}
        self.untrusted: set[str] = set()

    def add(self, hatch: str, evidence: dict[tuple[str, str], float]) -> None:
        """One more test of a hatch: log-likelihoods as `closing.Closed.evidence` gives them."""
        known = self._evidence.setdefault(hatch, dict.fromkeys(evidence, 0.0))
        for key, log in evidence.items():
            known[key] += log

    def judge_hatches(self) -> None:
        """Trust every hatch, or not, by all evidence there is now."""
        self.untrusted = {hatch for hatch in self._evidence if self.leaky(hatch) > _LEAKY_FROM}

    def probabilities(self) -> dict[str, float]:
        """Of every section, NO_LEAK and ELSEWHERE, by the trusted hatches; their sum is 1."""
        return _shares(self._logs(set(self._evidence) - self.untrusted))

    def unexplained(self) -> float:
        """Probability of ELSEWHERE by all hatches: several that leak are less likely than one."""
        return _shares(self._logs(self._evidence))[ELSEWHERE]

    def leaky(self, hatch: str) -> float:
        """Probability that a hatch leaks, given its own tests and those of all others."""
        if hatch not in self._evidence:
            return PRIOR_LEAKY
        without = self._logs(set(self._evidence) - {hatch})
        logs = {
            how: float(
                np.logaddexp.reduce(
                    [log + self._of(hatch, name, how) for name, log in without.items()]
                )
            )
            for how in (TIGHT, LEAKY)
        }
        return _shares(logs)[LEAKY]

    def likeliest(self, least: float) -> list[tuple[str, float]]:
        """The fewest hypotheses that together have probability ``least``, likeliest first."""
        found: list[tuple[str, float]] = []
        for name, share in sorted(self.probabilities().items(), key=lambda item: -item[1]):
            found.append((name, share))
            if math.fsum(p for _, p in found) >= least:
                break
        return found

    def _logs(self, hatches: Iterable[str]) -> dict[str, float]:
        chosen = sorted(hatches)
        return {
            name: prior
            + math.fsum(
                float(np.logaddexp(self._of(hatch, name, TIGHT), self._of(hatch, name, LEAKY)))
                for hatch in chosen
            )
            for name, prior in self._prior.items()
        }

    def _of(self, hatch: str, name: str, how: str) -> float:
        """Log of prior and likelihood of how a hatch closes, the leak being where ``name`` says."""
        if name in (NO_LEAK, ELSEWHERE):
            where = NOWHERE if name == NO_LEAK else OTHER
        else:
            where = FIRST if name in self._side[hatch] else SECOND
        return _LOG_HOW[how] + self._evidence[hatch][where, how]


def _shares(logs: dict[str, float]) -> dict[str, float]:
    total = float(np.logaddexp.reduce(list(logs.values())))
    return {name: math.exp(log - total) for name, log in logs.items()}
