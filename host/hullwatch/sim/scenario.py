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

import dataclasses
import tomllib
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

from hullwatch.errors import InputError
from hullwatch.sim.networkspec import (
    BoundarySpec,
    EventSpec,
    NetworkSpec,
    PathSpec,
    SectionSpec,
)

_TABLES: dict[str, tuple[str, type]] = {
    "section": ("sections", SectionSpec),
    "boundary": ("boundaries", BoundarySpec),
    "path": ("paths", PathSpec),
    "event": ("events", EventSpec),
}


def load_scenario(path: Path) -> NetworkSpec:
    """The network of a scenario file; InputError naming the file, the table and the key."""
    try:
        with path.open("rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "name a scenario file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is not TOML: {error}", "an example heads hullwatch/sim/scenario.py"
        ) from error
    return scenario(data, str(path))


def scenario(data: dict[str, Any], source: str) -> NetworkSpec:
    """The network of a parsed scenario; ``source`` names it in errors. It is checked."""
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key in _TABLES:
            field, made_of = _TABLES[key]
            if not isinstance(value, list):
                raise InputError(f"{source}: {key} is no list", f"write [[{key}]]")
            values[field] = tuple(
                _made(made_of, row, f"{source}: {key} {number}")
                for number, row in enumerate(value, 1)
            )
        elif key in {field for field, _ in _TABLES.values()}:
            raise InputError(f"{source}: unknown key {key!r}", "tables are named in the singular")
        else:
            values[key] = value
    spec: NetworkSpec = _made(NetworkSpec, {"sections": (), **values}, source)
    spec.check()
    return spec


def _made(made_of: type, row: object, where: str) -> Any:
    """One dataclass from one table, its keys and types checked."""
    if not isinstance(row, dict):
        raise InputError(f"{where} is no table", "an example heads hullwatch/sim/scenario.py")
    hints = get_type_hints(made_of)
    fields = {field.name: field for field in dataclasses.fields(made_of)}
    for key in row:
        if key not in fields:
            raise InputError(f"{where}: unknown key {key!r}", "known: " + ", ".join(fields))
    for name, field in fields.items():
        if name not in row and field.default is dataclasses.MISSING:
            raise InputError(f"{where}: {name} is missing", "known: " + ", ".join(fields))
    return made_of(**{key: _checked(value, hints[key], where, key) for key, value in row.items()})


def _checked(value: object, hint: Any, where: str, key: str) -> object:
    """The value as the field's type: whole numbers may stand for others, lists for tuples."""
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if float in kinds and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint == tuple[str, str]:
        if isinstance(value, list) and len(value) == 2 and all(isinstance(v, str) for v in value):
            return tuple(value)
        raise InputError(f"{where}: {key} needs two names", 'such as ends = ["part", "outside"]')
    plain = tuple(kind for kind in kinds if isinstance(kind, type) and kind is not NoneType)
    if isinstance(value, tuple) or (plain and type(value) in plain):
        return value
    names = " or ".join(kind.__name__ for kind in plain)
    raise InputError(
        f"{where}: {key} = {value!r} is no {names}", "numbers without quotes, SI units"
    )
