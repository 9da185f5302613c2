"""How long a hatch may stay closed, what that would show, and which one to close next."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hullwatch.isolate.closing import Rate
from hullwatch.isolate.layout import Layout

HALF: Final = 0.5
"""A hatch is open again after this share of the time to the difference that would hold it shut."""

_ENOUGH_SD: Final = 20.0  # sides this far apart: a longer closing adds nothing
_TIGHT_SD: Final = 5.0  # so far from what a hatch that does not close at all would show
_FEWEST, _MOST = 3, 60
LEAST_BITS: Final = 0.02
"""Below this expected information a closing is not worth it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One closing: windows of which length and how many, and when the hatch must be open again.

    ``separation_sd``: how far apart the two answers are, in standard uncertainties.
    ``bits``: expected information.
    """

    hatch: str
    window_s: float
    windows: int
    closed_s: float
    limit_s: float
    separation_sd: float
    bits: float


def limit_s(layout: Layout, hatch: str, rate: Rate) -> float:
    """Longest time a hatch may stay closed: half of that to `reopen_pa` on the smaller side.

    The upper end of the rate's interval decides; the layout's own longest time caps it.
    """
    first = layout.side(hatch)
    smaller = min(layout.volume_m3(first), layout.volume_m3(layout.names - first))
    return min(layout.longest_s, HALF * layout.reopen_pa * smaller / rate.upper_pa_m3_s)


def planned(
    layout: Layout,
    hatch: str,
    rate: Rate,
    noise_pa_s: Mapping[float, float],
    probabilities: Mapping[str, float],
) -> Plan | None:
    """The shortest closing that tells the sides apart, or the one that does it best.

    ``noise_pa_s``: standard uncertainty of one window's slope by its length. None when not even
    two windows fit into the permitted time.
    """
    longest = limit_s(layout, hatch, rate)
    answers, tightness = _per_window(layout, hatch, rate)
    best: tuple[float, float, int] | None = None
    for window_s, noise in sorted(noise_pa_s.items()):
        # windows begin by sample number, not with the closing: one more always fits
        most = min(math.floor((longest - layout.quiet_s) / window_s) - 1, _MOST)
        if most < _FEWEST - 1:
            continue
        # of what is wanted, the share that one window gives
        share = min(answers / _ENOUGH_SD, tightness / _TIGHT_SD) / noise
        count = min(max(math.ceil(min(share**-2, _MOST)), _FEWEST), most)
        found = (share * count**0.5, window_s, count)
        if best is None or _better(found, best):
            best = found
    if best is None:
        return None
    _, window_s, count = best
    separation = answers / noise_pa_s[window_s] * count**0.5
    closed_s = layout.quiet_s + (count + 1) * window_s
    bits = expected_bits(layout, hatch, probabilities, separation)
    return Plan(hatch, window_s, count, closed_s, longest, separation, bits)


def _better(new: tuple[float, float, int], old: tuple[float, float, int]) -> bool:
    """All that is wanted in less time, else more of it."""
    if new[0] >= 1.0 and old[0] >= 1.0:
        return new[1] * (new[2] + 1) < old[1] * (old[2] + 1)
    return new[0] > old[0]


def _per_window(layout: Layout, hatch: str, rate: Rate) -> tuple[float, float]:
    """How far apart pictures are, Pa/s, over the noise of one window of every node.

    The two answers of a tight hatch; and the answer that is nearer to what all show together
    when the hatch does not close at all.
    """
    first = layout.side(hatch)
    sides = (first, layout.names - first)
    nodes = [sum(1 for s in layout.sections if s.name in side and s.node) for side in sides]
    loss = rate.value_pa_m3_s
    falls = [loss / layout.volume_m3(side) for side in sides]
    together = loss / layout.volume_m3(layout.names)
    answers = math.sqrt(sum(n * fall**2 for n, fall in zip(nodes, falls, strict=True)))
    tightness = min(
        math.hypot(
            nodes[leaking] ** 0.5 * (falls[leaking] - together),
            nodes[1 - leaking] ** 0.5 * together,
        )
        for leaking in (0, 1)
    )
    return answers, tightness


def expected_bits(
    layout: Layout, hatch: str, probabilities: Mapping[str, float], separation_sd: float
) -> float:
    """Mutual information of where the leak is and which side seems to fall.

    The reading errs with the probability that noise of one standard uncertainty carries it
    over the middle; hypotheses beside the sections add nothing.
    """
    first = layout.side(hatch)
    one = math.fsum(p for name, p in probabilities.items() if name in first)
    both = math.fsum(p for name, p in probabilities.items() if name in layout.names)
    if one <= 0.0 or one >= both:
        return 0.0
    error = 0.5 * math.erfc(separation_sd / (2.0 * math.sqrt(2.0)))
    share = one / both
    seen = share * (1.0 - error) + (1.0 - share) * error
    return both * (_entropy(seen) - _entropy(error))


def _entropy(share: float) -> float:
    return -sum(p * math.log2(p) for p in (share, 1.0 - share) if p > 0.0)
