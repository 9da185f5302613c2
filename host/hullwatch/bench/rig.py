"""Test rigs: a simulated node with valves and the part on it, read from a TOML file.

    [node]                  # settings of the node, as for `hullwatch config set`
    outputs = "16:supply:fill:nc:60:dump;17:dump:vent:no:0"
    overpressure_pa = 123000
    [part]                  # fields of `ChamberSpec`: volume, leak, walls, weather
    leak_pa_m3_s = 1e-4
    [plumbing]              # fields of `PlumbingSpec`
    supply_pa = 300000
    [plumbing.seats_pa_m3_s]
    supply = 1e-6           # what a closed seat passes, by the name of its output
    [reference]             # fields of `ReferenceSpec`, with compensation = "reference"
    pressure_pa = 117000

Volume, gas and the outside pressure of the part are set on the node too, unless `[node]` says
otherwise. Everything is in SI units.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hullcore import settings
from hullwatch import tomlrows
from hullwatch.bench.spec import BenchSpec
from hullwatch.errors import InputError
from hullwatch.sim.chamberspec import ChamberSpec
from hullwatch.sim.plumbing import PlumbingSpec
from hullwatch.sim.second import ReferenceSpec

_TABLES = ("node", "part", "plumbing", "reference")
_EXAMPLE = "an example is host/docs/examples/rig.toml"
_OF_BENCH = ("sensor", "period_us", "compensation")


def load_rig(path: Path, seed: int, leak_pa_m3_s: float | None = None) -> BenchSpec:
    """The bench of a rig file, checked; InputError names file, table and key.

    ``leak_pa_m3_s``: in place of the part's leak in the file.
    """
    source = str(path)
    data = tomlrows.read_toml(path, "rig", _EXAMPLE)
    for name, table in data.items():
        if name not in _TABLES or not isinstance(table, dict):
            raise InputError(
                f"{source}: no table [{name}] is known", "known: " + ", ".join(_TABLES)
            )
    node = _settings(data.get("node", {}), f"{source}: node")
    part = {**data.get("part", {}), "seed": seed}
    if leak_pa_m3_s is not None:
        part["leak_pa_m3_s"] = leak_pa_m3_s
    second = data.get("reference")
    spec = BenchSpec(
        chamber=tomlrows.made(ChamberSpec, part, f"{source}: part"),
        plumbing=_plumbing(data.get("plumbing", {}), node, f"{source}: plumbing"),
        second=second and tomlrows.made(ReferenceSpec, second, f"{source}: reference"),
        seed=seed, extra=node, **{key: node[key] for key in _OF_BENCH if key in node},
    )  # fmt: skip
    spec.check()
    return spec


def _settings(table: dict[str, Any], where: str) -> dict[str, Any]:
    found = {}
    for key, value in table.items():
        try:
            found[key] = settings.check(key, value)
        except settings.SettingError as error:
            raise InputError(f"{where}: {error}", "see: hullwatch config show --help") from error
    return found


def _plumbing(table: dict[str, Any], node: dict[str, Any], where: str) -> PlumbingSpec:
    if "wiring" in table:
        raise InputError(f"{where}: wiring is what [node] outputs says", "leave it away")
    seats = table.get("seats_pa_m3_s", {})
    if not isinstance(seats, dict) or not all(isinstance(x, int | float) for x in seats.values()):
        raise InputError(f"{where}: seats_pa_m3_s: numbers by the names of outputs", _EXAMPLE)
    wiring = str(node.get("outputs", "none"))
    row = {**table, "wiring": wiring, "seats_pa_m3_s": ()}
    spec = replace(tomlrows.made(PlumbingSpec, row, where), seats_pa_m3_s=seats)
    if not spec.rows():
        raise InputError(f"{where}: the node has no outputs", "[node] outputs declares them")
    return spec
