"""What an endpoint is, what it is asked, and how its parameters are checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hullwatch.errors import InputError
from hullwatch.store import Reader
from hullwatch.web.failures import NoSuch
from hullwatch.web.site import Site


@dataclass(frozen=True)
class Parameter:
    """One value in the query of a GET or in the JSON of a POST; required without a default."""

    name: str
    kind: type
    doc: str
    default: object = None
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    required: bool = False

    def value(self, given: object) -> Any:
        """The checked value; InputError."""
        if given is None:
            if self.required:
                raise InputError(f"{self.name} is missing", self.doc)
            return self.default
        if self.kind is str:
            if not isinstance(given, str) or len(given) > self.high:
                raise InputError(f"{self.name}: text of at most {self.high:.0f} characters")
            if self.choices and given not in self.choices:
                raise InputError(f"{self.name}: {given!r}", f"one of {', '.join(self.choices)}")
            return given
        try:
            number = self.kind(given)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"{self.name}: {given!r} is no number", self.doc) from error
        if not self.low <= number <= self.high:
            raise InputError(f"{self.name}: {number} is outside {self.low:g} to {self.high:g}")
        return number


@dataclass(frozen=True)
class Ask:
    """One request: `path` holds what stood in its address, `values` the checked parameters."""

    site: Site
    reader: Reader
    path: Mapping[str, str]
    values: Mapping[str, Any]

    @property
    def node(self) -> str:
        """The node of the address; NoSuch when the database has none of that id."""
        wanted = self.path["node"]
        if wanted not in {row.node for row in self.reader.nodes()}:
            raise NoSuch(f"no node {wanted!r} in this database")
        return wanted


@dataclass(frozen=True)
class Download:
    """A file as an answer: content, media type, a name of ASCII letters."""

    content: bytes
    kind: str
    name: str


@dataclass(frozen=True)
class Endpoint:
    """One way in. `control`: takes the token, changes something. `long`: may take a minute."""

    method: str
    path: str
    doc: str
    answer: Callable[[Ask], dict[str, Any] | Download]
    parameters: tuple[Parameter, ...] = ()
    control: bool = False
    long: bool = False

    def checked(self, given: Mapping[str, object]) -> dict[str, Any]:
        """All parameters; InputError for one that is wrong, missing or unknown."""
        known = {parameter.name for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise InputError(f"no parameter {name!r}", f"there are: {', '.join(sorted(known))}")
        return {p.name: p.value(given.get(p.name)) for p in self.parameters}
