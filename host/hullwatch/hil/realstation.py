"""The station of a bench with boards: a port for every section, a switch for every hatch."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

from hullwatch.hil import switches
from hullwatch.hil.benchfile import BenchFile
from hullwatch.hil.realnode import RealNode
from hullwatch.hil.station import Station
from hullwatch.hil.stationfile import layout


def started(
    declared: BenchFile,
    settings: Mapping[str, object],
    database: Callable[[], Path],
    undo: contextlib.ExitStack,
) -> Station:
    """The station that a bench file declares: hatches opened, then every node taken over.

    ``undo`` gets what has to be done at the end: every hatch is opened again, whatever fails.
    HullwatchError when a switch does not move or a node does not answer.
    """
    rows = {row.name: declared.switch(row.switch) for row in declared.hatches}
    hatches = {name: switches.made(row) for name, row in rows.items()}

    def move(hatch: str, opened: bool) -> None:
        hatches[hatch].set(opened)

    for name in hatches:
        move(name, True)
        undo.callback(move, name, True)
    nodes: dict[str, RealNode] = {}
    for section in declared.sections:
        nodes[section.name] = node = RealNode(declared, database(), settings, section.port)
        undo.callback(node.close)
    plan = layout(declared.sections, declared.hatches)
    returns_s = [row.longest_s for row in rows.values() if row.output]
    return Station(
        dataclasses.replace(plan, longest_s=min([plan.longest_s, *returns_s])), nodes,
        tuple(row.name for row in declared.sections if declared.leaks_at(row.port)), move,
        declared.step_s / len(nodes),
    )  # fmt: skip
