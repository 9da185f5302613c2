"""The user's own heading (TOML): what the document is called, whose it is, who signs it."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from hullwatch.errors import InputError


@dataclass(frozen=True)
class Heading:
    """All text; empty where nothing is to be said. A document is a certificate only by `title`."""

    title: str = ""
    organisation: str = ""
    address: str = ""
    customer: str = ""
    object: str = ""
    procedure: str = ""
    number: str = ""
    date: str = ""
    place: str = ""
    tested_by: str = ""
    approved_by: str = ""
    statement: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """What is filled in."""
        return {name: text for name, text in asdict(self).items() if text}


def load(path: Path | None) -> Heading:
    """From a file; InputError for what is not one."""
    if path is None:
        return Heading()
    try:
        table: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", "name a heading file, TOML") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {error}", "see host/docs/report.md for an example") from error
    names = [field.name for field in fields(Heading)]
    for key, value in table.items():
        if key not in names:
            raise InputError(f"{path}: unknown key {key!r}", f"there are: {', '.join(names)}")
        if not isinstance(value, str):
            raise InputError(f"{path}: {key} is {value!r}", "text, in quotation marks")
    return Heading(**table)
