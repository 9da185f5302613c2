"""Sections and hatches of a bench file: several nodes, each in one section, and what joins them.

[[section]]
name = "lab"
volume_m3 = 2e-3
port = "E6614C311B5F8B2A"   # of a real bench only
[[hatch]]
name = "H1"
between = ["lab", "lock"]
switch = "hatch-1"          # of a real bench only; on is open
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hullwatch.errors import InputError
from hullwatch.isolate.layout import Hatch, Layout, Section


@dataclass(frozen=True, slots=True)
class SectionRow:
    """One section with its node. ``port`` of a real one, as `hullwatch log` takes it."""

    name: str
    volume_m3: float
    port: str = ""


@dataclass(frozen=True, slots=True)
class HatchRow:
    """A hatch between two sections, moved by a switch where it is real."""

    name: str
    between: tuple[str, str]
    switch: str = ""


def layout(sections: Sequence[SectionRow], hatches: Sequence[HatchRow]) -> Layout:
    """Both as `hullwatch isolate` takes them, with the names of sections in place of nodes' ids.

    InputError unless the hatches join all sections without a ring.
    """
    made = Layout(
        tuple(Section(row.name, row.volume_m3, row.name) for row in sections),
        tuple(Hatch(row.name, row.between) for row in hatches),
    )
    made.check()
    return made


def check_real(sections: Sequence[SectionRow], hatches: Sequence[HatchRow]) -> None:
    """InputError unless every section has a port of its own, and every hatch a switch."""
    ports: dict[str, str] = {}
    for section in sections:
        if not section.port:
            raise InputError(
                f"section {section.name} has no port", "USB serial number, path or URL of its node"
            )
        if section.port in ports:
            raise InputError(
                f"sections {ports[section.port]} and {section.name} have one port, {section.port}",
                "every section needs a node of its own",
            )
        ports[section.port] = section.name
    moves: dict[str, str] = {}
    for hatch in hatches:
        if not hatch.switch:
            raise InputError(f"hatch {hatch.name} has no switch", 'add switch = "…"')
        if hatch.switch in moves:
            raise InputError(
                f"switch {hatch.switch} moves hatches {moves[hatch.switch]} and {hatch.name}",
                "every hatch needs its own",
            )
        moves[hatch.switch] = hatch.name


def check_simulated(sections: Sequence[SectionRow], hatches: Sequence[HatchRow]) -> None:
    """InputError where something names what only a real bench has."""
    for section in sections:
        if section.port:
            raise InputError(f"section {section.name} is simulated: it has no port", _REAL)
    for hatch in hatches:
        if hatch.switch:
            raise InputError(f"hatch {hatch.name} is simulated: it has no switch", _REAL)


_REAL = 'a bench with boards on it has kind = "real"'
