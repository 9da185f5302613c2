"""What a search asks of the place where it happens: a simulation, or a crew and a database."""

from typing import Protocol

from hullwatch.isolate.closing import Reading


class Site(Protocol):
    """Hatches that can be operated, and the windows of the nodes.

    ``windows_s``: lengths of the windows that all the nodes make.
    """

    windows_s: tuple[float, ...]

    def now_s(self) -> float:
        """The site's clock, s: that of all readings."""
        ...

    def wait(self, until_s: float, why: str) -> None:
        """Return at ``until_s`` of the site's clock, or shortly after."""
        ...

    def operate(self, hatch: str, opened: bool) -> None:
        """Open or close a hatch; return when it is done."""
        ...

    def readings(self, window_s: float, since_s: float, until_s: float) -> list[Reading]:
        """Windows of that length from ``since_s`` to ``until_s``, both ends within."""
        ...
