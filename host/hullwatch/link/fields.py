"""One field of a message or record: name, `struct` code, unit, meaning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """`code` is a `struct` code without byte order; `unit` is empty for counts and ids."""

    name: str
    code: str
    unit: str = ""
    doc: str = ""


def f(name: str, code: str, unit: str = "", doc: str = "") -> Field:
    """Short form used by the tables."""
    return Field(name, code, unit, doc)
