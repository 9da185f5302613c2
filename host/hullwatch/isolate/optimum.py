"""The fewest closings that any procedure could need on average: the yardstick, not the method."""

from functools import cache

from hullwatch.isolate.layout import Layout


def mean_closings(layout: Layout) -> float:
    """Least expected closings, one hatch at a time, every reading perfect, one leak by prior.

    Exact, by dynamic programming over the connected groups that can remain; fast up to
    about fifteen sections.
    """
    side = {hatch.name: layout.side(hatch.name) for hatch in layout.hatches}
    whole = sum(section.prior for section in layout.sections)
    share = {section.name: section.prior / whole for section in layout.sections}

    @cache
    def cost(group: frozenset[str]) -> float:
        if len(group) == 1:
            return 0.0
        parts = [group & first for first in side.values()]
        here = sum(share[name] for name in group)
        return here + min(
            cost(part) + cost(group - part) for part in parts if 0 < len(part) < len(group)
        )

    return cost(layout.names)
