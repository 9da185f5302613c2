"""What every bench offers, so that the logger and the suite need not know which one it is."""

from __future__ import annotations

from typing import Protocol

from hullwatch.transport.port import Port


class Bench(Protocol):
    """A node and its chamber.

    `now_s` is the bench's own monotonic time in seconds (virtual for `sim`), `utc_s` the UTC
    that goes with it. `truth_pa_m3_s` gives the true mean leak rate between two device times, or
    None where nobody knows it.
    """

    name: str

    def open_port(self) -> Port:
        """A new connection to the node."""
        ...

    def now_s(self) -> float:
        """Monotonic seconds."""
        ...

    def utc_s(self) -> float:
        """UTC, seconds since 1970."""
        ...

    def truth_pa_m3_s(self, first_ms: int, last_ms: int) -> float | None:
        """True mean loss at T_ref between two device times (ms since the node's boot)."""
        ...

    def close(self) -> None:
        """Stop the node and free everything."""
        ...
