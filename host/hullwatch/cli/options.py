"""Option types and options that several commands share."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

DEFAULT_DB = Path("hullwatch.db")

_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"([0-9]*\.?[0-9]+)(ms|min|s|m|h|d|w)")


class Duration(click.ParamType[float]):
    """90s, 2h, 1h30m, 1.5d; a bare number is seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds, more than zero."""
        text = str(value).strip().lower()
        if re.fullmatch(r"[0-9]*\.?[0-9]+", text):
            text += "s"
        if not re.fullmatch(f"(?:{_PART.pattern})+", text):
            self.fail(f"{value!r} is no duration: write 90s, 15min, 2h, 1h30m or 7d", param, ctx)
        seconds = sum(float(n) * _UNITS[unit] for n, unit in _PART.findall(text))
        if not 0 < seconds <= 100 * 365 * 86400:
            self.fail(f"{value!r} is outside 1 ms to 100 years", param, ctx)
        return seconds


DURATION = Duration()


class Moment(click.ParamType[int]):
    """2026-03-01, 2026-03-01T12:00+01:00 (UTC without an offset), or an age: 90d. UTC in µs."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Microseconds since 1970."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            return time.time_ns() // 1000 - round(DURATION.convert(value, param, ctx) * 1e6)
        return round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1e6)


MOMENT = Moment()

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")


def db_option(default: Path | None = DEFAULT_DB) -> Callable[[Any], Any]:
    """`--db FILE`."""
    shown = f"Database file.  [default: {default}]" if default else "Database file."
    return click.option(
        "--db", type=click.Path(path_type=Path, dir_okay=False), default=default, help=shown
    )


def print_json(value: Mapping[str, object] | Sequence[Mapping[str, object]]) -> None:
    """One object or list, one line, UTF-8; floats keep their digits, infinities are refused."""
    click.echo(json.dumps(value, ensure_ascii=False, allow_nan=False))
