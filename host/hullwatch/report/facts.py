"""The facts of a report: plain values, their canonical bytes and the hash that names them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Facts = Mapping[str, Any]
"""JSON values by name. The same store and version give the same facts, to the byte."""

FORMAT = 1


@dataclass(frozen=True)
class Report:
    """What is reported: `facts`, and pictures as SVG by title."""

    facts: Facts
    pictures: Mapping[str, str] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes, in hex: the same in HTML, PDF and every export."""
        return hashlib.sha256(canonical(self.facts)).hexdigest()


def plain(value: Any) -> Any:
    """As JSON can say it: numbers that are none become null, tuples lists.

    Twelve digits of a number: what a processor or a library does to the last ones is no fact.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.12g}") if math.isfinite(value) else None
    return value


def canonical(facts: Facts) -> bytes:
    """JSON, keys in order, no spaces, UTF-8, shortest digits that give the same double."""
    return json.dumps(
        plain(facts), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def rows(facts: Facts) -> Iterator[tuple[str, Any]]:
    """(path, value) of every single value, lists counted from 0: for tables."""
    yield from _rows("", plain(facts))


def _rows(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    items: Any = None
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    if items is None:
        yield path, value
        return
    for key, item in items:
        yield from _rows(f"{path}.{key}" if path else str(key), item)
