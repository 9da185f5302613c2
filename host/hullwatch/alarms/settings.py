"""The alarm file (TOML): which rules, with which limits, told through which channels.

    [rules.reserve]
    limit = "12h"
    severity = "alarm"

    [[channels]]
    name = "duty"
    kind = "mail"
    …

A rule that is not named is on with its usual limit; `enabled = false` switches it off. Unknown keys
are refused: a misspelt limit would be a silent one.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hullwatch.alarms.channels import KINDS, Channel
from hullwatch.alarms.rules import RULES
from hullwatch.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

SEVERITIES = ("warning", "alarm")


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """One rule. `limit` in s where the rule has one; `for_s`: how long it must hold first."""

    name: str
    severity: str
    limit: float = math.nan
    for_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AlarmSettings:
    """The whole file. `remind_s`: how often an unacknowledged alarm is told again; 0 never."""

    rules: tuple[RuleSettings, ...]
    channels: tuple[tuple[Channel, str], ...]
    remind_s: float = 3600.0


def usual() -> AlarmSettings:
    """All rules with their usual limits, no channel."""
    return from_table({}, "usual settings")


def load(path: Path) -> AlarmSettings:
    """From a file; InputError names the line or key that cannot be used."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "name an alarm file, TOML") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}", "see host/docs/alarms.md for an example") from error
    return from_table(table, str(path))


def from_table(table: dict[str, Any], where: str) -> AlarmSettings:
    """From the parsed file; `where` names it in errors."""
    _only(table, {"rules", "channels", "remind"}, where)
    rules = table.get("rules", {})
    if not isinstance(rules, dict):
        raise InputError(f"{where}: rules is no table", "write [rules.reserve]")
    unknown = set(rules) - set(RULES)
    if unknown:
        raise InputError(
            f"{where}: no rule {sorted(unknown)[0]!r}", f"there are: {', '.join(RULES)}"
        )
    made = [_rule(name, rules.get(name, {}), where) for name in RULES]
    channels = table.get("channels", [])
    if not isinstance(channels, list):
        raise InputError(f"{where}: channels is no list", "write [[channels]]")
    told = tuple(_channel(entry, where) for entry in channels)
    names = [channel.name for channel, _ in told]
    if len(set(names)) < len(names):
        raise InputError(f"{where}: two channels have one name", "each needs its own")
    remind_s = seconds(table.get("remind", "1h"), f"{where}: remind", least=0.0)
    return AlarmSettings(tuple(rule for rule in made if rule), told, remind_s)


def _rule(name: str, entry: object, where: str) -> RuleSettings | None:
    _, severity, limit, _ = RULES[name]
    here = f"{where}: rules.{name}"
    if not isinstance(entry, dict):
        raise InputError(f"{here} is no table", f"write [rules.{name}]")
    allowed = {"enabled", "severity", "for"} | ({"limit"} if limit is not None else set())
    _only(entry, allowed, here)
    if not isinstance(entry.get("enabled", True), bool):
        raise InputError(f"{here}.enabled is neither true nor false", "write: enabled = false")
    severity = entry.get("severity", severity)
    if severity not in SEVERITIES:
        raise InputError(f"{here}.severity is {severity!r}", f"one of {', '.join(SEVERITIES)}")
    if not entry.get("enabled", True):
        return None
    bound = math.nan if limit is None else seconds(entry.get("limit", limit), f"{here}.limit")
    return RuleSettings(name, severity, bound, seconds(entry.get("for", 0), f"{here}.for", 0.0))


def _channel(entry: object, where: str) -> tuple[Channel, str]:
    """A channel and the least severity it is told."""
    if not isinstance(entry, dict):
        raise InputError(f"{where}: a channel is no table", "write [[channels]]")
    fields = dict(entry)
    name, kind = fields.pop("name", None), fields.pop("kind", None)
    least = fields.pop("least", "warning")
    if not isinstance(name, str) or not name:
        raise InputError(f"{where}: a channel without a name", 'give it one: name = "duty"')
    here = f"{where}: channel {name!r}"
    if kind not in KINDS:
        raise InputError(f"{here}: kind is {kind!r}", f"one of {', '.join(KINDS)}")
    if least not in SEVERITIES:
        raise InputError(f"{here}: least is {least!r}", f"one of {', '.join(SEVERITIES)}")
    return KINDS[kind].from_table(name, fields, here), least


def seconds(value: object, where: str, least: float = 1.0) -> float:
    """A duration: a number of seconds or text as `12h`; InputError for another."""
    units = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
    number: float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    elif isinstance(value, str):
        for unit, size in units.items():
            head = value.removesuffix(unit)
            if head != value and head.replace(".", "", 1).isdigit():
                number = float(head) * size
    if number is None or not least <= number <= 10 * 365 * 86400:
        raise InputError(
            f"{where} is {value!r}", f"a time of at least {least:g} s: 90s, 15min, 12h, 7d"
        )
    return number


def _only(table: dict[str, Any], allowed: set[str], where: str) -> None:
    unknown = sorted(set(table) - allowed)
    if unknown:
        raise InputError(
            f"{where}: unknown key {unknown[0]!r}", f"there are: {', '.join(sorted(allowed))}"
        )
