"""The station of a simulated bench: nodes in the sections of one network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hullwatch.bench import byname
from hullwatch.bench.spec import BenchSpec
from hullwatch.hil.benchfile import BenchFile
from hullwatch.hil.simnode import SimulatedNode
from hullwatch.hil.station import Station
from hullwatch.hil.stationfile import layout
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.network import Network
from hullwatch.sim.networkport import leak_of
from hullwatch.sim.networkspec import BoundarySpec, NetworkSpec, PathSpec, SectionSpec

_EQUAL_WITHIN_S = 1.0
"""Time constant in which an open hatch makes the smallest section as the others."""

_SETTLED = {"gas_tau_s": 2.0, "probe_tau_s": 2.0, "wall_j_m2_k": 1e6, "self_heat_k": 0.0}
"""Thin walls and quick probes: what an opened hatch warms is over in seconds."""


def network_of(declared: BenchFile) -> NetworkSpec:
    """Sections as full as an ordinary chamber, open hatches, and for each section a closed leak."""
    chamber = ChamberSpec()
    smallest_m3 = min(row.volume_m3 for row in declared.sections)
    hatches = [
        PathSpec(row.name, row.between, "opening", smallest_m3 / _EQUAL_WITHIN_S)
        for row in declared.hatches
    ]
    leaks = [PathSpec(leak_of(row.name), (row.name, "outside")) for row in declared.sections]
    return NetworkSpec(
        tuple(
            SectionSpec(row.name, row.volume_m3, chamber.pressure_pa, **_SETTLED)
            for row in declared.sections
        ),
        (BoundarySpec("outside", chamber.p_out_pa),),
        (*hatches, *leaks),
    )


def started(
    declared: BenchFile,
    settings: Mapping[str, object],
    seed: int,
    database: Callable[[], Path],
    undo: contextlib.ExitStack,
) -> Station:
    """The station that a bench file declares; ``undo`` gets what has to be done at the end.

    ``settings`` of every node; ``seed``: each draws its own from it.
    """
    spec = network_of(declared)
    network = Network(spec)
    rest: dict[str, Any] = {"extra": dict(settings)}
    specs = {
        row.name: BenchSpec.in_network(spec, row.name, seed=1000 * seed + at, **rest)
        for at, row in enumerate(declared.sections)
    }
    benches = byname.start_station(declared.kind, network, specs, declared.speed)
    for bench in benches.values():
        undo.callback(bench.close)
    nodes: dict[str, SimulatedNode] = {}
    for name, bench in benches.items():
        nodes[name] = node = SimulatedNode(declared, database(), bench, specs[name])
        undo.callback(node.close)

    def move(hatch: str, opened: bool) -> None:
        now_s = max(bench.now_s() for bench in benches.values())  # nobody's past is changed
        network.operate(max(round(now_s * 1e6), network.settled_us), hatch, opened)

    return Station(
        layout(declared.sections, declared.hatches), nodes, tuple(nodes), move, declared.step_s
    )
