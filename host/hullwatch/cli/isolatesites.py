"""Where `hullwatch isolate` searches: a real place whose crew moves the hatches, or a scenario.

See `hullwatch.isolate.site.Site`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Protocol

import click

from hullwatch.cli.isolatewindows import StoredWindows
from hullwatch.cli.waiting import waiting
from hullwatch.errors import InputError
from hullwatch.isolate.closing import Reading
from hullwatch.isolate.layout import Layout
from hullwatch.sim.networkspec import NetworkSpec

_SHOWN_EVERY_S = 0.5


def utc_now_s() -> float:
    """This computer's clock."""
    return time.time()


class CrewSite:
    """People operate the hatches as they are told; `hullwatch log` fills the databases."""

    def __init__(self, windows: StoredWindows) -> None:
        self._windows = windows
        self.windows_s = windows.windows_s

    def now_s(self) -> float:
        """UTC, s since 1970."""
        return utc_now_s()

    def wait(self, until_s: float, why: str) -> None:
        """Sleep, with the time that is left on stderr."""
        begun_s = self.now_s()
        with waiting(f"{why}, seconds") as bar:
            while (now_s := self.now_s()) < until_s:
                bar.advance_to(int(now_s - begun_s), int(until_s - begun_s))
                time.sleep(min(_SHOWN_EVERY_S, until_s - now_s))

    def operate(self, hatch: str, opened: bool) -> None:
        """Tell the crew and wait until it has said that it is done; Abort at the end of stdin."""
        what = "OPEN" if opened else "CLOSE"
        click.echo(f"{what} hatch {hatch} now, then press Enter", err=True)
        if not sys.stdin.readline():
            raise click.Abort

    def readings(self, window_s: float, since_s: float, until_s: float) -> list[Reading]:
        """From the databases."""
        return self._windows.readings(window_s, since_s, until_s)


class Operated(Protocol):
    """Nodes in sections whose hatches a program moves: `NodesBench`, or the station of a test."""

    def utc_s(self) -> float:
        """The nodes' UTC."""
        ...

    def run_until(self, utc_s: float, progress: Callable[[float], None]) -> None:
        """Let the nodes run and be logged up to that time."""
        ...

    def operate(self, path: str, opened: bool, /) -> None:
        """Open or close a hatch; return when it is done."""
        ...


class SimulatedSite:
    """Hatches that obey by themselves; waiting lets the nodes run."""

    def __init__(self, bench: Operated, windows: StoredWindows) -> None:
        self._bench = bench
        self._windows = windows
        self.windows_s = windows.windows_s

    def now_s(self) -> float:
        """UTC of the nodes."""
        return self._bench.utc_s()

    def wait(self, until_s: float, why: str) -> None:
        """Run the nodes until then."""
        begun_s = self.now_s()
        with waiting(f"{why}, seconds") as bar:
            self._bench.run_until(
                until_s, lambda s: bar.advance_to(int(s - begun_s), int(until_s - begun_s))
            )

    def operate(self, hatch: str, opened: bool) -> None:
        """By themselves."""
        self._bench.operate(hatch, opened)

    def readings(self, window_s: float, since_s: float, until_s: float) -> list[Reading]:
        """From the databases the nodes are logged into."""
        return self._windows.readings(window_s, since_s, until_s)


def check_scenario(layout: Layout, network: NetworkSpec) -> None:
    """InputError unless the scenario has the layout's sections, joined by its hatches, open."""
    sections = {section.name for section in network.sections}
    for section in layout.sections:
        if section.name not in sections:
            raise InputError(
                f"the scenario has no section {section.name}", "name both files' sections alike"
            )
    paths = {path.name: path for path in network.paths}
    for hatch in layout.hatches:
        path = paths.get(hatch.name)
        if path is None or set(path.ends) != set(hatch.between):
            raise InputError(
                f"the scenario has no path {hatch.name} between " + " and ".join(hatch.between),
                "give the path the hatch's name and ends",
            )
        if not path.open:
            raise InputError(f"path {hatch.name} is closed", "a search begins with all open")
