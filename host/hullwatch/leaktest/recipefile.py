"""A recipe as a person writes it: TOML, every mistake told with its line.

Quantities are SI with the unit in the key. `KEYS` is the whole language: where a value stands, its
permitted range, and the field of the RECIPE record that it becomes.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from hullwatch.errors import BadRecipe, InputError
from hullwatch.link.testnames import FLOW_LAWS, TEST_KINDS


@dataclass(frozen=True)
class Key:
    """One value of a recipe: its place, what it may be, the field it becomes and the factor.

    `default` None: it must be given. `choices`: its index is stored. Otherwise a number within
    `low` … `high`, a truth value when both are None.
    """

    path: str
    field: str
    default: object = None
    low: float | None = None
    high: float | None = None
    factor: float = 1.0
    choices: tuple[str, ...] = ()


_DAY_S = 86_400
_PA = 4_190_000
_RATE = 9e3
KEYS = (
    Key("kind", "kind", choices=TEST_KINDS),
    Key("tries", "tries", 1, 1, 3),
    Key("pressure.target_pa", "target_pa", None, 0, _PA),
    Key("pressure.tolerance_pa", "tolerance_pa", None, 1, _PA),
    Key("pressure.gross_pa", "gross_pa", None, 1, _PA),
    Key("limit.leak_pa_m3_s", "limit_fpa_m3_s", None, 1e-14, _RATE, 1e15),
    Key("fill.time_s", "fill_ms", None, 0.1, _DAY_S, 1e3),
    Key("stabilise.time_s", "stabilise_ms", None, 0.1, _DAY_S, 1e3),
    Key("stabilise.until_share", "settle_ppm", 0.0, 0.0001, 1.0, 1e6),
    Key("stabilise.window_s", "settle_s", 10, 1, 65_535),
    Key("measure.time_s", "measure_s", None, 1, _DAY_S),
    Key("measure.uncertainty_pa_m3_s", "goal_fpa_m3_s", 0.0, 1e-14, _RATE, 1e15),
    Key("vent.time_s", "vent_ms", 10.0, 0.1, _DAY_S, 1e3),
    Key("supply.vented", "vented", False),
    Key("supply.seat_bound_pa_m3_s", "seat_fpa_m3_s", -1e-15, 0.0, _RATE, 1e15),
    Key("vessel.compliance_ul_kpa", "compliance_nl_pa", 0.0, 0.0, 4e6),
    Key("vessel.volume_l", "volume_ul", 0.0, 1e-6, 1e7, 1e6),
    Key("vessel.u_volume_percent", "u_volume_ppm", 0.0, 0.0001, 100.0, 1e4),
    Key("reference.law", "law", "none", choices=FLOW_LAWS),
    Key("reference.inside_pa", "ref_in_pa", 0, 0, _PA),
    Key("reference.outside_pa", "ref_out_pa", 0, 0, _PA),
)
"""Besides these: `name`, `[valves] use`, and `[vessel] deformable`, which is refused when true."""

_OTHERS = ("name", "valves.use", "vessel.deformable")
_NAME_BYTES = 16
_SECTION = re.compile(r"^\s*\[\s*([A-Za-z0-9_]+)\s*\]")
_ASSIGNED = re.compile(r"^\s*([A-Za-z0-9_]+)\s*=")


@dataclass(frozen=True)
class RecipeFile:
    """A recipe that keeps to the language: `fields` of the RECIPE record, `valves` by name."""

    source: str
    name: str
    valves: tuple[str, ...]
    fields: Mapping[str, int]
    lines: Mapping[str, int]

    def refusal(self, field: str, text: str) -> BadRecipe:
        """The error for a field of the record, told at the line it came from."""
        path = next((key.path for key in KEYS if key.field == field), "")
        path = path or {"uses": "valves.use", "name": "name"}.get(field, field)
        return _refused(self.source, self.lines, path, text)


def load(path: Path) -> RecipeFile:
    """Read a recipe; BadRecipe, or InputError when there is no such file."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}", "name a recipe file") from error
    return parse(text, str(path))


def parse(text: str, source: str) -> RecipeFile:
    """A recipe from its text; BadRecipe names the line of the first mistake."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadRecipe(f"{source}: {error}", "it is no TOML") from error
    lines = dict(_lines(text))
    given = dict(_flat(document))
    for path in given:
        if path not in _known():
            close = difflib.get_close_matches(path, _known(), 1)
            raise _refused(
                source, lines, path, "no such key", f"did you mean {close[0]}?" if close else ""
            )
    if given.get("vessel.deformable", False) is not False:
        raise _refused(
            source, lines, "vessel.deformable",
            "pressure change is no method for a part that deforms",
            "use a rigid fixture around it, or another method",
        )  # fmt: skip
    fields = {key.field: _value(source, lines, key, given) for key in KEYS}
    valves = given.get("valves.use")
    if not isinstance(valves, list) or not valves or not all(isinstance(x, str) for x in valves):
        raise _refused(source, lines, "valves.use", "needs the names of the outputs it uses")
    name = given.get("name", "")
    if not isinstance(name, str) or not 0 < len(name.encode()) <= _NAME_BYTES:
        raise _refused(source, lines, "name", f"needs a name of 1 to {_NAME_BYTES} bytes")
    return RecipeFile(source, name, tuple(valves), fields, lines)


def _known() -> tuple[str, ...]:
    return (*(key.path for key in KEYS), *_OTHERS)


def _flat(document: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{key}", inner) for key, inner in value.items())
        else:
            yield name, value


def _lines(text: str) -> Iterator[tuple[str, int]]:
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if found := _SECTION.match(line):
            section = found[1] + "."
            yield found[1], number
        elif found := _ASSIGNED.match(line):
            yield section + found[1], number


def _value(source: str, lines: Mapping[str, int], key: Key, given: Mapping[str, object]) -> int:
    value = given.get(key.path, key.default)
    if value is None:
        raise _refused(source, lines, key.path, "is missing")
    if key.choices:
        if value not in key.choices:
            raise _refused(
                source, lines, key.path, f"{value!r} is not one of {', '.join(key.choices)}"
            )
        return key.choices.index(str(value))
    if key.low is None or key.high is None:
        if not isinstance(value, bool):
            raise _refused(source, lines, key.path, "is true or false")
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(source, lines, key.path, f"{value!r} is no number")
    if key.path in given and not key.low <= value <= key.high:
        raise _refused(source, lines, key.path, f"{value:g} is outside {key.low:g} to {key.high:g}")
    return round(value * key.factor)


def _refused(
    source: str, lines: Mapping[str, int], path: str, text: str, hint: str = ""
) -> BadRecipe:
    at = lines.get(path) or lines.get(path.partition(".")[0])
    where = f"{source} line {at}" if at else source
    return BadRecipe(f"{where}: {path}: {text}", hint or "see: hullwatch test run --help")
