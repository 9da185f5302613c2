"""Sections joined by hatches, as a search for a leak needs them.

Every hatch must divide the sections in two, so they form a tree: what is not connected, or
a ring in which one closed hatch divides nothing, is refused.

    reopen_pa = 133.3            # a hatch can be opened against this much
    [[section]]
    name = "node"
    volume_m3 = 75.0
    node = "e66138528350b42c"    # the Hullwatch node in it; leave away where there is none
    [[section]]
    name = "transfer"
    volume_m3 = 7.0
    node = "e661385283512a2c"
    [[hatch]]
    name = "H1"
    between = ["node", "transfer"]
"""

import math
from dataclasses import dataclass
from typing import Any, Final

from hullwatch import tomlrows
from hullwatch.errors import AbsurdValue, InputError

EXAMPLE: Final = "an example heads hullwatch/isolate/layout.py"
_VOLUME_M3: Final = (1e-6, 1e5)


@dataclass(frozen=True, slots=True)
class Section:
    """One volume. ``node``: id of the node that measures it, empty without one.

    ``prior``: how likely the leak is here before anything is measured, against the others.
    """

    name: str
    volume_m3: float
    node: str = ""
    prior: float = 1.0


@dataclass(frozen=True, slots=True)
class Hatch:
    """Between two sections, open in ordinary times."""

    name: str
    between: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Layout:
    """Sections, hatches and the rules of the search.

    ``reopen_pa``: against this pressure difference a hatch can be opened again; it stays
    closed at most half the time in which the expected rate takes that much from the smaller
    side, and at most ``longest_s``. ``baseline_s``: all open, before the first closing.
    ``settle_s`` and ``quiet_s``: waited after an opening and after a closing before windows
    count; an opening moves gas, which warms and cools. ``confidence``: probability at which a
    section is named.
    """

    sections: tuple[Section, ...]
    hatches: tuple[Hatch, ...] = ()
    reopen_pa: float = 133.3
    baseline_s: float = 1800.0
    settle_s: float = 60.0
    quiet_s: float = 5.0
    longest_s: float = 3600.0
    confidence: float = 0.99

    def check(self) -> None:
        """Raise InputError with a hint unless a search is possible."""
        names = [section.name for section in self.sections]
        _unique("section", names)
        _unique("hatch", [hatch.name for hatch in self.hatches])
        _unique("node", [s.node for s in self.sections if s.node])
        for section in self.sections:
            _within(f"section {section.name}: volume_m3", section.volume_m3, *_VOLUME_M3)
            _within(f"section {section.name}: prior", section.prior, 1e-9, 1e9)
        if len(self.sections) < 2:
            raise InputError("a layout needs two sections", "a single one needs no search")
        if not any(section.node for section in self.sections):
            raise InputError("no section has a node", "nothing could be measured: give one its id")
        for hatch in self.hatches:
            for end in hatch.between:
                if end not in names:
                    raise InputError(
                        f"hatch {hatch.name}: no section {end!r}", "there are " + ", ".join(names)
                    )
        self._check_tree()
        _within("reopen_pa", self.reopen_pa, 1.0, 1e5)
        _within("baseline_s", self.baseline_s, 30.0, 1e7)
        _within("settle_s", self.settle_s, 0.0, 1e5)
        _within("quiet_s", self.quiet_s, 0.0, 1e5)
        _within("longest_s", self.longest_s, 30.0, 1e7)
        _within("confidence", self.confidence, 0.5, 0.999999)

    def _check_tree(self) -> None:
        """Joined hatch by hatch: a hatch within what is joined already closes a ring."""
        group = {section.name: {section.name} for section in self.sections}
        for hatch in self.hatches:
            first, second = (group[end] for end in hatch.between)
            if first is second:
                raise InputError(
                    f"hatch {hatch.name} closes a ring: closing one of its hatches divides nothing",
                    "keep one hatch of the ring shut and leave it out of the layout",
                )
            first |= second
            for name in second:
                group[name] = first
        for section in self.sections:
            missing = [s.name for s in self.sections if s.name not in group[section.name]]
            if missing:
                raise InputError(
                    f"section {missing[0]} is not connected to {section.name}",
                    "add the [[hatch]] between them, or search the parts one by one",
                )

    def side(self, hatch: str) -> frozenset[str]:
        """Sections on the first side of a closed hatch; the rest is the second. KeyError."""
        ways: dict[str, list[str]] = {section.name: [] for section in self.sections}
        start = ""
        for row in self.hatches:
            a, b = row.between
            if row.name == hatch:
                start = a
            else:
                ways[a].append(b)
                ways[b].append(a)
        if not start:
            raise KeyError(hatch)
        found, fresh = {start}, [start]
        while fresh:
            for name in ways[fresh.pop()]:
                if name not in found:
                    found.add(name)
                    fresh.append(name)
        return frozenset(found)

    def volume_m3(self, names: frozenset[str]) -> float:
        """Volume of some of the sections."""
        return math.fsum(s.volume_m3 for s in self.sections if s.name in names)

    @property
    def names(self) -> frozenset[str]:
        """Of all sections."""
        return frozenset(section.name for section in self.sections)


def layout_of(data: dict[str, Any], source: str) -> Layout:
    """The layout of parsed TOML, checked; InputError names ``source``, table and key."""
    tables: dict[str, tuple[str, type]] = {
        "section": ("sections", Section),
        "hatch": ("hatches", Hatch),
    }
    layout = tomlrows.nested(Layout, {"section": [], **data}, tables, source)
    layout.check()
    return layout


def _unique(what: str, names: list[str]) -> None:
    for name in names:
        if not name or names.count(name) > 1:
            raise InputError(f"two times {what} {name!r}", f"every {what} needs its own name")


def _within(what: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise AbsurdValue(f"{what} {value:g} is outside {low:g}..{high:g}", "SI units: m3, Pa, s")
