"""TOML files that hold frozen dataclasses: read, and every mistake named by table and key."""

import dataclasses
import difflib
import tomllib
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_type_hints

from hullwatch.errors import InputError

_Row = TypeVar("_Row")


def read_toml(path: Path, what: str, example: str) -> dict[str, Any]:
    """The tables of a file; InputError that names it. `example` says where one stands."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", f"name a {what} file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not TOML: {error}", example) from error


def nested(
    made_of: type[_Row], data: dict[str, Any], tables: dict[str, tuple[str, type]], source: str
) -> _Row:
    """A dataclass some of whose fields are lists of dataclasses.

    ``tables``: by the name of the TOML table, which is singular, its field and what its rows
    are. ``source`` names the file in errors.
    """
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key in tables:
            field, row_type = tables[key]
            if not isinstance(value, list):
                raise InputError(f"{source}: {key} is no list", f"write [[{key}]]")
            values[field] = tuple(
                made(row_type, row, f"{source}: {key} {number}")
                for number, row in enumerate(value, 1)
            )
        elif key in {field for field, _ in tables.values()}:
            raise InputError(f"{source}: unknown key {key!r}", "tables are named in the singular")
        else:
            values[key] = value
    return made(made_of, values, source)


def made(made_of: type[_Row], row: object, where: str) -> _Row:
    """One dataclass from one table, its keys and types checked; InputError names the key."""
    if not isinstance(row, dict):
        raise InputError(f"{where} is no table", "write [[...]] with keys below it")
    hints = get_type_hints(made_of)
    fields = {
        field.name: field
        for field in dataclasses.fields(made_of)  # type: ignore[arg-type]
        if field.init
    }
    for key in row:
        if key not in fields:
            close = difflib.get_close_matches(key, fields, 1)
            hint = f"did you mean {close[0]}?" if close else "known: " + ", ".join(fields)
            raise InputError(f"{where}: unknown key {key!r}", hint)
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
    if hint == tuple[str, ...]:
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
        raise InputError(f"{where}: {key} needs a list of texts", f'such as {key} = ["a", "b"]')
    plain = tuple(kind for kind in kinds if isinstance(kind, type) and kind is not NoneType)
    if isinstance(value, tuple) or (plain and type(value) in plain):
        return value
    names = " or ".join(kind.__name__ for kind in plain)
    raise InputError(
        f"{where}: {key} = {value!r} is no {names}", "numbers without quotes, SI units"
    )
