"""What every bench offers, so that the logger and the suite need not know which one it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from hullwatch.transport.port import Port

if TYPE_CHECKING:
    from hullwatch.bench.spec import World


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

    def elapse(self, seconds: float) -> None:
        """Let so much of the node's time pass while nobody reads: what it sends is gone."""
        ...

    def close(self) -> None:
        """Stop the node and free everything."""
        ...


class Simulation(Bench, Protocol):
    """A bench whose chamber is simulated, so anything can be done to it."""

    world: World

    def act(self, deed: Callable[[int], None]) -> None:
        """`deed(now_us)` is done to the world at its present; from any thread."""
        ...


@runtime_checkable
class CutsPower(Protocol):
    """A bench that can take the node's supply away."""

    def power_cut(self) -> None:
        """Off and on again, whatever the node does at that moment."""
        ...
