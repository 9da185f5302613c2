"""What one dashboard is about: a database, who owns the ports, and what may be ordered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hullwatch.isolate.state import SUFFIX
from hullwatch.store import Reader
from hullwatch.web.alarms import AlarmSource, NoAlarms
from hullwatch.web.owners import Owners


@dataclass(frozen=True)
class Site:
    """`now_utc_us` is the clock that ages are told by: the bench's for a demo in virtual time.

    `token` is what control takes. `recipes`: folder of *.toml that may be started. `search`: file
    in which `hullwatch isolate` keeps its state, by default that of the database. `hosts`: names,
    besides those of the loopback, by which browsers may call this server.
    """

    database: Path
    now_utc_us: Callable[[], int]
    token: str
    owners: Owners
    recipes: Path | None = None
    search: Path | None = None
    alarms: AlarmSource = field(default_factory=NoAlarms)
    hosts: frozenset[str] = frozenset()
    streams: int = 32

    @property
    def isolation(self) -> Path:
        """Where a search for the leaking section keeps its state."""
        return self.search or self.database.with_name(self.database.name + SUFFIX)

    def open_reader(self) -> Reader:
        """A reader of its own for one thread; StoreError and its subclasses."""
        return Reader.open(self.database)
