"""HELLO as the columns of `nodes` and `boots`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hullwatch.store.derived import named
from hullwatch.store.rows import BootKey

if TYPE_CHECKING:
    from collections.abc import Mapping

RESET_CAUSES = (
    "unknown",
    "power-on",
    "hard reset",
    "watchdog",
    "software reset",
    "soft reset",
)
"""Names of HELLO.reset_cause."""


def node_name(uid: bytes) -> str:
    """The text a node goes by everywhere on the host: its unique id in lower-case hexadecimal."""
    return uid.hex()


def boot_columns(hello: Mapping[str, object]) -> tuple[BootKey, str, dict[str, object]]:
    """(boot, board, values of the columns of `boots`) from the fields of a HELLO."""
    key = BootKey(node_name(_octets(hello, "uid")), _number(hello, "epoch"), _number(hello, "boot"))
    board = _octets(hello, "board").split(b"\0", 1)[0].decode(errors="replace")
    version = (_number(hello, f"fw_{part}") for part in ("major", "minor", "patch"))
    return (
        key,
        board,
        {
            "firmware": ".".join(str(part) for part in version),
            "protocol": _number(hello, "protocol"),
            "core_hash": _octets(hello, "core_hash").hex(),
            "reset_cause": named(RESET_CAUSES, _number(hello, "reset_cause")),
            "capabilities": _number(hello, "capabilities"),
            "period_us": _number(hello, "period_us"),
        },
    )


def _number(hello: Mapping[str, object], field: str) -> int:
    value = hello[field]
    if not isinstance(value, int):
        raise TypeError(f"HELLO.{field} is no integer")
    return value


def _octets(hello: Mapping[str, object], field: str) -> bytes:
    value = hello[field]
    if not isinstance(value, bytes):
        raise TypeError(f"HELLO.{field} is no bytes")
    return value
