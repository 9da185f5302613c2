"""Scenarios: a network and what happens to it, read from a TOML file.

    gas = "air"
    room_k = 293.15
    [[section]]
    name = "node"
    volume_m3 = 75.0
    pressure_pa = 101325.0
    [[path]]
    name = "crack"
    ends = ["node", "space"]
    size = 3e-8
    [[boundary]]
    name = "space"
    pressure_pa = 0.0
    [[event]]
    at_s = 86400.0
    path = "crack"
    growth_per_s = 1e-5

The keys are the fields of `networkspec`; everything is in SI units.
"""

from pathlib import Path
from typing import Any, Final

from hullwatch import tomlrows
from hullwatch.sim.networkspec import (
    BoundarySpec,
    EventSpec,
    NetworkSpec,
    PathSpec,
    SectionSpec,
)

_TABLES: Final[dict[str, tuple[str, type]]] = {
    "section": ("sections", SectionSpec),
    "boundary": ("boundaries", BoundarySpec),
    "path": ("paths", PathSpec),
    "event": ("events", EventSpec),
}
_EXAMPLE: Final = "an example heads hullwatch/sim/scenario.py"


def load_scenario(path: Path) -> NetworkSpec:
    """The network of a scenario file; InputError naming the file, the table and the key."""
    return scenario(tomlrows.read_toml(path, "scenario", _EXAMPLE), str(path))


def scenario(data: dict[str, Any], source: str) -> NetworkSpec:
    """The network of a parsed scenario; ``source`` names it in errors. It is checked."""
    spec = tomlrows.nested(NetworkSpec, {"section": [], **data}, _TABLES, source)
    spec.check()
    return spec
