"""What a channel is and what it is given."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from hullwatch.errors import InputError

Message = Mapping[str, Any]
"""One transition of an alarm as a JSON object; `id` is the same in every attempt to deliver it."""

TIMEOUT_S = 10.0
"""Longest any channel waits for its other end."""


class Undelivered(Exception):
    """The other end did not take a message; it will be tried again."""


class Channel(ABC):
    """One way to one receiver, as the alarm file declares it."""

    fields: ClassVar[dict[str, tuple[type, Any]]]
    """Key: type and value when it is left out; `...` for one that must be there."""

    def __init__(self, name: str, values: Mapping[str, Any]) -> None:
        self.name = name
        self.values = values

    @classmethod
    def from_table(cls, name: str, table: Mapping[str, Any], where: str) -> Self:
        """From its part of the alarm file; InputError for unknown, missing or mistyped keys."""
        unknown = sorted(set(table) - set(cls.fields))
        if unknown:
            raise InputError(
                f"{where}: unknown key {unknown[0]!r}", f"there are: {', '.join(cls.fields)}"
            )
        values = {}
        for key, (kind, usual) in cls.fields.items():
            value = table.get(key, usual)
            if value is ...:
                raise InputError(f"{where}: {key} is missing", "see host/docs/alarms.md")
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise InputError(f"{where}: {key} is {value!r}", f"it is {_TYPES[kind]}")
            values[key] = value
        cls.check(values, where)
        return cls(name, values)

    @classmethod
    @abstractmethod
    def check(cls, values: Mapping[str, Any], where: str) -> None:
        """InputError for values that cannot work."""

    @abstractmethod
    def send(self, message: Message) -> None:
        """Deliver; Undelivered when the other end did not take it within `TIMEOUT_S`."""


_TYPES = {str: "text", int: "a whole number", bool: "true or false", list: "a list of texts"}


def secret(variable: str) -> str:
    """A password from the environment: it stands in no file. Undelivered when it is not set."""
    value = os.environ.get(variable)
    if value is None:
        raise Undelivered(f"the environment has no {variable}")
    return value


def one_line(text: object) -> str:
    """Text for a header or a topic: names are other people's and may hold line breaks."""
    return "".join(c if c.isprintable() else " " for c in str(text))
