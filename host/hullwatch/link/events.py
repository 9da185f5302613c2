"""What a session tells its owner."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hello:
    """A session is open: the fields of HELLO by name."""

    fields: dict[str, object]

    @property
    def uid(self) -> str:
        """Unique id of the board as hex text, the node's name everywhere on the host."""
        raw = self.fields["uid"]
        assert isinstance(raw, bytes)
        return raw.hex()

    def number(self, name: str) -> int:
        """An integer field."""
        value = self.fields[name]
        assert isinstance(value, int)
        return value


@dataclass(frozen=True, slots=True)
class Record:
    """One record, its bytes as on the node."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Raw:
    """One raw block, its payload as sent."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """Telemetry: the fields of STATUS by name."""

    fields: dict[str, int]


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer to a command: its number, refusal code (0 = done), data, round-trip time."""

    token: int
    status: int
    data: bytes
    rtt_s: float
    repeated: bool


@dataclass(frozen=True, slots=True)
class Timeout:
    """A command got no answer within its retries."""

    token: int


@dataclass(frozen=True, slots=True)
class Console:
    """Text between frames."""

    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """The node is at the REPL prompt: nothing runs."""


Event = Hello | Record | Raw | Status | Reply | Timeout | Console | Prompt
